package daemon

import (
	"os"
	"path"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// doMv moves a file or tree as mv does: into the destination when that is a
// directory, else in its place; between filesystems by copying.
func doMv(c *Call, src, dest string) error {
	defer c.pulse()()
	return c.inGuest(func() error {
		var from, to unix.Stat_t
		fail := func(err error) error { return &os.LinkError{Op: "mv", Old: src, New: dest, Err: err} }
		if err := unix.Lstat(src, &from); err != nil {
			return &os.PathError{Op: "mv", Path: src, Err: err}
		}
		if unix.Stat(dest, &to) == nil && to.Mode&unix.S_IFMT == unix.S_IFDIR {
			dest = path.Join(dest, path.Base(src))
		}
		if unix.Lstat(dest, &to) == nil && from.Dev == to.Dev && from.Ino == to.Ino {
			switch {
			case path.Clean(src) == path.Clean(dest):
				return withErrno(syscall.EINVAL, "%s and %s are the same file", src, dest)
			case from.Nlink > 1 && from.Mode&unix.S_IFMT != unix.S_IFDIR && !strings.EqualFold(path.Clean(src), path.Clean(dest)):
				if err := unix.Unlink(src); err != nil { // rename(2) leaves both names
					return fail(err)
				}
				return nil
			} // else another spelling of the name, where case does not count
		}
		err := unix.Rename(src, dest)
		if err == syscall.EXDEV {
			return c.moveAcross(src, dest)
		}
		if err != nil {
			return fail(err)
		}
		return nil
	})
}

// moveAcross moves a tree to another filesystem. The source is only removed
// when the copy is whole and on the disk.
func (c *Call) moveAcross(src, dest string) error {
	if err := clearWay(src, dest); err != nil {
		return err
	}
	cp := newCopier(c, true)
	if err := cp.copy(src, dest, 0); err != nil {
		return err
	}
	if err := syncFilesystem(path.Dir(dest)); err != nil {
		return &os.PathError{Op: "sync", Path: dest, Err: err}
	}
	parent, base := path.Split(path.Clean(src))
	if err := unix.Chdir(parent); err != nil {
		return &os.PathError{Op: "chdir", Path: parent, Err: err}
	}
	r := remover{c: c}
	r.remove(base, src, 0)
	if c.Err() != nil {
		return c.Err()
	}
	return oneError(r.errs)
}

// clearWay removes what a rename would have replaced: a file, or an empty
// directory if the source is one.
func clearWay(src, dest string) error {
	var from, to unix.Stat_t
	if err := unix.Lstat(src, &from); err != nil {
		return &os.PathError{Op: "mv", Path: src, Err: err}
	}
	if unix.Lstat(dest, &to) != nil {
		return nil
	}
	fromDir, toDir := from.Mode&unix.S_IFMT == unix.S_IFDIR, to.Mode&unix.S_IFMT == unix.S_IFDIR
	err := error(nil)
	switch {
	case fromDir && !toDir:
		err = syscall.ENOTDIR
	case toDir && !fromDir:
		err = syscall.EISDIR
	case toDir:
		err = unix.Rmdir(dest)
	default:
		err = unix.Unlink(dest)
	}
	if err != nil {
		return &os.PathError{Op: "mv", Path: dest, Err: err}
	}
	return nil
}
