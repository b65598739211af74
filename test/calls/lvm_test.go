package calls

import (
	"errors"
	"io/fs"
	"strings"
	"syscall"
	"testing"

	"virt-tools/pkg/guestfs"
)

// TestLVM: sda and sdb make the group vg-one (hyphens are doubled in the names
// of mapped devices), sdc the group two.
func TestLVM(t *testing.T) {
	ctx, g := shared(t)
	none, err := g.Lvs(ctx)
	must(t, err)
	same(t, "lvs without LVM", len(none), 0)

	must(t, g.Mkfs(ctx, "ext4", disk(1), nil)) // pvcreate asks nothing about it
	for i := range 3 {
		must(t, g.Pvcreate(ctx, disk(i)))
	}
	must(t, g.Vgcreate(ctx, "vg-one", []guestfs.Device{disk(0), disk(1)}))
	must(t, g.Vgcreate(ctx, "two", []guestfs.Device{disk(2)}))
	must(t, g.Lvcreate(ctx, "root-lv", "vg-one", 100))
	must(t, g.LvcreateFree(ctx, "rest", "vg-one", 50))
	must(t, g.Lvcreate(ctx, "a", "two", 10))

	pvs, err := g.Pvs(ctx)
	must(t, err)
	same(t, "pvs", pvs, []guestfs.Device{"/dev/sda", "/dev/sdb", "/dev/sdc"})
	vgs, err := g.Vgs(ctx)
	must(t, err)
	same(t, "vgs", vgs, []string{"two", "vg-one"})
	volumes := []guestfs.Device{"/dev/two/a", "/dev/vg-one/rest", "/dev/vg-one/root-lv"}
	lvs, err := g.Lvs(ctx)
	must(t, err)
	same(t, "lvs", lvs, volumes)
	dm, err := g.ListDmDevices(ctx)
	must(t, err)
	same(t, "list_dm_devices", len(dm), 0)

	for _, lv := range volumes {
		is, err := g.IsLv(ctx, guestfs.Mountable(lv))
		must(t, err)
		same(t, "is_lv "+string(lv), is, true)
	}
	is, err := g.IsLv(ctx, guestfs.Mountable(disk(0)))
	must(t, err)
	same(t, "is_lv of a disk", is, false)

	for _, name := range []string{"/dev/mapper/vg--one-root--lv", "/dev/vg-one/root-lv"} {
		lv, err := g.LvmCanonicalLvName(ctx, name)
		must(t, err)
		same(t, name, lv, guestfs.Device("/dev/vg-one/root-lv"))
	}
	_, err = g.LvmCanonicalLvName(ctx, "/dev/sda")
	wantErr(t, err, syscall.EINVAL)
	_, err = g.LvmCanonicalLvName(ctx, "/dev/vg-one/none")
	wantErr(t, err, fs.ErrNotExist)
	_, err = g.LvmCanonicalLvName(ctx, "root-lv")
	wantErr(t, err, syscall.EINVAL)

	// 4 MiB extents: 10 MiB become 12.
	size, err := g.BlockdevGetsize64(ctx, "/dev/two/a")
	must(t, err)
	same(t, "size of a", size, int64(12<<20))
	must(t, g.Lvresize(ctx, "/dev/two/a", 16))
	must(t, g.Lvresize(ctx, "/dev/two/a", 16)) // no change is no error
	size, err = g.BlockdevGetsize64(ctx, "/dev/two/a")
	must(t, err)
	same(t, "size of a", size, int64(16<<20))

	must(t, g.Lvrename(ctx, "/dev/two/a", "/dev/two/b"))
	must(t, g.Vgrename(ctx, "two", "three"))
	must(t, g.Mkfs(ctx, "ext4", "/dev/three/b", nil))

	must(t, g.VgActivate(ctx, false, []string{"three"}))
	_, err = g.VfsType(ctx, "/dev/three/b")
	wantErr(t, err, fs.ErrNotExist)
	lvs, err = g.Lvs(ctx)
	must(t, err)
	same(t, "lvs, inactive ones too", lvs[0], guestfs.Device("/dev/three/b"))
	must(t, g.VgActivateAll(ctx, false))
	must(t, g.LvmScan(ctx, false))
	_, err = g.VfsType(ctx, "/dev/three/b")
	wantErr(t, err, fs.ErrNotExist)
	must(t, g.LvmScan(ctx, true))
	kind, err := g.VfsType(ctx, "/dev/three/b")
	must(t, err)
	same(t, "vfs_type", kind, "ext4")
	must(t, g.VgActivateAll(ctx, false))
	must(t, g.VgActivateAll(ctx, true))

	must(t, g.Lvremove(ctx, "/dev/three/b"))
	if err := g.Pvremove(ctx, disk(2)); err == nil {
		t.Error("pvremove of a volume in a group succeeds")
	}
	must(t, g.Vgremove(ctx, "three"))
	must(t, g.Pvremove(ctx, disk(2)))
	must(t, g.LvmRemoveAll(ctx))
	pvs, err = g.Pvs(ctx)
	must(t, err)
	same(t, "pvs after lvm_remove_all", len(pvs), 0)
	must(t, g.LvmRemoveAll(ctx))
}

func TestLVMAttributes(t *testing.T) {
	ctx, g := shared(t)
	must(t, g.PartDisk(ctx, disk(0), "gpt"))
	must(t, g.Pvcreate(ctx, "/dev/sda1"))
	must(t, g.Vgcreate(ctx, "vg", []guestfs.Device{"/dev/sda1"}))
	must(t, g.Lvcreate(ctx, "lv1", "vg", 64))
	must(t, g.Lvcreate(ctx, "lv2", "vg", 8))

	pv, err := g.PvsFull(ctx)
	must(t, err)
	vg, err := g.VgsFull(ctx)
	must(t, err)
	lv, err := g.LvsFull(ctx)
	must(t, err)
	if len(pv) != 1 || len(vg) != 1 || len(lv) != 2 {
		t.Fatalf("%d, %d, %d structures; want 1, 1, 2", len(pv), len(vg), len(lv))
	}
	const extent, extents = 4 << 20, 255 // of 1 GiB without its first and last 64 KiB and the 1 MiB of the volume
	same(t, "pv", []any{pv[0].PvName, pv[0].PvFmt, pv[0].PvSize, pv[0].PvUsed, pv[0].PvFree, pv[0].PvPeCount, pv[0].PvPeAllocCount, pv[0].PeStart, pv[0].PvAttr, pv[0].DevSize},
		[]any{"/dev/sda1", "lvm2", int64(extents * extent), int64(18 * extent), int64((extents - 18) * extent), int64(extents), int64(18), int64(1 << 20), "a--", int64(driveBytes - (128+127)*512)})
	same(t, "vg", []any{vg[0].VgName, vg[0].VgSize, vg[0].VgFree, vg[0].VgExtentSize, vg[0].VgExtentCount, vg[0].VgFreeCount, vg[0].PvCount, vg[0].LvCount, vg[0].SnapCount, vg[0].VgAttr},
		[]any{"vg", int64(extents * extent), int64((extents - 18) * extent), int64(extent), int64(extents), int64(extents - 18), int64(1), int64(2), int64(0), "wz--n-"})
	same(t, "lv", []any{lv[0].LvName, lv[0].LvSize, lv[0].SegCount, lv[0].SnapPercent, lv[0].CopyPercent, lv[1].LvName, lv[1].LvSize},
		[]any{"lv1", int64(64 << 20), int64(1), float32(-1), float32(-1), "lv2", int64(8 << 20)})

	bare := func(s string, err error) string {
		must(t, err)
		return strings.ReplaceAll(s, "-", "")
	}
	same(t, "pvuuid", bare(g.Pvuuid(ctx, "/dev/sda1")), pv[0].PvUuid)
	same(t, "vguuid", bare(g.Vguuid(ctx, "vg")), vg[0].VgUuid)
	same(t, "lvuuid", bare(g.Lvuuid(ctx, "/dev/vg/lv1")), lv[0].LvUuid)
	pvids, err := g.Vgpvuuids(ctx, "vg")
	must(t, err)
	same(t, "vgpvuuids", []string{bare(pvids[0], nil)}, []string{pv[0].PvUuid})
	lvids, err := g.Vglvuuids(ctx, "vg")
	must(t, err)
	same(t, "vglvuuids", []string{bare(lvids[0], nil), bare(lvids[1], nil)}, []string{lv[0].LvUuid, lv[1].LvUuid})
	id, err := g.Pvuuid(ctx, "/dev/sda1")
	must(t, err)
	found, err := g.FindfsUuid(ctx, id)
	must(t, err)
	same(t, "findfs_uuid of a PV", found, guestfs.Device("/dev/sda1"))

	must(t, g.Lvremove(ctx, "/dev/vg/lv1"))
	must(t, g.Lvremove(ctx, "/dev/vg/lv2"))
	lvids, err = g.Vglvuuids(ctx, "vg")
	must(t, err)
	same(t, "vglvuuids of an empty group", len(lvids), 0)
	must(t, g.Pvresize(ctx, "/dev/sda1"))
}

func TestLVMErrors(t *testing.T) {
	ctx, g := shared(t)
	must(t, g.Pvcreate(ctx, disk(0)))
	must(t, g.Vgcreate(ctx, "vg", []guestfs.Device{disk(0)}))
	for what, err := range map[string]error{
		"group as option":  g.Vgcreate(ctx, "--force", []guestfs.Device{disk(1)}),
		"volume as option": g.Lvcreate(ctx, "-n", "vg", 10),
		"tag":              g.Vgremove(ctx, "@all"),
		"empty name":       g.Vgremove(ctx, ""),
		"rename":           g.Vgrename(ctx, "vg", "-x"),
		"no size":          g.Lvcreate(ctx, "lv", "vg", 0),
		"percent":          g.LvcreateFree(ctx, "lv", "vg", 101),
		"activate option":  g.VgActivate(ctx, true, []string{"--select"}),
	} {
		if !errors.Is(err, syscall.EINVAL) {
			t.Errorf("%s: error %v; want EINVAL", what, err)
		}
	}
	for what, want := range map[string]struct {
		err  error
		text string
	}{
		"no such group":  {g.Lvcreate(ctx, "lv", "none", 10), `Volume group "none" not found`},
		"too large":      {g.Lvcreate(ctx, "lv", "vg", 5000), "insufficient free space"},
		"group twice":    {g.Vgcreate(ctx, "vg", []guestfs.Device{disk(1)}), "already exists"},
		"no such volume": {g.Lvrename(ctx, "/dev/vg/no", "yes"), "not found"},
	} {
		if want.err == nil || !strings.Contains(want.err.Error(), want.text) {
			t.Errorf("%s: error %v; want %q", what, want.err, want.text)
		}
	}
}

// TestLVMPartial: a group that lost a disk must not hide the other one.
func TestLVMPartial(t *testing.T) {
	ctx, g := shared(t)
	for i := range 3 {
		must(t, g.Pvcreate(ctx, disk(i)))
	}
	must(t, g.Vgcreate(ctx, "whole", []guestfs.Device{disk(0)}))
	must(t, g.Lvcreate(ctx, "lv", "whole", 64))
	must(t, g.Mkfs(ctx, "ext4", "/dev/whole/lv", nil))
	must(t, g.Vgcreate(ctx, "broken", []guestfs.Device{disk(1), disk(2)}))
	must(t, g.LvcreateFree(ctx, "lv", "broken", 100))
	must(t, g.VgActivateAll(ctx, false))
	must(t, g.ZeroDevice(ctx, disk(2)))
	must(t, g.LvmScan(ctx, true))
	list, err := g.ListFilesystems(ctx)
	must(t, err)
	same(t, "list_filesystems", list, guestfs.Pairs{
		{Key: "/dev/sdc", Value: "unknown"}, {Key: "/dev/sdd", Value: "unknown"}, {Key: "/dev/sde", Value: "unknown"},
		{Key: "/dev/broken/lv", Value: "unknown"}, {Key: "/dev/whole/lv", Value: "ext4"},
	})
	must(t, g.LvmRemoveAll(ctx))
}

// TestLVMChanges: sizes, UUIDs, metadata and the filter.
func TestLVMChanges(t *testing.T) {
	ctx, g := shared(t)
	for i, vg := range []string{"one", "two"} {
		must(t, g.PartDisk(ctx, disk(i), "gpt"))
		dev := disk(i) + "1"
		must(t, g.Pvcreate(ctx, dev))
		must(t, g.Vgcreate(ctx, vg, []guestfs.Device{dev}))
		must(t, g.Lvcreate(ctx, "lv", vg, 64))
	}
	must(t, g.PvresizeSize(ctx, "/dev/sda1", 513<<20))
	must(t, g.LvresizeFree(ctx, "/dev/one/lv", 50))
	size, err := g.BlockdevGetsize64(ctx, "/dev/one/lv")
	must(t, err)
	same(t, "half of what was free, and what there was", size, int64(64<<20+(512-64)<<20/2))
	must(t, g.LvresizeFree(ctx, "/dev/one/lv", 100))
	must(t, g.LvresizeFree(ctx, "/dev/one/lv", 100))
	wantErr(t, g.LvresizeFree(ctx, "/dev/one/lv", 101), syscall.EINVAL)
	wantErr(t, g.PvresizeSize(ctx, "/dev/sda1", 0), syscall.EINVAL)
	if err := g.PvresizeSize(ctx, "/dev/sda1", 64<<20); err == nil {
		t.Error("pvresize_size below what is used succeeds")
	}

	must(t, g.LvmSetFilter(ctx, []guestfs.Device{disk(0)}))
	vgs, err := g.Vgs(ctx)
	must(t, err)
	same(t, "vgs", vgs, []string{"one"})
	lvs, err := g.Lvs(ctx)
	must(t, err)
	same(t, "lvs", lvs, []guestfs.Device{"/dev/one/lv"})
	must(t, g.LvmSetFilter(ctx, []guestfs.Device{"/dev/sdb1"}))
	pvs, err := g.Pvs(ctx)
	must(t, err)
	same(t, "pvs", pvs, []guestfs.Device{"/dev/sdb1"})
	_, err = g.BlockdevGetsize64(ctx, "/dev/one/lv")
	wantErr(t, err, fs.ErrNotExist)
	must(t, g.LvmClearFilter(ctx))
	must(t, g.Vgscan(ctx))
	vgs, err = g.Vgs(ctx)
	must(t, err)
	same(t, "vgs", vgs, []string{"one", "two"})
	_, err = g.BlockdevGetsize64(ctx, "/dev/one/lv")
	must(t, err)

	meta, err := g.Vgmeta(ctx, "two")
	must(t, err)
	if text := string(meta); !strings.Contains(text, "two {") || !strings.Contains(text, `device = "/dev/sdb1"`) {
		t.Errorf("vgmeta = %q", text)
	}
	_, err = g.Vgmeta(ctx, "-f")
	wantErr(t, err, syscall.EINVAL)

	must(t, g.VgActivateAll(ctx, false))
	uuids := func() []string {
		t.Helper()
		var all []string
		for i, vg := range []string{"one", "two"} {
			pv, err := g.Pvuuid(ctx, disk(i)+"1")
			must(t, err)
			id, err := g.Vguuid(ctx, vg)
			must(t, err)
			all = append(all, pv, id)
		}
		return all
	}
	differ := func(before, after []string) (list []bool) {
		for i := range before {
			list = append(list, before[i] != after[i])
		}
		return list
	}
	first := uuids()
	must(t, g.PvchangeUuid(ctx, "/dev/sda1"))
	must(t, g.VgchangeUuid(ctx, "two"))
	second := uuids()
	same(t, "changed", differ(first, second), []bool{true, false, false, true})
	must(t, g.PvchangeUuidAll(ctx))
	must(t, g.VgchangeUuidAll(ctx))
	same(t, "all changed", differ(second, uuids()), []bool{true, true, true, true})
}
