package daemon

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"log"
	"os"
	"slices"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Subvolumes are read through the kernel's search of the tree of roots: the
// btrfs program would cost a tenth of a second, twice.

// subvolume is a btrfs subvolume. Path is from the top of the filesystem.
type subvolume struct {
	ID, TopLevelID uint64
	Path           string
}

const (
	btrfsRootTree      = 1
	btrfsTopLevel      = 5 // the subvolume that every btrfs has
	btrfsRootTreeDir   = 6 // where the name of the default subvolume is
	btrfsFirstID       = 256
	btrfsDirItem       = 84
	btrfsRootBackref   = 144
	btrfsSubvolumesMax = 100_000
)

// Requests of linux/btrfs.h; all take a structure of one page.
const (
	btrfsIocScanDev    = 0x50009404
	btrfsIocTreeSearch = 0xd0009411
	btrfsIocInoLookup  = 0xd0009412
)

// btrfsPage is the argument of the requests.
type btrfsPage [4096]byte

func (p *btrfsPage) u64(off int) uint64       { return binary.NativeEndian.Uint64(p[off:]) }
func (p *btrfsPage) setU64(off int, v uint64) { binary.NativeEndian.PutUint64(p[off:], v) }
func (p *btrfsPage) u32(off int) uint32       { return binary.NativeEndian.Uint32(p[off:]) }
func (p *btrfsPage) setU32(off int, v uint32) { binary.NativeEndian.PutUint32(p[off:], v) }

func (p *btrfsPage) ioctl(f *os.File, op string, request uintptr) error {
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, f.Fd(), request, uintptr(unsafe.Pointer(p)))
	if errno != 0 {
		return &os.PathError{Op: op, Path: f.Name(), Err: errno}
	}
	return nil
}

// registerBtrfs tells the kernel about the members of filesystems over several
// devices, which udev would do.
func registerBtrfs(devices []string) error {
	if len(devices) == 0 || !filesystemInKernel("btrfs") {
		return nil
	}
	f, err := os.OpenFile("/dev/btrfs-control", os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	for _, d := range devices {
		var p btrfsPage
		copy(p[8:], d)
		if err := p.ioctl(f, "register "+d, btrfsIocScanDev); err != nil {
			return err
		}
	}
	return nil
}

// btrfsSubvolumes mounts the filesystem out of the guest's sight and lists its
// subvolumes by number, and the number of the default one.
func (c *Call) btrfsSubvolumes(device string) (list []subvolume, byDefault uint64, err error) {
	err = mountAside(device, "btrfs", unix.MS_RDONLY, fmt.Sprintf("subvolid=%d", btrfsTopLevel), func(dir string) error {
		f, err := os.Open(dir)
		if err != nil {
			return err
		}
		defer f.Close()
		if byDefault, err = defaultSubvolume(f); err != nil {
			return err
		}
		list, err = subvolumesOf(f)
		return err
	})
	return list, byDefault, err
}

// mountAside mounts a filesystem on a directory of its own while fn works on
// it.
func mountAside(device, fstype string, flags uintptr, options string, fn func(dir string) error) (err error) {
	dir, err := os.MkdirTemp("/tmp", "aside-")
	if err != nil {
		return err
	}
	defer os.Remove(dir)
	if err := unix.Mount(device, dir, fstype, flags|unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, options); err != nil {
		return &os.PathError{Op: "mount", Path: device, Err: err}
	}
	defer func() {
		if e := unix.Unmount(dir, 0); e != nil {
			err = errors.Join(err, &os.PathError{Op: "unmount", Path: device, Err: e}, unix.Unmount(dir, unix.MNT_DETACH))
		}
	}()
	return fn(dir)
}

// defaultSubvolume is the number of the subvolume that a plain mount shows.
func defaultSubvolume(f *os.File) (uint64, error) {
	id := uint64(btrfsTopLevel)
	err := searchRoots(f, btrfsDirItem, btrfsRootTreeDir, btrfsRootTreeDir, func(_, _ uint64, item []byte) error {
		// The key that the entry points at, its kind, its name.
		const head = 30
		if len(item) < head {
			return nil
		}
		name := item[head:]
		if n := int(binary.LittleEndian.Uint16(item[27:])); n <= len(name) && string(name[:n]) == "default" {
			id = binary.LittleEndian.Uint64(item)
		}
		return nil
	})
	return id, err
}

func subvolumesOf(f *os.File) ([]subvolume, error) { return subvolumesFrom(f, btrfsTopLevel) }

// subvolumesFrom gives paths that begin at the subvolume top, where they are
// below it.
func subvolumesFrom(f *os.File, top uint64) ([]subvolume, error) {
	refs := map[uint64]backref{}
	err := searchRoots(f, btrfsRootBackref, btrfsFirstID, ^uint64(0), func(id, parent uint64, item []byte) error {
		const head = 18
		if len(item) < head || len(refs) >= btrfsSubvolumesMax {
			return fmt.Errorf("%s: damaged, or more than %d subvolumes", f.Name(), btrfsSubvolumesMax)
		}
		n := min(int(binary.LittleEndian.Uint16(item[16:])), len(item)-head)
		refs[id] = backref{parent, binary.LittleEndian.Uint64(item), string(item[head : head+n])}
		return nil
	})
	if err != nil {
		return nil, err
	}
	lookup := func(parent, dir uint64) (string, error) { return inodePath(f, parent, dir) }
	list := []subvolume{}
	for id, ref := range refs {
		path, err := subvolumePath(refs, id, top, lookup)
		if err != nil {
			log.Printf("warning: subvolume %d: %v", id, err)
			continue // deleted, or in one that is
		}
		list = append(list, subvolume{ID: id, TopLevelID: ref.parent, Path: path})
	}
	slices.SortFunc(list, func(a, b subvolume) int {
		if a.ID < b.ID {
			return -1
		}
		return 1
	})
	return list, nil
}

// backref says where a subvolume is: in which other, in which directory.
type backref struct {
	parent, dir uint64
	name        string
}

const subvolumeDepthMax = 256

// subvolumePath builds the path of a subvolume from those that it is in. lookup
// gives the path of a directory within its subvolume, with a slash at the end.
func subvolumePath(refs map[uint64]backref, id, top uint64, lookup func(parent, dir uint64) (string, error)) (string, error) {
	path := ""
	for range subvolumeDepthMax {
		if id == btrfsTopLevel || id == top && path != "" {
			return path, nil
		}
		ref, ok := refs[id]
		if !ok || ref.name == "" || strings.Contains(ref.name, "/") {
			return "", fmt.Errorf("subvolume %d has no place", id)
		}
		dir, err := lookup(ref.parent, ref.dir)
		if err != nil {
			return "", err
		}
		if path != "" {
			path = "/" + path
		}
		path, id = dir+ref.name+path, ref.parent
	}
	return "", errors.New("subvolumes within each other without end")
}

// inodePath asks for the path of a directory in a subvolume.
func inodePath(f *os.File, tree, inode uint64) (string, error) {
	var p btrfsPage
	p.setU64(0, tree)
	p.setU64(8, inode)
	if err := p.ioctl(f, "look up", btrfsIocInoLookup); err != nil {
		return "", err
	}
	name, _, _ := bytes.Cut(p[16:], []byte{0})
	return string(name), nil
}

// searchRoots calls fn for the items of one kind in the tree of roots.
func searchRoots(f *os.File, kind uint32, first, last uint64, fn func(object, offset uint64, item []byte) error) error {
	// struct btrfs_ioctl_search_key
	const minObject, maxObject, minOffset, maxOffset, maxTransid, minType, maxType, items = 8, 16, 24, 32, 48, 56, 60, 64
	const results, header = 104, 32
	object, offset := first, uint64(0)
	for {
		var p btrfsPage
		p.setU64(0, btrfsRootTree)
		p.setU64(minObject, object)
		p.setU64(maxObject, last)
		p.setU64(minOffset, offset)
		p.setU64(maxOffset, ^uint64(0))
		p.setU64(maxTransid, ^uint64(0))
		p.setU32(minType, kind)
		p.setU32(maxType, kind)
		p.setU32(items, 4096)
		if err := p.ioctl(f, "search", btrfsIocTreeSearch); err != nil {
			return err
		}
		found := p.u32(items)
		if found == 0 {
			return nil
		}
		var at uint64
		pos := results
		for ; found > 0; found-- {
			if pos+header > len(p) {
				return fmt.Errorf("%s: search result out of bounds", f.Name())
			}
			size := int(p.u32(pos + 28))
			if size > len(p)-pos-header {
				return fmt.Errorf("%s: search result out of bounds", f.Name())
			}
			object, at = p.u64(pos+8), p.u64(pos+16)
			if p.u32(pos+24) == kind { // the key is compared as a whole, so others come along
				if err := fn(object, at, p[pos+header:pos+header+size]); err != nil {
					return err
				}
			}
			offset = at
			pos += header + size
		}
		if offset == ^uint64(0) {
			return nil
		}
		offset++
	}
}
