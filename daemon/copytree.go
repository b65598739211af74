package daemon

import (
	"errors"
	"io"
	"os"
	"path"
	"syscall"

	"golang.org/x/sys/unix"
)

// doCp copies a file, following links on both sides. The new file gets the
// permissions of the old one.
func doCp(c *Call, src, dest string) error {
	defer c.pulse()()
	return c.inGuest(func() error {
		var st unix.Stat_t
		if err := unix.Stat(src, &st); err != nil {
			return &os.PathError{Op: "cp", Path: src, Err: err}
		}
		if st.Mode&unix.S_IFMT == unix.S_IFDIR {
			return withErrno(syscall.EISDIR, "%s: is a directory: it takes cp_a or cp_r to copy it", src)
		}
		if err := checkRegular(src, &st); err != nil {
			return err
		}
		return newCopier(c, false).regular(src, into(src, dest), &st)
	})
}

func doCpA(c *Call, src, dest string) error { return c.copyTree(src, dest, true) }

func doCpR(c *Call, src, dest string) error { return c.copyTree(src, dest, false) }

// copyTree copies a file or tree over what is there already. Symbolic links
// are copied, not followed.
func (c *Call) copyTree(src, dest string, attributes bool) error {
	defer c.pulse()()
	return c.inGuest(func() error { return newCopier(c, attributes).copy(src, into(src, dest), 0) })
}

// into is where a file goes: into the destination when that is a directory.
func into(src, dest string) string {
	var st unix.Stat_t
	if unix.Stat(dest, &st) == nil && st.Mode&unix.S_IFMT == unix.S_IFDIR {
		return path.Join(dest, path.Base(src))
	}
	return dest
}

// copier copies trees. With attributes it keeps owners, times, extended
// attributes and the names of files that have several.
type copier struct {
	c          *Call
	attributes bool
	links      map[inode]string
	warned     map[string]bool // attributes that the filesystem does not take
	top        inode           // directory that the copy made first: never copied into itself
}

func newCopier(c *Call, attributes bool) *copier {
	return &copier{c: c, attributes: attributes, links: map[inode]string{}, warned: map[string]bool{}}
}

func inodeOf(st *unix.Stat_t) inode { return inode{uint64(st.Dev), st.Ino} }

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
	if cp.attributes && kind != unix.S_IFDIR && st.Nlink > 1 {
		if first, ok := cp.links[inodeOf(&st)]; ok {
			return hardLink(first, dest)
		}
		cp.links[inodeOf(&st)] = dest
	}
	switch kind {
	case unix.S_IFDIR:
		err = cp.directory(src, dest, &st, depth)
	case unix.S_IFREG:
		err = cp.regular(src, dest, &st)
	default:
		err = cp.special(src, dest, &st)
	}
	if err != nil || !cp.attributes {
		return err
	}
	return cp.keepAttributes(src, dest, &st)
}

// hardLink gives a file another name, in place of what has it now.
func hardLink(first, dest string) error {
	err := unix.Link(first, dest)
	if err == syscall.EEXIST {
		if err = unix.Unlink(dest); err == nil {
			err = unix.Link(first, dest)
		}
	}
	if err != nil {
		return &os.LinkError{Op: "link", Old: first, New: dest, Err: err}
	}
	return nil
}

// special copies a symbolic link, a device node, a pipe or a socket.
func (cp *copier) special(src, dest string, st *unix.Stat_t) error {
	if err := unix.Unlink(dest); err != nil && err != syscall.ENOENT {
		return &os.PathError{Op: "copy", Path: dest, Err: err}
	}
	if st.Mode&unix.S_IFMT == unix.S_IFLNK {
		link, err := os.Readlink(src)
		if err != nil {
			return err
		}
		return os.Symlink(link, dest)
	}
	mode := st.Mode&^0o7777 | 0o600 // until the attributes are set
	if !cp.attributes {
		mode = st.Mode
	}
	if err := unix.Mknod(dest, mode, int(st.Rdev)); err != nil {
		return &os.PathError{Op: "mknod", Path: dest, Err: err}
	}
	return nil
}

func (cp *copier) keepAttributes(src, dest string, st *unix.Stat_t) error {
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

// regular copies a regular file over the one that is there, or to a new one.
func (cp *copier) regular(src, dest string, st *unix.Stat_t) error {
	var old unix.Stat_t
	switch err := unix.Stat(dest, &old); {
	case err == syscall.ENOENT:
	case err != nil:
		return &os.PathError{Op: "copy", Path: dest, Err: err}
	case inodeOf(&old) == inodeOf(st):
		return withErrno(syscall.EINVAL, "%s and %s are the same file", src, dest)
	default:
		if err := checkRegular(dest, &old); err != nil {
			return err
		}
	}
	from, err := os.OpenFile(src, os.O_RDONLY|unix.O_NONBLOCK, 0) // known to be a regular file
	if err != nil {
		return err
	}
	defer from.Close()
	perm := os.FileMode(st.Mode & 0o777)
	if cp.attributes {
		perm = 0o600 // until they are set
	}
	to, err := os.OpenFile(dest, os.O_WRONLY|os.O_CREATE|os.O_TRUNC|unix.O_NONBLOCK, perm)
	if err != nil {
		return err
	}
	_, err = cp.c.copyFile(to, from, 0)
	if e := to.Close(); err == nil {
		err = e
	}
	return err
}

func (cp *copier) directory(src, dest string, st *unix.Stat_t, depth int) error {
	if inodeOf(st) == cp.top {
		return withErrno(syscall.EINVAL, "%s: cannot copy a directory into itself", src)
	}
	made := true
	var to unix.Stat_t
	if err := os.Mkdir(dest, 0o700); errors.Is(err, syscall.EEXIST) {
		made = false
		if unix.Stat(dest, &to) != nil || to.Mode&unix.S_IFMT != unix.S_IFDIR {
			return &os.PathError{Op: "copy", Path: dest, Err: syscall.ENOTDIR}
		}
	} else if err != nil {
		return err
	}
	if err := unix.Stat(dest, &to); err != nil {
		return &os.PathError{Op: "copy", Path: dest, Err: err}
	}
	if inodeOf(&to) == inodeOf(st) {
		return withErrno(syscall.EINVAL, "%s and %s are the same file", src, dest)
	}
	if depth == 0 {
		cp.top = inodeOf(&to)
	}
	if err := cp.entries(src, dest, depth); err != nil {
		return err
	}
	if made && !cp.attributes {
		if err := unix.Chmod(dest, st.Mode&0o1777&^uint32(currentUmask())); err != nil {
			return &os.PathError{Op: "chmod", Path: dest, Err: err}
		}
	}
	return nil
}

func (cp *copier) entries(src, dest string, depth int) error {
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
