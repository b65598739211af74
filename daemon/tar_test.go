package daemon

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// makeTree fills a directory with all that a tar archive can hold.
func makeTree(t *testing.T, dir string) {
	t.Helper()
	write(t, dir, "file", "content\n")
	write(t, dir, "empty", "")
	write(t, dir, strings.Repeat("long-directory-name/", 12)+strings.Repeat("n", 200), "deep")
	write(t, dir, "b\xffytes\n\xfe", "odd")
	write(t, dir, "ünï", "utf-8")
	must(t, os.WriteFile(dir+"/big", bytes.Repeat([]byte("0123456789abcdef"), 100_000), 0o600))
	must(t, os.WriteFile(dir+"/sparse", nil, 0o644))
	must(t, os.Truncate(dir+"/sparse", 5<<20))
	f, err := os.OpenFile(dir+"/sparse", os.O_WRONLY, 0)
	must(t, err)
	_, err = f.WriteAt([]byte("data"), 3<<20)
	must(t, err)
	must(t, f.Close())
	must(t, os.Symlink("file", dir+"/rel"))
	must(t, os.Symlink("/etc/passwd", dir+"/abs"))
	must(t, os.Symlink("../"+strings.Repeat("x/", 60)+"y", dir+"/up"))
	must(t, os.Link(dir+"/file", dir+"/hard"))
	must(t, os.Link(dir+"/abs", dir+"/abs2"))
	must(t, unix.Mkfifo(dir+"/fifo", 0o640))
	must(t, unix.Mknod(dir+"/null", unix.S_IFCHR|0o666, int(unix.Mkdev(1, 3))))
	must(t, unix.Mknod(dir+"/sda", unix.S_IFBLK|0o660, int(unix.Mkdev(8, 300))))
	must(t, os.Chown(dir+"/file", 1000, 3_000_000))
	must(t, os.Lchown(dir+"/rel", 5, 6))
	must(t, os.Chmod(dir+"/big", os.ModeSetuid|os.ModeSetgid|0o751))
	must(t, os.Mkdir(dir+"/sticky", 0o755))
	must(t, os.Chmod(dir+"/sticky", os.ModeSticky|0o777))
	must(t, os.Mkdir(dir+"/closed", 0))
	// Whole seconds: the GNU format has no more.
	now := unixTime(1_700_000_000)
	must(t, filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		if err != nil {
			return err
		}
		ts := []unix.Timespec{{Sec: now.Unix()}, {Sec: now.Unix() - int64(len(path))}}
		return unix.UtimesNanoAt(unix.AT_FDCWD, path, ts, unix.AT_SYMLINK_NOFOLLOW)
	}))
	must(t, os.Chtimes(dir+"/empty", unixTime(-86400), unixTime(-86400)))
}

// gnuTar runs the real tar.
func gnuTar(t *testing.T, stdin io.Reader, args ...string) []byte {
	t.Helper()
	var out, msg bytes.Buffer
	cmd := exec.Command("tar", args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, &out, &msg
	if err := cmd.Run(); err != nil {
		t.Fatalf("tar %q: %v\n%s", args, err, &msg)
	}
	return out.Bytes()
}

func TestTarInFromGNUTar(t *testing.T) {
	src := t.TempDir()
	makeTree(t, src)
	want := fingerprint(t, src)
	for _, test := range []struct{ flags, compress string }{
		{"--format=gnu", ""}, {"--format=gnu --sparse", ""}, {"--format=oldgnu", ""}, {"--format=posix", ""},
		{"--format=posix --sparse --sparse-version=0.0", ""}, {"--format=posix --sparse --sparse-version=0.1", ""},
		{"--format=posix --sparse --sparse-version=1.0", ""}, {"--gzip", "gzip"}, {"--bzip2", "bzip2"}, {"--xz", "xz"},
		{"--lzma", "lzma"}, {"--use-compress-program=xz\u00a0-Flzma", "lzma"}, {"--zstd", "zstd"},
	} {
		t.Run(test.flags, func(t *testing.T) {
			c, root := newGuest(t)
			args := append([]string{"-C", src, "-cf", "-"}, strings.Split(test.flags, " ")...)
			args[len(args)-1] = strings.ReplaceAll(args[len(args)-1], "\u00a0", " ")
			archive := gnuTar(t, nil, append(args, ".")...)
			opts := &tarInOpts{}
			if test.compress != "" {
				opts.Compress = &test.compress
			}
			must(t, os.Mkdir(root+"/d", 0o700))
			must(t, doTarIn(c, bytes.NewReader(archive), "/d", opts))
			if got := fingerprint(t, root+"/d"); got != want {
				t.Errorf("tree after tar_in:\n%s\nwant:\n%s", got, want)
			}
			var st unix.Stat_t
			must(t, unix.Stat(root+"/d/sparse", &st))
			if strings.Contains(test.flags, "--sparse") && st.Blocks > 2048 {
				t.Errorf("sparse file has %d blocks", st.Blocks)
			}
			// Once more over what is there.
			must(t, doTarIn(c, bytes.NewReader(archive), "/d", opts))
			if got := fingerprint(t, root+"/d"); got != want {
				t.Errorf("tree after a second tar_in:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}

func TestTarOutToGNUTar(t *testing.T) {
	for _, compress := range []string{"", "gzip", "xz", "zstd", "lzma"} {
		t.Run("compress "+compress, func(t *testing.T) {
			c, root := newGuest(t)
			must(t, os.Mkdir(root+"/d", 0o755))
			makeTree(t, root+"/d")
			want := fingerprint(t, root+"/d")
			opts, flags := &tarOutOpts{}, []string{}
			if compress != "" {
				opts.Compress = &compress
				flags = append(flags, "--"+compress)
			}
			var archive bytes.Buffer
			must(t, doTarOut(c, "/d", &archive, opts))
			dest := t.TempDir()
			gnuTar(t, bytes.NewReader(archive.Bytes()), append(flags, "-C", dest, "--numeric-owner", "-xpf", "-")...)
			if got := fingerprint(t, dest); got != want {
				t.Errorf("tree unpacked by tar:\n%s\nwant:\n%s", got, want)
			}
			// And back through our own reader.
			must(t, os.Mkdir(root+"/back", 0o755))
			in := &tarInOpts{Compress: opts.Compress}
			must(t, doTarIn(c, &archive, "/back", in))
			if got := fingerprint(t, root+"/back"); got != want {
				t.Errorf("tree unpacked by tar_in:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}

// TestTarExtended: extended attributes go to and from GNU tar.
func TestTarExtended(t *testing.T) {
	yes := true
	attrs := func(dir string) string {
		out, err := exec.Command("sh", "-c", `cd "$1" && getfattr -R -h -d -m - -e hex . | sort`, "sh", dir).Output()
		must(t, err)
		return string(out)
	}
	c, root := newGuest(t)
	must(t, os.Mkdir(root+"/d", 0o755))
	write(t, root, "d/file", "x")
	must(t, os.Mkdir(root+"/d/dir", 0o755))
	if err := unix.Lsetxattr(root+"/d/file", "user.plain", []byte("v"), 0); err != nil {
		t.Skipf("the filesystem of the temporary directory has no extended attributes: %v", err)
	}
	must(t, unix.Lsetxattr(root+"/d/file", "user.a=b%c", []byte("\x00\xff=\n"), 0))
	must(t, unix.Lsetxattr(root+"/d/file", "trusted.t", []byte("root"), 0))
	capability := "\x01\x00\x00\x02\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	must(t, unix.Lsetxattr(root+"/d/file", "security.capability", []byte(capability), 0))
	for _, args := range [][]string{{"-m", "u:1000:rw,g:7:x", root + "/d/file"}, {"-d", "-m", "u:1000:rw", root + "/d/dir"}} {
		if out, err := exec.Command("setfacl", args...).CombinedOutput(); err != nil {
			t.Fatalf("setfacl: %v: %s", err, out)
		}
	}
	want := attrs(root + "/d")

	var archive bytes.Buffer
	must(t, doTarOut(c, "/d", &archive, &tarOutOpts{Xattrs: &yes, Acls: &yes, Selinux: &yes}))
	dest := t.TempDir()
	gnuTar(t, bytes.NewReader(archive.Bytes()), "-C", dest, "--xattrs", "--xattrs-include=*", "--acls", "-xpf", "-")
	if got := attrs(dest); got != want {
		t.Errorf("attributes unpacked by tar:\n%s\nwant:\n%s", got, want)
	}
	// tar writes the host's names into the lists; the guest has the same ones.
	for _, file := range []string{"/etc/passwd", "/etc/group"} {
		text, err := os.ReadFile(file)
		must(t, err)
		write(t, root, file, string(text))
	}
	real := gnuTar(t, nil, "-C", root+"/d", "--xattrs", "--acls", "-cf", "-", ".")
	for name, from := range map[string][]byte{"own": archive.Bytes(), "tar": real} {
		must(t, os.Mkdir(root+"/"+name, 0o755))
		must(t, doTarIn(c, bytes.NewReader(from), "/"+name, &tarInOpts{Xattrs: &yes, Acls: &yes}))
		if got := attrs(root + "/" + name); got != want {
			t.Errorf("attributes of the archive of %s:\n%s\nwant:\n%s", name, got, want)
		}
	}
	// ACLs alone, as text; nothing at all.
	must(t, os.Mkdir(root+"/acl", 0o755))
	must(t, doTarIn(c, bytes.NewReader(real), "/acl", &tarInOpts{Acls: &yes}))
	if got := attrs(root + "/acl"); strings.Contains(got, "user.plain") || strings.Count(got, "posix_acl") != strings.Count(want, "posix_acl") {
		t.Errorf("attributes with acls alone:\n%s", got)
	}
	must(t, os.Mkdir(root+"/none", 0o755))
	must(t, doTarIn(c, bytes.NewReader(real), "/none", &tarInOpts{}))
	if got := attrs(root + "/none"); got != "" {
		t.Errorf("attributes without options:\n%s", got)
	}
}

func TestTarOutOptions(t *testing.T) {
	c, root := newGuest(t)
	write(t, root, "etc/passwd", "alice:x:1000:1000::/:\n")
	write(t, root, "etc/group", "wheel:x:10:\n")
	write(t, root, "d/keep", "x")
	write(t, root, "d/skip/inner", "x")
	write(t, root, "d/a.o", "x")
	must(t, os.Chown(root+"/d/keep", 1000, 10))
	must(t, exec.Command("python3", "-c", "import socket,sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])", root+"/d/sock").Run())
	list := func(opts *tarOutOpts) string {
		var archive bytes.Buffer
		must(t, doTarOut(c, "/d", &archive, opts))
		var b strings.Builder
		for r := tar.NewReader(&archive); ; {
			h, err := r.Next()
			if err == io.EOF {
				return b.String()
			}
			must(t, err)
			fmt.Fprintf(&b, "%s %s/%s\n", h.Name, h.Uname, h.Gname)
		}
	}
	yes := true
	if got, want := list(&tarOutOpts{Excludes: &[]string{"*.o", "skip"}}), "./ /\n./keep alice/wheel\n"; got != want {
		t.Errorf("tar_out with excludes:\n%swant:\n%s", got, want)
	}
	if got, want := list(&tarOutOpts{Numericowner: &yes}), "./ /\n./a.o /\n./keep /\n./skip/ /\n./skip/inner /\n"; got != want {
		t.Errorf("tar_out with numericowner:\n%swant:\n%s", got, want)
	}
	for dir, want := range map[string]syscall.Errno{"/none": syscall.ENOENT, "/d/keep": syscall.ENOTDIR} {
		if err := doTarOut(c, dir, io.Discard, &tarOutOpts{}); !isErrno(err, want) {
			t.Errorf("tar_out(%s): %v; want %v", dir, err, want)
		}
	}
	for name, want := range map[string]syscall.Errno{"compress": syscall.ENOTSUP, "zip": syscall.EINVAL} {
		if err := doTarOut(c, "/d", io.Discard, &tarOutOpts{Compress: &name}); !isErrno(err, want) {
			t.Errorf("tar_out with %s: %v; want %v", name, err, want)
		}
	}
}

// archiveOf makes an archive of headers; a regular file holds its own name.
func archiveOf(t *testing.T, headers ...tar.Header) *bytes.Buffer {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, h := range headers {
		if h.Mode == 0 {
			h.Mode = 0o755
		}
		content := ""
		if h.Typeflag == tar.TypeReg {
			content = h.Name
			h.Size = int64(len(content))
		}
		must(t, w.WriteHeader(&h))
		_, err := io.WriteString(w, content)
		must(t, err)
	}
	must(t, w.Close())
	return &b
}

// TestTarInHostile: nothing is written outside the directory, or through what
// the archive itself has made.
func TestTarInHostile(t *testing.T) {
	reg := func(name string) tar.Header { return tar.Header{Typeflag: tar.TypeReg, Name: name} }
	link := func(name, to string) tar.Header {
		return tar.Header{Typeflag: tar.TypeSymlink, Name: name, Linkname: to}
	}
	hard := func(name, to string) tar.Header {
		return tar.Header{Typeflag: tar.TypeLink, Name: name, Linkname: to}
	}
	for _, test := range []struct {
		name    string
		headers []tar.Header
		want    error
		tree    string // names below the directory
	}{
		{"dot dot", []tar.Header{reg("../out"), reg("a/../../out"), reg("ok")}, syscall.EINVAL, "ok"},
		{"absolute", []tar.Header{reg("/etc/x")}, nil, "etc etc/x"},
		{"link out, file through it", []tar.Header{link("l", "/out"), reg("l/x")}, syscall.ENOTEMPTY, "l l/x"},
		{"link up, file through it", []tar.Header{link("l", ".."), reg("l/x")}, syscall.ENOTEMPTY, "l l/x"},
		{"link out, file over it", []tar.Header{link("l", "/out/file"), reg("l")}, nil, "l"},
		{"link out twice", []tar.Header{link("l", "/out/file"), link("l", "/out/other")}, nil, "l"},
		{"hard link to link out, file over it", []tar.Header{link("l", "/out/file"), hard("h", "l"), reg("h")}, nil, "h l"},
		{"hard link to link out", []tar.Header{link("l", "/out/file"), hard("h", "l")}, nil, "h l"},
		{"hard link up", []tar.Header{hard("h", "../out/file"), reg("h")}, syscall.EINVAL, "h"},
		{"hard link to nothing", []tar.Header{hard("h", "none"), reg("ok")}, syscall.ENOENT, "ok"},
		{"hard link to itself", []tar.Header{reg("h"), hard("h", "h")}, nil, "h"},
		{"file below file", []tar.Header{reg("f"), reg("f/x"), reg("ok")}, syscall.ENOTDIR, "f ok"},
		{"file over directory", []tar.Header{reg("d/x"), reg("d")}, syscall.ENOTEMPTY, "d d/x"},
		{"directory over file", []tar.Header{reg("d"), {Typeflag: tar.TypeDir, Name: "d/"}, reg("d/x")}, nil, "d d/x"},
		{"existing link as parent", []tar.Header{reg("indir/x")}, nil, ""},
		{"existing link replaced", []tar.Header{reg("outlink")}, nil, "outlink"},
		{"name too long", []tar.Header{reg(strings.Repeat("n", 300)), reg("ok")}, syscall.ENAMETOOLONG, "ok"},
		{"owner out of range", []tar.Header{{Typeflag: tar.TypeReg, Name: "x", Uid: 1 << 33}, reg("ok")}, syscall.EINVAL, "ok"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c, root := newGuest(t)
			write(t, root, "out/file", "safe")
			must(t, os.Mkdir(root+"/d", 0o755))
			must(t, os.Mkdir(root+"/in", 0o755))
			must(t, os.Symlink("../in", root+"/d/indir"))
			must(t, os.Symlink("/out/file", root+"/d/outlink"))
			err := doTarIn(c, archiveOf(t, test.headers...), "/d", &tarInOpts{})
			if !isErrno(err, test.want) {
				t.Errorf("tar_in: %v; want %v", err, test.want)
			}
			if got := fingerprint(t, root+"/out"); read(t, root, "out/file") != "safe" || strings.Count(got, "\n") != 3 {
				t.Errorf("outside the directory is now:\n%s", got)
			}
			out, err := exec.Command("find", root+"/d", "-mindepth", "1", "-not", "-name", "indir", "-not", "(", "-name", "outlink", "-type", "l", ")", "-printf", "%P\n").Output()
			must(t, err)
			names := strings.Fields(string(out))
			slices.Sort(names)
			if got := strings.Join(names, " "); got != test.tree {
				t.Errorf("tree is %q; want %q", got, test.tree)
			}
		})
	}
}

func TestTarInKeepdirlink(t *testing.T) {
	yes := true
	for _, keep := range []*bool{nil, &yes} {
		c, root := newGuest(t)
		must(t, os.MkdirAll(root+"/usr/lib", 0o700))
		must(t, os.Symlink("usr/lib", root+"/lib"))
		archive := archiveOf(t, tar.Header{Typeflag: tar.TypeDir, Name: "lib/"}, tar.Header{Typeflag: tar.TypeReg, Name: "lib/x"})
		must(t, doTarIn(c, archive, "/", &tarInOpts{Keepdirlink: keep}))
		where := "lib/x"
		if keep != nil {
			where = "usr/lib/x"
		}
		read(t, root, where)
		st, err := os.Lstat(root + "/lib")
		must(t, err)
		if isLink := st.Mode()&os.ModeSymlink != 0; isLink != (keep != nil) {
			t.Errorf("with keepdirlink %v, lib is a link: %v", keep != nil, isLink)
		}
	}
}

func TestTarInErrors(t *testing.T) {
	c, root := newGuest(t)
	must(t, os.Mkdir(root+"/full", 0o755))
	write(t, root, "file", "x")
	must(t, unix.Mount("tmpfs", root+"/full", "tmpfs", 0, "size=64k"))
	defer unix.Unmount(root+"/full", unix.MNT_DETACH)
	var big bytes.Buffer
	w := tar.NewWriter(&big)
	must(t, w.WriteHeader(&tar.Header{Name: "big", Size: 1 << 20, Mode: 0o644}))
	_, err := w.Write(make([]byte, 1<<20))
	must(t, err)
	must(t, w.Close())
	gz := "gzip"
	lzop := "lzop"
	zipped := gnuTar(t, nil, "-C", root, "-czf", "-", "file")
	for _, test := range []struct {
		name    string
		archive []byte
		dir     string
		opts    tarInOpts
		want    error
		text    string
	}{
		{"full disk", big.Bytes(), "/full", tarInOpts{}, syscall.ENOSPC, "big: No space left"},
		{"cut short in a file", big.Bytes()[:300_000], "/", tarInOpts{}, nil, "cannot be read on"},
		{"cut short in a header", big.Bytes()[:300], "/", tarInOpts{}, syscall.EINVAL, ""},
		{"empty", nil, "/", tarInOpts{}, syscall.EINVAL, "does not look like a tar archive"},
		{"junk", bytes.Repeat([]byte("junk"), 1000), "/", tarInOpts{}, syscall.EINVAL, "does not look like a tar archive"},
		{"zero blocks", make([]byte, 1024), "/", tarInOpts{}, nil, ""},
		{"no end", big.Bytes()[:512+1<<20], "/", tarInOpts{}, nil, ""},
		{"packed", zipped, "/", tarInOpts{}, syscall.EINVAL, "packed with gzip"},
		{"not packed", big.Bytes(), "/", tarInOpts{Compress: &gz}, nil, "gzip: "},
		{"packed and cut short", zipped[:20], "/", tarInOpts{Compress: &gz}, syscall.EINVAL, ""},
		{"lzop", zipped, "/", tarInOpts{Compress: &lzop}, syscall.ENOTSUP, "lzop"},
		{"no directory", big.Bytes(), "/none", tarInOpts{}, syscall.ENOENT, ""},
		{"file", big.Bytes(), "/file", tarInOpts{}, syscall.ENOTDIR, ""},
	} {
		err := doTarIn(c, bytes.NewReader(test.archive), test.dir, &test.opts)
		if err == nil {
			if test.want != nil || test.text != "" {
				t.Errorf("%s: no error", test.name)
			}
			continue
		}
		if test.want != nil && !isErrno(err, test.want) || !strings.Contains(describe(err), test.text) || test.want == nil && test.text == "" {
			t.Errorf("%s: %v; want %v, %q", test.name, describe(err), test.want, test.text)
		}
	}
}
