package calls

import (
	"io/fs"
	"strings"
	"syscall"
	"testing"

	"virt-tools/pkg/guestfs"
)

func TestCopyFiles(t *testing.T) {
	ctx, g := filesystem(t)
	must(t, g.Write(ctx, "/f", []byte("content")))
	must(t, g.Chown(ctx, 5, 6, "/f")) // takes the set-user-ID bit away
	must(t, g.Chmod(ctx, 0o4750, "/f"))
	must(t, g.MkdirP(ctx, "/t/sub"))
	must(t, g.LnS(ctx, "../f", "/t/link"))
	must(t, g.Setxattr(ctx, "user.x", "abc", 3, "/t/sub"))
	must(t, g.Cp(ctx, "/t/link", "/new"))
	must(t, g.CpA(ctx, "/t", "/a"))
	must(t, g.CpA(ctx, "/f", "/a"))
	must(t, g.CpR(ctx, "/a", "/r"))
	mode := func(path guestfs.Path) [3]int64 {
		t.Helper()
		st, err := g.Lstatns(ctx, path)
		must(t, err)
		return [3]int64{st.StMode, st.StUid, st.StGid}
	}
	same(t, "cp", mode("/new"), [3]int64{0o100750, 0, 0})
	same(t, "cp_a", mode("/a/f"), [3]int64{0o104750, 5, 6})
	value, err := g.Getxattr(ctx, "/a/sub", "user.x")
	must(t, err)
	same(t, "attribute", string(value), "abc")
	link, err := g.Readlink(ctx, "/r/link")
	must(t, err)
	same(t, "link", link, "../f")
	attrs, err := g.Getxattrs(ctx, "/r/sub")
	must(t, err)
	same(t, "attributes after cp_r", len(attrs), 0)
	for path, want := range map[guestfs.Path]bool{"/new": true, "/a/f": true, "/t/link": true} {
		equal, err := g.Equal(ctx, "/f", path)
		must(t, err)
		same(t, "equal", equal, want)
	}
	must(t, g.WriteFile(ctx, "/new", "content!", 0))
	equal, err := g.Equal(ctx, "/f", "/new")
	must(t, err)
	same(t, "equal", equal, false)
	must(t, g.WriteFile(ctx, "/new", "content!", 3))
	text, err := g.Cat(ctx, "/new")
	must(t, err)
	same(t, "write_file", text, "con")

	wantErr(t, g.WriteFile(ctx, "/new", "x", 2), syscall.EINVAL)
	wantErr(t, g.Cp(ctx, "/t", "/x"), syscall.EISDIR)
	wantErr(t, g.CpA(ctx, "/t", "/t/sub"), syscall.EINVAL)
	wantErr(t, g.CpR(ctx, "/none", "/x"), fs.ErrNotExist)
	_, err = g.Equal(ctx, "/f", "/none")
	wantErr(t, err, fs.ErrNotExist)
	_, err = g.Equal(ctx, "/f", "/t")
	wantErr(t, err, syscall.EISDIR)
}

func TestNodes(t *testing.T) {
	ctx, g := filesystem(t)
	must(t, g.Mkfifo(ctx, 0o640, "/fifo"))
	must(t, g.MknodB(ctx, 0o644, 8, 300, "/block"))
	must(t, g.MknodC(ctx, 0o600, 1, 3, "/char"))
	must(t, g.Mknod(ctx, 0o140700, 0, 0, "/socket"))
	for path, want := range map[guestfs.Path][2]int64{
		"/fifo": {0o010640, 0}, "/block": {0o060644, 8<<8 | 300&0xff | 300>>8<<20}, "/char": {0o020600, 1<<8 | 3}, "/socket": {0o140700, 0},
	} {
		st, err := g.Lstatns(ctx, path)
		must(t, err)
		same(t, "mknod "+string(path), [2]int64{st.StMode, st.StRdev}, want)
	}
	must(t, g.Touch(ctx, "/f"))
	must(t, g.Ln(ctx, "/f", "/hard"))
	must(t, g.LnF(ctx, "/f", "/fifo"))
	must(t, g.LnSf(ctx, "f", "/hard"))
	must(t, g.Rename(ctx, "/fifo", "/other"))
	st, err := g.Lstatns(ctx, "/other")
	must(t, err)
	same(t, "names of the file", st.StNlink, int64(2))
	link, err := g.Readlink(ctx, "/hard")
	must(t, err)
	same(t, "ln_sf", link, "f")
	must(t, g.Lchown(ctx, 7, 8, "/hard"))
	st, err = g.Lstatns(ctx, "/hard")
	must(t, err)
	same(t, "lchown", []int64{st.StUid, st.StGid}, []int64{7, 8})

	wantErr(t, g.Ln(ctx, "/f", "/other"), fs.ErrExist)
	wantErr(t, g.Mkfifo(ctx, 0o600, "/f"), fs.ErrExist)
	wantErr(t, g.MknodB(ctx, 0o10644, 8, 3, "/x"), syscall.EINVAL)
	wantErr(t, g.Rename(ctx, "/none", "/x"), fs.ErrNotExist)
}

func TestFill(t *testing.T) {
	ctx, g := filesystem(t)
	must(t, g.Fill(ctx, 'a', 10, "/f"))
	must(t, g.FillPattern(ctx, "xyz", 5, "/f"))
	text, err := g.Cat(ctx, "/f")
	must(t, err)
	same(t, "fill", text, "xyzxyaaaaa")
	must(t, g.FillDir(ctx, "/", 2))
	there, err := g.Exists(ctx, "/00000001")
	must(t, err)
	same(t, "fill_dir", there, true)

	const big = 5 << 30 // more than the filesystem has
	must(t, g.Touch(ctx, "/sparse"))
	must(t, g.TruncateSize(ctx, "/sparse", big))
	size, err := g.Filesize(ctx, "/sparse")
	must(t, err)
	same(t, "truncate_size", size, int64(big))
	_, err = g.Pwrite(ctx, "/sparse", []byte("end"), big-3)
	must(t, err)
	kb, err := g.Du(ctx, "/sparse")
	must(t, err)
	same(t, "du", kb <= 16, true)
	must(t, g.Truncate(ctx, "/sparse"))
	zero, err := g.IsZero(ctx, "/sparse")
	must(t, err)
	same(t, "is_zero of an empty file", zero, true)
	must(t, g.Fallocate64(ctx, "/a", 1_000_000))
	must(t, g.Fallocate(ctx, "/a", 500_000))
	zero, err = g.IsZero(ctx, "/a")
	must(t, err)
	same(t, "is_zero", zero, true)
	zero, err = g.IsZero(ctx, "/f")
	must(t, err)
	same(t, "is_zero", zero, false)
	wantErr(t, g.Fallocate64(ctx, "/b", big), syscall.ENOSPC)
	wantErr(t, g.TruncateSize(ctx, "/none", 1), fs.ErrNotExist)
	wantErr(t, g.Fill(ctx, 256, 1, "/f"), syscall.EINVAL)
	_, err = g.IsZero(ctx, "/")
	wantErr(t, err, syscall.EISDIR)
}

func TestAttributes(t *testing.T) {
	ctx, g := filesystem(t)
	must(t, g.Touch(ctx, "/from"))
	must(t, g.Touch(ctx, "/to"))
	must(t, g.Utimens(ctx, "/to", 1, 2, 3, 4))
	must(t, g.Utimens(ctx, "/to", 0, -2, 5, 6)) // the first stays
	st, err := g.Statns(ctx, "/to")
	must(t, err)
	same(t, "utimens", []int64{st.StAtimeSec, st.StAtimeNsec, st.StMtimeSec, st.StMtimeNsec}, []int64{1, 2, 5, 6})
	must(t, g.Chown(ctx, 3, 4, "/from"))
	must(t, g.Chmod(ctx, 0o6711, "/from"))
	must(t, g.Setxattr(ctx, "user.x", "abc", 3, "/from"))
	must(t, g.CopyAttributes(ctx, "/from", "/to", nil)) // nothing is asked for
	st, err = g.Statns(ctx, "/to")
	must(t, err)
	same(t, "after nothing", []int64{st.StMode, st.StUid, st.StGid}, []int64{0o100644, 0, 0})
	no := false
	must(t, g.CopyAttributes(ctx, "/from", "/to", &guestfs.CopyAttributesOpts{All: true, Xattributes: &no}))
	st, err = g.Statns(ctx, "/to")
	must(t, err)
	same(t, "copy_attributes", []int64{st.StMode, st.StUid, st.StGid}, []int64{0o106711, 3, 4})
	attrs, err := g.Getxattrs(ctx, "/to")
	must(t, err)
	same(t, "attributes that were refused", len(attrs), 0)
	yes := true
	must(t, g.CopyAttributes(ctx, "/from", "/to", &guestfs.CopyAttributesOpts{Xattributes: &yes}))
	attrs, err = g.Getxattrs(ctx, "/to")
	must(t, err)
	same(t, "attributes", len(attrs), 1)
	wantErr(t, g.CopyAttributes(ctx, "/from", "/none", nil), fs.ErrNotExist)
}

func TestTempNames(t *testing.T) {
	ctx, g := filesystem(t)
	name, err := g.Mktemp(ctx, "/a.XXXXXX", &guestfs.MktempOpts{Suffix: ".x"})
	must(t, err)
	is, err := g.IsFile(ctx, guestfs.Path(name), nil)
	must(t, err)
	same(t, "mktemp", is && strings.HasPrefix(name, "/a.") && strings.HasSuffix(name, ".x"), true)
	name, err = g.Mkdtemp(ctx, "/XXXXXX")
	must(t, err)
	is, err = g.IsDir(ctx, guestfs.Path(name), nil)
	must(t, err)
	same(t, "mkdtemp", is, true)
	_, err = g.Mkdtemp(ctx, "/XXX")
	wantErr(t, err, syscall.EINVAL)
	_, err = g.Mktemp(ctx, "/none/XXXXXX", nil)
	wantErr(t, err, fs.ErrNotExist)
}

// TestScrub: on a small filesystem, which it fills.
func TestScrub(t *testing.T) {
	ctx, g := shared(t)
	must(t, g.PartInit(ctx, disk(0), "mbr"))
	must(t, g.PartAdd(ctx, disk(0), "primary", 2048, 2048+16383))
	must(t, g.Mkfs(ctx, "ext2", "/dev/sda1", nil))
	must(t, g.Mount(ctx, "/dev/sda1", "/"))
	must(t, g.Write(ctx, "/f", []byte("secret")))
	must(t, g.LnS(ctx, "/f", "/l"))
	must(t, g.LnS(ctx, "/none", "/dangling"))
	must(t, g.ScrubFreespace(ctx, "/scrub"))
	must(t, g.ScrubFile(ctx, "/l"))
	there, err := g.Exists(ctx, "/f")
	must(t, err)
	same(t, "scrub_file leaves the file", there, false)
	wantErr(t, g.ScrubFile(ctx, "/dangling"), fs.ErrNotExist)
	wantErr(t, g.ScrubFile(ctx, "/"), syscall.EISDIR)
	wantErr(t, g.ScrubFreespace(ctx, "/none/x"), fs.ErrNotExist)
	if err := g.ScrubFreespace(ctx, "/l"); err == nil {
		t.Error("scrub_freespace takes a name that is there")
	}
}
