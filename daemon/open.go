package daemon

import (
	"io/fs"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// openRegular opens a regular file of the guest, or creates it. Others are
// refused before they are opened: a pipe would block, a device node would lead
// to the appliance's own devices.
func (c *Call) openRegular(path string, flags int, mode uint32) (*os.File, error) {
	var file *os.File
	err := c.inGuest(func() error {
		var st unix.Stat_t
		err := unix.Stat(path, &st)
		switch {
		case err == syscall.ENOENT && flags&unix.O_CREAT != 0:
		case err != nil:
			return &os.PathError{Op: "open", Path: path, Err: err}
		default:
			if err := checkRegular(path, &st); err != nil {
				return err
			}
		}
		fd, err := unix.Open(path, flags|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_CLOEXEC, mode)
		if err != nil {
			return &os.PathError{Op: "open", Path: path, Err: err}
		}
		file, err = blockingFile(fd, path)
		return err
	})
	return file, err
}

// blockingFile wraps a descriptor that was opened without blocking.
func blockingFile(fd int, path string) (*os.File, error) {
	if err := unix.SetNonblock(fd, false); err != nil {
		unix.Close(fd)
		return nil, &os.PathError{Op: "fcntl", Path: path, Err: err}
	}
	return os.NewFile(uintptr(fd), path), nil
}

func checkRegular(path string, st *unix.Stat_t) error {
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFREG:
		return nil
	case unix.S_IFDIR:
		return &os.PathError{Op: "open", Path: path, Err: syscall.EISDIR}
	}
	return withErrno(syscall.EINVAL, "%s: not a regular file", path)
}

// openTarget opens a regular file of the guest or a device.
func (c *Call) openTarget(t target, flags int, mode uint32) (*os.File, error) {
	if t.IsDevice {
		return os.OpenFile(t.Path, flags&^(unix.O_CREAT|unix.O_TRUNC), 0)
	}
	return c.openRegular(t.Path, flags, mode)
}

// openDir opens a directory of the guest for reading.
func (c *Call) openDir(path string) (*os.File, error) {
	var file *os.File
	err := c.inGuest(func() error {
		fd, err := unix.Open(path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		if err != nil {
			return &os.PathError{Op: "open", Path: path, Err: err}
		}
		file = os.NewFile(uintptr(fd), path)
		return nil
	})
	return file, err
}

// onPath runs a system call on the guest's thread and names the path in its
// error.
func (c *Call) onPath(op, path string, call func() error) error {
	return c.inGuest(func() error {
		if err := call(); err != nil {
			return &fs.PathError{Op: op, Path: path, Err: err}
		}
		return nil
	})
}

// newFile makes an empty file in the guest, or empties one, and returns its
// path as the daemon and its programs see it.
func (c *Call) newFile(path string) (string, error) {
	f, err := c.openRegular(path, unix.O_WRONLY|unix.O_CREAT|unix.O_TRUNC, 0o666)
	if err != nil {
		return "", err
	}
	defer f.Close()
	return os.Readlink(fdPath(int(f.Fd())))
}
