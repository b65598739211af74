package calls

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"slices"
	"syscall"
	"testing"
	"testing/fstest"

	"virt-tools/pkg/guestfs"
)

func TestFS(t *testing.T) {
	ctx, g := filesystem(t)
	large := bytes.Repeat([]byte("0123456789abcde\n"), 200_000) // more than three messages
	must(t, g.MkdirP(ctx, "/etc/deep/er"))
	must(t, g.Write(ctx, "/etc/hostname", []byte("guest\n")))
	must(t, g.Write(ctx, "/etc/empty", nil))
	must(t, g.Write(ctx, "/etc/deep/er/a b\n\xff*", []byte("odd")))
	must(t, g.Write(ctx, "/large", large))
	must(t, g.LnS(ctx, "/etc/hostname", "/etc/link"))
	must(t, g.LnS(ctx, "deep", "/etc/dirlink"))
	must(t, g.LnS(ctx, "/../../proc/1/environ", "/out"))
	must(t, g.Chmod(ctx, 0o4755, "/large"))

	guest := g.FS(ctx)
	tree, err := fs.Sub(guest, "etc")
	must(t, err)
	// The odd name is not one that fs.ValidPath takes, so only the rest is walked.
	must(t, g.Mv(ctx, "/etc/deep/er/a b\n\xff*", "/odd"))
	must(t, fstest.TestFS(tree, "hostname", "empty", "deep/er", "link"))

	content, err := fs.ReadFile(guest, "large")
	must(t, err)
	same(t, "large file", bytes.Equal(content, large), true)
	info, err := fs.Stat(guest, "large")
	must(t, err)
	same(t, "mode", info.Mode(), fs.ModeSetuid|0o755)
	same(t, "inode is there", info.Sys().(*guestfs.StatNS).StIno > 0, true)
	names, err := fs.Glob(guest, "etc/*link")
	must(t, err)
	same(t, "glob", slices.Equal(names, []string{"etc/dirlink", "etc/link"}), true)
	target, err := fs.ReadLink(guest, "etc/link")
	must(t, err)
	same(t, "link", target, "/etc/hostname")

	f, err := guest.Open("large")
	must(t, err)
	_, err = f.(io.Seeker).Seek(-16, io.SeekEnd)
	must(t, err)
	rest, err := io.ReadAll(f)
	must(t, err)
	same(t, "its end", string(rest), "0123456789abcde\n")
	part := make([]byte, 4<<20)
	n, err := f.(io.ReaderAt).ReadAt(part, 100)
	same(t, "bytes before the end", n, len(large)-100)
	wantErr(t, err, io.EOF)
	same(t, "part", bytes.Equal(part[:n], large[100:]), true)
	must(t, f.Close())
	_, err = f.Read(part)
	wantErr(t, err, fs.ErrClosed)

	_, err = guest.Open("none")
	wantErr(t, err, fs.ErrNotExist)
	_, err = fs.Stat(guest, "out") // stays in the guest, where there is no /proc
	wantErr(t, err, fs.ErrNotExist)
	_, err = guest.Open("/etc")
	wantErr(t, err, fs.ErrInvalid)
	_, err = fs.ReadDir(guest, "large")
	wantErr(t, err, syscall.ENOTDIR)
	var e *guestfs.Error
	if _, err := fs.ReadFile(guest, "etc"); !errors.As(err, &e) || !errors.Is(err, syscall.EISDIR) {
		t.Errorf("reading a directory: %v", err)
	}
}
