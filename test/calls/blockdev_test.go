package calls

import (
	"bytes"
	"errors"
	"io/fs"
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

func TestDeviceIndex(t *testing.T) {
	_, g := shared(t)
	for dev, want := range map[guestfs.Device]int{"/dev/sda": 0, "/dev/sdz": 25, "/dev/vdaa": 26, "/dev/hdb": 1} {
		n, err := g.DeviceIndex(dev)
		must(t, err)
		same(t, "device_index "+string(dev), n, want)
	}
	for _, dev := range []guestfs.Device{"/dev/md0", "/dev/vg/lv", "/dev/sda1", "sda", "/dev/sd", ""} {
		_, err := g.DeviceIndex(dev)
		wantErr(t, err, syscall.EINVAL)
	}
	name, err := g.DeviceName(4)
	must(t, err)
	same(t, "device_name", name, disk(4))
	for _, n := range []int{-1, driveCount} {
		_, err := g.DeviceName(n)
		wantErr(t, err, syscall.EINVAL)
	}
}

func TestDiscard(t *testing.T) {
	ctx, g := shared(t)
	must(t, g.PartInit(ctx, disk(0), "gpt"))
	must(t, g.PartAdd(ctx, disk(0), "p", 2048, 4095))
	zero := func(want bool) {
		t.Helper()
		is, err := g.IsZeroDevice(ctx, "/dev/sda1")
		must(t, err)
		same(t, "is_zero_device", is, want)
	}
	zero(true)
	_, err := g.PwriteDevice(ctx, "/dev/sda1", []byte{1}, 1<<20-1)
	must(t, err)
	zero(false)
	must(t, g.Blkdiscard(ctx, "/dev/sda1"))
	zero(true)
	no, err := g.Blkdiscardzeroes(ctx, disk(0))
	must(t, err)
	same(t, "blkdiscardzeroes", no, false)
	must(t, g.BlockdevSetbsz(ctx, disk(0), 1024))
	must(t, g.ScrubDevice(ctx, "/dev/sda1"))
	zero(false)
}

// TestCopy: sda1 is the filesystem, sdb and sdc are copied from and to.
func TestCopy(t *testing.T) {
	ctx, g := shared(t)
	must(t, g.PartInit(ctx, disk(0), "gpt"))
	must(t, g.PartAdd(ctx, disk(0), "p", 2048, 65535))
	must(t, g.Mkfs(ctx, "ext4", "/dev/sda1", nil))
	must(t, g.Mount(ctx, "/dev/sda1", "/"))
	content := bytes.Repeat([]byte("0123456789abcdef"), 1<<16) // 1 MiB
	_, err := g.PwriteDevice(ctx, disk(1), content, 1<<20)
	must(t, err)
	read := func(dev guestfs.Device, count int, offset int64) []byte {
		t.Helper()
		b, err := g.PreadDevice(ctx, dev, count, offset)
		must(t, err)
		return b
	}
	must(t, g.CopyDeviceToDevice(ctx, disk(1), disk(2), &guestfs.CopyDeviceToDeviceOpts{Srcoffset: 1<<20 + 3, Destoffset: 5, Size: ptr(int64(100_000))}))
	same(t, "device to device", string(read(disk(2), 100_010, 0)), strings.Repeat("\x00", 5)+string(content[3:100_003])+strings.Repeat("\x00", 5))

	// What lies there stays where the source is zero.
	must(t, g.CopyDeviceToDevice(ctx, disk(1), disk(2), &guestfs.CopyDeviceToDeviceOpts{Size: ptr(int64(1 << 20)), Sparse: true}))
	same(t, "sparse", string(read(disk(2), 20, 0)), strings.Repeat("\x00", 5)+string(content[3:18]))

	must(t, g.CopyDeviceToFile(ctx, disk(1), "/file", &guestfs.CopyDeviceToFileOpts{Srcoffset: 1 << 20, Size: ptr(int64(3 << 20)), Sparse: true}))
	size, err := g.Filesize(ctx, "/file")
	must(t, err)
	same(t, "size with a hole at the end", size, int64(3<<20))
	st, err := g.Lstatns(ctx, "/file")
	must(t, err)
	if st.StBlocks > 2100 {
		t.Errorf("%d blocks in a sparse file; want 2048 and few more", st.StBlocks)
	}
	must(t, g.CopyFileToFile(ctx, "/file", "/other", &guestfs.CopyFileToFileOpts{Size: ptr(int64(16))}))
	must(t, g.CopyFileToFile(ctx, "/file", "/other", &guestfs.CopyFileToFileOpts{Size: ptr(int64(4)), Append: true}))
	text, err := g.Cat(ctx, "/other")
	must(t, err)
	same(t, "appended", text, "0123456789abcdef0123")
	must(t, g.CopyFileToFile(ctx, "/file", "/other", &guestfs.CopyFileToFileOpts{Size: ptr(int64(0))}))
	size, err = g.Filesize(ctx, "/other")
	must(t, err)
	same(t, "no bytes", size, int64(0))
	must(t, g.CopyFileToDevice(ctx, "/file", disk(2), &guestfs.CopyFileToDeviceOpts{Destoffset: 512 << 20}))
	same(t, "file to device", read(disk(2), 1<<20, 512<<20), content)

	must(t, g.CopySize(ctx, "/dev/sdc", "/file", 7))
	text, err = g.Cat(ctx, "/file")
	must(t, err)
	same(t, "copy_size", text, "\x00\x00\x00\x00\x0034")
	must(t, g.Dd(ctx, "/file", "/dd"))
	text, err = g.Cat(ctx, "/dd")
	must(t, err)
	same(t, "dd", text, "\x00\x00\x00\x00\x0034")
	must(t, g.Dd(ctx, "/dd", "/dev/sdc"))

	for what, want := range map[string]struct {
		err error
		is  error
	}{
		"negative offset": {g.CopyFileToFile(ctx, "/file", "/other", &guestfs.CopyFileToFileOpts{Srcoffset: -1}), syscall.EINVAL},
		"append device":   {g.CopyFileToDevice(ctx, "/file", disk(2), &guestfs.CopyFileToDeviceOpts{Append: true}), syscall.EINVAL},
		"to itself":       {g.CopyFileToFile(ctx, "/file", "/file", nil), syscall.EINVAL},
		"too short":       {g.CopySize(ctx, "/file", "/short", 100), syscall.EINVAL},
		"no file":         {g.Dd(ctx, "/none", "/x"), fs.ErrNotExist},
		"too large":       {g.CopyDeviceToFile(ctx, disk(1), "/large", nil), syscall.ENOSPC},
		"beyond the end":  {g.CopyFileToDevice(ctx, "/dd", disk(2), &guestfs.CopyFileToDeviceOpts{Destoffset: driveBytes - 3}), syscall.ENOSPC},
	} {
		if !errors.Is(want.err, want.is) {
			t.Errorf("%s: error %v; want %v", what, want.err, want.is)
		}
	}
	text, err = g.Cat(ctx, "/file")
	must(t, err)
	same(t, "source of a copy to itself", len(text), 7)
}
