package daemon

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// attributes are what a file has beside its name and content.
type attributes struct {
	mode     uint32 // with the type
	uid, gid int
	mtime    unix.Timespec
	xattrs   []xattr
}

type xattr struct {
	name  string
	value []byte
}

// Extended attributes that tar knows by names of its own.
const selinuxAttr = "security.selinux"

func isACL(name string) bool { return name == aclAccess || name == aclDefault }

// readXattrs reads the extended attributes of a file in the order of their
// names, links not followed. A filesystem without them has none.
func readXattrs(path string) ([]xattr, error) {
	list, err := readGrowing(func(buf []byte) (int, error) { return unix.Llistxattr(path, buf) })
	if errors.Is(err, syscall.ENOTSUP) || len(list) == 0 && err == nil {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var all []xattr
	for name := range bytes.SplitSeq(bytes.TrimSuffix(list, []byte{0}), []byte{0}) {
		value, err := readGrowing(func(buf []byte) (int, error) { return unix.Lgetxattr(path, string(name), buf) })
		if errors.Is(err, syscall.ENODATA) || errors.Is(err, syscall.ENOTSUP) {
			continue
		}
		if err != nil {
			return nil, err
		}
		all = append(all, xattr{string(name), value})
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

// attributeProblem is a part of the attributes that a filesystem does not
// take: vfat has no owners, for example.
type attributeProblem struct {
	what  string
	asked bool // not one that every archive has
	err   error
}

func (p *attributeProblem) Error() string { return p.what + ": " + sentence(p.err) }
func (p *attributeProblem) Unwrap() error { return p.err }

// apply gives a file its attributes; a link is not followed. The order matters:
// a change of the owner takes the set-user-ID bit and capabilities away, a
// change of the mode alters the access control list. Problems of the
// filesystem's limits are returned beside the error.
func (a *attributes) apply(path string) (problems []*attributeProblem, err error) {
	if err := unix.Lchown(path, a.uid, a.gid); err == syscall.EPERM {
		problems = append(problems, &attributeProblem{"owner", false, err})
	} else if err != nil {
		return problems, err
	}
	if a.mode&unix.S_IFMT != unix.S_IFLNK {
		if err := unix.Chmod(path, a.mode&0o7777); err == syscall.EPERM {
			problems = append(problems, &attributeProblem{"mode", false, err})
		} else if err != nil {
			return problems, err
		}
	}
	for _, x := range a.xattrs {
		switch err := unix.Lsetxattr(path, x.name, x.value, 0); err {
		case nil:
		case syscall.ENOTSUP, syscall.EPERM, syscall.EINVAL:
			problems = append(problems, &attributeProblem{"extended attribute " + x.name, true, err})
		default:
			return problems, err
		}
	}
	keep := unix.Timespec{Nsec: unix.UTIME_OMIT}
	return problems, unix.UtimesNanoAt(unix.AT_FDCWD, path, []unix.Timespec{keep, a.mtime}, unix.AT_SYMLINK_NOFOLLOW)
}
