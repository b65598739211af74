package interop

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"virt-tools/pkg/guestfs"
	"virt-tools/test/reference"
)

// TestForeign: our library on an appliance that libguestfs made. What it cannot
// do there is in docs/interop.md.
func TestForeign(t *testing.T) {
	ctx, w := setup(t)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	dir := t.TempDir()
	fixed := filepath.Join(dir, "appliance")
	r, err := w.tools.Run(ctx, "../sbin/libguestfs-make-fixed-appliance", fixed)
	if err != nil || r.Code != 0 {
		t.Fatalf("libguestfs-make-fixed-appliance: %v, %+v", err, r)
	}
	disk := filepath.Join(dir, "disk")
	must(os.WriteFile(disk, nil, 0o600))
	must(os.Truncate(disk, 128<<20))
	g := guestfs.New(&guestfs.Options{Path: fixed})
	defer g.Close()
	must(g.AddDriveScratch(64<<20, nil))
	must(g.AddDrive(disk, &guestfs.AddDriveOpts{Format: "raw", Label: "disk"}))
	must(g.Launch(ctx))

	devices, err := g.ListDevices(ctx)
	must(err)
	if diff := cmp.Diff([]guestfs.Device{"/dev/sda", "/dev/sdb"}, devices); diff != "" {
		t.Errorf("list_devices (-want +got):\n%s", diff)
	}
	must(g.Mkfs(ctx, "ext4", "/dev/sdb", nil))
	must(g.Mount(ctx, "/dev/sdb", "/"))
	content := make([]byte, 10<<20+5)
	rand.NewChaCha8([32]byte{3}).Read(content)
	must(g.Upload(ctx, bytes.NewReader(content), "/file"))
	var back bytes.Buffer
	must(g.Download(ctx, "/file", &back))
	if !bytes.Equal(back.Bytes(), content) {
		t.Error("a file that went there and back is another one")
	}
	var tarball bytes.Buffer
	tw := tar.NewWriter(&tarball)
	must(tw.WriteHeader(&tar.Header{Name: "d/f", Size: 5, Mode: 0o640}))
	_, err = tw.Write([]byte("hello"))
	must(err)
	must(tw.Close())
	must(g.TarIn(ctx, &tarball, "/", nil))
	text, err := g.Cat(ctx, "/d/f")
	must(err)
	if text != "hello" {
		t.Errorf("cat = %q", text)
	}
	back.Reset()
	must(g.TarOut(ctx, "/d", &back, nil))
	entries, err := fs.ReadDir(g.FS(ctx), "d")
	must(err)
	if len(entries) != 1 || entries[0].Name() != "f" {
		t.Errorf("ReadDir = %v", entries)
	}

	_, err = g.Cat(ctx, "/none")
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("cat of nothing = %v; want %v", err, fs.ErrNotExist)
	}
	cancelled, cancel := context.WithCancel(ctx)
	err = g.Upload(cancelled, io.MultiReader(bytes.NewReader(content), cancelReader(cancel), bytes.NewReader(content)), "/part")
	if !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled upload = %v; want %v", err, context.Canceled)
	}
	must(g.PingDaemon(ctx))

	// What it cannot do.
	if err := g.AddDriveScratch(1<<20, nil); err == nil || !strings.Contains(err.Error(), "before Launch") {
		t.Errorf("a late drive = %v; want an error", err)
	}
	if err := g.RemoveDrive(ctx, "disk"); !errors.Is(err, syscall.ENOTSUP) {
		t.Errorf("remove_drive = %v; want %v", err, syscall.ENOTSUP)
	}
	must(g.PingDaemon(ctx))
	must(g.Shutdown(ctx))
	if out, err := exec.Command("/sbin/e2fsck", "-fn", disk).CombinedOutput(); err != nil {
		t.Errorf("e2fsck: %v\n%s", err, out)
	}
	seen, err := reference.Run(ctx, nil, "/sbin/debugfs", "-R", "cat /d/f", disk)
	must(err)
	if seen.Stdout != "hello" {
		t.Errorf("the file on the disk = %q", seen.Stdout)
	}
}

// cancelReader cancels when it is read, and has nothing.
type cancelReader context.CancelFunc

func (c cancelReader) Read([]byte) (int, error) { c(); return 0, io.EOF }
