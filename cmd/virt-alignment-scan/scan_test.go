package main

import (
	"bytes"
	"testing"

	"virt-tools/pkg/guestfs"
)

func TestRows(t *testing.T) {
	for _, test := range []struct {
		start  int64
		want   string
		status int
	}{
		{32256, "/dev/sda1        32256          512    bad (alignment < 4K)\n", 3},
		{1024, "/dev/sda1         1024            1K   bad (alignment < 4K)\n", 3},
		{2048, "/dev/sda1         2048            2K   bad (alignment < 4K)\n", 3},
		{32768, "/dev/sda1        32768           32K   bad (alignment < 64K)\n", 2},
		{65536, "/dev/sda1        65536           64K   ok\n", 0},
		{526385152, "/dev/sda1    526385152         2048K   ok\n", 0},
		{0, "/dev/sda1            0            0K   ok\n", 0},
	} {
		p := newPartition("/dev/sda", guestfs.Partition{PartNum: 1, PartStart: test.start})
		var b bytes.Buffer
		if err := (table{&b}).row("", p); err != nil {
			t.Fatal(err)
		}
		if b.String() != test.want || p.status() != test.status {
			t.Errorf("start %d: %q, status %d; want %q, %d", test.start, b.String(), p.status(), test.want, test.status)
		}
	}
	p := newPartition("/dev/md0", guestfs.Partition{PartNum: 3, PartStart: 1 << 20})
	var b bytes.Buffer
	if err := (table{&b}).row("web", p); err != nil {
		t.Fatal(err)
	}
	if want := "web:/dev/md0p3      1048576         1024K   ok\n"; b.String() != want {
		t.Errorf("%q; want %q", b.String(), want)
	}
}
