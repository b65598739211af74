package daemon

import (
	"io"
	"os"
	"path"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"virt-tools/internal/wire"
)

// doTouch works on regular files alone, and does not follow a symbolic link.
func doTouch(c *Call, path string) error {
	return c.inGuest(func() error {
		var st unix.Stat_t
		err := unix.Lstat(path, &st)
		if err != nil && err != syscall.ENOENT {
			return &os.PathError{Op: "touch", Path: path, Err: err}
		}
		if err == nil && st.Mode&unix.S_IFMT != unix.S_IFREG {
			return withErrno(syscall.EINVAL, "%s: touch can only be used on a regular file", path)
		}
		fd, err := unix.Open(path, unix.O_WRONLY|unix.O_CREAT|unix.O_NOCTTY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0o666)
		if err != nil {
			return &os.PathError{Op: "touch", Path: path, Err: err}
		}
		defer unix.Close(fd)
		now := unix.Timespec{Nsec: unix.UTIME_NOW}
		if err := unix.UtimesNanoAt(unix.AT_FDCWD, path, []unix.Timespec{now, now}, unix.AT_SYMLINK_NOFOLLOW); err != nil {
			return &os.PathError{Op: "touch", Path: path, Err: err}
		}
		return nil
	})
}

func doRm(c *Call, path string) error {
	return c.onPath("unlink", path, func() error { return unix.Unlink(path) })
}

func doRmF(c *Call, path string) error {
	return c.onPath("unlink", path, func() error {
		if err := unix.Unlink(path); err != syscall.ENOENT {
			return err
		}
		return nil
	})
}

func doRmdir(c *Call, path string) error {
	return c.onPath("rmdir", path, func() error { return unix.Rmdir(path) })
}

func doMkdir(c *Call, path string) error { return doMkdirMode(c, path, 0o777) }

func doMkdirMode(c *Call, path string, mode int) error {
	if mode < 0 {
		return withErrno(syscall.EINVAL, "%s: mode is negative", path)
	}
	return c.onPath("mkdir", path, func() error { return unix.Mkdir(path, uint32(mode)) })
}

// doMkdirP makes a directory and those above it. A symbolic link counts as
// what it leads to; one that leads nowhere is in the way.
func doMkdirP(c *Call, name string) error {
	return c.inGuest(func() error { return mkdirAll(name, name) })
}

func mkdirAll(name, whole string) error {
	err := unix.Mkdir(name, 0o777)
	if err == syscall.ENOENT {
		parent := path.Dir(strings.TrimRight(name, "/"))
		if parent == name {
			return &os.PathError{Op: "mkdir", Path: whole, Err: err}
		}
		if err := mkdirAll(parent, whole); err != nil {
			return err
		}
		err = unix.Mkdir(name, 0o777)
	}
	var st unix.Stat_t
	switch {
	case err == nil:
		return nil
	case err == syscall.EEXIST && unix.Stat(name, &st) == nil && st.Mode&unix.S_IFMT == unix.S_IFDIR:
		return nil
	case err == syscall.EEXIST || err == syscall.ENOTDIR:
		return withErrno(syscall.ENOTDIR, "%s: a path element was not a directory", whole)
	}
	return &os.PathError{Op: "mkdir", Path: whole, Err: err}
}

func doChmod(c *Call, mode int, path string) error {
	if mode < 0 {
		return withErrno(syscall.EINVAL, "%s: mode is negative", path)
	}
	return c.onPath("chmod", path, func() error { return unix.Chmod(path, uint32(mode)) })
}

func doChown(c *Call, owner, group int, path string) error {
	return c.onPath("chown", path, func() error { return unix.Chown(path, owner, group) })
}

// doLnS makes a symbolic link. As with ln -s, a link name that is a directory
// is where the link goes to.
func doLnS(c *Call, target, linkname string) error {
	return c.inGuest(func() error {
		err := unix.Symlink(target, linkname)
		var st unix.Stat_t
		if err == syscall.EEXIST && unix.Stat(linkname, &st) == nil && st.Mode&unix.S_IFMT == unix.S_IFDIR {
			linkname = path.Join(linkname, path.Base(target))
			err = unix.Symlink(target, linkname)
		}
		if err != nil {
			return &os.LinkError{Op: "symlink", Old: target, New: linkname, Err: err}
		}
		return nil
	})
}

func doInternalWrite(c *Call, path string, content []byte) error {
	return c.writeFile(path, unix.O_TRUNC, content)
}

// doWriteFile is an old form of internal_write. A size of 0 means all of the
// content.
func doWriteFile(c *Call, path, content string, size int) error {
	if size == 0 {
		size = len(content)
	}
	if size < 0 || size > len(content) {
		return withErrno(syscall.EINVAL, "size parameter is %d but the content has %d bytes", size, len(content))
	}
	return c.writeFile(path, unix.O_TRUNC, []byte(content[:size]))
}

func doInternalWriteAppend(c *Call, path string, content []byte) error {
	return c.writeFile(path, unix.O_APPEND, content)
}

func (c *Call) writeFile(path string, flag int, content []byte) error {
	f, err := c.openRegular(path, unix.O_WRONLY|unix.O_CREAT|flag, 0o666)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if e := f.Close(); err == nil {
		err = e
	}
	return err
}

func doPread(c *Call, path string, count int, offset int64) ([]byte, error) {
	if err := checkPread(path, count, offset); err != nil {
		return nil, err
	}
	f, err := c.openRegular(path, unix.O_RDONLY, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	buf := make([]byte, count)
	n, err := f.ReadAt(buf, offset)
	if err != nil && err != io.EOF {
		return nil, err
	}
	return buf[:n], nil
}

// checkPread refuses what no message could carry.
func checkPread(path string, count int, offset int64) error {
	switch {
	case count < 0:
		return withErrno(syscall.EINVAL, "%s: count is negative", path)
	case offset < 0:
		return withErrno(syscall.EINVAL, "%s: offset is negative", path)
	case count >= wire.MessageMax:
		return withErrno(syscall.EINVAL, "%s: count is too large for the protocol, use smaller reads", path)
	}
	return nil
}

func doPwrite(c *Call, path string, content []byte, offset int64) (int, error) {
	if offset < 0 {
		return 0, withErrno(syscall.EINVAL, "%s: offset is negative", path)
	}
	f, err := c.openRegular(path, unix.O_WRONLY, 0)
	if err != nil {
		return 0, err
	}
	n, err := f.WriteAt(content, offset)
	if e := f.Close(); err == nil {
		err = e
	}
	if n > 0 && len(content) > n {
		return n, nil // as pwrite(2): the next call meets the error
	}
	return n, err
}
