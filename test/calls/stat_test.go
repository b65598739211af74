package calls

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"virt-tools/pkg/guestfs"
)

// smallTree makes
//
//	/b/c/d (5000 bytes)  /lb -> b  /dang -> nowhere
func smallTree(t *testing.T) (context.Context, *guestfs.Handle) {
	t.Helper()
	ctx, g := filesystem(t)
	must(t, g.MkdirP(ctx, "/b/c"))
	must(t, g.Write(ctx, "/b/c/d", bytes.Repeat([]byte("x"), 5000)))
	must(t, g.LnS(ctx, "b", "/lb"))
	must(t, g.LnS(ctx, "nowhere", "/dang"))
	return ctx, g
}

func TestFind(t *testing.T) {
	ctx, g := smallTree(t)
	for dir, want := range map[guestfs.Path]string{"/": "b b/c b/c/d dang lb lost+found", "/b": "/c /c/d", "/b/": "c c/d", "/b/c": "/d"} {
		names, err := g.Find(ctx, dir)
		must(t, err)
		same(t, "find "+string(dir), strings.Join(names, " "), want)
	}
	var out bytes.Buffer
	must(t, g.Find0(ctx, "/b/", &out))
	same(t, "find0", out.String(), "c\x00c/d\x00")
	_, err := g.Find(ctx, "/b/c/d")
	wantErr(t, err, syscall.ENOTDIR)
	wantErr(t, g.Find0(ctx, "/none", io.Discard), fs.ErrNotExist)

	paths, err := g.GlobExpand(ctx, "/*b*", nil)
	must(t, err)
	same(t, "glob_expand", paths, []string{"/b/", "/lb/"})
	no := false
	paths, err = g.GlobExpand(ctx, "/{b/*,d*}", &guestfs.GlobExpandOpts{Directoryslash: &no})
	must(t, err)
	same(t, "glob_expand", paths, []string{"/b/c", "/dang"})

	for path, want := range map[guestfs.Path]int64{"/b/c/d": 8, "/b/c": 12, "/b": 16, "/lb": 0, "/dang": 0} {
		kb, err := g.Du(ctx, path)
		must(t, err)
		same(t, "du "+string(path), kb, want)
	}
	_, err = g.Du(ctx, "/none")
	wantErr(t, err, fs.ErrNotExist)
}

func TestReaddir(t *testing.T) {
	ctx, g := smallTree(t)
	must(t, g.Mkfifo(ctx, 0o600, "/b/p"))
	must(t, g.MknodC(ctx, 0o600, 1, 3, "/b/n"))
	must(t, g.MknodB(ctx, 0o600, 8, 0, "/b/k"))
	must(t, g.LnS(ctx, "x", "/b/l"))
	must(t, g.Touch(ctx, "/b/r"))
	entries, err := g.Readdir(ctx, "/b")
	must(t, err)
	got := map[string]string{}
	for _, e := range entries {
		got[e.Name] = string(rune(e.Ftyp))
		st, err := g.Lstat(ctx, guestfs.Path("/b/"+e.Name))
		must(t, err)
		same(t, "inode of "+e.Name, e.Ino, st.Ino)
	}
	same(t, "readdir", got, map[string]string{".": "d", "..": "d", "c": "d", "p": "f", "n": "c", "k": "b", "l": "l", "r": "r"})
	_, err = g.Readdir(ctx, "/none")
	wantErr(t, err, fs.ErrNotExist)
	_, err = g.Readdir(ctx, "/b/r")
	wantErr(t, err, syscall.ENOTDIR)

	names := []string{"l", "none", "c", "l"}
	links, err := g.Readlinklist(ctx, "/b", names)
	must(t, err)
	same(t, "readlinklist", links, []string{"x", "", "", "x"})
	st, err := g.Stat(ctx, "/lb")
	must(t, err)
	list, err := g.Lstatlist(ctx, "/", []string{"b", "none"})
	must(t, err)
	same(t, "lstatlist", list[0], *st)
	same(t, "lstatlist of a name that is not there", list[1].Ino, int64(-1))

	listing, err := g.Llz(ctx, "/b/c")
	must(t, err)
	lines := strings.Split(listing, "\n")
	if fields := strings.Fields(lines[len(lines)-2]); len(fields) != 10 || fields[4] != "?" || fields[9] != "d" {
		t.Errorf("llz:\n%s", listing)
	}
}

// TestManyFiles: a directory of 100,000 names. The image is made on the host,
// where that takes seconds and not minutes.
func TestManyFiles(t *testing.T) {
	const count = 100_000
	dir, image := t.TempDir(), filepath.Join(t.TempDir(), "image")
	for i := range count {
		must(t, os.WriteFile(fmt.Sprintf("%s/%08d", dir, i), nil, 0o644))
	}
	if out, err := exec.Command("mksquashfs", dir, image, "-quiet", "-no-progress", "-processors", "1").CombinedOutput(); err != nil {
		t.Fatalf("mksquashfs: %v\n%s", err, out)
	}
	ctx, g := launch(t, &guestfs.AddDriveOpts{Format: "raw", ReadOnly: true}, image)
	must(t, g.MountRo(ctx, guestfs.Mountable(disk(0)), "/"))
	names, err := g.Ls(ctx, "/")
	must(t, err)
	same(t, "ls", len(names), count)
	entries, err := g.Readdir(ctx, "/")
	must(t, err)
	same(t, "readdir", len(entries), count+2)
	found, err := g.Find(ctx, "/")
	must(t, err)
	same(t, "find", slices.Equal(found, names), true)
	same(t, "find", found[count-1], fmt.Sprintf("%08d", count-1))
	links, err := g.Readlinklist(ctx, "/", names)
	must(t, err)
	same(t, "readlinklist", len(slices.Compact(links)), 1)
	paths, err := g.GlobExpand(ctx, "/*{1,2,3}", nil)
	must(t, err)
	same(t, "glob_expand", len(paths), 3*count/10)
}

func TestCaseSensitivePath(t *testing.T) {
	ctx, g := filesystem(t)
	must(t, g.MkdirP(ctx, "/Win/System"))
	must(t, g.Touch(ctx, "/Win/System/Net.sys"))
	for path, want := range map[guestfs.Path]string{
		"/win/SYSTEM/net.SYS": "/Win/System/Net.sys", "/WIN/system/New": "/Win/System/New", "/win//": "/Win", "/": "/", "/new": "/new",
	} {
		got, err := g.CaseSensitivePath(ctx, path)
		must(t, err)
		same(t, "case_sensitive_path "+string(path), got, want)
	}
	for path, want := range map[guestfs.Path]error{
		"/Winn/system": fs.ErrNotExist, "/win/../win": syscall.EINVAL, "/win/system/net.sys/x": syscall.ENOTDIR, "/win/system/net.sys/": syscall.ENOTDIR,
	} {
		_, err := g.CaseSensitivePath(ctx, path)
		wantErr(t, err, want)
	}
}
