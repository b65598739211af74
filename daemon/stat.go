package daemon

import (
	"errors"
	"io"
	"os"
	"slices"
	"syscall"

	"golang.org/x/sys/unix"

	"virt-tools/internal/wire"
)

// statGuest is stat(2), or lstat(2) when links are not followed.
func (c *Call) statGuest(path string, follow bool) (st unix.Stat_t, err error) {
	err = c.onPath("stat", path, func() error {
		if follow {
			return unix.Stat(path, &st)
		}
		return unix.Lstat(path, &st)
	})
	return st, err
}

func doExists(c *Call, path string) (bool, error) {
	_, err := c.statGuest(path, false)
	if errors.Is(err, syscall.ENOENT) || errors.Is(err, syscall.ENOTDIR) {
		return false, nil
	}
	return err == nil, err
}

// hasType tells whether a path is there and of a type.
func (c *Call) hasType(path string, follow *bool, typ uint32) (bool, error) {
	st, err := c.statGuest(path, follow != nil && *follow)
	if errors.Is(err, syscall.ENOENT) || errors.Is(err, syscall.ENOTDIR) {
		return false, nil
	}
	return err == nil && st.Mode&unix.S_IFMT == typ, err
}

func doIsFile(c *Call, path string, opts *isFileOpts) (bool, error) {
	return c.hasType(path, opts.Followsymlinks, unix.S_IFREG)
}

func doIsDir(c *Call, path string, opts *isDirOpts) (bool, error) {
	return c.hasType(path, opts.Followsymlinks, unix.S_IFDIR)
}

func doIsChardev(c *Call, path string, opts *isChardevOpts) (bool, error) {
	return c.hasType(path, opts.Followsymlinks, unix.S_IFCHR)
}

func doIsBlockdev(c *Call, path string, opts *isBlockdevOpts) (bool, error) {
	return c.hasType(path, opts.Followsymlinks, unix.S_IFBLK)
}

func doIsFifo(c *Call, path string, opts *isFifoOpts) (bool, error) {
	return c.hasType(path, opts.Followsymlinks, unix.S_IFIFO)
}

func doIsSocket(c *Call, path string, opts *isSocketOpts) (bool, error) {
	return c.hasType(path, opts.Followsymlinks, unix.S_IFSOCK)
}

func doIsSymlink(c *Call, path string) (bool, error) {
	return c.hasType(path, nil, unix.S_IFLNK)
}

func doFilesize(c *Call, file string) (int64, error) {
	st, err := c.statGuest(file, true)
	return st.Size, err
}

func doStatns(c *Call, path string) (*wire.StatNS, error) {
	st, err := c.statGuest(path, true)
	if err != nil {
		return nil, err
	}
	return statNS(&st), nil
}

func doLstatns(c *Call, path string) (*wire.StatNS, error) {
	st, err := c.statGuest(path, false)
	if err != nil {
		return nil, err
	}
	return statNS(&st), nil
}

// doInternalLstatnslist returns an inode number of -1 for a name that is not
// there. The names are looked up on the guest's thread, or .. of its root would
// be a directory of the appliance.
func doInternalLstatnslist(c *Call, path string, names []string) ([]wire.StatNS, error) {
	list := make([]wire.StatNS, 0, len(names))
	err := c.onPath("open", path, func() error {
		if err := unix.Chdir(path); err != nil {
			return err
		}
		for _, name := range names {
			var st unix.Stat_t
			if err := unix.Lstat(name, &st); err != nil {
				list = append(list, wire.StatNS{StIno: -1})
				continue
			}
			list = append(list, *statNS(&st))
		}
		return nil
	})
	return list, err
}

func statNS(st *unix.Stat_t) *wire.StatNS {
	return &wire.StatNS{
		StDev: int64(st.Dev), StIno: int64(st.Ino), StMode: int64(st.Mode), StNlink: int64(st.Nlink),
		StUid: int64(st.Uid), StGid: int64(st.Gid), StRdev: int64(st.Rdev), StSize: st.Size,
		StBlksize: int64(st.Blksize), StBlocks: st.Blocks,
		StAtimeSec: int64(st.Atim.Sec), StAtimeNsec: int64(st.Atim.Nsec),
		StMtimeSec: int64(st.Mtim.Sec), StMtimeNsec: int64(st.Mtim.Nsec),
		StCtimeSec: int64(st.Ctim.Sec), StCtimeNsec: int64(st.Ctim.Nsec),
	}
}

func doReadlink(c *Call, path string) (link string, err error) {
	err = c.inGuest(func() error {
		link, err = os.Readlink(path)
		return err
	})
	return link, err
}

// doInternalReadlinklist returns an empty text for a name that is no symbolic
// link.
func doInternalReadlinklist(c *Call, path string, names []string) ([]string, error) {
	links := make([]string, len(names))
	err := c.onPath("open", path, func() error {
		if err := unix.Chdir(path); err != nil {
			return err
		}
		for i, name := range names {
			links[i], _ = os.Readlink(name)
		}
		return nil
	})
	return links, err
}

func doRealpath(c *Call, path string) (string, error) {
	real, err := c.resolve(path)
	if err != nil {
		return "", err
	}
	root, err := c.resolve("/")
	if err != nil {
		return "", err
	}
	guest, ok := inside(real, root)
	if !ok {
		return "", &os.PathError{Op: "realpath", Path: path, Err: syscall.ENOENT}
	}
	return guest, nil
}

const lsBatch = 200_000 // names that are sorted at a time, so that no directory is too large

// doLs0 sends the names in a directory, sorted unless there are very many.
func doLs0(c *Call, dir string, names io.Writer) error {
	d, err := c.openDir(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	for {
		batch, err := d.Readdirnames(lsBatch)
		slices.Sort(batch)
		for _, name := range batch {
			if _, err := io.WriteString(names, name+"\x00"); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
