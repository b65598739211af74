package calls

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestInitrd(t *testing.T) {
	ctx, g := filesystem(t)
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "known"), []byte("abc\ndef\nghi"), 0o644))
	must(t, os.WriteFile(filepath.Join(dir, "big"), make([]byte, 5<<20), 0o644))
	cmd := exec.Command("sh", "-c", "(echo known | cpio -o --quiet -H newc; printf '.\\nbig\\nknown\\n' | cpio -o --quiet -H newc | gzip)")
	cmd.Dir = dir
	image, err := cmd.Output()
	must(t, err)
	must(t, g.Upload(ctx, bytes.NewReader(image), "/initrd"))
	names, err := g.InitrdList(ctx, "/initrd")
	must(t, err)
	same(t, "initrd_list", strings.Join(names, " "), ". big known")
	content, err := g.InitrdCat(ctx, "/initrd", "known")
	must(t, err)
	same(t, "initrd_cat", string(content), "abc\ndef\nghi")
	_, err = g.InitrdCat(ctx, "/initrd", "none")
	wantErr(t, err, fs.ErrNotExist)
	_, err = g.InitrdCat(ctx, "/initrd", "big")
	wantErr(t, err, syscall.EFBIG)
	must(t, g.Write(ctx, "/text", []byte("no archive")))
	_, err = g.InitrdList(ctx, "/text")
	wantErr(t, err, syscall.EINVAL)
	_, err = g.InitrdList(ctx, "/none")
	wantErr(t, err, fs.ErrNotExist)
}
