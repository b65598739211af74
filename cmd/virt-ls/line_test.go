package main

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"virt-tools/internal/cli/record"
	"virt-tools/pkg/guestfs"
)

// sample are files of every kind.
func sample() []file {
	stat := func(mode, size int64) guestfs.StatNS {
		return guestfs.StatNS{
			StDev: int64(unix.Mkdev(253, 0)), StIno: 20, StMode: mode, StNlink: 1, StUid: 1000, StGid: 100000, StSize: size, StBlocks: 2,
			StAtimeSec: 1795704772, StMtimeSec: 86405, StCtimeSec: 1795704773, StCtimeNsec: 500_000_000,
		}
	}
	special := stat(unix.S_IFBLK|0o644, 0)
	special.StRdev = int64(unix.Mkdev(8, 1))
	return []file{
		{path: "/etc", stat: stat(unix.S_IFDIR|0o1777, 1024)},
		{path: "/etc/big", stat: stat(unix.S_IFREG|0o4755, 5*1024*1024+7), checksum: "a0617f261dfd4709e306d21efd86eed6"},
		{path: "/etc/blk", stat: special},
		{path: "/etc/li nk", stat: stat(unix.S_IFLNK|0o777, 9), link: "/no where"},
		{path: `/etc/name, "q"`, stat: stat(unix.S_IFREG, 1), checksum: "9dd4e461268c8034f5c8564e155c67a6"},
		{path: "/etc/char", stat: stat(unix.S_IFCHR, 0)},
		{path: "/etc/pipe", stat: stat(unix.S_IFIFO, 0)},
		{path: "/etc/sock", stat: stat(unix.S_IFSOCK, 0)},
		{path: "/etc/esc\x1b\xff", stat: stat(0o17_0000, 0)},
	}
}

// What virt-ls 1.48 prints for such files.
func TestLines(t *testing.T) {
	local := time.Local
	time.Local = time.UTC
	t.Cleanup(func() { time.Local = local })
	md5 := ""
	tests := []struct {
		name string
		o    options
		want string
	}{
		{"plain", options{}, `d 1777       1024 /etc
- 4755    5242887 /etc/big
b 0644          0 /etc/blk
l 0777          9 /etc/li nk -> /no where
- 0000          1 /etc/name, "q"
c 0000          0 /etc/char
p 0000          0 /etc/pipe
s 0000          0 /etc/sock
u 0000          0 /etc/esc` + "\x1b\xff\n"},
		{"human, days", options{Human: true, TimeDays: true}, `d 1777       1.0K   0 20782   0 /etc
- 4755       5.0M   0 20782   0 /etc/big
`},
		{"csv, everything", options{CSV: true, UIDs: true, Times: true, ExtraStats: true, Checksum: &md5},
			`d,1777,1024,1000,100000,2026-11-26 14:52:52,1970-01-02 00:00:05,2026-11-26 14:52:53,253:0,20,1,0:0,2,,/etc
-,4755,5242887,1000,100000,2026-11-26 14:52:52,1970-01-02 00:00:05,2026-11-26 14:52:53,253:0,20,1,0:0,2,a0617f261dfd4709e306d21efd86eed6,/etc/big
b,0644,0,1000,100000,2026-11-26 14:52:52,1970-01-02 00:00:05,2026-11-26 14:52:53,253:0,20,1,8:1,2,,/etc/blk
l,0777,9,1000,100000,2026-11-26 14:52:52,1970-01-02 00:00:05,2026-11-26 14:52:53,253:0,20,1,0:0,2,,"/etc/li nk","/no where"
-,0000,1,1000,100000,2026-11-26 14:52:52,1970-01-02 00:00:05,2026-11-26 14:52:53,253:0,20,1,0:0,2,9dd4e461268c8034f5c8564e155c67a6,"/etc/name, ""q"""
`},
		{"text, checksums", options{UIDs: true, TimeT: true, Checksum: &md5}, `d 1777       1024 1000 100000 1795704772      86405 1795704773 /etc
- 4755    5242887 1000 100000 1795704772      86405 1795704773 a0617f261dfd4709e306d21efd86eed6 /etc/big
`},
		{"csv, relative", options{CSV: true, TimeRelative: true}, `d,1777,1024,     182,1795618549,     181,/etc
`},
	}
	for _, test := range tests {
		var b bytes.Buffer
		l := test.o.lines(&b)
		l.now = time.Unix(1795704954, 0)
		for _, f := range sample() {
			if test.o.Checksum == nil {
				f.checksum = ""
			}
			if err := l.print(&f); err != nil {
				t.Fatal(err)
			}
		}
		if !strings.HasPrefix(b.String(), test.want) || test.name == "plain" && b.String() != test.want {
			t.Errorf("%s:\n%s\nwant\n%s", test.name, b.String(), test.want)
		}
	}
}

func TestTree(t *testing.T) {
	var tr tree
	for _, f := range sample() {
		if err := tr.add(&f); err != nil {
			t.Fatal(err)
		}
	}
	var b bytes.Buffer
	if err := record.JSON(&b, tr.report()); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`"path": "/etc/big",`, `"type": "block device",`, `"special_device": "8:1",`, `"mode": "4755",`, `"modified": "1970-01-02T00:00:05Z",`,
		`"changed": "2026-11-26T14:52:53.5Z",`, `"target": "/no where"`, `"type": "unknown",`,
		`"path_base64": "` + base64.StdEncoding.EncodeToString([]byte("/etc/esc\x1b\xff")) + `",`,
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %s in\n%s", want, b.String())
		}
	}
	if n := strings.Count(b.String(), "path_base64"); n != 1 {
		t.Errorf("path_base64 is there %d times; want once", n)
	}
}
