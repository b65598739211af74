package calls

import (
	"errors"
	"slices"
	"strings"
	"syscall"
	"testing"

	"virt-tools/pkg/guestfs"
)

func TestMd(t *testing.T) {
	ctx, g := shared(t)
	for i := range 3 {
		must(t, g.PartDisk(ctx, disk(i), "mbr"))
	}
	none, err := g.ListMdDevices(ctx)
	must(t, err)
	same(t, "list_md_devices without any", len(none), 0)

	must(t, g.MdCreate(ctx, "mirror", []guestfs.Device{"/dev/sda1", "/dev/sdb1"}, nil))
	must(t, g.MdCreate(ctx, "parity", []guestfs.Device{"/dev/sdc1", disk(3)}, &guestfs.MdCreateOpts{Level: "raid5", Missingbitmap: 4, Chunk: 64 << 10}))
	arrays, err := g.ListMdDevices(ctx)
	must(t, err)
	same(t, "list_md_devices", arrays, []guestfs.Device{"/dev/md126", "/dev/md127"})

	detail, err := g.MdDetail(ctx, "/dev/md127")
	must(t, err)
	values := map[string]string{}
	for _, p := range detail {
		values[p.Key] = p.Value
	}
	same(t, "md_detail", []string{values["level"], values["devices"], values["metadata"]}, []string{"raid1", "2", "1.2"})
	if !strings.HasSuffix(values["name"], "mirror") || len(values["uuid"]) != 35 {
		t.Errorf("md_detail: name %q, uuid %q", values["name"], values["uuid"])
	}
	stat, err := g.MdStat(ctx, "/dev/md127")
	must(t, err)
	same(t, "md_stat", stat, []guestfs.MDStat{{MdstatDevice: "/dev/sdb1", MdstatIndex: 1}, {MdstatDevice: "/dev/sda1"}})

	must(t, g.Mkfs(ctx, "ext4", "/dev/md127", nil))
	must(t, g.Pvcreate(ctx, "/dev/md126"))
	list, err := g.ListFilesystems(ctx)
	must(t, err)
	same(t, "list_filesystems", list, guestfs.Pairs{{Key: "/dev/sde", Value: "unknown"}, {Key: "/dev/md127", Value: "ext4"}})
	kind, err := g.VfsType(ctx, "/dev/sda1")
	must(t, err)
	same(t, "type of a member", kind, "linux_raid_member")

	// The table is in the array: its partitions are devices as others are.
	must(t, g.PartDisk(ctx, "/dev/md127", "gpt"))
	must(t, g.Mkfs(ctx, "ext2", "/dev/md127p1", nil))
	list, err = g.ListFilesystems(ctx)
	must(t, err)
	same(t, "list_filesystems", list, guestfs.Pairs{{Key: "/dev/sde", Value: "unknown"}, {Key: "/dev/md127p1", Value: "ext2"}})

	const newID = "0a1b2c3d:4e5f6071:8293a4b5:c6d7e8f9"
	wantErr(t, g.MdSetUuid(ctx, "/dev/md127", "1-2-3"), syscall.EINVAL)
	must(t, g.MdSetUuid(ctx, "/dev/md127", newID))
	detail, err = g.MdDetail(ctx, "/dev/md127")
	must(t, err)
	_, err = g.VfsType(ctx, "/dev/md/mirror") // the name stays
	must(t, err)
	if i := slices.IndexFunc(detail, func(p guestfs.Pair) bool { return p.Key == "uuid" }); i < 0 || detail[i].Value != newID {
		t.Errorf("md_detail after md_set_uuid: %v", detail)
	}
	must(t, g.MountRo(ctx, "/dev/md127p1", "/"))
	if err := g.MdSetUuid(ctx, "/dev/md127", newID); err == nil {
		t.Error("md_set_uuid of an array in use succeeds")
	}
	must(t, g.UmountAll(ctx))

	must(t, g.MdStop(ctx, "/dev/md127"))
	arrays, err = g.ListMdDevices(ctx)
	must(t, err)
	same(t, "list_md_devices", arrays, []guestfs.Device{"/dev/md126"})
}

func TestMdErrors(t *testing.T) {
	ctx, g := shared(t)
	for what, err := range map[string]error{
		"level":  g.MdCreate(ctx, "r", []guestfs.Device{disk(0), disk(1)}, &guestfs.MdCreateOpts{Level: "raid7"}),
		"chunk":  g.MdCreate(ctx, "r", []guestfs.Device{disk(0), disk(1)}, &guestfs.MdCreateOpts{Chunk: 1000}),
		"count":  g.MdCreate(ctx, "r", []guestfs.Device{disk(0), disk(1)}, &guestfs.MdCreateOpts{Nrdevices: 3}),
		"option": g.MdCreate(ctx, "--help", []guestfs.Device{disk(0), disk(1)}, nil),
	} {
		if !errors.Is(err, syscall.EINVAL) {
			t.Errorf("%s: error %v; want EINVAL", what, err)
		}
	}
	_, err := g.MdStat(ctx, disk(0))
	wantErr(t, err, syscall.ENODEV)
	if _, err := g.MdDetail(ctx, disk(0)); err == nil || !strings.Contains(err.Error(), "md device") {
		t.Errorf("md_detail of a disk: %v", err)
	}
}
