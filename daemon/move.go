package daemon

import (
	"errors"
	"io"
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
	cp := copier{c: c, links: map[inode]string{}, warned: map[string]bool{}}
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

// copier copies trees with all attributes. Files with several names keep them.
type copier struct {
	c      *Call
	links  map[inode]string
	warned map[string]bool // attributes that the filesystem does not take
}

func (cp *copier) copy(src, dest string, depth int) error {
	if err := cp.c.Err(); err != nil {
		return err
	}
	var st unix.Stat_t
	err := unix.Lstat(src, &st)
	if err == nil && depth == treeDepthMax {
		err = syscall.ELOOP
	}
	if err != nil {
		return &os.PathError{Op: "copy", Path: src, Err: err}
	}
	kind := st.Mode & unix.S_IFMT
	if kind != unix.S_IFDIR && st.Nlink > 1 {
		key := inode{uint64(st.Dev), st.Ino}
		if first, ok := cp.links[key]; ok {
			if err := unix.Link(first, dest); err != nil {
				return &os.LinkError{Op: "link", Old: first, New: dest, Err: err}
			}
			return nil
		}
		cp.links[key] = dest
	}
	switch kind {
	case unix.S_IFDIR:
		err = cp.directory(src, dest, depth)
	case unix.S_IFREG:
		err = cp.regular(src, dest)
	case unix.S_IFLNK:
		var link string
		if link, err = os.Readlink(src); err == nil {
			err = os.Symlink(link, dest)
		}
	default:
		if e := unix.Mknod(dest, st.Mode&^0o7777|0o600, int(st.Rdev)); e != nil {
			err = &os.PathError{Op: "mknod", Path: dest, Err: e}
		}
	}
	if err != nil {
		return err
	}
	xattrs, err := readXattrs(src)
	if err != nil {
		return &os.PathError{Op: "getxattr", Path: src, Err: err}
	}
	attr := attributes{mode: st.Mode, uid: int(st.Uid), gid: int(st.Gid), mtime: st.Mtim, xattrs: xattrs}
	problems, err := attr.apply(dest)
	if err != nil {
		return &os.PathError{Op: "set attributes", Path: dest, Err: err}
	}
	for _, p := range problems {
		if !cp.warned[p.what] {
			cp.warned[p.what] = true
			cp.c.warn("%s: not kept, here and maybe elsewhere: %v", dest, p)
		}
	}
	return nil
}

func (cp *copier) regular(src, dest string) error {
	from, err := os.Open(src) // known to be a regular file
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := os.OpenFile(dest, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = cp.c.copyFile(to, from, 0)
	if e := to.Close(); err == nil {
		err = e
	}
	return err
}

func (cp *copier) directory(src, dest string, depth int) error {
	if err := os.Mkdir(dest, 0o700); err != nil {
		return err
	}
	d, err := os.Open(src)
	if err != nil {
		return err
	}
	defer d.Close()
	for {
		names, err := d.Readdirnames(removeBatch)
		for _, name := range names {
			if err := cp.copy(path.Join(src, name), path.Join(dest, name), depth+1); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
