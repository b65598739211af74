package daemon

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// nameless is a new file in the current directory of the thread that has no
// name until it is whole: when the machine stops before, the filesystem gives
// its space back. Filesystems that cannot do that have it under a hidden name.
type nameless struct {
	file *os.File
	temp string // its name for the time being, or none
}

func newNameless() (*nameless, error) {
	fd, err := unix.Open(".", unix.O_WRONLY|unix.O_TMPFILE|unix.O_CLOEXEC, 0o600)
	if err == nil {
		return &nameless{file: os.NewFile(uintptr(fd), "new file")}, nil
	}
	if err != syscall.EOPNOTSUPP && err != syscall.EISDIR && err != syscall.EINVAL {
		return nil, err
	}
	temp, err := freshName(replaceTemplate, "", func(name string) error {
		var err error
		fd, err = unix.Open(name, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL|unix.O_CLOEXEC, 0o600)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &nameless{file: os.NewFile(uintptr(fd), temp), temp: temp}, nil
}

// dress gives the file the attributes of another, or just the mode of one that
// is not there (no links). The order matters: a new owner takes away set-user-ID
// and capabilities. What is right already is not set: there are filesystems
// without owners, which refuse that.
func (n *nameless) dress(like string, st *unix.Stat_t) error {
	fd := int(n.file.Fd())
	var now unix.Stat_t
	if err := unix.Fstat(fd, &now); err != nil {
		return err
	}
	if st.Nlink == 0 {
		if err := unix.Fchmod(fd, st.Mode&0o7777); err != nil && err != syscall.EPERM {
			return fmt.Errorf("mode: %w", err) // EPERM: vfat has none
		}
		return nil
	}
	if now.Uid != st.Uid || now.Gid != st.Gid {
		if err := unix.Fchown(fd, int(st.Uid), int(st.Gid)); err != nil {
			return fmt.Errorf("owner: %w", err)
		}
	}
	if err := n.copyXattrs(like); err != nil {
		return err
	}
	// An ACL that went away may have changed the mode, so it comes last.
	if err := unix.Fstat(fd, &now); err != nil {
		return err
	}
	if (now.Mode^st.Mode)&0o7777 != 0 {
		if err := unix.Fchmod(fd, st.Mode&0o7777); err != nil {
			return fmt.Errorf("mode: %w", err)
		}
	}
	return nil
}

// copyXattrs takes away the ACL that the directory may have given to the file.
func (n *nameless) copyXattrs(like string) error {
	fd := int(n.file.Fd())
	wanted, err := xattrsOf(like, followLinks)
	if errors.Is(err, syscall.ENOTSUP) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("extended attributes: %w", err)
	}
	if err := unix.Fremovexattr(fd, aclAccess); err != nil && err != syscall.ENODATA && err != syscall.ENOTSUP {
		return fmt.Errorf("extended attribute %s: %w", aclAccess, err)
	}
	for _, x := range wanted {
		if err := unix.Fsetxattr(fd, x.name, x.value, 0); err != nil {
			return fmt.Errorf("extended attribute %s: %w", x.name, err)
		}
	}
	return nil
}

// become gives the file its name, in the place of what has it.
func (n *nameless) become(name string) error {
	if n.temp == "" {
		temp, err := freshName(replaceTemplate, "", func(temp string) error {
			return unix.Linkat(int(n.file.Fd()), "", unix.AT_FDCWD, temp, unix.AT_EMPTY_PATH)
		})
		if err != nil {
			return err
		}
		n.temp = temp
	}
	if err := unix.Rename(n.temp, name); err != nil {
		return err
	}
	n.temp = ""
	return nil
}

// discard closes the file, and takes its name away if it was only for the time being.
func (n *nameless) discard() {
	n.file.Close()
	if n.temp != "" {
		_ = unix.Unlink(n.temp)
	}
}
