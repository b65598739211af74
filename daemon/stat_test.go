package daemon

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"virt-tools/internal/wire"
)

func unixTime(sec int64) time.Time { return time.Unix(sec, 0) }

// fingerprint describes a tree: names, types, modes, owners, times, sizes,
// links and content.
func fingerprint(t *testing.T, dir string) string {
	t.Helper()
	out, err := exec.Command("sh", "-c", `cd "$1" && find . -printf '%p %y %m %U:%G %T@ %l %n\n' | sort && find . -type f -print0 | sort -z | xargs -0 -r md5sum`, "sh", dir).CombinedOutput()
	if err != nil {
		t.Fatalf("find: %v\n%s", err, out)
	}
	return string(out)
}

func TestTypes(t *testing.T) {
	c, root := newGuest(t)
	hostile(t, root)
	yes, no := true, false
	for _, test := range []struct {
		path   string
		follow *bool
		want   string // which of the calls say yes
	}{
		{"/file", nil, "file"}, {"/file", &yes, "file"}, {"/dir", nil, "dir"}, {"/fifo", nil, "fifo"}, {"/zero", nil, "chardev"},
		{"/abs", nil, "symlink"}, {"/abs", &no, "symlink"}, {"/abs", &yes, "file symlink"}, {"/up", &yes, "file symlink"},
		{"/dirlink", &yes, "dir symlink"}, {"/dangling", &yes, "symlink"}, {"/escape", &yes, "symlink"},
		{"/none", nil, ""}, {"/file/x", nil, ""},
	} {
		var got []string
		note := func(name string, yes bool, err error) {
			if err != nil {
				t.Errorf("is_%s(%s): %v", name, test.path, err)
			}
			if yes {
				got = append(got, name)
			}
		}
		is, err := doIsFile(c, test.path, &isFileOpts{test.follow})
		note("file", is, err)
		is, err = doIsDir(c, test.path, &isDirOpts{test.follow})
		note("dir", is, err)
		is, err = doIsChardev(c, test.path, &isChardevOpts{test.follow})
		note("chardev", is, err)
		is, err = doIsBlockdev(c, test.path, &isBlockdevOpts{test.follow})
		note("blockdev", is, err)
		is, err = doIsFifo(c, test.path, &isFifoOpts{test.follow})
		note("fifo", is, err)
		is, err = doIsSocket(c, test.path, &isSocketOpts{test.follow})
		note("socket", is, err)
		is, err = doIsSymlink(c, test.path)
		note("symlink", is, err)
		if s := strings.Join(got, " "); s != test.want {
			t.Errorf("%s is %q; want %q", test.path, s, test.want)
		}
	}
	for path, want := range map[string]bool{"/dangling": true, "/none": false, "/file/x": false, "/": true} {
		if got, err := doExists(c, path); got != want || err != nil {
			t.Errorf("exists(%s) = %v, %v; want %v", path, got, err, want)
		}
	}
}

func TestRealpath(t *testing.T) {
	c, root := newGuest(t)
	hostile(t, root)
	for path, want := range map[string]string{
		"/": "/", "/../file": "/file", "/up": "/file", "/abs": "/file", "/dirlink/sub/..": "/dir", "//dir//sub/": "/dir/sub",
	} {
		if got, err := doRealpath(c, path); got != want || err != nil {
			t.Errorf("realpath(%s) = %q, %v; want %q", path, got, err, want)
		}
	}
}

func TestLstatnslist(t *testing.T) {
	c, root := newGuest(t)
	hostile(t, root)
	list, err := doInternalLstatnslist(c, "/", []string{"file", "none", "abs", "..", "dir"})
	must(t, err)
	inodes := func(v wire.StatNS) int64 { return v.StIno }
	want := make([]int64, 5)
	for i, name := range []string{"file", "", "abs", ".", "dir"} {
		var st unix.Stat_t
		want[i] = -1
		if name != "" {
			must(t, unix.Lstat(filepath.Join(root, name), &st))
			want[i] = int64(st.Ino)
		}
	}
	var got []int64
	for _, v := range list {
		got = append(got, inodes(v))
	}
	if !slices.Equal(got, want) {
		t.Errorf("inodes = %v; want %v (.. of the root is the root)", got, want)
	}
}

func TestLs0(t *testing.T) {
	c, root := newGuest(t)
	onTmpfs(t, root)
	var want []string
	for i := range 100_000 {
		want = append(want, fmt.Sprintf("file-%06d", i))
		fd, err := unix.Open(filepath.Join(root, want[i]), unix.O_CREAT|unix.O_WRONLY, 0o644)
		must(t, err)
		unix.Close(fd)
	}
	for _, odd := range []string{"a\nb", "\xff\xfe", " ", "-rf"} {
		want = append(want, odd)
		must(t, os.WriteFile(filepath.Join(root, odd), nil, 0o644))
	}
	var out bytes.Buffer
	must(t, doLs0(c, "/", &out))
	got := strings.Split(strings.TrimSuffix(out.String(), "\x00"), "\x00")
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("ls0 gives %d names; want %d", len(got), len(want))
	}
}

// TestLl compares with the real ls.
func TestLl(t *testing.T) {
	c, root := newGuest(t)
	hostile(t, root)
	write(t, root, "etc/passwd", "root:x:0:0::/:\nalice:x:1000:1000::/:\n")
	write(t, root, "etc/group", "root:x:0:\nwheel:x:10:alice\n")
	must(t, os.Chown(root+"/file", 1000, 10))
	must(t, os.Chmod(root+"/file", os.ModeSetuid|0o644))
	must(t, os.Chmod(root+"/dir", os.ModeSticky|0o777))
	must(t, os.Chtimes(root+"/file", unixTime(1e9), unixTime(1e9)))
	must(t, os.WriteFile(root+"/name with\nbreak", make([]byte, 123456), 0o600))
	got, err := doLl(c, "/")
	must(t, err)
	cmd := exec.Command("ls", "-lan", root)
	cmd.Env = []string{"LC_ALL=C", "TZ=UTC", "PATH=" + os.Getenv("PATH")}
	out, err := cmd.Output()
	must(t, err)
	want := string(out)
	// For the host .. lies outside.
	plain := func(s string) string {
		var lines []string
		for line := range strings.Lines(s) {
			f := strings.Fields(line)
			if len(f) > 4 && (f[len(f)-1] == ".." || f[0] == "total") {
				continue
			}
			lines = append(lines, strings.Join(f, " "))
		}
		return strings.Join(lines, "\n")
	}
	if plain(got) != plain(want) {
		t.Errorf("ll:\n%s\nls -lan:\n%s", got, want)
	}
	if !strings.Contains(got, "-rwSr--r--") {
		t.Errorf("ll lacks the mode:\n%s", got)
	}
	one, err := doLl(c, "/abs")
	if err != nil || !strings.HasPrefix(one, "-rwSr--r-- 1 1000 10 7 Sep  9  2001 /abs\n") {
		t.Errorf("ll of a link to a file = %q, %v", one, err)
	}
}

// TestReaddirList: libraries before libguestfs 1.48.2 make this call; in an
// appliance no test does.
func TestReaddirList(t *testing.T) {
	c, root := newGuest(t)
	if err := os.MkdirAll(filepath.Join(root, "d/sub"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "d/file"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	list, err := doInternalReaddirList(c, "/d")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range list {
		got = append(got, fmt.Sprintf("%c %s", e.Ftyp, e.Name))
	}
	slices.Sort(got)
	if want := []string{"d .", "d ..", "d sub", "r file"}; !slices.Equal(got, want) {
		t.Errorf("internal_readdir_list = %q; want %q", got, want)
	}
	if _, err := doInternalReaddirList(c, "/none"); !os.IsNotExist(err) {
		t.Errorf("of nothing: %v", err)
	}
}
