package daemon

import (
	"fmt"
	"testing"
)

// TestProgramErrno: what programs say of a disk becomes an error number.
func TestProgramErrno(t *testing.T) {
	for said, want := range map[string]string{
		"mke2fs: No space left on device while writing out and closing file system":     "ENOSPC",
		"  Volume group \"vg\" has insufficient free space (38 extents): 250 required.": "ENOSPC",
		"Error: Input/output error during write on /dev/sda":                            "EIO",
		"mkfs.xfs: pwrite failed: Read-only file system":                                "EROFS",
		"mkfs.xfs: unknown option":                                                      "",
		"":                                                                              "",
	} {
		err := fmt.Errorf("/dev/sda: %w", &programError{argv: []string{"p"}, code: 1, stderr: said})
		if got := errnoName(err); got != want {
			t.Errorf("errnoName(%q) = %q; want %q", said, got, want)
		}
	}
}
