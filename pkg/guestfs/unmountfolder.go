package guestfs

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"golang.org/x/sys/unix"
)

// unmountFolder unmounts a FUSE filesystem. Lazily, it leaves the tree at once
// and ends when nobody uses it any more. fusermount, which may what users may
// not, is asked where the kernel refuses.
func unmountFolder(folder string, lazy bool) error {
	flags := unix.UMOUNT_NOFOLLOW
	args := []string{"-u"}
	if lazy {
		flags |= unix.MNT_DETACH
		args = append(args, "-z")
	}
	err := unix.Unmount(folder, flags)
	if err != unix.EPERM {
		if err != nil {
			return &os.PathError{Op: "unmount", Path: folder, Err: err}
		}
		return nil
	}
	program := "fusermount3"
	if _, err := exec.LookPath(program); err != nil {
		program = "fusermount"
	}
	cmd := exec.Command(program, append(args, "--", folder)...)
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Run(); err != nil {
		text := strings.TrimSpace(said.String())
		if strings.Contains(text, "busy") {
			err = unix.EBUSY
		}
		return fmt.Errorf("%s: %s: %w", program, text, err)
	}
	return nil
}
