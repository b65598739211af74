package daemon

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"virt-tools/internal/wire"
)

// listed is a file as a line of ls -la shows it.
type listed struct {
	name, link string
	st         unix.Stat_t
	acl        bool
	context    string // of SELinux; ? when there is none, empty when it is not shown
}

// doLl lists a directory, or one file, as ls -la does in the C locale, in UTC
// and without names of owners: libguestfs's runs ls where the guest's names are
// not known, and nobody should take ours for those of the host.
func doLl(c *Call, directory string) (string, error) { return c.list(directory, false) }

// doLlz lists as ls -laZ does. A file without a security context has a ?.
func doLlz(c *Call, directory string) (string, error) { return c.list(directory, true) }

func (c *Call) list(directory string, contexts bool) (string, error) {
	var files []listed
	var isDir bool
	now := time.Now()
	err := c.inGuest(func() (err error) {
		files, isDir, err = listDirectory(directory)
		for i := range files {
			if contexts {
				files[i].context = securityContext(files[i].name) // the directory is the current one
			}
		}
		return err
	})
	if err != nil {
		return "", err
	}
	return formatListing(files, isDir, now)
}

func listDirectory(directory string) (files []listed, isDir bool, err error) {
	fail := func(err error) ([]listed, bool, error) {
		return nil, false, &os.PathError{Op: "ls", Path: directory, Err: err}
	}
	var st unix.Stat_t
	if err := unix.Stat(directory, &st); err != nil {
		return fail(err)
	}
	if st.Mode&unix.S_IFMT != unix.S_IFDIR {
		return []listed{{name: directory, st: st, acl: hasACL(directory)}}, false, nil
	}
	if err := unix.Chdir(directory); err != nil {
		return fail(err)
	}
	d, err := os.Open(".")
	if err != nil {
		return fail(err)
	}
	defer d.Close()
	all, err := d.Readdirnames(-1)
	if err != nil {
		return fail(err)
	}
	slices.Sort(all)
	for _, name := range append([]string{".", ".."}, all...) {
		f := listed{name: name}
		if err := unix.Lstat(name, &f.st); err != nil {
			continue // a damaged entry must not hide the others
		}
		if f.st.Mode&unix.S_IFMT == unix.S_IFLNK {
			f.link, _ = os.Readlink(name)
		} else {
			f.acl = hasACL(name)
		}
		files = append(files, f)
	}
	return files, true, nil
}

func hasACL(name string) bool {
	for _, attr := range []string{aclAccess, aclDefault} {
		if n, err := unix.Lgetxattr(name, attr, nil); err == nil && n > 0 {
			return true
		}
	}
	return false
}

func securityContext(name string) string {
	value, err := readGrowing(func(buf []byte) (int, error) { return unix.Lgetxattr(name, selinuxAttr, buf) })
	if err != nil || len(value) == 0 {
		return "?"
	}
	return strings.TrimRight(string(value), "\x00")
}

// formatListing lines the columns up: links, owner, group, size.
func formatListing(files []listed, isDir bool, now time.Time) (string, error) {
	columns := make([][4]string, len(files))
	var width [4]int
	var blocks int64
	anyACL, contextWidth := false, 0
	for i, f := range files {
		size := strconv.FormatInt(f.st.Size, 10)
		if t := f.st.Mode & unix.S_IFMT; t == unix.S_IFCHR || t == unix.S_IFBLK {
			size = fmt.Sprintf("%d, %d", unix.Major(f.st.Rdev), unix.Minor(f.st.Rdev))
		}
		columns[i] = [4]string{strconv.FormatUint(uint64(f.st.Nlink), 10), strconv.FormatUint(uint64(f.st.Uid), 10), strconv.FormatUint(uint64(f.st.Gid), 10), size}
		for k, s := range columns[i] {
			width[k] = max(width[k], len(s))
		}
		blocks += f.st.Blocks
		anyACL = anyACL || f.acl
		contextWidth = max(contextWidth, len(f.context))
	}
	var b strings.Builder
	if isDir {
		fmt.Fprintf(&b, "total %d\n", (blocks+1)/2)
	}
	for i, f := range files {
		mark := ""
		if f.acl {
			mark = "+"
		} else if anyACL {
			mark = " "
		}
		col := columns[i]
		group := fmt.Sprintf("%*s", width[2], col[2])
		if f.context != "" {
			group += " " + fmt.Sprintf("%-*s", contextWidth, f.context)
		}
		fmt.Fprintf(&b, "%s%s %*s %*s %s %*s %s %s", modeString(f.st.Mode), mark, width[0], col[0], width[1], col[1],
			group, width[3], col[3], listingTime(time.Unix(f.st.Mtim.Unix()).UTC(), now), f.name)
		if f.st.Mode&unix.S_IFMT == unix.S_IFLNK {
			b.WriteString(" -> " + f.link)
		}
		b.WriteByte('\n')
		if b.Len() > wire.MessageMax {
			return "", withErrno(syscall.EMSGSIZE, "the directory is too large to be listed in one message")
		}
	}
	return b.String(), nil
}

// listingTime shows the year instead of the time of day for what is older than
// half a year, or newer than now.
func listingTime(t, now time.Time) string {
	const halfYear = 31556952 / 2 * time.Second
	if t.After(now) || now.Sub(t) >= halfYear {
		return t.Format("Jan _2  2006")
	}
	return t.Format("Jan _2 15:04")
}

// modeString is the first column of ls -l.
func modeString(mode uint32) string {
	types := map[uint32]byte{
		unix.S_IFREG: '-', unix.S_IFDIR: 'd', unix.S_IFLNK: 'l', unix.S_IFCHR: 'c',
		unix.S_IFBLK: 'b', unix.S_IFIFO: 'p', unix.S_IFSOCK: 's',
	}
	s := []byte("?rwxrwxrwx")
	if t, ok := types[mode&unix.S_IFMT]; ok {
		s[0] = t
	}
	for i := range 9 {
		if mode&(0o400>>i) == 0 {
			s[i+1] = '-'
		}
	}
	special := func(bit uint32, at int, with, without byte) {
		if mode&bit == 0 {
			return
		}
		if s[at] == '-' {
			s[at] = without
		} else {
			s[at] = with
		}
	}
	special(unix.S_ISUID, 3, 's', 'S')
	special(unix.S_ISGID, 6, 's', 'S')
	special(unix.S_ISVTX, 9, 't', 'T')
	return string(s)
}
