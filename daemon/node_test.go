package daemon

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

func TestLinks(t *testing.T) {
	c, root := newGuest(t)
	write(t, root, "f", "content")
	write(t, root, "old", "old")
	must(t, os.Mkdir(filepath.Join(root, "d"), 0o755))
	must(t, doLn(c, "/f", "/hard"))
	must(t, doLnF(c, "/f", "/old"))
	must(t, doLnSf(c, "/d", "/hard"))
	must(t, doLnSf(c, "-f", "/d"))
	must(t, doLnSf(c, "elsewhere", "/d/-f"))
	for name, want := range map[string]string{"hard": "/d", "d/-f": "elsewhere"} {
		if got, err := os.Readlink(filepath.Join(root, name)); got != want || err != nil {
			t.Errorf("%s leads to %q, %v; want %q", name, got, err, want)
		}
	}
	if n := stat(t, filepath.Join(root, "old")).Nlink; n != 2 {
		t.Errorf("ln_f: the file has %d names; want 2", n)
	}
	for name, tc := range map[string]struct{ err, want error }{
		"ln":     {doLn(c, "/f", "/old"), syscall.EEXIST},
		"ln_f":   {doLnF(c, "/none", "/new"), syscall.ENOENT},
		"ln_sf":  {doLnSf(c, "x", "/none/x"), syscall.ENOENT},
		"rename": {doRename(c, "/none", "/x"), syscall.ENOENT},
		"mknod":  {doMknod(c, -1, 0, 0, "/x"), syscall.EINVAL},
		"mkfifo": {doMkfifo(c, 0o10644, "/x"), syscall.EINVAL},
	} {
		if !isErrno(tc.err, tc.want) {
			t.Errorf("%s: %v; want %v", name, tc.err, tc.want)
		}
	}
}

func TestTempNames(t *testing.T) {
	c, root := newGuest(t)
	suffix := ".conf"
	name, err := doMktemp(c, "/a.XXXXXX", &mktempOpts{Suffix: &suffix})
	must(t, err)
	st := stat(t, filepath.Join(root, name))
	if !strings.HasPrefix(name, "/a.") || !strings.HasSuffix(name, suffix) || len(name) != len("/a.XXXXXX.conf") || strings.Contains(name, "XXXXXX") || st.Mode != unix.S_IFREG|0o600 {
		t.Errorf("mktemp = %s with mode %o", name, st.Mode)
	}
	dir, err := doMkdtemp(c, "/XXXXXX")
	must(t, err)
	if st := stat(t, filepath.Join(root, dir)); st.Mode != unix.S_IFDIR|0o700 {
		t.Errorf("mkdtemp: mode %o", st.Mode)
	}
	for _, tmpl := range []string{"/a", "/aXXXXX", "/XXXXXXa"} {
		if _, err := doMkdtemp(c, tmpl); !isErrno(err, syscall.EINVAL) {
			t.Errorf("mkdtemp %s: %v; want EINVAL", tmpl, err)
		}
	}
	if _, err := doMktemp(c, "/none/XXXXXX", &mktempOpts{}); !isErrno(err, syscall.ENOENT) {
		t.Errorf("mktemp in a directory that is not there: %v", err)
	}
}

// TestSpecialFiles: calls that read or write a file must not wait on a pipe.
func TestSpecialFiles(t *testing.T) {
	c, root := newGuest(t)
	must(t, syscall.Mkfifo(filepath.Join(root, "p"), 0o600))
	write(t, root, "f", "x")
	for name, call := range map[string]func() error{
		"equal":    func() error { _, err := doEqual(c, "/f", "/p"); return err },
		"is_zero":  func() error { _, err := doIsZero(c, "/p"); return err },
		"fill":     func() error { return doFill(c, 1, 1, "/p") },
		"truncate": func() error { return doTruncate(c, "/p") },
		"strings":  func() error { _, err := doStrings(c, "/p"); return err },
		"grep":     func() error { _, err := doGrep(c, "x", "/p", &grepOpts{}); return err },
		"initrd":   func() error { _, err := doInitrdList(c, "/p"); return err },
	} {
		if err := call(); !isErrno(err, syscall.EINVAL) {
			t.Errorf("%s of a pipe: %v; want EINVAL", name, err)
		}
	}
}

func TestFill(t *testing.T) {
	c, root := newGuest(t)
	must(t, doFill(c, 'a', 10, "/f"))
	must(t, doFillPattern(c, "xyz", 5, "/f"))
	if got := read(t, root, "f"); got != "xyzxyaaaaa" {
		t.Errorf("fill: %q", got)
	}
	must(t, doFillPattern(c, "abc", 1_000_001, "/big"))
	if got, want := read(t, root, "big"), strings.Repeat("abc", 333_334)[:1_000_001]; got != want {
		t.Errorf("fill_pattern: %d bytes that are not the pattern", len(got))
	}
	must(t, doFillDir(c, "/", 3))
	names, err := filepath.Glob(filepath.Join(root, "0000000?"))
	must(t, err)
	if len(names) != 3 {
		t.Errorf("fill_dir made %q", names)
	}
	must(t, doFallocate64(c, "/a", 100_000))
	if st := stat(t, filepath.Join(root, "a")); st.Size != 100_000 || st.Blocks*512 < st.Size {
		t.Errorf("fallocate64: %d bytes in %d blocks", st.Size, st.Blocks)
	}
	must(t, doTruncateSize(c, "/a", 7))
	for _, err := range []error{doFill(c, 256, 1, "/f"), doFill(c, 1, -1, "/f"), doFillPattern(c, "", 1, "/f"), doFallocate(c, "/f", -1), doTruncateSize(c, "/f", -1)} {
		if !isErrno(err, syscall.EINVAL) {
			t.Errorf("%v; want EINVAL", err)
		}
	}
	zero, err := doIsZero(c, "/a")
	if !zero || err != nil {
		t.Errorf("is_zero = %v, %v", zero, err)
	}
}
