package daemon

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"virt-tools/internal/wire"
)

// More requests of linux/btrfs.h.
const (
	btrfsIocSync       = 0x9408
	btrfsIocSetDefault = 0x40089413
)

// resolveNew is resolve for a path whose last part need not be there yet. A
// symbolic link that leads nowhere in the guest may lead to something in the
// appliance, and is an error.
func (c *Call) resolveNew(name string) (string, error) {
	real, err := c.resolve(name)
	if !errors.Is(err, syscall.ENOENT) {
		return real, err
	}
	clean := path.Clean(name)
	if _, e := c.statGuest(clean, false); e == nil {
		return "", err
	}
	dir, err := c.resolve(path.Dir(clean))
	if err != nil {
		return "", err
	}
	return path.Join(dir, path.Base(clean)), nil
}

// btrfsOn runs the btrfs program; the last argument is a path of the guest.
func (c *Call) btrfsOn(name string, args ...string) (string, error) {
	real, err := c.resolve(name)
	if err != nil {
		return "", err
	}
	out, err := c.run(append(append([]string{"btrfs"}, args...), real)...)
	if err != nil {
		return "", fmt.Errorf("%s: %w", name, err)
	}
	return out, nil
}

// onBtrfs hands fn a directory of the filesystem: that of the guest, or one
// where the filesystem is mounted for the time being.
func (c *Call) onBtrfs(t mountableTarget, fn func(dir string) error) error {
	if !t.IsMountable {
		real, err := c.resolve(t.Path)
		if err != nil {
			return err
		}
		return fn(real)
	}
	options := ""
	if t.Mountable.Subvolume != "" {
		options = "subvol=" + t.Mountable.Subvolume
	}
	loadFilesystem("btrfs")
	return mountAside(t.Mountable.Device, "btrfs", 0, options, fn)
}

func doBtrfsSubvolumeCreate(c *Call, dest string, opts *btrfsSubvolumeCreateOpts) error {
	real, err := c.resolveNew(dest)
	if err != nil {
		return err
	}
	l := optionList{argv: []string{"btrfs", "subvolume", "create"}}
	l.text("-i", opts.Qgroupid)
	if err := c.runOnly(append(l.argv, real)...); err != nil {
		return fmt.Errorf("%s: %w", dest, err)
	}
	return nil
}

func doBtrfsSubvolumeSnapshot(c *Call, source, dest string, opts *btrfsSubvolumeSnapshotOpts) error {
	from, err := c.resolve(source)
	if err != nil {
		return err
	}
	to, err := c.resolveNew(dest)
	if err != nil {
		return err
	}
	l := optionList{argv: []string{"btrfs", "subvolume", "snapshot"}}
	l.flag("-r", opts.Ro)
	l.text("-i", opts.Qgroupid)
	if err := c.runOnly(append(l.argv, from, to)...); err != nil {
		return fmt.Errorf("%s: %s: %w", source, dest, err)
	}
	return nil
}

func doBtrfsSubvolumeDelete(c *Call, subvolume string) error {
	_, err := c.btrfsOn(subvolume, "subvolume", "delete")
	return err
}

func doBtrfsSubvolumeList(c *Call, fs mountableTarget) ([]wire.BTRFSSubvolume, error) {
	ret := []wire.BTRFSSubvolume{}
	err := c.onBtrfsFile(fs, func(f *os.File) error {
		top, err := subvolumeIDOf(f)
		if err != nil {
			return err
		}
		list, err := subvolumesFrom(f, top)
		for _, s := range list {
			ret = append(ret, wire.BTRFSSubvolume{
				BtrfssubvolumeId: s.ID, BtrfssubvolumeTopLevelId: s.TopLevelID, BtrfssubvolumePath: s.Path,
			})
		}
		return err
	})
	return ret, err
}

func (c *Call) onBtrfsFile(fs mountableTarget, fn func(f *os.File) error) error {
	return c.onBtrfs(fs, func(dir string) error {
		f, err := os.Open(dir)
		if err != nil {
			return err
		}
		defer f.Close()
		return fn(f)
	})
}

// subvolumeIDOf is the number of the subvolume that a file is in.
func subvolumeIDOf(f *os.File) (uint64, error) {
	var p btrfsPage
	p.setU64(8, btrfsFirstID)
	err := p.ioctl(f, "look up", btrfsIocInoLookup)
	return p.u64(0), err
}

func doBtrfsSubvolumeGetDefault(c *Call, fs mountableTarget) (int64, error) {
	var id uint64
	err := c.onBtrfsFile(fs, func(f *os.File) (err error) {
		id, err = defaultSubvolume(f)
		return err
	})
	return int64(id), err
}

func doBtrfsSubvolumeSetDefault(c *Call, id int64, fs string) error {
	if id < 0 || id > math.MaxInt64-256 {
		return withErrno(syscall.EINVAL, "%d is not the number of a subvolume", id)
	}
	f, err := c.openDir(fs)
	if err != nil {
		return err
	}
	defer f.Close()
	n := uint64(id)
	if err := ioctlPtr(f, btrfsIocSetDefault, unsafe.Pointer(&n)); err != nil {
		return fmt.Errorf("%s: set default subvolume %d: %w", fs, id, err)
	}
	return nil
}

func doBtrfsFilesystemSync(c *Call, fs string) error {
	f, err := c.openDir(fs)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := unix.IoctlRetInt(int(f.Fd()), btrfsIocSync); err != nil {
		return &os.PathError{Op: "sync", Path: fs, Err: err}
	}
	return nil
}

func doBtrfsSubvolumeShow(c *Call, subvolume string) ([]wire.Pair, error) {
	out, err := c.btrfsOn(subvolume, "subvolume", "show")
	if err != nil {
		return nil, err
	}
	// Newer versions show the top as well; libguestfs has always refused it.
	first, _, _ := strings.Cut(out, "\n")
	if strings.HasSuffix(first, " is btrfs root") || strings.HasSuffix(first, " is toplevel subvolume") {
		return nil, withErrno(syscall.EINVAL, "%s is btrfs root", subvolume)
	}
	return parseSubvolumeShow(out), nil
}

// parseSubvolumeShow takes the path in the first line, lines "key: value", and
// the names of snapshots, which stand on lines of their own.
func parseSubvolumeShow(out string) []wire.Pair {
	first, rest, _ := strings.Cut(out, "\n")
	pairs := []wire.Pair{{Key: "path", Value: strings.TrimSpace(first)}}
	for line := range strings.Lines(rest) {
		indent := len(line) - len(strings.TrimLeft(line, " \t"))
		line = strings.TrimSpace(line)
		last := &pairs[len(pairs)-1]
		if last.Key == "Snapshot(s)" && indent > 1 && line != "" && line != "-" {
			if last.Value != "" {
				last.Value += ","
			}
			last.Value += line
			continue
		}
		key, value, ok := strings.Cut(line, ":")
		if !ok {
			continue
		}
		if value = strings.TrimSpace(value); value == "-" {
			value = ""
		}
		pairs = append(pairs, wire.Pair{Key: key, Value: value})
	}
	return pairs
}
