package guests

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"virt-tools/pkg/guestfs"
)

// The disks of the matrix guest, which has a filesystem of each kind that the
// tools of libguestfs report on, and what they leave out:
//
//	sda  GPT: ext2, ext3, ext4, vfat, ntfs, exfat, f2fs, xfs, btrfs with a
//	     subvolume, swap, nothing
//	sdb  GPT: a physical volume with ext4 and nothing on volumes, two halves of
//	     a RAID 1 with ext4
//	sdc  ext4 on the whole disk
//	sdd  squashfs
const matrixName = "matrix-1" // the number changes with the layout

var matrixPartitions = []struct {
	fstype string
	mib    int64
}{
	{"ext2", 64}, {"ext3", 64}, {"ext4", 64}, {"vfat", 64}, {"ntfs", 64}, {"exfat", 64}, {"f2fs", 128}, {"xfs", 320}, {"btrfs", 256},
	{"swap", 16}, {"", 16},
}

// Matrix returns the disks of the matrix guest in their order.
func Matrix(ctx context.Context) ([]string, error) {
	dir, err := makeOnce(matrixName, func(temp string) error {
		disk := func(name string) string { return filepath.Join(temp, name) }
		if err := os.Mkdir(temp, 0o755); err != nil {
			return err
		}
		return errors.Join(
			os.Mkdir(disk("tree"), 0o755),
			os.WriteFile(disk("tree/file"), []byte(strings.Repeat("text\n", 100_000)), 0o644),
			run(ctx, "qemu-img", "create", "-q", "-f", "qcow2", disk("a.qcow2"), "1400M"),
			run(ctx, "truncate", "-s", "400M", disk("b.img")),
			run(ctx, "truncate", "-s", "64M", disk("c.img")),
			run(ctx, "mksquashfs", disk("tree"), disk("d.img"), "-quiet", "-no-progress"),
			fillMatrix(ctx, disk("a.qcow2"), disk("b.img"), disk("c.img")),
		)
	})
	var disks []string
	for _, name := range []string{"a.qcow2", "b.img", "c.img", "d.img"} {
		disks = append(disks, filepath.Join(dir, name))
	}
	return disks, err
}

func fillMatrix(ctx context.Context, images ...string) error {
	g := guestfs.New(nil)
	defer g.Close()
	for _, image := range images {
		format := map[string]string{".qcow2": "qcow2", ".img": "raw"}[filepath.Ext(image)]
		if err := g.AddDrive(image, &guestfs.AddDriveOpts{Format: format}); err != nil {
			return err
		}
	}
	if err := g.Launch(ctx); err != nil {
		return err
	}
	err := errors.Join(matrixSda(ctx, g), matrixSdb(ctx, g), g.Mkfs(ctx, "ext4", "/dev/sdc", nil), put(ctx, g, "/dev/sdc", 7))
	return errors.Join(err, g.Shutdown(ctx))
}

func matrixSda(ctx context.Context, g *guestfs.Handle) error {
	var sizes []int64
	for _, p := range matrixPartitions {
		sizes = append(sizes, p.mib)
	}
	if err := partition(ctx, g, "/dev/sda", sizes...); err != nil {
		return err
	}
	for i, p := range matrixPartitions {
		device := guestfs.Device(fmt.Sprintf("/dev/sda%d", i+1))
		var err error
		switch p.fstype {
		case "":
		case "swap":
			err = g.Mkswap(ctx, device, nil)
		default:
			if err = g.Mkfs(ctx, p.fstype, device, nil); err == nil {
				err = put(ctx, g, guestfs.Mountable(device), i+1)
			}
		}
		if err != nil {
			return err
		}
	}
	return errors.Join(
		g.Mount(ctx, "/dev/sda9", "/"), g.BtrfsSubvolumeCreate(ctx, "/sub volume", nil), g.UmountAll(ctx),
	)
}

func matrixSdb(ctx context.Context, g *guestfs.Handle) error {
	if err := partition(ctx, g, "/dev/sdb", 200, 64, 64); err != nil {
		return err
	}
	err := errors.Join(
		g.Pvcreate(ctx, "/dev/sdb1"),
		g.Vgcreate(ctx, "vg", []guestfs.Device{"/dev/sdb1"}),
		g.Lvcreate(ctx, "root", "vg", 64),
		g.Lvcreate(ctx, "a-b", "vg", 64),
		g.Lvcreate(ctx, "none", "vg", 16),
		g.Mkfs(ctx, "ext4", "/dev/vg/root", nil),
		g.Mkfs(ctx, "ext2", "/dev/vg/a-b", nil),
		put(ctx, g, "/dev/vg/root", 3),
		g.MdCreate(ctx, "array", []guestfs.Device{"/dev/sdb2", "/dev/sdb3"}, &guestfs.MdCreateOpts{Level: "raid1"}),
	)
	if err != nil {
		return err
	}
	arrays, err := g.ListMdDevices(ctx)
	if err != nil || len(arrays) != 1 {
		return fmt.Errorf("arrays %v, %w", arrays, err)
	}
	return errors.Join(g.Mkfs(ctx, "ext4", arrays[0], nil), put(ctx, g, guestfs.Mountable(arrays[0]), 5))
}

// partition makes a GPT with partitions of these sizes in MiB.
func partition(ctx context.Context, g *guestfs.Handle, disk guestfs.Device, sizes ...int64) error {
	const sectorsPerMiB = 2048
	if err := g.PartInit(ctx, disk, "gpt"); err != nil {
		return err
	}
	start := int64(sectorsPerMiB)
	for _, mib := range sizes {
		if err := g.PartAdd(ctx, disk, "primary", start, start+mib*sectorsPerMiB-1); err != nil {
			return err
		}
		start += mib * sectorsPerMiB
	}
	return nil
}

// put writes n MiB into a file of a filesystem.
func put(ctx context.Context, g *guestfs.Handle, on guestfs.Mountable, n int) error {
	if err := g.Mount(ctx, on, "/"); err != nil {
		return err
	}
	return errors.Join(g.Write(ctx, "/file", []byte(strings.Repeat("0123456789abcdef", n<<16))), g.UmountAll(ctx))
}
