package daemon

import (
	"os"
	"path"
	"syscall"

	"golang.org/x/sys/unix"
)

// doMknod makes a file of any kind; the mode has the kind in it.
func doMknod(c *Call, mode, devmajor, devminor int, path string) error {
	if mode < 0 {
		return withErrno(syscall.EINVAL, "%s: mode is negative", path)
	}
	dev := unix.Mkdev(uint32(devmajor), uint32(devminor))
	return c.onPath("mknod", path, func() error { return unix.Mknod(path, uint32(mode), int(dev)) })
}

func doMkfifo(c *Call, mode int, path string) error {
	return c.special(unix.S_IFIFO, mode, 0, 0, path)
}

func doMknodB(c *Call, mode, devmajor, devminor int, path string) error {
	return c.special(unix.S_IFBLK, mode, devmajor, devminor, path)
}

func doMknodC(c *Call, mode, devmajor, devminor int, path string) error {
	return c.special(unix.S_IFCHR, mode, devmajor, devminor, path)
}

func (c *Call) special(kind, mode, devmajor, devminor int, path string) error {
	if mode&^0o7777 != 0 {
		return withErrno(syscall.EINVAL, "%o: mode must specify only file permission bits", mode)
	}
	return doMknod(c, mode|kind, devmajor, devminor, path)
}

func doLn(c *Call, target, linkname string) error {
	return c.onLink("link", target, linkname, func() error { return unix.Link(target, linkname) })
}

// doLnF takes the link name away first, whatever it is.
func doLnF(c *Call, target, linkname string) error {
	return c.onLink("link", target, linkname, func() error {
		if err := unix.Unlink(linkname); err != nil && err != syscall.ENOENT {
			return err
		}
		return unix.Link(target, linkname)
	})
}

// doLnSf makes a symbolic link in place of a file. As with ln -sf, a link name
// that is a directory is where the link goes to.
func doLnSf(c *Call, target, linkname string) error {
	return c.onLink("symlink", target, linkname, func() error {
		var st unix.Stat_t
		if unix.Stat(linkname, &st) == nil && st.Mode&unix.S_IFMT == unix.S_IFDIR {
			linkname = path.Join(linkname, path.Base(target))
		}
		if err := unix.Unlink(linkname); err != nil && err != syscall.ENOENT {
			return err
		}
		return unix.Symlink(target, linkname)
	})
}

func doRename(c *Call, oldpath, newpath string) error {
	return c.onLink("rename", oldpath, newpath, func() error { return unix.Rename(oldpath, newpath) })
}

// onLink runs a system call that has two names on the guest's thread.
func (c *Call) onLink(op, from, to string, call func() error) error {
	return c.inGuest(func() error {
		if err := call(); err != nil {
			return &os.LinkError{Op: op, Old: from, New: to, Err: err}
		}
		return nil
	})
}
