package daemon

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"virt-tools/internal/wire"
)

// links says whether a symbolic link counts as what it leads to.
type links bool

const (
	followLinks links = true
	keepLinks   links = false
)

// xattrHidden is where NTFS keeps the content of a compressed file. The kernel
// lists it but cannot read it.
const xattrHidden = "user.WofCompressedData"

func doGetxattrs(c *Call, path string) ([]wire.XAttr, error) { return c.xattrs(path, followLinks) }

func doLgetxattrs(c *Call, path string) ([]wire.XAttr, error) { return c.xattrs(path, keepLinks) }

func (c *Call) xattrs(path string, follow links) ([]wire.XAttr, error) {
	list := []wire.XAttr{}
	err := c.onPath("listxattr", path, func() error {
		attrs, err := xattrsOf(path, follow)
		for _, x := range attrs {
			list = append(list, wire.XAttr{Attrname: x.name, Attrval: x.value})
		}
		return err
	})
	return list, err
}

// xattr is an extended attribute.
type xattr struct {
	name  string
	value []byte
}

// readXattrs reads the extended attributes of a file, links not followed. A
// filesystem without them has none.
func readXattrs(path string) ([]xattr, error) {
	attrs, err := xattrsOf(path, keepLinks)
	if errors.Is(err, syscall.ENOTSUP) {
		return nil, nil
	}
	return attrs, err
}

// xattrsOf reads the extended attributes of a file in the order of their names.
func xattrsOf(path string, follow links) ([]xattr, error) {
	list, get := unix.Llistxattr, unix.Lgetxattr
	if follow {
		list, get = unix.Listxattr, unix.Getxattr
	}
	names, err := readGrowing(func(buf []byte) (int, error) { return list(path, buf) })
	if err != nil || len(names) == 0 {
		return nil, err
	}
	var all []xattr
	for name := range strings.SplitSeq(strings.TrimSuffix(string(names), "\x00"), "\x00") {
		if name == xattrHidden {
			continue
		}
		value, err := readGrowing(func(buf []byte) (int, error) { return get(path, name, buf) })
		if errors.Is(err, syscall.ENODATA) || errors.Is(err, syscall.ENOTSUP) {
			continue
		}
		if err != nil {
			return nil, err
		}
		all = append(all, xattr{name, value})
	}
	slices.SortFunc(all, func(a, b xattr) int { return strings.Compare(a.name, b.name) })
	return all, nil
}

// readGrowing calls read with a buffer of the size that it says it needs.
func readGrowing(read func([]byte) (int, error)) ([]byte, error) {
	for {
		n, err := read(nil)
		if err != nil || n == 0 {
			return nil, err
		}
		buf := make([]byte, n)
		n, err = read(buf)
		if err == syscall.ERANGE {
			continue
		}
		if err != nil {
			return nil, err
		}
		return buf[:n], nil
	}
}

func doGetxattr(c *Call, path, name string) ([]byte, error) {
	return c.xattrValue(path, func(buf []byte) (int, error) { return unix.Getxattr(path, name, buf) })
}

func doLgetxattr(c *Call, path, name string) ([]byte, error) {
	return c.xattrValue(path, func(buf []byte) (int, error) { return unix.Lgetxattr(path, name, buf) })
}

func (c *Call) xattrValue(path string, get func([]byte) (int, error)) (value []byte, err error) {
	err = c.onPath("getxattr", path, func() (err error) {
		value, err = readGrowing(get)
		return err
	})
	return value, err
}

func doSetxattr(c *Call, name, val string, vallen int, path string) error {
	value, err := xattrArgument(val, vallen)
	if err != nil {
		return err
	}
	return c.onPath("setxattr", path, func() error { return unix.Setxattr(path, name, value, 0) })
}

func doLsetxattr(c *Call, name, val string, vallen int, path string) error {
	value, err := xattrArgument(val, vallen)
	if err != nil {
		return err
	}
	return c.onPath("setxattr", path, func() error { return unix.Lsetxattr(path, name, value, 0) })
}

// xattrArgument takes the length at its word only as far as there is a text.
func xattrArgument(val string, vallen int) ([]byte, error) {
	if vallen < 0 || vallen > len(val) {
		return nil, withErrno(syscall.EINVAL, "vallen is %d but the value has %d bytes", vallen, len(val))
	}
	return []byte(val[:vallen]), nil
}

func doRemovexattr(c *Call, name, path string) error {
	return c.onPath("removexattr", path, func() error { return unix.Removexattr(path, name) })
}

func doLremovexattr(c *Call, name, path string) error {
	return c.onPath("removexattr", path, func() error { return unix.Lremovexattr(path, name) })
}

// doInternalLxattrlist returns, for each name, an entry without a name and
// then the attributes. The value of the first is their number with a NUL byte,
// or nothing when they cannot be read.
func doInternalLxattrlist(c *Call, path string, names []string) ([]wire.XAttr, error) {
	list, size := []wire.XAttr{}, messageBudget{}
	err := c.onPath("open", path, func() error {
		if err := unix.Chdir(path); err != nil {
			return err
		}
		for _, name := range names {
			attrs, err := xattrsOf(name, keepLinks)
			head := wire.XAttr{}
			if err == nil {
				head.Attrval = []byte(strconv.Itoa(len(attrs)) + "\x00")
			}
			list = append(list, head)
			for _, x := range attrs {
				list = append(list, wire.XAttr{Attrname: x.name, Attrval: x.value})
				if err := size.add(len(x.name) + len(x.value)); err != nil {
					return err
				}
			}
		}
		return nil
	})
	return list, err
}
