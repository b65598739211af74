package faults

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/ulikunitz/xz"

	"virt-tools/internal/regf"
	"virt-tools/pkg/guestfs"
)

// calls are what must fail, by name: the first error of the call and of the
// sync after it counts, since not every call waits for the disk.
type calls map[string]func() error

// fail makes the calls and checks that each gives the error.
func (c calls) fail(ctx context.Context, t *testing.T, g *guestfs.Handle, want error) {
	t.Helper()
	for name, call := range c {
		err := call()
		if err == nil {
			err = g.Sync(ctx)
		}
		if !errors.Is(err, want) {
			t.Errorf("%s = %v; want %v", name, err, want)
		}
	}
	if err := g.PingDaemon(ctx); err != nil {
		t.Errorf("after them: %v", err)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// second drops the first result of a call.
func second[T any](_ T, err error) error { return err }

// start launches an appliance in which the images of ctx may have faults.
func start(ctx context.Context, t *testing.T, add func(g *guestfs.Handle) error) *guestfs.Handle {
	t.Helper()
	if testing.Short() {
		t.Skip("-short: no appliance is launched")
	}
	g := guestfs.New(&guestfs.Options{TmpDir: t.TempDir()})
	t.Cleanup(func() { g.Close() })
	must(t, add(g))
	must(t, g.Launch(ctx))
	return g
}

func scratch(sizes ...int64) func(g *guestfs.Handle) error {
	return func(g *guestfs.Handle) error {
		for _, size := range sizes {
			if err := g.AddDriveScratch(size, nil); err != nil {
				return err
			}
		}
		return nil
	}
}

// some is a file that does not fit and cannot be packed away.
func some(n int) []byte { return bytes.Repeat([]byte("0123456789abcdef"), n/16) }

// archive is a tar archive with one file.
func archive(t *testing.T, content []byte) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	must(t, w.WriteHeader(&tar.Header{Name: "file", Size: int64(len(content)), Mode: 0o644}))
	_, err := w.Write(content)
	must(t, err)
	must(t, w.Close())
	return buf.Bytes()
}

func packed(t *testing.T, data []byte, packer func(io.Writer) (io.WriteCloser, error)) []byte {
	t.Helper()
	var buf bytes.Buffer
	w, err := packer(&buf)
	must(t, err)
	_, err = w.Write(data)
	must(t, err)
	must(t, w.Close())
	return buf.Bytes()
}

// fillUp writes into a file until nothing fits any more.
func fillUp(ctx context.Context, t *testing.T, g *guestfs.Handle, file string) {
	t.Helper()
	if err := g.Upload(ctx, &tripwire{}, file); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("upload without end = %v; want %v", err, syscall.ENOSPC)
	}
}

// topUp takes what the calls before have given back, to the last block: these need few. What
// is not on the disk yet holds more room than it will need.
func topUp(ctx context.Context, t *testing.T, g *guestfs.Handle, file guestfs.Path) {
	t.Helper()
	for _, size := range []int{1 << 20, 32 << 10, 1 << 10} {
		must(t, g.Sync(ctx))
		for try := 0; ; try++ {
			err := g.WriteAppend(ctx, file, some(size))
			if errors.Is(err, syscall.ENOSPC) {
				break
			}
			must(t, err)
			if try == 100 {
				t.Fatal("there is always room")
			}
		}
	}
}

// writing are the calls that put bytes into the filesystem on /full. /src holds
// what they copy: file, link and hive.
func writing(ctx context.Context, t *testing.T, g *guestfs.Handle) calls {
	t.Helper()
	const size = 2 << 20
	content := some(size)
	tarball := archive(t, content)
	gz := packed(t, tarball, func(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriter(w), nil })
	xzed := packed(t, tarball, func(w io.Writer) (io.WriteCloser, error) { return xz.NewWriter(w) })
	base64 := bytes.Repeat([]byte("QUJDREVG"), size/6)
	host := filepath.Join(t.TempDir(), "hostfile")
	must(t, os.WriteFile(host, content, 0o600))
	reader := func(b []byte) io.Reader { return bytes.NewReader(b) }
	all := int64(size)
	return calls{
		"upload":        func() error { return g.Upload(ctx, reader(content), "/full/upload") },
		"upload_offset": func() error { return g.UploadOffset(ctx, reader(content), "/full/upload_offset", 1<<20) },
		"write":         func() error { return g.Write(ctx, "/full/write", content) },
		"write_append":  func() error { return g.WriteAppend(ctx, "/full/write_append", content) },
		"write_file":    func() error { return g.WriteFile(ctx, "/full/write_file", string(content[:1<<20]), 0) },
		"pwrite": func() error {
			must(t, g.Touch(ctx, "/full/pwrite"))
			return second(g.Pwrite(ctx, "/full/pwrite", content, 0))
		},
		"fill":              func() error { return g.Fill(ctx, 'x', size, "/full/fill") },
		"fill_pattern":      func() error { return g.FillPattern(ctx, "xyz", size, "/full/fill_pattern") },
		"tar_in":            func() error { return g.TarIn(ctx, reader(tarball), "/full", nil) },
		"tgz_in":            func() error { return g.TgzIn(ctx, reader(gz), "/full") },
		"txz_in":            func() error { return g.TxzIn(ctx, reader(xzed), "/full") },
		"base64_in":         func() error { return g.Base64In(ctx, reader(base64), "/full/base64_in") },
		"copy_in":           func() error { return g.CopyIn(ctx, host, "/full") },
		"cp":                func() error { return g.Cp(ctx, "/src/file", "/full/cp") },
		"cp_a":              func() error { return g.CpA(ctx, "/src", "/full/cp_a") },
		"cp_r":              func() error { return g.CpR(ctx, "/src", "/full/cp_r") },
		"mv":                func() error { return g.Mv(ctx, "/src/file", "/full/mv") },
		"dd":                func() error { return g.Dd(ctx, "/src/file", "/full/dd") },
		"copy_size":         func() error { return g.CopySize(ctx, "/src/file", "/full/copy_size", size) },
		"copy_file_to_file": func() error { return g.CopyFileToFile(ctx, "/src/file", "/full/copy_file_to_file", nil) },
		"copy_device_to_file": func() error {
			return g.CopyDeviceToFile(ctx, "/dev/sda", "/full/copy", &guestfs.CopyDeviceToFileOpts{Size: &all})
		},
		"rsync":        func() error { return g.Rsync(ctx, "/src/file", "/full", &guestfs.RsyncOpts{Archive: true}) },
		"rsync_in":     func() error { return g.RsyncIn(ctx, "/usr/sbin/mke2fs", "/full", nil) },
		"hivex_commit": func() error { return commit(ctx, t, g, "/full/hive") },
	}
}

// sources fills /src.
func sources(ctx context.Context, t *testing.T, g *guestfs.Handle) {
	t.Helper()
	must(t, g.MkdirP(ctx, "/src"))
	must(t, g.Write(ctx, "/src/file", some(2<<20)))
	must(t, g.Write(ctx, "/src/hive", regf.New().Bytes()))
}

// commit writes a hive of some size.
func commit(ctx context.Context, t *testing.T, g *guestfs.Handle, to string) error {
	t.Helper()
	must(t, g.HivexOpen(ctx, "/src/hive", &guestfs.HivexOpenOpts{Write: true}))
	defer g.HivexClose(ctx)
	root, err := g.HivexRoot(ctx)
	must(t, err)
	must(t, g.HivexNodeSetValue(ctx, root, "big", 3, some(1<<20)))
	return g.HivexCommit(ctx, &to)
}

// TestFull: calls that write into a filesystem without room.
func TestFull(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), prompt)
	defer cancel()
	g := start(ctx, t, scratch(64<<20, 32<<20, 256<<20, 128<<20, 128<<20))
	must(t, g.Mkfs(ctx, "ext4", "/dev/sda", nil))
	must(t, g.Mount(ctx, "/dev/sda", "/"))
	must(t, g.Mkdir(ctx, "/full"))
	sources(ctx, t, g)

	t.Run("blocks", func(t *testing.T) {
		must(t, g.Mkfs(ctx, "ext4", "/dev/sdb", nil))
		must(t, g.Mount(ctx, "/dev/sdb", "/full"))
		must(t, g.Mkdir(ctx, "/full/dir"))
		fillUp(ctx, t, g, "/full/big")
		set := writing(ctx, t, g)
		for name, call := range (calls{
			"mkdir":       func() error { return g.Mkdir(ctx, "/full/mkdir") },
			"mkdir_p":     func() error { return g.MkdirP(ctx, "/full/dir/mkdir/p") },
			"mkdtemp":     func() error { return second(g.Mkdtemp(ctx, "/full/tmpXXXXXX")) },
			"fallocate64": func() error { return g.Fallocate64(ctx, "/full/fallocate64", 1<<20) },
			"setxattr":    func() error { return g.Setxattr(ctx, "user.big", strings.Repeat("x", 2000), 2000, "/full/dir") },
			"extlinux":    func() error { return g.Extlinux(ctx, "/full/dir") },
		}) {
			set[name] = func() error { topUp(ctx, t, g, "/full/big"); return call() }
		}
		set.fail(ctx, t, g, syscall.ENOSPC)
		must(t, g.Umount(ctx, "/full", nil))
	})
	t.Run("inodes", func(t *testing.T) {
		must(t, g.Mke2fs(ctx, "/dev/sdb", &guestfs.Mke2fsOpts{Numberofinodes: 16}))
		must(t, g.Mount(ctx, "/dev/sdb", "/full"))
		if err := g.FillDir(ctx, "/full", 1000); !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("fill_dir = %v; want %v", err, syscall.ENOSPC)
		}
		calls{
			"touch":   func() error { return g.Touch(ctx, "/full/touch") },
			"mkfifo":  func() error { return g.Mkfifo(ctx, 0o600, "/full/mkfifo") },
			"mknod":   func() error { return g.Mknod(ctx, 0o600, 1, 3, "/full/mknod") },
			"mknod_b": func() error { return g.MknodB(ctx, 0o600, 1, 3, "/full/mknod_b") },
			"mknod_c": func() error { return g.MknodC(ctx, 0o600, 1, 3, "/full/mknod_c") },
			"ln_s":    func() error { return g.LnS(ctx, "x", "/full/ln_s") },
			"mktemp":  func() error { return second(g.Mktemp(ctx, "/full/tmpXXXXXX", nil)) },
			"write":   func() error { return g.Write(ctx, "/full/write", nil) },
		}.fail(ctx, t, g, syscall.ENOSPC)
		must(t, g.Umount(ctx, "/full", nil))
	})
	t.Run("btrfs", func(t *testing.T) {
		must(t, g.MkfsBtrfs(ctx, []guestfs.Device{"/dev/sdd", "/dev/sde"}, &guestfs.MkfsBtrfsOpts{Datatype: "single", Metadata: "single"}))
		must(t, g.Mount(ctx, "/dev/sdd", "/full"))
		fillUp(ctx, t, g, "/full/big")
		calls{
			"write":               func() error { return g.Write(ctx, "/full/write", some(2<<20)) },
			"fallocate64":         func() error { return g.Fallocate64(ctx, "/full/fallocate64", 64<<20) },
			"tar_in":              func() error { return g.TarIn(ctx, bytes.NewReader(archive(t, some(2<<20))), "/full", nil) },
			"btrfs_device_delete": func() error { return g.BtrfsDeviceDelete(ctx, []guestfs.Device{"/dev/sde"}, "/full") },
		}.fail(ctx, t, g, syscall.ENOSPC)
		must(t, g.Umount(ctx, "/full", nil))
	})
	t.Run("lvm", func(t *testing.T) {
		must(t, g.Pvcreate(ctx, "/dev/sdc"))
		must(t, g.Vgcreate(ctx, "vg", []guestfs.Device{"/dev/sdc"}))
		must(t, g.Lvcreate(ctx, "lv", "vg", 100))
		calls{
			"lvcreate": func() error { return g.Lvcreate(ctx, "huge", "vg", 1000) },
			"lvresize": func() error { return g.Lvresize(ctx, "/dev/vg/lv", 1000) },
		}.fail(ctx, t, g, syscall.ENOSPC)
	})
}

// TestHostFull: the host has no room for what a call sends.
func TestHostFull(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: no appliance is launched")
	}
	small := filepath.Join(t.TempDir(), "small")
	must(t, os.Mkdir(small, 0o700))
	if err := syscall.Mount("tmpfs", small, "tmpfs", 0, "size=4m"); err != nil {
		if os.Geteuid() != 0 {
			t.Skip("it needs root, to mount a small folder")
		}
		t.Fatal(err)
	}
	defer syscall.Unmount(small, syscall.MNT_DETACH)
	ctx, cancel := context.WithTimeout(t.Context(), prompt)
	defer cancel()
	disk := filepath.Join(t.TempDir(), "disk")
	must(t, os.WriteFile(disk, nil, 0o600))
	must(t, os.Truncate(disk, 64<<20))

	// The overlay of a read-only drive and a scratch disk grow there.
	g := guestfs.New(&guestfs.Options{TmpDir: small})
	defer g.Close()
	must(t, g.AddDrive(disk, &guestfs.AddDriveOpts{ReadOnly: true, Format: "raw"}))
	must(t, g.AddDriveScratch(64<<20, nil))
	must(t, g.Launch(ctx))
	content := some(1 << 20)
	for _, device := range []string{"/dev/sda", "/dev/sdb"} {
		err := g.Upload(ctx, io.LimitReader(&tripwire{}, 16<<20), device)
		if !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("upload to %s = %v; want %v", device, err, syscall.ENOSPC)
		}
	}
	must(t, g.PingDaemon(ctx))
	if err := g.Shutdown(ctx); !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), small) {
		t.Errorf("shutdown = %v; want %v and the folder", err, syscall.ENOSPC)
	}

	ctx, g = launch(t, t.TempDir())
	must(t, g.Mkdir(ctx, "/dir"))
	for range 8 {
		must(t, g.WriteAppend(ctx, "/dir/file", content))
	}
	out := func() io.Writer {
		f, err := os.Create(filepath.Join(small, "out"))
		must(t, err)
		t.Cleanup(func() { f.Close() })
		return f
	}
	calls{
		"download":     func() error { return g.Download(ctx, "/dir/file", out()) },
		"tar_out":      func() error { return g.TarOut(ctx, "/dir", out(), nil) },
		"cpio_out":     func() error { return g.CpioOut(ctx, "/dir", out(), nil) },
		"base64_out":   func() error { return g.Base64Out(ctx, "/dir/file", out()) },
		"copy_out":     func() error { return g.CopyOut(ctx, "/dir", small) },
		"compress_out": func() error { return g.CompressDeviceOut(ctx, "gzip", "/dev/sda", &full{}, nil) },
		"mksquashfs":   func() error { return g.Mksquashfs(ctx, "/dir", &full{}, nil) },
	}.fail(ctx, t, g, syscall.ENOSPC)
}

// full takes nothing.
type full struct{}

func (*full) Write([]byte) (int, error) { return 0, syscall.ENOSPC }
