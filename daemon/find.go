package daemon

import (
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// visit is called for each file below a directory. The directory that the file
// lies in is the current one of the thread then: name is the last part of path.
type visit func(name, path string, kind fs.FileMode) error

// walk visits what is below a directory, the directories before what is in
// them, in the order of their names. Paths begin with the given one. It is
// called on the guest's thread, keeps at most large directories open, and follows no links.
func (c *Call) walk(dir, path string, fn visit) error {
	if err := unix.Chdir(dir); err != nil {
		return &os.PathError{Op: "chdir", Path: dir, Err: err}
	}
	return c.walkHere(path, 0, fn)
}

func (c *Call) walkHere(path string, depth int, fn visit) error {
	fail := func(err error) error { return &os.PathError{Op: "read", Path: path, Err: errnoOf(err)} }
	if depth == treeDepthMax {
		return fail(syscall.ELOOP)
	}
	d, err := os.Open(".")
	if err != nil {
		return fail(err)
	}
	defer d.Close()
	for {
		entries, err := d.ReadDir(packBatch) // the kernel says what they are: asking for each takes much longer
		if err != nil && err != io.EOF {
			return fail(err)
		}
		if len(entries) < packBatch {
			d.Close() // before any other directory is opened: a tree may be deep
		}
		slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
		for _, e := range entries {
			if err := c.walkOne(e.Name(), path+"/"+e.Name(), e.Type(), depth, fn); err != nil {
				return err
			}
		}
		if len(entries) < packBatch {
			return nil
		}
	}
}

func (c *Call) walkOne(name, path string, kind fs.FileMode, depth int, fn visit) error {
	if err := c.Err(); err != nil {
		return err
	}
	if err := fn(name, path, kind); err != nil || !kind.IsDir() {
		return err
	}
	fail := func(err error) error { return &os.PathError{Op: "chdir", Path: path, Err: err} }
	if err := enterDir(name); err != nil {
		return fail(err)
	}
	if err := c.walkHere(path, depth+1, fn); err != nil {
		return err
	}
	if err := unix.Chdir(".."); err != nil {
		return fail(err)
	}
	return nil
}

// doFind0 sends the paths of all files below a directory. Like libguestfs it
// cuts off the directory as it was given: what is in /dir is /name, what is in
// /dir/ is name.
func doFind0(c *Call, directory string, files io.Writer) error {
	prefix := ""
	if !strings.HasSuffix(directory, "/") {
		prefix = "/"
	}
	return c.inGuest(func() error {
		return c.walk(directory, "", func(_, path string, _ fs.FileMode) error {
			_, err := io.WriteString(files, prefix+path[1:]+"\x00")
			return err
		})
	})
}

// doDu adds up the blocks of a file or tree, each file once however many names
// it has.
func doDu(c *Call, name string) (int64, error) {
	defer c.pulse()()
	var blocks int64
	err := c.inGuest(func() error {
		var st unix.Stat_t
		if err := unix.Lstat(name, &st); err != nil {
			return &os.PathError{Op: "du", Path: name, Err: err}
		}
		blocks = st.Blocks
		if st.Mode&unix.S_IFMT != unix.S_IFDIR {
			return nil
		}
		seen := map[inode]bool{}
		return c.walk(name, path.Clean(name), func(name, whole string, _ fs.FileMode) error {
			var st unix.Stat_t
			if err := unix.Lstat(name, &st); err != nil {
				return &os.PathError{Op: "du", Path: whole, Err: err}
			}
			if st.Nlink > 1 && st.Mode&unix.S_IFMT != unix.S_IFDIR {
				if seen[inodeOf(&st)] {
					return nil
				}
				seen[inodeOf(&st)] = true
			}
			blocks += st.Blocks
			return nil
		})
	})
	return (blocks + 1) / 2, err // of 512 bytes
}
