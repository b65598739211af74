package daemon

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// Rules of replacing a file, so that it is the old one or the new one at every
// moment, also when the machine stops:
//   - the new content goes into a file beside it that has no name while it is
//     written, where the filesystem can do that, and leaves nothing behind;
//   - it gets the owner, mode and extended attributes of the old one, which hold
//     ACLs, capabilities and the SELinux label, before it gets a name;
//   - it is on the disk, by fsync(2), before rename(2) puts it in the place of
//     the old one, and the directory is after that;
//   - a symbolic link stays one: what it leads to is replaced.

const replaceTemplate = ".virt-" + tempMark

func doReplaceFile(c *Call, content io.Reader, name string, opts *replaceFileOpts) error {
	suffix := ""
	if opts.Backup != nil {
		if suffix = *opts.Backup; suffix == "" || strings.Contains(suffix, "/") {
			return withErrno(syscall.EINVAL, "%q cannot be the end of a backup's name", suffix)
		}
	}
	dir, base, old, err := c.replaced(name, opts.Create)
	if err != nil {
		return err
	}
	return c.inGuest(func() error {
		if err := unix.Chdir(dir); err != nil {
			return &os.PathError{Op: "chdir", Path: dir, Err: err}
		}
		if err := c.replaceHere(content, base, suffix, old); err != nil {
			var inner *os.PathError // of a file that has no name yet
			if errors.As(err, &inner) {
				err = inner.Err
			}
			return &os.PathError{Op: "replace", Path: name, Err: err}
		}
		return nil
	})
}

// replaced finds the file that name leads to. One that is not there is made
// with the mode of create; what is known of it then is that mode.
func (c *Call) replaced(name string, create *int) (dir, base string, old *unix.Stat_t, err error) {
	old = new(unix.Stat_t)
	err = c.onPath("replace", name, func() error {
		if err := unix.Stat(name, old); err != nil {
			return err
		}
		return checkRegular(name, old)
	})
	if create != nil && errors.Is(err, syscall.ENOENT) {
		return c.createdAt(name, *create)
	}
	if err != nil {
		return "", "", nil, err
	}
	real, err := doRealpath(c, name)
	if err != nil {
		return "", "", nil, err
	}
	if old.Nlink > 1 {
		c.warn("%s has %d names (hard links); the others keep the old content", name, old.Nlink)
	}
	return path.Dir(real), path.Base(real), old, nil
}

func (c *Call) createdAt(name string, mode int) (dir, base string, old *unix.Stat_t, err error) {
	if mode < 0 || mode > 0o7777 {
		return "", "", nil, withErrno(syscall.EINVAL, "%o is not the mode of a file", mode)
	}
	base = path.Base(name)
	if base == "/" || base == "." || base == ".." || strings.HasSuffix(name, "/") {
		return "", "", nil, &os.PathError{Op: "replace", Path: name, Err: syscall.EINVAL}
	}
	// A link that leads nowhere is not made a file of.
	var st unix.Stat_t
	err = c.onPath("replace", name, func() error {
		if unix.Lstat(name, &st) == nil {
			return syscall.ENOENT
		}
		return nil
	})
	if err != nil {
		return "", "", nil, err
	}
	dir, err = doRealpath(c, path.Dir(name))
	return dir, base, &unix.Stat_t{Mode: uint32(mode)}, err
}

// replaceHere replaces base in the current directory of the thread. An old
// file without a link, so without a name, is not there yet.
func (c *Call) replaceHere(content io.Reader, base, suffix string, old *unix.Stat_t) error {
	n, err := newNameless()
	if err != nil {
		return err
	}
	defer n.discard()
	if _, err := c.copyFile(n.file, content, c.header.ProgressHint); err != nil {
		return err
	}
	if err := n.dress(base, old); err != nil {
		return err
	}
	if err := syncFile(n.file); err != nil {
		return err
	}
	if suffix != "" && old.Nlink > 0 {
		if err := c.keep(base, base+suffix, old); err != nil {
			return fmt.Errorf("backup %s: %w", base+suffix, err)
		}
	}
	if err := n.become(base); err != nil {
		return err
	}
	return syncHere()
}

// keep makes name another link to the old file, or a copy of it where the
// filesystem has no links.
func (c *Call) keep(base, name string, old *unix.Stat_t) error {
	temp, err := freshName(replaceTemplate, "", func(temp string) error { return unix.Link(base, temp) })
	if err == nil {
		if err := unix.Rename(temp, name); err != nil {
			return errors.Join(err, unix.Unlink(temp))
		}
		// Renaming one link of a file over another does nothing, not even that.
		if err := unix.Unlink(temp); err != nil && err != syscall.ENOENT {
			return err
		}
		return nil
	}
	if !errors.Is(err, syscall.EPERM) && !errors.Is(err, syscall.EOPNOTSUPP) && !errors.Is(err, syscall.EMLINK) {
		return err
	}
	from, err := os.Open(base)
	if err != nil {
		return err
	}
	defer from.Close()
	n, err := newNameless()
	if err != nil {
		return err
	}
	defer n.discard()
	if _, err := c.copyFile(n.file, from, 0); err != nil {
		return err
	}
	if err := n.dress(base, old); err != nil {
		return err
	}
	if err := syncFile(n.file); err != nil {
		return err
	}
	return n.become(name)
}

// syncHere puts the names in the current directory on the disk.
func syncHere() error {
	d, err := os.Open(".")
	if err != nil {
		return err
	}
	defer d.Close()
	return syncFile(d)
}
