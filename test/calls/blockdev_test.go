package calls

import (
	"bytes"
	"errors"
	"strings"
	"syscall"
	"testing"

	"virt-tools/pkg/guestfs"
)

func TestListDevices(t *testing.T) {
	ctx, g := shared(t)
	list, err := g.ListDevices(ctx)
	must(t, err)
	same(t, "list_devices", list, []guestfs.Device{"/dev/sda", "/dev/sdb", "/dev/sdc", "/dev/sdd", "/dev/sde"})
	n, err := g.NrDevices(ctx)
	must(t, err)
	same(t, "nr_devices", n, driveCount)
	dm, err := g.ListDmDevices(ctx)
	must(t, err)
	same(t, "list_dm_devices", len(dm), 0)

	must(t, g.PartDisk(ctx, disk(1), "mbr"))
	labels, err := g.ListDiskLabels(ctx)
	must(t, err)
	same(t, "list_disk_labels", labels, guestfs.Pairs{
		{Key: "drive0", Value: "/dev/sda"}, {Key: "drive1", Value: "/dev/sdb"}, {Key: "drive11", Value: "/dev/sdb1"},
		{Key: "drive2", Value: "/dev/sdc"}, {Key: "drive3", Value: "/dev/sdd"}, {Key: "drive4", Value: "/dev/sde"},
	})
	size, err := g.BlockdevGetsize64(ctx, "/dev/disk/guestfs/drive11")
	must(t, err)
	same(t, "size by label", size, int64(driveBytes-(128+127)*512))
}

func TestBlockdev(t *testing.T) {
	ctx, g := shared(t)
	for dev, want := range map[guestfs.Device]int{disk(0): 512, disk(bigSectors): 4096} {
		ss, err := g.BlockdevGetss(ctx, dev)
		must(t, err)
		same(t, "blockdev_getss", ss, want)
		size, err := g.BlockdevGetsize64(ctx, dev)
		must(t, err)
		same(t, "blockdev_getsize64", size, int64(driveBytes))
		sectors, err := g.BlockdevGetsz(ctx, dev)
		must(t, err)
		same(t, "blockdev_getsz", sectors, int64(driveBytes/512))
		block, err := g.BlockdevGetbsz(ctx, dev)
		must(t, err)
		same(t, "blockdev_getbsz", block, 4096)
	}
	must(t, g.BlockdevSetra(ctx, disk(0), 1024))
	wantErr(t, g.BlockdevSetra(ctx, disk(0), -1), syscall.EINVAL)
	must(t, g.BlockdevFlushbufs(ctx, disk(0)))

	must(t, g.BlockdevSetro(ctx, disk(0)))
	ro, err := g.BlockdevGetro(ctx, disk(0))
	must(t, err)
	same(t, "blockdev_getro", ro, true)
	_, err = g.PwriteDevice(ctx, disk(0), []byte("x"), 0)
	wantErr(t, err, syscall.EPERM)
	must(t, g.BlockdevSetrw(ctx, disk(0)))
	ro, err = g.BlockdevGetro(ctx, disk(0))
	must(t, err)
	same(t, "blockdev_getro", ro, false)
}

func TestDeviceContent(t *testing.T) {
	ctx, g := shared(t)
	sda := disk(0)
	n, err := g.PwriteDevice(ctx, sda, []byte("hello"), 130_000)
	must(t, err)
	same(t, "pwrite_device", n, 5)
	read := func(count int, offset int64) string {
		t.Helper()
		b, err := g.PreadDevice(ctx, sda, count, offset)
		must(t, err)
		return string(b)
	}
	same(t, "pread_device", read(7, 129_999), "\x00hello\x00")
	same(t, "pread_device at the end", read(100, driveBytes-10), strings.Repeat("\x00", 10))
	same(t, "pread_device behind the end", read(100, driveBytes+10), "")
	_, err = g.PreadDevice(ctx, sda, 4<<20, 0)
	wantErr(t, err, syscall.EINVAL)
	_, err = g.PreadDevice(ctx, sda, -1, 0)
	wantErr(t, err, syscall.EINVAL)
	_, err = g.PwriteDevice(ctx, sda, []byte("x"), -1)
	wantErr(t, err, syscall.EINVAL)
	_, err = g.PwriteDevice(ctx, sda, []byte("x"), driveBytes)
	wantErr(t, err, syscall.ENOSPC)

	_, err = g.PwriteDevice(ctx, sda, []byte("kept"), 140_000)
	must(t, err)
	must(t, g.Zero(ctx, sda))
	same(t, "after zero", read(5, 130_000), "\x00\x00\x00\x00\x00")
	same(t, "after zero, further on", read(4, 140_000), "kept")
	_, err = g.PwriteDevice(ctx, sda, []byte("end"), driveBytes-3)
	must(t, err)
	must(t, g.ZeroDevice(ctx, sda))
	same(t, "after zero_device", read(4, 140_000)+read(3, driveBytes-3), strings.Repeat("\x00", 7))

	_, err = g.PwriteDevice(ctx, sda, bytes.Repeat([]byte{1}, 4096), 0)
	must(t, err)
	must(t, g.Mkfs(ctx, "ext4", sda, nil))
	must(t, g.Wipefs(ctx, sda))
	if kind, err := g.VfsType(ctx, guestfs.Mountable(sda)); err != nil || kind != "" {
		t.Errorf("vfs_type after wipefs = %q, %v; want none", kind, err)
	}
}

func TestDeviceNames(t *testing.T) {
	ctx, g := shared(t)
	size, err := g.BlockdevGetsize64(ctx, "/dev/vda")
	must(t, err)
	same(t, "size of vda, which is sda", size, int64(driveBytes))
	_, err = g.BlockdevGetsize64(ctx, "/dev/sdz")
	wantErr(t, err, syscall.ENOENT)
	_, err = g.BlockdevGetsize64(ctx, "/dev/null")
	wantErr(t, err, syscall.ENOTBLK)
	_, err = g.BlockdevGetsize64(ctx, "sda")
	var e *guestfs.Error
	if !errors.As(err, &e) {
		t.Errorf("error %v; want a *guestfs.Error", err)
	}
}
