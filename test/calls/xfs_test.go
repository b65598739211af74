package calls

import (
	"io/fs"
	"strings"
	"syscall"
	"testing"

	"virt-tools/pkg/guestfs"
)

func TestXFS(t *testing.T) {
	ctx, g := shared(t)
	must(t, g.PartInit(ctx, disk(0), "gpt"))
	must(t, g.PartAdd(ctx, disk(0), "p", 2048, 1026047)) // 500 MiB
	dev := guestfs.Device("/dev/sda1")
	must(t, g.Mkfs(ctx, "xfs", dev, &guestfs.MkfsOpts{Blocksize: 1024}))
	info := func(at string) *guestfs.XFSInfo {
		t.Helper()
		i, err := g.XfsInfo(ctx, at)
		must(t, err)
		return i
	}
	i := info(string(dev))
	same(t, "xfs_info", []any{i.XfsMntpoint, i.XfsBlocksize, i.XfsDatablocks, i.XfsAgcount, i.XfsAgsize, i.XfsInodesize, i.XfsSectsize, i.XfsDirversion, i.XfsLogname, i.XfsRtname, i.XfsRtblocks},
		[]any{"/dev/sda1", uint32(1024), uint64(512000), uint32(4), uint32(128000), uint32(512), uint32(512), uint32(2), "internal log", "none", uint64(0)})

	must(t, g.XfsAdmin(ctx, dev, &guestfs.XfsAdminOpts{Label: "by admin", Uuid: newUUID, Extunwritten: true}))
	label, err := g.VfsLabel(ctx, "/dev/sda1")
	must(t, err)
	uuid, err := g.VfsUuid(ctx, "/dev/sda1")
	must(t, err)
	same(t, "label and UUID", []string{label, uuid}, []string{"by admin", newUUID})
	must(t, g.XfsAdmin(ctx, dev, &guestfs.XfsAdminOpts{Label: "--", Uuid: "generate"}))
	label, err = g.VfsLabel(ctx, "/dev/sda1")
	must(t, err)
	same(t, "label", label, "")
	wantErr(t, g.XfsAdmin(ctx, dev, &guestfs.XfsAdminOpts{Uuid: "x; quit"}), syscall.EINVAL)

	// The filesystem is smaller than its device, then grows.
	must(t, g.PartResize(ctx, disk(0), 1, 1231000))
	must(t, g.Mount(ctx, "/dev/sda1", "/"))
	must(t, g.XfsGrowfs(ctx, "/", &guestfs.XfsGrowfsOpts{Datasec: true, Datasize: 520000}))
	same(t, "blocks", info("/").XfsDatablocks, uint64(520000))
	must(t, g.XfsGrowfs(ctx, "/", &guestfs.XfsGrowfsOpts{Datasec: true}))
	same(t, "blocks", info("/dev/sda1").XfsDatablocks, uint64((1231000-2047)/2))
	must(t, g.XfsGrowfs(ctx, "/", &guestfs.XfsGrowfsOpts{Maxpct: ptr(30)}))
	pairs, err := g.XfsInfo2(ctx, "/")
	must(t, err)
	got := map[string]string{}
	for _, p := range pairs {
		got[p.Key] = p.Value
	}
	same(t, "xfs_info2", []string{got["data.imaxpct"], got["data.swidth"], got["naming"], got["log"], got["meta-data.crc"]}, []string{"30", "0 blks", "version 2", "internal log", "1"})
	wantErr(t, g.XfsGrowfs(ctx, "/", &guestfs.XfsGrowfsOpts{Datasize: -1}), syscall.EINVAL)
	wantErr(t, g.XfsGrowfs(ctx, "/none", nil), fs.ErrNotExist)
	must(t, g.Write(ctx, "/file", []byte("content")))

	// A file with a filesystem in it.
	must(t, g.CopyDeviceToFile(ctx, disk(1), "/image", &guestfs.CopyDeviceToFileOpts{Size: ptr(int64(1 << 20)), Sparse: true}))
	if _, err := g.XfsInfo2(ctx, "/image"); err == nil {
		t.Error("xfs_info2 of zeroes succeeds")
	}
	status, err := g.XfsRepair(ctx, "/image", &guestfs.XfsRepairOpts{Nomodify: true})
	must(t, err)
	same(t, "xfs_repair of zeroes", status, 1)
	must(t, g.UmountAll(ctx))
}

func TestXFSRepair(t *testing.T) {
	ctx, g := shared(t)
	must(t, g.PartInit(ctx, disk(0), "gpt"))
	must(t, g.PartAdd(ctx, disk(0), "p", 2048, 1026047))
	dev := guestfs.Device("/dev/sda1")
	must(t, g.Mkfs(ctx, "xfs", dev, nil))
	repair := func(opts *guestfs.XfsRepairOpts, want int) {
		t.Helper()
		status, err := g.XfsRepair(ctx, string(dev), opts)
		must(t, err)
		same(t, "xfs_repair", status, want)
	}
	repair(nil, 0)
	repair(&guestfs.XfsRepairOpts{Nomodify: true, Noprefetch: true}, 0)
	// The header of the first free space tree.
	_, err := g.PwriteDevice(ctx, dev, []byte(strings.Repeat("x", 64)), 4096)
	must(t, err)
	repair(&guestfs.XfsRepairOpts{Nomodify: true}, 1)
	repair(&guestfs.XfsRepairOpts{Forcelogzero: true}, 0)
	repair(&guestfs.XfsRepairOpts{Nomodify: true}, 0)
	_, err = g.XfsRepair(ctx, string(dev), &guestfs.XfsRepairOpts{Maxmem: 1})
	wantErr(t, err, syscall.EINVAL)
	_, err = g.XfsRepair(ctx, string(dev), &guestfs.XfsRepairOpts{Logdev: "/dev/sdz"})
	wantErr(t, err, fs.ErrNotExist)
}
