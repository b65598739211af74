package calls

import (
	"bytes"
	"errors"
	"io/fs"
	"syscall"
	"testing"

	"virt-tools/pkg/guestfs"
)

func TestFile(t *testing.T) {
	ctx, g := filesystem(t)
	must(t, g.Touch(ctx, "/f"))
	must(t, g.Touch(ctx, "/f"))
	must(t, g.Write(ctx, "/f", []byte("new file contents")))
	n, err := g.Pwrite(ctx, "/f", []byte("data"), 4)
	must(t, err)
	same(t, "pwrite", n, 4)
	must(t, g.WriteAppend(ctx, "/f", []byte("\x00\xff!")))
	content, err := g.ReadFile(ctx, "/f")
	must(t, err)
	same(t, "content", string(content), "new data contents\x00\xff!")
	part, err := g.Pread(ctx, "/f", 100, 9)
	must(t, err)
	same(t, "pread", string(part), "contents\x00\xff!")
	size, err := g.Filesize(ctx, "/f")
	must(t, err)
	same(t, "filesize", size, int64(20))

	must(t, g.Mkdir(ctx, "/d"))
	must(t, g.MkdirP(ctx, "/d/e/f"))
	must(t, g.MkdirMode(ctx, "/m", 0o711))
	must(t, g.Chmod(ctx, 0o4755, "/f"))
	must(t, g.Chown(ctx, 3, 4, "/d"))
	must(t, g.LnS(ctx, "/f", "/l"))
	must(t, g.Mv(ctx, "/f", "/d"))
	yes := &guestfs.IsFileOpts{Followsymlinks: true}
	is, err := g.IsFile(ctx, "/l", yes)
	must(t, err)
	same(t, "is_file of a link to what has moved", is, false)
	must(t, g.Mv(ctx, "/d/f", "/f"))
	is, err = g.IsFile(ctx, "/l", yes)
	must(t, err)
	same(t, "is_file of a link", is, true)

	must(t, g.Rmdir(ctx, "/m"))
	must(t, g.Rm(ctx, "/l"))
	must(t, g.RmF(ctx, "/l"))
	must(t, g.RmRf(ctx, "/d"))
	names, err := g.Ls(ctx, "/")
	must(t, err)
	same(t, "ls", names, []string{"f", "lost+found"})
	wantErr(t, g.Rm(ctx, "/none"), fs.ErrNotExist)
	wantErr(t, g.Rmdir(ctx, "/f"), syscall.ENOTDIR)
	wantErr(t, g.RmRf(ctx, "/"), syscall.EINVAL)
	_, err = g.Pread(ctx, "/f", 5<<20, 0)
	wantErr(t, err, syscall.EINVAL)
}

// TestMvAcross: between two filesystems, one of which has no owners.
func TestMvAcross(t *testing.T) {
	ctx, g := filesystem(t)
	must(t, g.Mkfs(ctx, "vfat", disk(1), nil))
	must(t, g.Mkdir(ctx, "/fat"))
	must(t, g.Mount(ctx, "/dev/sdb", "/fat"))
	must(t, g.MkdirP(ctx, "/t/sub"))
	must(t, g.Write(ctx, "/t/sub/file", []byte("content")))
	must(t, g.Chown(ctx, 5, 5, "/t/sub/file"))
	must(t, g.Mv(ctx, "/t", "/fat"))
	text, err := g.Cat(ctx, "/fat/t/sub/file")
	must(t, err)
	same(t, "moved file", text, "content")
	there, err := g.Exists(ctx, "/t")
	must(t, err)
	same(t, "source is left", there, false)
	must(t, g.Mv(ctx, "/fat/t/sub/file", "/fat/t/sub/FILE")) // one file by two spellings
	text, err = g.Cat(ctx, "/fat/t/sub/FILE")
	must(t, err)
	same(t, "renamed file", text, "content")
}

func TestStat(t *testing.T) {
	ctx, g := filesystem(t)
	must(t, g.Write(ctx, "/f", make([]byte, 5000)))
	must(t, g.LnS(ctx, "f", "/l"))
	st, err := g.Statns(ctx, "/l")
	must(t, err)
	lst, err := g.Lstatns(ctx, "/l")
	must(t, err)
	if st.StSize != 5000 || st.StMode != 0o100644 || st.StNlink != 1 || st.StBlksize != 4096 || st.StMtimeSec == 0 {
		t.Errorf("statns = %+v", st)
	}
	same(t, "mode and size of a link", []int64{lst.StMode, lst.StSize}, []int64{0o120777, 1})
	list, err := g.Lstatnslist(ctx, "/", []string{"l", "none", "f", ".."})
	must(t, err)
	root, err := g.Statns(ctx, "/")
	must(t, err)
	same(t, "lstatnslist", []int64{list[0].StIno, list[1].StIno, list[2].StIno, list[3].StIno}, []int64{lst.StIno, -1, st.StIno, root.StIno})

	for name, call := range map[string]func() (bool, error){
		"is_dir":      func() (bool, error) { return g.IsDir(ctx, "/", nil) },
		"is_symlink":  func() (bool, error) { return g.IsSymlink(ctx, "/l") },
		"exists":      func() (bool, error) { return g.Exists(ctx, "/l") },
		"is_chardev":  func() (bool, error) { b, err := g.IsChardev(ctx, "/f", nil); return !b, err },
		"is_blockdev": func() (bool, error) { b, err := g.IsBlockdev(ctx, "/f", nil); return !b, err },
		"is_fifo":     func() (bool, error) { b, err := g.IsFifo(ctx, "/f", nil); return !b, err },
		"is_socket":   func() (bool, error) { b, err := g.IsSocket(ctx, "/f", nil); return !b, err },
	} {
		if ok, err := call(); !ok || err != nil {
			t.Errorf("%s: wrong answer, %v", name, err)
		}
	}
	link, err := g.Readlink(ctx, "/l")
	must(t, err)
	same(t, "readlink", link, "f")
	real, err := g.Realpath(ctx, "/../l")
	must(t, err)
	same(t, "realpath", real, "/f")
	listing, err := g.Ll(ctx, "/")
	must(t, err)
	if !bytes.Contains([]byte(listing), []byte("l -> f\n")) {
		t.Errorf("ll:\n%s", listing)
	}
	var names bytes.Buffer
	must(t, g.Ls0(ctx, "/", &names))
	same(t, "bytes of ls0", names.Len(), len("f\x00l\x00lost+found\x00"))
	err = g.Ls0(ctx, "/f", &names)
	if !errors.Is(err, syscall.ENOTDIR) {
		t.Errorf("ls0 of a file: %v", err)
	}
}
