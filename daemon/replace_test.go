package daemon

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"

	"golang.org/x/sys/unix"
)

func pointTo[T any](v T) *T { return &v }

// filesBelow lists a tree: names, links, and the first bytes of files.
func filesBelow(t *testing.T, root string) string {
	t.Helper()
	var b strings.Builder
	must(t, filepath.WalkDir(root, func(file string, d os.DirEntry, err error) error {
		if err != nil || file == root {
			return err
		}
		name := strings.TrimPrefix(file, root)
		switch {
		case d.IsDir():
			fmt.Fprintf(&b, "%s/\n", name)
		case d.Type() == os.ModeSymlink:
			to, err := os.Readlink(file)
			fmt.Fprintf(&b, "%s -> %s\n", name, to)
			return err
		case d.Type().IsRegular():
			content, err := os.ReadFile(file)
			fmt.Fprintf(&b, "%s %s\n", name, content)
			return err
		}
		return nil
	}))
	return b.String()
}

func TestReplaceFile(t *testing.T) {
	for _, test := range []struct {
		name, path string
		opts       replaceFileOpts
		want       string
	}{
		{"plain", "/etc/file", replaceFileOpts{}, "/etc/\n/etc/file new\n/etc/file.orig older\n/link -> etc/file\n"},
		{"through a link", "/link", replaceFileOpts{}, "/etc/\n/etc/file new\n/etc/file.orig older\n/link -> etc/file\n"},
		{"backup", "/link", replaceFileOpts{Backup: pointTo(".orig")}, "/etc/\n/etc/file new\n/etc/file.orig old\n/link -> etc/file\n"},
		{"create", "/etc/more", replaceFileOpts{Create: pointTo(0o640)}, "/etc/\n/etc/file old\n/etc/file.orig older\n/etc/more new\n/link -> etc/file\n"},
		{"create what is there", "/etc/file", replaceFileOpts{Create: pointTo(0o640)}, "/etc/\n/etc/file new\n/etc/file.orig older\n/link -> etc/file\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c, root := newGuest(t)
			write(t, root, "etc/file", "old")
			write(t, root, "etc/file.orig", "older")
			must(t, os.Symlink("etc/file", root+"/link"))
			must(t, os.Chmod(root+"/etc/file", 0o751|os.ModeSetuid))
			must(t, os.Chown(root+"/etc/file", 10, 11))
			must(t, os.Chmod(root+"/etc/file", 0o751|os.ModeSetuid))
			must(t, doReplaceFile(c, strings.NewReader("new"), test.path, &test.opts))
			if got := filesBelow(t, root); got != test.want {
				t.Errorf("afterwards:\n%swant:\n%s", got, test.want)
			}
			var st unix.Stat_t
			if test.name == "create" {
				must(t, unix.Stat(root+test.path, &st))
				if st.Mode != unix.S_IFREG|0o640 || st.Uid != 0 {
					t.Errorf("the new file has mode %o, owner %d", st.Mode, st.Uid)
				}
				return
			}
			must(t, unix.Stat(root+"/etc/file", &st))
			if st.Mode != unix.S_IFREG|0o4751 || st.Uid != 10 || st.Gid != 11 || st.Nlink != 1 {
				t.Errorf("the file has mode %o, owner %d:%d, %d names", st.Mode, st.Uid, st.Gid, st.Nlink)
			}
		})
	}
}

// The old file stays, and nothing else appears, when something goes wrong.
func TestReplaceFileErrors(t *testing.T) {
	c, root := newGuest(t)
	hostile(t, root)
	must(t, os.Mkdir(root+"/file.dir", 0o755))
	before := filesBelow(t, root)
	broken := io.MultiReader(strings.NewReader("half of it"), iotest.ErrReader(syscall.ENOSPC))
	for _, test := range []struct {
		name, path string
		content    io.Reader
		opts       replaceFileOpts
		want       error
	}{
		{"missing", "/none", nil, replaceFileOpts{}, syscall.ENOENT},
		{"directory", "/dir", nil, replaceFileOpts{}, syscall.EISDIR},
		{"fifo", "/fifo", nil, replaceFileOpts{}, syscall.EINVAL},
		{"link to nothing", "/dangling", nil, replaceFileOpts{Create: pointTo(0o644)}, syscall.ENOENT},
		{"links in a circle", "/loop", nil, replaceFileOpts{}, syscall.ELOOP},
		{"no directory", "/none/x", nil, replaceFileOpts{Create: pointTo(0o644)}, syscall.ENOENT},
		{"no name", "/dir/new/", nil, replaceFileOpts{Create: pointTo(0o644)}, syscall.EINVAL},
		{"mode", "/new", nil, replaceFileOpts{Create: pointTo(0o10000)}, syscall.EINVAL},
		{"no suffix", "/file", nil, replaceFileOpts{Backup: pointTo("")}, syscall.EINVAL},
		{"suffix leads away", "/file", nil, replaceFileOpts{Backup: pointTo("/../x")}, syscall.EINVAL},
		{"backup is a directory", "/file", nil, replaceFileOpts{Backup: pointTo(".dir")}, syscall.EISDIR},
		{"long backup", "/file", nil, replaceFileOpts{Backup: pointTo(strings.Repeat("x", 255))}, syscall.ENAMETOOLONG},
		{"disk full", "/file", broken, replaceFileOpts{}, syscall.ENOSPC},
	} {
		t.Run(test.name, func(t *testing.T) {
			content := test.content
			if content == nil {
				content = strings.NewReader("new")
			}
			if err := doReplaceFile(c, content, test.path, &test.opts); !isErrno(err, test.want) {
				t.Errorf("replace_file %s = %v; want %v", test.path, err, test.want)
			}
			if after := filesBelow(t, root); after != before {
				t.Errorf("something changed:\n%swas:\n%s", after, before)
			}
		})
	}
}

// A file keeps an ACL of its own and no other, and what it had besides.
func TestReplaceFileAttributes(t *testing.T) {
	c, root := newGuest(t)
	write(t, root, "dir/plain", "old")
	write(t, root, "dir/rich", "old")
	// The default ACL of the directory: user 5 may do everything.
	acl := []byte("\x02\x00\x00\x00" + "\x01\x00\x07\x00\xff\xff\xff\xff" + "\x02\x00\x07\x00\x05\x00\x00\x00" +
		"\x04\x00\x05\x00\xff\xff\xff\xff" + "\x10\x00\x07\x00\xff\xff\xff\xff" + "\x20\x00\x05\x00\xff\xff\xff\xff")
	for _, x := range []struct {
		file, name string
		value      []byte
	}{{"/dir", "system.posix_acl_default", acl}, {"/dir/rich", aclAccess, acl}, {"/dir/rich", "user.note", []byte("kept")}} {
		if err := unix.Setxattr(root+x.file, x.name, x.value, 0); err != nil {
			t.Skipf("the filesystem of temporary files has no %s, test/calls does it in the appliance: %v", x.name, err)
		}
	}
	for _, file := range []string{"/dir/plain", "/dir/rich"} {
		before, err := xattrsOf(root+file, followLinks)
		must(t, err)
		must(t, doReplaceFile(c, strings.NewReader("new"), file, &replaceFileOpts{Backup: pointTo("~")}))
		after, err := xattrsOf(root+file, followLinks)
		must(t, err)
		if fmt.Sprint(after) != fmt.Sprint(before) {
			t.Errorf("%s has %v; want %v", file, after, before)
		}
	}
}
