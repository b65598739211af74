package calls

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"virt-tools/pkg/guestfs"
)

// through runs a program of the host on what a call has sent.
func through(t *testing.T, input []byte, argv ...string) string {
	t.Helper()
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Stdin = bytes.NewReader(input)
	out, err := cmd.Output()
	must(t, err)
	return string(out)
}

func TestArchives(t *testing.T) {
	ctx, g := filesystem(t)
	must(t, g.MkdirP(ctx, "/d/sub"))
	must(t, g.Write(ctx, "/d/sub/f", []byte("content")))
	must(t, g.Ln(ctx, "/d/sub/f", "/d/hard"))
	must(t, g.LnS(ctx, "sub/f", "/d/link"))
	for name, kind := range map[string]struct {
		out    func(dir guestfs.Path, w io.Writer) error
		in     func(r io.Reader, dir guestfs.Path) error
		unpack string
	}{
		"tgz": {func(dir guestfs.Path, w io.Writer) error { return g.TgzOut(ctx, dir, w) }, func(r io.Reader, dir guestfs.Path) error { return g.TgzIn(ctx, r, dir) }, "gzip"},
		"txz": {func(dir guestfs.Path, w io.Writer) error { return g.TxzOut(ctx, dir, w) }, func(r io.Reader, dir guestfs.Path) error { return g.TxzIn(ctx, r, dir) }, "xz"},
	} {
		var packed bytes.Buffer
		must(t, kind.out("/d", &packed))
		same(t, name+"_out", through(t, packed.Bytes(), "tar", "-t", "--"+kind.unpack), "./\n./hard\n./link\n./sub/\n./sub/f\n")
		must(t, g.Mkdir(ctx, guestfs.Path("/"+name)))
		must(t, kind.in(&packed, guestfs.Path("/"+name)))
		text, err := g.Cat(ctx, guestfs.Path("/"+name+"/link"))
		must(t, err)
		same(t, name+"_in", text, "content")
		wantErr(t, kind.out("/none", io.Discard), fs.ErrNotExist)
		wantErr(t, kind.in(strings.NewReader(""), "/none"), fs.ErrNotExist)
	}
	for _, opts := range []*guestfs.CpioOutOpts{nil, {Format: "crc"}} {
		var packed bytes.Buffer
		must(t, g.CpioOut(ctx, "/d", &packed, opts))
		same(t, "cpio_out", through(t, packed.Bytes(), "cpio", "-t", "--quiet"), ".\nhard\nlink\nsub\nsub/f\n")
		dir := t.TempDir()
		through(t, packed.Bytes(), "sh", "-c", "cd "+dir+" && cpio -id --quiet")
		for _, name := range []string{"hard", "sub/f", "link"} {
			content, err := os.ReadFile(filepath.Join(dir, name))
			must(t, err)
			same(t, name, string(content), "content")
		}
	}
	wantErr(t, g.CpioOut(ctx, "/d", io.Discard, &guestfs.CpioOutOpts{Format: "odc"}), syscall.EINVAL)
	wantErr(t, g.CpioOut(ctx, "/none", io.Discard, nil), fs.ErrNotExist)
	wantErr(t, g.CpioOut(ctx, "d", io.Discard, nil), syscall.EINVAL)

	var sums bytes.Buffer
	must(t, g.Write(ctx, "/d/n\nl\\x", []byte("x")))
	must(t, g.ChecksumsOut(ctx, "md5", "/d", &sums))
	same(t, "checksums_out", sums.String(), "9a0364b9e99bb480dd25e1f0284c8555  ./hard\n\\9dd4e461268c8034f5c8564e155c67a6  ./n\\nl\\\\x\n9a0364b9e99bb480dd25e1f0284c8555  ./sub/f\n")
	sums.Reset()
	must(t, g.ChecksumsOut(ctx, "crc", "/d/sub", &sums))
	same(t, "checksums_out with crc", sums.String(), strings.Replace(through(t, []byte("content"), "cksum"), "\n", " ./f\n", 1))
	wantErr(t, g.ChecksumsOut(ctx, "md6", "/d", io.Discard), syscall.EINVAL)
	wantErr(t, g.ChecksumsOut(ctx, "md5", "/none", io.Discard), fs.ErrNotExist)
}

func TestBase64(t *testing.T) {
	ctx, g := filesystem(t)
	content := random(3<<20 + 1)
	text := base64.StdEncoding.EncodeToString(content)
	must(t, g.Base64In(ctx, strings.NewReader(text), "/f"))
	var out bytes.Buffer
	must(t, g.Base64Out(ctx, "/f", &out))
	same(t, "base64_out", strings.ReplaceAll(out.String(), "\n", "") == text, true)
	first, _, _ := strings.Cut(out.String(), "\n")
	same(t, "characters on a line", len(first), 76)
	wantErr(t, g.Base64In(ctx, strings.NewReader("YWJjZ"), "/f"), syscall.EINVAL)
	wantErr(t, g.Base64Out(ctx, "/", io.Discard), syscall.EISDIR)
	wantErr(t, g.Base64Out(ctx, "/none", io.Discard), fs.ErrNotExist)
	must(t, g.PingDaemon(ctx))
}

func TestCompress(t *testing.T) {
	ctx, g := filesystem(t)
	content := strings.Repeat("text that can be packed ", 10_000)
	must(t, g.Write(ctx, "/f", []byte(content)))
	nine := 9
	for _, ctype := range []string{"gzip", "bzip2", "xz", "lzop"} {
		for _, level := range []*int{nil, &nine} {
			var packed bytes.Buffer
			must(t, g.CompressOut(ctx, ctype, "/f", &packed, &guestfs.CompressOutOpts{Level: level}))
			same(t, "compress_out "+ctype, through(t, packed.Bytes(), ctype, "-dc") == content, true)
		}
	}
	must(t, g.PartInit(ctx, disk(1), "mbr"))
	must(t, g.PartAdd(ctx, disk(1), "primary", 2048, 2048+2047))
	_, err := g.PwriteDevice(ctx, "/dev/sdb1", []byte(content), 0)
	must(t, err)
	var packed bytes.Buffer
	must(t, g.CompressDeviceOut(ctx, "gzip", "/dev/sdb1", &packed, nil))
	z, err := gzip.NewReader(&packed)
	must(t, err)
	plain, err := io.ReadAll(z)
	must(t, err)
	same(t, "compress_device_out", string(plain) == content+strings.Repeat("\x00", 1<<20-len(content)), true)
	hundred := 100
	wantErr(t, g.CompressOut(ctx, "gzip", "/f", io.Discard, &guestfs.CompressOutOpts{Level: &hundred}), syscall.EINVAL)
	wantErr(t, g.CompressOut(ctx, "zip", "/f", io.Discard, nil), syscall.EINVAL)
	wantErr(t, g.CompressOut(ctx, "compress", "/f", io.Discard, nil), syscall.ENOTSUP)
	wantErr(t, g.CompressOut(ctx, "gzip", "/none", io.Discard, nil), fs.ErrNotExist)
}

func TestRsync(t *testing.T) {
	ctx, g := filesystem(t)
	must(t, g.MkdirP(ctx, "/src/sub"))
	must(t, g.Write(ctx, "/src/sub/f", []byte("content")))
	must(t, g.MkdirP(ctx, "/dest/old"))
	must(t, g.LnS(ctx, "/src", "/link")) // absolute: leads into the guest, not the appliance
	must(t, g.Rsync(ctx, "/link/", "/dest", &guestfs.RsyncOpts{Archive: true}))
	names, err := g.Find(ctx, "/dest/")
	must(t, err)
	same(t, "rsync", names, []string{"old", "sub", "sub/f"})
	must(t, g.Rsync(ctx, "/src/", "/dest", &guestfs.RsyncOpts{Archive: true, Deletedest: true}))
	names, err = g.Find(ctx, "/dest/")
	must(t, err)
	same(t, "rsync with deletedest", names, []string{"sub", "sub/f"})
	must(t, g.RsyncIn(ctx, "/etc/lvm", "/", &guestfs.RsyncInOpts{Archive: true}))
	there, err := g.Exists(ctx, "/lvm/lvm.conf")
	must(t, err)
	same(t, "rsync_in", there, true)
	must(t, g.RsyncOut(ctx, "/src", "/tmp", &guestfs.RsyncOutOpts{Archive: true}))
	wantErr(t, g.Rsync(ctx, "/none/", "/dest", nil), fs.ErrNotExist)
	must(t, g.LnS(ctx, "/etc", "/trap")) // the guest has no /etc, the appliance has
	wantErr(t, g.Rsync(ctx, "/src/", "/trap", nil), fs.ErrNotExist)
}

func TestCopyInOut(t *testing.T) {
	ctx, g := filesystem(t)
	dir, want := tree(t)
	must(t, g.CopyIn(ctx, dir, "/"))
	out := t.TempDir()
	must(t, g.CopyOut(ctx, guestfs.Path("/"+filepath.Base(dir)), out))
	same(t, "tree after copy_in and copy_out", describeTree(t, filepath.Join(out, filepath.Base(dir))), want)
	must(t, g.CopyOut(ctx, guestfs.Path("/"+filepath.Base(dir)), out)) // over what is there
	same(t, "tree copied twice", describeTree(t, filepath.Join(out, filepath.Base(dir))), want)
	must(t, g.CopyOut(ctx, guestfs.Path("/"+filepath.Base(dir)+"/big"), out))
	content, err := os.ReadFile(filepath.Join(out, "big"))
	must(t, err)
	same(t, "copy_out of a file", bytes.Equal(content, random(5<<20)), true)
	must(t, g.CopyIn(ctx, filepath.Join(dir, "big"), "/lost+found"))
	size, err := g.Filesize(ctx, "/lost+found/big")
	must(t, err)
	same(t, "copy_in of a file", size, int64(5<<20))

	wantErr(t, g.CopyIn(ctx, filepath.Join(dir, "none"), "/"), fs.ErrNotExist)
	wantErr(t, g.CopyIn(ctx, dir, "/none"), syscall.EINVAL)
	wantErr(t, g.CopyOut(ctx, "/none", out), syscall.EINVAL)
	wantErr(t, g.CopyOut(ctx, "/lost+found", filepath.Join(out, "big")), syscall.EINVAL)
	must(t, g.PingDaemon(ctx))
}

// TestCopyOutHostile: a guest whose links lead out of the directory.
func TestCopyOutHostile(t *testing.T) {
	ctx, g := filesystem(t)
	out, outside := t.TempDir(), t.TempDir()
	var evil bytes.Buffer
	w := tar.NewWriter(&evil)
	for _, h := range []tar.Header{
		{Typeflag: tar.TypeDir, Name: "d/", Mode: 0o755},
		{Typeflag: tar.TypeChar, Name: "d/null", Devmajor: 1, Devminor: 3, Mode: 0o666},
		{Typeflag: tar.TypeSymlink, Name: "d/a", Linkname: outside},
	} {
		must(t, w.WriteHeader(&h))
	}
	must(t, w.Close())
	must(t, g.TarIn(ctx, &evil, "/", nil))
	must(t, os.MkdirAll(filepath.Join(out, "d"), 0o755))
	must(t, os.Symlink(outside, filepath.Join(out, "d/sub"))) // left by an earlier copy
	must(t, g.Mkdir(ctx, "/d/sub"))
	must(t, g.Write(ctx, "/d/sub/f", []byte("x")))
	must(t, g.CopyOut(ctx, "/d", out))
	entries, err := os.ReadDir(outside)
	must(t, err)
	same(t, "files outside", len(entries), 0)
	if _, err := os.Lstat(filepath.Join(out, "d/null")); err == nil {
		t.Error("copy_out made a device node")
	}
}
