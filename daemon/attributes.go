package daemon

import (
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

// Extended attributes that tar knows by names of its own.
const selinuxAttr = "security.selinux"

func isACL(name string) bool { return name == aclAccess || name == aclDefault }

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
