package daemon

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// hostile fills a guest with what must not make a call hang or leave it.
func hostile(t *testing.T, root string) {
	t.Helper()
	must(t, os.MkdirAll(root+"/dir/sub", 0o755))
	write(t, root, "file", "content")
	must(t, unix.Mkfifo(root+"/fifo", 0o644))
	must(t, unix.Mknod(root+"/zero", unix.S_IFCHR|0o644, int(unix.Mkdev(1, 5))))
	must(t, os.Symlink("/file", root+"/abs"))
	must(t, os.Symlink("../../../../file", root+"/up"))
	must(t, os.Symlink("/etc/hostname", root+"/escape"))
	must(t, os.Symlink("loop", root+"/loop"))
	must(t, os.Symlink("none", root+"/dangling"))
	must(t, os.Symlink("dir", root+"/dirlink"))
}

func TestFileErrors(t *testing.T) {
	c, root := newGuest(t)
	hostile(t, root)
	noMessage := func(_ any, err error) error { return err }
	for _, test := range []struct {
		name string
		err  error
		want error
	}{
		{"touch directory", doTouch(c, "/dir"), syscall.EINVAL},
		{"touch link", doTouch(c, "/abs"), syscall.EINVAL},
		{"touch fifo", doTouch(c, "/fifo"), syscall.EINVAL},
		{"touch no parent", doTouch(c, "/none/x"), syscall.ENOENT},
		{"rm missing", doRm(c, "/none"), syscall.ENOENT},
		{"rm directory", doRm(c, "/dir"), syscall.EISDIR},
		{"rm_f missing", doRmF(c, "/none"), nil},
		{"rm_f directory", doRmF(c, "/dir"), syscall.EISDIR},
		{"rm_f below file", doRmF(c, "/file/x"), syscall.ENOTDIR},
		{"rmdir not empty", doRmdir(c, "/dir"), syscall.ENOTEMPTY},
		{"rm_rf root", doRmRf(c, "/"), syscall.EINVAL},
		{"rm_rf root otherwise", doRmRf(c, "/dir/../."), syscall.EINVAL},
		{"rm_rf missing", doRmRf(c, "/none/x"), nil},
		{"rm_rf below file", doRmRf(c, "/file/x"), nil},
		{"mkdir there", doMkdir(c, "/dir"), syscall.EEXIST},
		{"mkdir_mode negative", doMkdirMode(c, "/x", -1), syscall.EINVAL},
		{"mkdir_p there", doMkdirP(c, "/dir/sub"), nil},
		{"mkdir_p link to directory", doMkdirP(c, "/dirlink"), nil},
		{"mkdir_p file", doMkdirP(c, "/file"), syscall.ENOTDIR},
		{"mkdir_p below file", doMkdirP(c, "/file/x/y"), syscall.ENOTDIR},
		{"mkdir_p dangling", doMkdirP(c, "/dangling"), syscall.ENOTDIR},
		{"mkdir_p below dangling", doMkdirP(c, "/dangling/x"), syscall.ENOTDIR},
		{"mkdir_p loop", doMkdirP(c, "/loop/x"), syscall.ELOOP},
		{"mkdir_p root", doMkdirP(c, "/"), nil},
		{"chmod negative", doChmod(c, -1, "/file"), syscall.EINVAL},
		{"chmod loop", doChmod(c, 0o644, "/loop"), syscall.ELOOP},
		{"chown missing", doChown(c, 1, 1, "/none"), syscall.ENOENT},
		{"ln_s there", doLnS(c, "x", "/file"), syscall.EEXIST},
		{"write directory", doInternalWrite(c, "/dir", nil), syscall.EISDIR},
		{"write fifo", doInternalWrite(c, "/fifo", nil), syscall.EINVAL},
		{"write device", doInternalWrite(c, "/zero", nil), syscall.EINVAL},
		{"write escape", doInternalWrite(c, "/escape", []byte("x")), syscall.ENOENT},
		{"append fifo", doInternalWriteAppend(c, "/fifo", nil), syscall.EINVAL},
		{"pread fifo", noMessage(doPread(c, "/fifo", 1, 0)), syscall.EINVAL},
		{"pread device", noMessage(doPread(c, "/zero", 1, 0)), syscall.EINVAL},
		{"pread directory", noMessage(doPread(c, "/dir", 1, 0)), syscall.EISDIR},
		{"pread escape", noMessage(doPread(c, "/escape", 1, 0)), syscall.ENOENT},
		{"pread negative count", noMessage(doPread(c, "/file", -1, 0)), syscall.EINVAL},
		{"pread negative offset", noMessage(doPread(c, "/file", 1, -1)), syscall.EINVAL},
		{"pread too much", noMessage(doPread(c, "/file", 4<<20, 0)), syscall.EINVAL},
		{"pwrite missing", noMessage(doPwrite(c, "/none", []byte("x"), 0)), syscall.ENOENT},
		{"pwrite negative", noMessage(doPwrite(c, "/file", []byte("x"), -1)), syscall.EINVAL},
		{"checksum fifo", noMessage(doChecksum(c, "md5", "/fifo")), syscall.EINVAL},
		{"checksum gost", noMessage(doChecksum(c, "gost", "/file")), syscall.ENOTSUP},
		{"checksum unknown", noMessage(doChecksum(c, "crc32", "/file")), syscall.EINVAL},
		{"download fifo", doDownload(c, target{Path: "/fifo"}, new(bytes.Buffer)), syscall.EINVAL},
		{"download directory", doDownload(c, target{Path: "/dir"}, new(bytes.Buffer)), syscall.EISDIR},
		{"download_offset negative", doDownloadOffset(c, target{Path: "/file"}, new(bytes.Buffer), -1, 1), syscall.EINVAL},
		{"download_offset negative size", doDownloadOffset(c, target{Path: "/file"}, new(bytes.Buffer), 1, -1), syscall.EINVAL},
		{"upload directory", doUpload(c, strings.NewReader("x"), target{Path: "/dir"}), syscall.EISDIR},
		{"upload fifo", doUpload(c, strings.NewReader("x"), target{Path: "/fifo"}), syscall.EINVAL},
		{"upload_offset negative", doUploadOffset(c, strings.NewReader("x"), target{Path: "/file"}, -1), syscall.EINVAL},
		{"internal_upload elsewhere", doInternalUpload(c, strings.NewReader("x"), "../etc/x", 0o644), syscall.EINVAL},
		{"mv missing", doMv(c, "/none", "/x"), syscall.ENOENT},
		{"mv same", doMv(c, "/file", "/file"), syscall.EINVAL},
		{"mv into itself", doMv(c, "/dir", "/dir/sub"), syscall.EINVAL},
		{"mv directory over file", doMv(c, "/dir", "/file"), syscall.ENOTDIR},
		{"readlink file", noMessage(doReadlink(c, "/file")), syscall.EINVAL},
		{"realpath missing", noMessage(doRealpath(c, "/none")), syscall.ENOENT},
		{"realpath loop", noMessage(doRealpath(c, "/loop")), syscall.ELOOP},
		{"ls0 file", doLs0(c, "/file", new(bytes.Buffer)), syscall.ENOTDIR},
	} {
		if !isErrno(test.err, test.want) {
			t.Errorf("%s: %v; want %v", test.name, test.err, test.want)
		}
	}
	if got := read(t, root, "file"); got != "content" {
		t.Errorf("file holds %q after calls that failed; want %q", got, "content")
	}
}

func TestFiles(t *testing.T) {
	c, root := newGuest(t)
	old := unix.Umask(0o022)
	defer unix.Umask(old)
	must(t, doInternalWrite(c, "/f", []byte("new file contents")))
	n, err := doPwrite(c, "/f", []byte("is extended"), 9)
	must(t, err)
	if got, want := read(t, root, "f"), "new file is extended"; n != 11 || got != want {
		t.Errorf("pwrite wrote %d, file is %q; want 11, %q", n, got, want)
	}
	must(t, doInternalWriteAppend(c, "/f", []byte("!")))
	for _, test := range []struct {
		count  int
		offset int64
		want   string
	}{{3, 0, "new"}, {100, 18, "ed!"}, {0, 5, ""}, {1, 1 << 40, ""}} {
		got, err := doPread(c, "/f", test.count, test.offset)
		if err != nil || string(got) != test.want {
			t.Errorf("pread(%d, %d) = %q, %v; want %q", test.count, test.offset, got, err, test.want)
		}
	}
	must(t, doInternalWrite(c, "/f", nil))
	if got := read(t, root, "f"); got != "" {
		t.Errorf("write leaves %q; want an empty file", got)
	}
	must(t, doMkdirMode(c, "/d", 0o1777))
	must(t, doChmod(c, 0o4755, "/f"))
	must(t, doChown(c, 1000, 2000, "/f"))
	must(t, doChmod(c, 0o4755, "/f"))
	st, err := doStatns(c, "/f")
	must(t, err)
	if st.StMode != 0o104755 || st.StUid != 1000 || st.StGid != 2000 || st.StSize != 0 {
		t.Errorf("statns(/f) = mode %o, owner %d:%d, size %d; want 104755, 1000:2000, 0", st.StMode, st.StUid, st.StGid, st.StSize)
	}
	if st, err = doStatns(c, "/d"); err != nil || st.StMode != 0o041755 {
		t.Errorf("statns(/d) = mode %o, %v; want 41755: the umask is 022", st.StMode, err)
	}
	must(t, doLnS(c, "target\nx", "/link"))
	must(t, doLnS(c, "a/b", "/d"))
	if got, err := doReadlink(c, "/link"); err != nil || got != "target\nx" {
		t.Errorf("readlink = %q, %v", got, err)
	}
	if got, err := doReadlink(c, "/d/b"); err != nil || got != "a/b" {
		t.Errorf("readlink of a link made in a directory = %q, %v", got, err)
	}
}

func TestMv(t *testing.T) {
	c, root := newGuest(t)
	write(t, root, "a", "a")
	must(t, os.Mkdir(root+"/dir", 0o755))
	must(t, doMv(c, "/a", "/b"))
	must(t, doMv(c, "/b", "/dir"))
	if got := read(t, root, "dir/b"); got != "a" {
		t.Errorf("moved file holds %q; want a", got)
	}
	must(t, os.Link(root+"/dir/b", root+"/dir/c"))
	must(t, doMv(c, "/dir/b", "/dir/c"))
	if _, err := os.Lstat(root + "/dir/b"); err == nil {
		t.Error("mv of one name of a file to another leaves both")
	}
}

// TestMvAcross: between filesystems a tree is copied with all that it has.
func TestMvAcross(t *testing.T) {
	c, root := newGuest(t)
	must(t, os.Mkdir(root+"/mnt", 0o755))
	must(t, unix.Mount("tmpfs", root+"/mnt", "tmpfs", 0, "size=1m"))
	defer unix.Unmount(root+"/mnt", unix.MNT_DETACH)
	write(t, root, "t/sub/file", "content")
	must(t, os.Link(root+"/t/sub/file", root+"/t/hard"))
	must(t, os.Symlink("/etc/passwd", root+"/t/link"))
	must(t, unix.Mkfifo(root+"/t/fifo", 0o600))
	must(t, os.Chown(root+"/t/sub/file", 7, 8))
	must(t, os.Chmod(root+"/t/sub/file", os.ModeSetuid|0o711))
	must(t, os.Chtimes(root+"/t/sub", unixTime(1000000000), unixTime(1000000000)))
	before := fingerprint(t, root+"/t")
	must(t, doMv(c, "/t", "/mnt"))
	if after := fingerprint(t, root+"/mnt/t"); after != before {
		t.Errorf("tree after mv:\n%s\nwant:\n%s", after, before)
	}
	if _, err := os.Lstat(root + "/t"); err == nil {
		t.Error("mv leaves the source")
	}

	must(t, os.Mkdir(root+"/big", 0o755))
	must(t, os.WriteFile(root+"/big/x", make([]byte, 2<<20), 0o644))
	if err := doMv(c, "/big", "/mnt/big"); !isErrno(err, syscall.ENOSPC) {
		t.Errorf("mv to a full filesystem: %v; want ENOSPC", err)
	}
	if _, err := os.Lstat(root + "/big/x"); err != nil {
		t.Errorf("mv that failed lost the source: %v", err)
	}
}

func TestRmRf(t *testing.T) {
	c, root := newGuest(t)
	onTmpfs(t, root)
	write(t, root, "keep/file", "x")
	must(t, os.Mkdir(root+"/t", 0o755))
	must(t, os.Symlink("/keep", root+"/t/link"))
	must(t, os.Symlink("../keep", root+"/t/rel"))
	must(t, unix.Mkfifo(root+"/t/fifo", 0o600))
	for i := range 25000 {
		must(t, os.WriteFile(fmt.Sprintf("%s/t/%d", root, i), nil, 0o644))
	}
	must(t, doRmRf(c, "/t"))
	if _, err := os.Lstat(root + "/t"); err == nil {
		t.Error("rm_rf leaves the tree")
	}
	if got := read(t, root, "keep/file"); got != "x" {
		t.Errorf("rm_rf followed a link: file holds %q", got)
	}
	must(t, doLnS(c, "keep", "/l"))
	must(t, doRmRf(c, "/l"))
	if got := read(t, root, "keep/file"); got != "x" {
		t.Errorf("rm_rf of a link followed it: file holds %q", got)
	}
}

// TestRmRfDeep: paths that are longer than the kernel takes.
func TestRmRfDeep(t *testing.T) {
	c, root := newGuest(t)
	name := strings.Repeat("d", 200)
	must(t, c.inGuest(func() error {
		for range 100 {
			if err := unix.Mkdir(name, 0o755); err != nil {
				return err
			}
			if err := unix.Chdir(name); err != nil {
				return err
			}
		}
		return nil
	}))
	must(t, doRmRf(c, "/"+name))
	left, err := filepath.Glob(root + "/*")
	if err != nil || left != nil {
		t.Errorf("rm_rf leaves %v, %v", left, err)
	}
}

// TestRmRfGoesOn: what cannot be removed does not stop the rest, and is told.
func TestRmRfGoesOn(t *testing.T) {
	c, root := newGuest(t)
	write(t, root, "t/a", "x")
	write(t, root, "t/z", "x")
	must(t, os.Mkdir(root+"/t/m", 0o755))
	must(t, unix.Mount("tmpfs", root+"/t/m", "tmpfs", unix.MS_RDONLY, ""))
	defer unix.Unmount(root+"/t/m", unix.MNT_DETACH)
	if err := doRmRf(c, "/t"); !isErrno(err, syscall.EBUSY) {
		t.Errorf("rm_rf with a mount point inside: %v; want EBUSY", err)
	}
	left, _ := filepath.Glob(root + "/t/*")
	if len(left) != 1 {
		t.Errorf("rm_rf leaves %v; want the mount point alone", left)
	}
}
