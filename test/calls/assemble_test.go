package calls

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"virt-tools/pkg/guestfs"
)

// launch starts an appliance of its own for the disks.
func launch(t *testing.T, opts *guestfs.AddDriveOpts, files ...string) (context.Context, *guestfs.Handle) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	t.Cleanup(cancel)
	g := guestfs.New(nil)
	t.Cleanup(func() { g.Close() })
	g.OnEvent(func(e guestfs.Event) {
		if e.Kind == guestfs.EventWarning {
			t.Logf("warning: %s", e.Text)
		}
	})
	for _, f := range files {
		must(t, g.AddDrive(f, opts))
	}
	must(t, g.Launch(ctx))
	return ctx, g
}

// TestAssemble makes a guest's layers, then starts another appliance on its
// disks, where they must come up by themselves:
//
//	a: p1 -+- md "mirror" (raid1) --- vg "vg" --- lv "root" (ext4)
//	b: p1 -+
//	c: vg "plain" --- lv "data" (xfs)
//	d: ext4
func TestAssemble(t *testing.T) {
	dir := t.TempDir()
	var files []string
	for _, name := range []string{"a", "b", "c", "d"} {
		f := filepath.Join(dir, name)
		must(t, os.WriteFile(f, nil, 0o600))
		must(t, os.Truncate(f, 512<<20))
		files = append(files, f)
	}
	raw := &guestfs.AddDriveOpts{Format: "raw"}
	ctx, g := launch(t, raw, files...)
	must(t, g.PartDisk(ctx, "/dev/sda", "gpt"))
	must(t, g.PartDisk(ctx, "/dev/sdb", "mbr"))
	must(t, g.MdCreate(ctx, "mirror", []guestfs.Device{"/dev/sda1", "/dev/sdb1"}, nil))
	must(t, g.Pvcreate(ctx, "/dev/md127"))
	must(t, g.Vgcreate(ctx, "vg", []guestfs.Device{"/dev/md127"}))
	must(t, g.Lvcreate(ctx, "root", "vg", 64))
	must(t, g.Mkfs(ctx, "ext4", "/dev/vg/root", nil))
	must(t, g.Pvcreate(ctx, "/dev/sdc"))
	must(t, g.Vgcreate(ctx, "plain", []guestfs.Device{"/dev/sdc"}))
	must(t, g.Lvcreate(ctx, "data", "plain", 320))
	must(t, g.Mkfs(ctx, "xfs", "/dev/plain/data", nil))
	must(t, g.Mkfs(ctx, "ext4", "/dev/sdd", nil))
	must(t, g.Shutdown(ctx))

	readOnly := &guestfs.AddDriveOpts{Format: "raw", ReadOnly: true}
	ctx, g = launch(t, readOnly, files...)
	list, err := g.ListFilesystems(ctx)
	must(t, err)
	same(t, "list_filesystems", list, guestfs.Pairs{
		{Key: "/dev/sdd", Value: "ext4"}, {Key: "/dev/plain/data", Value: "xfs"}, {Key: "/dev/vg/root", Value: "ext4"},
	})
	arrays, err := g.ListMdDevices(ctx)
	must(t, err)
	same(t, "list_md_devices", arrays, []guestfs.Device{"/dev/md127"})
	stat, err := g.MdStat(ctx, "/dev/md127")
	must(t, err)
	same(t, "members of the mirror", len(stat), 2)
	must(t, g.MountRo(ctx, "/dev/vg/root", "/"))
	must(t, g.Shutdown(ctx))

	// Half a mirror does as well.
	ctx, g = launch(t, readOnly, files[1])
	list, err = g.ListFilesystems(ctx)
	must(t, err)
	same(t, "list_filesystems with half a mirror", list, guestfs.Pairs{{Key: "/dev/vg/root", Value: "ext4"}})
	must(t, g.MountRo(ctx, "/dev/vg/root", "/"))
	must(t, g.Shutdown(ctx))
}
