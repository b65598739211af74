package daemon

import (
	"fmt"
	"math"
	"os"
	"path"
	"slices"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Requests of linux/fs.h; the kernel takes 4 bytes for all of them.
const (
	getVersion = 0x80087601 // FS_IOC_GETVERSION
	setVersion = 0x40087602 // FS_IOC_SETVERSION
)

// e2Attributes are the letters that lsattr prints for the flags of a file.
var e2Attributes = []struct {
	letter byte
	flag   uint32
}{
	{'A', 0x80}, {'C', 0x800000}, {'D', 0x10000}, {'E', 0x800}, {'F', 0x40000000}, {'I', 0x1000}, {'N', 0x10000000},
	{'P', 0x20000000}, {'S', 0x8}, {'T', 0x20000}, {'V', 0x100000}, {'a', 0x20}, {'c', 0x4}, {'d', 0x40}, {'e', 0x80000},
	{'i', 0x10}, {'j', 0x4000}, {'m', 0x400}, {'s', 0x1}, {'t', 0x8000}, {'u', 0x2}, {'x', 0x2000000},
}

// e2ReadOnly are the letters that nobody can set.
const e2ReadOnly = "EINV"

// onInode runs fn on a regular file or directory of the guest. Others have no
// flags, or hand the request to a driver.
func (c *Call) onInode(name string, fn func(f *os.File) error) error {
	return c.inGuest(func() error {
		var st unix.Stat_t
		if err := unix.Lstat(name, &st); err != nil {
			return &os.PathError{Op: "stat", Path: name, Err: err}
		}
		if kind := st.Mode & unix.S_IFMT; kind != unix.S_IFREG && kind != unix.S_IFDIR {
			return withErrno(syscall.EOPNOTSUPP, "%s: not a regular file or a directory", name)
		}
		fd, err := unix.Open(name, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
		if err != nil {
			return &os.PathError{Op: "open", Path: name, Err: err}
		}
		f := os.NewFile(uintptr(fd), name)
		defer f.Close()
		if err := fn(f); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		return nil
	})
}

func doGetE2attrs(c *Call, file string) (string, error) {
	var flags uint32
	err := c.onInode(file, func(f *os.File) error { return ioctlPtr(f, unix.FS_IOC_GETFLAGS, unsafe.Pointer(&flags)) })
	if err != nil {
		return "", err
	}
	var letters []byte
	for _, a := range e2Attributes {
		if flags&a.flag != 0 {
			letters = append(letters, a.letter)
		}
	}
	return string(letters), nil
}

func doSetE2attrs(c *Call, file, attrs string, opts *setE2attrsOpts) error {
	mask, err := e2Flags(attrs)
	if err != nil || mask == 0 {
		return err
	}
	return c.onInode(file, func(f *os.File) error {
		var flags uint32
		if err := ioctlPtr(f, unix.FS_IOC_GETFLAGS, unsafe.Pointer(&flags)); err != nil {
			return err
		}
		if opts.Clear != nil && *opts.Clear {
			flags &^= mask
		} else {
			flags |= mask
		}
		return ioctlPtr(f, unix.FS_IOC_SETFLAGS, unsafe.Pointer(&flags))
	})
}

// e2Flags are the flags that letters stand for, each at most once.
func e2Flags(letters string) (mask uint32, err error) {
	for i := range len(letters) {
		at := slices.IndexFunc(e2Attributes, func(a struct {
			letter byte
			flag   uint32
		}) bool {
			return a.letter == letters[i]
		})
		switch {
		case at < 0 || strings.IndexByte(e2ReadOnly, letters[i]) >= 0:
			return 0, withErrno(syscall.EINVAL, "unknown file attribute '%c'", letters[i])
		case mask&e2Attributes[at].flag != 0:
			return 0, withErrno(syscall.EINVAL, "duplicate file attribute '%c'", letters[i])
		}
		mask |= e2Attributes[at].flag
	}
	return mask, nil
}

func doGetE2generation(c *Call, file string) (int64, error) {
	var n uint32
	err := c.onInode(file, func(f *os.File) error { return ioctlPtr(f, getVersion, unsafe.Pointer(&n)) })
	return int64(n), err
}

func doSetE2generation(c *Call, file string, generation int64) error {
	if generation < 0 || generation > math.MaxUint32 {
		return withErrno(syscall.EINVAL, "generation %d is not in the range of 32 bits", generation)
	}
	n := uint32(generation)
	return c.onInode(file, func(f *os.File) error { return ioctlPtr(f, setVersion, unsafe.Pointer(&n)) })
}

const (
	lostFoundBytes = 16 << 10 // room that the directory has in the end
	lostFoundFiles = 4096     // more never take that much
)

// doMklostAndFound makes lost+found with blocks of its own for many names, so
// that e2fsck need not find any while the filesystem is damaged.
func doMklostAndFound(c *Call, mountpoint string) error {
	return c.inGuest(func() error {
		dir := path.Join(mountpoint, "lost+found")
		if err := os.Mkdir(dir, 0o700); err != nil {
			return err
		}
		made := 0
		defer func() {
			for i := range made {
				os.Remove(fillerName(dir, i))
			}
		}()
		for ; made < lostFoundFiles; made++ {
			st, err := os.Stat(dir)
			if err != nil || st.Size() >= lostFoundBytes {
				return err
			}
			f, err := os.OpenFile(fillerName(dir, made), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
			if err != nil {
				return err
			}
			f.Close()
		}
		return nil
	})
}

func fillerName(dir string, i int) string {
	return fmt.Sprintf("%s/%s%04d", dir, strings.Repeat("x", 246), i)
}
