package daemon

import (
	"io"
	"os"
	"path"
	"syscall"

	"golang.org/x/sys/unix"
)

// treeDepthMax bounds the nesting of directories that a call follows. A path
// of the usual length has at most half as many.
const treeDepthMax = 4096

// doRmRf removes a tree. It goes on after an error; what is not there is none.
func doRmRf(c *Call, name string) error {
	if path.Clean(name) == "/" {
		return withErrno(syscall.EINVAL, "cannot remove root directory")
	}
	defer c.pulse()()
	return c.inGuest(func() error {
		parent, base := path.Split(path.Clean(name))
		if err := unix.Chdir(parent); err != nil {
			if err == syscall.ENOENT || err == syscall.ENOTDIR {
				return nil
			}
			return &os.PathError{Op: "rm", Path: name, Err: err}
		}
		r := remover{c: c}
		r.remove(base, path.Clean(name), 0)
		if c.Err() != nil {
			return c.Err()
		}
		return oneError(r.errs)
	})
}

const (
	removeBatch   = 10000 // names read from a directory at a time
	errorsKeptMax = 100
)

// remover removes trees. It works in the thread's current directory, so that
// no path gets too long, and keeps no directory open.
type remover struct {
	c    *Call
	errs []error
	lost bool // the current directory is not known any more
}

func (r *remover) stopped() bool { return r.lost || r.c.Err() != nil }

func (r *remover) fail(whole string, err error) bool {
	if len(r.errs) < errorsKeptMax {
		r.errs = append(r.errs, &os.PathError{Op: "rm", Path: whole, Err: err})
	}
	return false
}

// remove removes a name in the current directory; whole is its path. It tells
// whether the name is gone.
func (r *remover) remove(name, whole string, depth int) bool {
	err := unix.Unlink(name)
	switch err {
	case nil, syscall.ENOENT:
		return true
	case syscall.EISDIR, syscall.EPERM: // EPERM is what POSIX wants for a directory
	default:
		return r.fail(whole, err)
	}
	var st unix.Stat_t
	if e := unix.Lstat(name, &st); e != nil || st.Mode&unix.S_IFMT != unix.S_IFDIR {
		return r.fail(whole, err)
	}
	if unix.Rmdir(name) == nil {
		return true
	}
	if depth == treeDepthMax {
		return r.fail(whole, syscall.ELOOP)
	}
	if err := enterDir(name); err != nil {
		return r.fail(whole, err)
	}
	r.empty(whole, depth)
	if err := unix.Chdir(".."); err != nil {
		r.lost = true
		return r.fail(whole, err)
	}
	if err := unix.Rmdir(name); err != nil {
		if len(r.errs) == 0 { // else it is not empty because of that
			r.fail(whole, err)
		}
		return false
	}
	return true
}

// empty removes what is in the current directory.
func (r *remover) empty(whole string, depth int) {
	for !r.stopped() {
		names, err := readBatch()
		if err != nil {
			r.fail(whole, err)
			return
		}
		removed := 0
		for _, name := range names {
			if r.stopped() {
				return
			}
			if r.remove(name, whole+"/"+name, depth+1) {
				removed++
			}
		}
		if removed == 0 {
			return
		}
	}
}

// enterDir makes a directory the current one, unless it is a symbolic link.
func enterDir(name string) error {
	fd, err := unix.Open(name, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return unix.Fchdir(fd)
}

// readBatch reads some names of the current directory.
func readBatch() ([]string, error) {
	d, err := os.Open(".")
	if err != nil {
		return nil, err
	}
	defer d.Close()
	names, err := d.Readdirnames(removeBatch)
	if err == io.EOF {
		err = nil
	}
	return names, err
}
