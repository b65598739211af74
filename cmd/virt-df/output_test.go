package main

import (
	"bytes"
	"math"
	"testing"

	"virt-tools/pkg/guestfs"
)

func TestPercentUsed(t *testing.T) {
	tests := []struct {
		all, free int64
		want      float64
	}{
		{0, 0, 0},
		{100, 100, 0},
		{100, 0, 100},
		{100, 50, 50},
		{4, 3, 25},
		{math.MaxInt64, 1, 100},
		{10, 20, -100}, // a damaged filesystem may say so
	}
	for _, test := range tests {
		if got := percentUsed(test.all, test.free); got != test.want {
			t.Errorf("percentUsed(%d, %d) = %v; want %v", test.all, test.free, got, test.want)
		}
	}
}

// The name and its colon fill 36 bytes; one byte more and the numbers go to the next line.
// virt-df 1.48 was run on these names but the last, where it counts bytes as well.
func TestTableName(t *testing.T) {
	stat := &guestfs.StatVFS{Bsize: 1024, Blocks: 56037, Bfree: 56023, Bavail: 51437}
	const numbers = "     56037         14      51437    1%\n"
	tests := []struct{ guest, want string }{
		{"disk.img", "disk.img:/dev/sda1                  " + numbers},
		{"abcdefghijklmnopqrstuv.img", "abcdefghijklmnopqrstuv.img:/dev/sda1" + numbers},
		{"abcdefghijklmnopqrstuvw.img", "abcdefghijklmnopqrstuvw.img:/dev/sda1\n                                    " + numbers},
		{"größe.img", "größe.img:/dev/sda1               " + numbers},
	}
	for _, test := range tests {
		var b bytes.Buffer
		p := (&options{}).printer(&b)
		if err := p.row(test.guest, filesystem{"/dev/sda1", "ext4", stat}); err != nil {
			t.Fatal(err)
		}
		const head = "Filesystem                           1K-blocks       Used  Available  Use%\n"
		if got := b.String(); got != head+test.want {
			t.Errorf("row of %s = \n%s; want\n%s", test.guest, got, head+test.want)
		}
	}
}
