package daemon

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestFileArchitecture has programs, packed ones, and archives of which the
// first part is not packed.
func TestFileArchitecture(t *testing.T) {
	c, root := newGuest(t)
	elf := func(machine byte) string {
		return "\x7fELF\x02\x01\x01" + strings.Repeat("\x00", 11) + string([]byte{machine}) + strings.Repeat("\x00", 45)
	}
	write(t, root, "elf", elf(183))
	write(t, root, "text", "#!/bin/sh\n")
	write(t, root, "empty", "")
	write(t, root, "archive/usr/bin/sh", elf(62))
	write(t, root, "archive/lib/firmware/other", elf(40))
	write(t, root, "archive/sbin/modprobe", "#!/bin/sh\n")
	write(t, root, "none/etc/passwd", "x")
	sh := exec.Command("sh", "-c", `gzip -k elf
(cd archive && find . | cpio -o --quiet -H newc) >plain
(cd none && find . | cpio -o --quiet -H newc) >early
(cat early; xz -c plain) >initrd
cp early noprogram`)
	sh.Dir = root
	if out, err := sh.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for name, want := range map[string]string{"elf": "aarch64", "elf.gz": "aarch64", "plain": "x86_64", "initrd": "x86_64"} {
		if got, err := doFileArchitecture(c, "/"+name); got != want || err != nil {
			t.Errorf("%s: %q, %v; want %q", name, got, err, want)
		}
	}
	for _, name := range []string{"text", "empty", "noprogram", "archive"} {
		if got, err := doFileArchitecture(c, filepath.Join("/", name)); err == nil {
			t.Errorf("%s: %q", name, got)
		}
	}
}
