package daemon

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// tree lists the files of a tree with modes, owners, names and content.
func treeOf(t *testing.T, dir string) string {
	t.Helper()
	list := exec.Command("find", ".", "-printf", `%p %y %m %U:%G %l\n`)
	list.Dir = dir
	out, err := list.Output()
	must(t, err)
	sums := exec.Command("sh", "-c", "find . -type f -print0 | sort -z | xargs -0 -r sha256sum")
	sums.Dir = dir
	contents, err := sums.Output()
	must(t, err)
	return string(out) + string(contents)
}

// TestCopyTree compares with cp.
func TestCopyTree(t *testing.T) {
	c, root := newGuest(t)
	dir := func(name string) string { return filepath.Join(root, name) }
	write(t, root, "src/d/f", "content")
	write(t, root, "src/setuid", "x")
	write(t, root, "src/empty", "")
	must(t, os.Chmod(dir("src/setuid"), 0o755|os.ModeSetuid))
	must(t, os.Chown(dir("src/setuid"), 5, 6))
	must(t, os.Chmod(dir("src/setuid"), 0o755|os.ModeSetuid))
	must(t, os.Mkdir(dir("src/sticky"), 0o700))
	must(t, os.Chmod(dir("src/sticky"), 0o777|os.ModeSticky|os.ModeSetgid))
	must(t, os.Mkdir(dir("src/closed"), 0o500))
	must(t, os.Symlink("d/f", dir("src/link")))
	must(t, os.Symlink("/nowhere", dir("src/dangling")))
	must(t, os.Link(dir("src/d/f"), dir("src/hard")))
	must(t, syscall.Mkfifo(dir("src/fifo"), 0o640))
	must(t, syscall.Mknod(dir("src/null"), syscall.S_IFCHR|0o666, 1<<8|3))
	for i, tc := range []struct {
		option string
		copy   func(*Call, string, string) error
		onto   bool // an older copy that differs
	}{{"-a", doCpA, false}, {"-rP", doCpR, false}, {"-a", doCpA, true}, {"-rP", doCpR, true}} {
		want, got := fmt.Sprintf("want%d", i), fmt.Sprintf("got%d", i)
		for _, to := range []string{want, got} {
			if tc.onto {
				write(t, root, to+"/src/d/f", "older and longer content")
				write(t, root, to+"/src/link", "in the way")
				write(t, root, to+"/src/kept", "kept")
				must(t, os.Chmod(dir(to+"/src/d/f"), 0o600))
			} else {
				must(t, os.Mkdir(dir(to), 0o755))
			}
		}
		run(t, root, "", "cp", tc.option, dir("src"), dir(want))
		must(t, tc.copy(c, "/src", "/"+got))
		if diff := cmp.Diff(treeOf(t, dir(want)), treeOf(t, dir(got))); diff != "" {
			t.Errorf("cp %s, onto an older copy: %v (-want +got):\n%s", tc.option, tc.onto, diff)
		}
		a, b := stat(t, dir(got+"/src/hard")), stat(t, dir(got+"/src/d/f"))
		if linked := a.Ino == b.Ino; linked != (tc.option == "-a") {
			t.Errorf("cp %s: hard links are kept: %v", tc.option, linked)
		}
	}
}

func stat(t *testing.T, name string) (st syscall.Stat_t) {
	t.Helper()
	must(t, syscall.Lstat(name, &st))
	return st
}

func TestCopyErrors(t *testing.T) {
	c, root := newGuest(t)
	write(t, root, "d/f", "content")
	write(t, root, "d/sub/g", "x")
	must(t, os.Symlink("f", filepath.Join(root, "d/link")))
	must(t, syscall.Mkfifo(filepath.Join(root, "fifo"), 0o600))
	for _, tc := range []struct {
		copy      func(*Call, string, string) error
		src, dest string
		want      syscall.Errno
	}{
		{doCp, "/d", "/e", syscall.EISDIR},
		{doCp, "/none", "/e", syscall.ENOENT},
		{doCp, "/d/f", "/none/e", syscall.ENOENT},
		{doCp, "/d/f", "/d/f", syscall.EINVAL},
		{doCp, "/d/f", "/d", syscall.EINVAL},
		{doCp, "/fifo", "/e", syscall.EINVAL},
		{doCp, "/d/f", "/fifo", syscall.EINVAL},
		{doCpA, "/d", "/d/f", syscall.ENOTDIR},
		{doCpA, "/d/f", "/d/sub/g/h", syscall.ENOTDIR},
		{doCpA, "/d", "/d/sub/new", syscall.EINVAL}, // into itself
		{doCpA, "/d", "/", syscall.EINVAL},
	} {
		if err := tc.copy(c, tc.src, tc.dest); !isErrno(err, tc.want) {
			t.Errorf("copy %s to %s: %v; want %v", tc.src, tc.dest, err, tc.want)
		}
	}
	must(t, doCp(c, "/d/link", "/d/copy")) // follows the link
	if got := read(t, root, "d/copy"); got != "content" {
		t.Errorf("cp of a link: %q", got)
	}
}
