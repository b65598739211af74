package daemon

import (
	"errors"
	"fmt"
	"syscall"
)

// fsckPrograms check a filesystem and repair what is safe to without asking.
// No program means that the kernel does so when it mounts the filesystem.
var fsckPrograms = map[string][]string{
	"ext2": {"e2fsck", "-a"}, "ext3": {"e2fsck", "-a"}, "ext4": {"e2fsck", "-a"},
	"fat": {"fsck.fat", "-a"}, "vfat": {"fsck.fat", "-a"}, "msdos": {"fsck.fat", "-a"},
	"exfat": {"fsck.exfat", "-a"},
	"f2fs":  {"fsck.f2fs", "-a"},
	"xfs":   nil, "btrfs": nil,
}

// doFsck returns the exit status of the checker: 0 for no errors, 1 for errors
// corrected, 4 for errors left, 8 and more for those of the program (fsck(8)).
func doFsck(c *Call, fstype, device string) (int, error) {
	argv, ok := fsckPrograms[fstype]
	if !ok {
		return 0, withErrno(syscall.ENOTSUP, "don't know how to check '%s' filesystems", fstype)
	}
	if argv == nil {
		return 0, nil
	}
	defer c.pulse()()
	_, code, err := c.runProgram(&program{argv: append(argv[:len(argv):len(argv)], device)})
	var failed *programError
	if errors.As(err, &failed) && failed.signal == 0 {
		return code, nil
	}
	if err != nil {
		return 0, fmt.Errorf("%s: %w", device, err)
	}
	return code, nil
}

func doMkfsB(c *Call, fstype string, blocksize int, device string) error {
	return doMkfs(c, fstype, device, &mkfsOpts{Blocksize: &blocksize})
}
