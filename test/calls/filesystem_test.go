package calls

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"testing"

	"virt-tools/pkg/guestfs"
)

// mkfsCases are the filesystems that the appliance's programs make. The first
// label is given to mkfs, the second to set_label; empty means that the call
// does not know the filesystem.
var mkfsCases = []struct {
	fstype, vfsType string
	opts            guestfs.MkfsOpts
	label           string
	uuid            bool // set_uuid works
	shrinks         bool // vfs_minimum_size works without a mount
}{
	{"ext2", "ext2", guestfs.MkfsOpts{Blocksize: 1024, Label: "one"}, "two words", true, true},
	{"ext3", "ext3", guestfs.MkfsOpts{Inode: 256}, "three", true, true},
	{"ext4", "ext4", guestfs.MkfsOpts{Features: "^has_journal", Label: "sixteen-bytes-16"}, "-dash", true, true},
	{"xfs", "xfs", guestfs.MkfsOpts{Blocksize: 1024, Label: "twelve-bytes"}, "a b", true, false},
	{"btrfs", "btrfs", guestfs.MkfsOpts{Label: "volume"}, "other volume", true, false},
	{"vfat", "vfat", guestfs.MkfsOpts{Label: "EFI"}, "SYSTEM", false, false},
	{"msdos", "vfat", guestfs.MkfsOpts{Blocksize: 4096}, "DOS", false, false},
	{"ntfs", "ntfs", guestfs.MkfsOpts{Label: "Wïndows", Blocksize: 8192}, "Größe", false, true},
	{"exfat", "exfat", guestfs.MkfsOpts{Label: "stick"}, "", false, false},
	{"f2fs", "f2fs", guestfs.MkfsOpts{Label: "flash"}, "", false, false},
}

const newUUID = "01234567-89ab-4def-8123-456789abcdef"

func TestMkfs(t *testing.T) {
	ctx, g := shared(t)
	for _, tc := range mkfsCases {
		dev := disk(0)
		m := guestfs.Mountable(dev)
		must(t, g.Mkfs(ctx, tc.fstype, dev, &tc.opts)) // over what was made before
		kind, err := g.VfsType(ctx, m)
		must(t, err)
		same(t, "vfs_type", kind, tc.vfsType)
		label, err := g.VfsLabel(ctx, m)
		must(t, err)
		same(t, tc.fstype+" label", label, tc.opts.Label)
		sameAsBlkid(t, ctx, g, m)

		if tc.label != "" {
			must(t, g.SetLabel(ctx, m, tc.label))
			label, err = g.VfsLabel(ctx, m)
			must(t, err)
			same(t, tc.fstype+" label", label, tc.label)
			found, err := g.FindfsLabel(ctx, tc.label)
			must(t, err)
			same(t, "findfs_label", found, dev)
		} else {
			wantErr(t, g.SetLabel(ctx, m, "x"), errors.ErrUnsupported)
		}
		if tc.uuid {
			must(t, g.SetUuid(ctx, dev, newUUID))
			uuid, err := g.VfsUuid(ctx, m)
			must(t, err)
			same(t, tc.fstype+" uuid", uuid, newUUID)
			found, err := g.FindfsUuid(ctx, uuid)
			must(t, err)
			same(t, "findfs_uuid", found, dev)
			must(t, g.SetUuidRandom(ctx, dev))
			uuid, err = g.VfsUuid(ctx, m)
			must(t, err)
			if uuid == newUUID || len(uuid) != 36 {
				t.Errorf("%s: uuid %q after set_uuid_random", tc.fstype, uuid)
			}
		} else {
			wantErr(t, g.SetUuid(ctx, dev, newUUID), errors.ErrUnsupported)
			wantErr(t, g.SetUuidRandom(ctx, dev), errors.ErrUnsupported)
		}
		sameAsBlkid(t, ctx, g, m)
		if tc.shrinks {
			size, err := g.VfsMinimumSize(ctx, m)
			must(t, err)
			if size <= 0 || size >= driveBytes/2 || size%1024 != 0 {
				t.Errorf("%s: minimum size %d", tc.fstype, size)
			}
		}
	}
}

// sameAsBlkid compares what the daemon reads itself with the blkid call, which
// always runs blkid.
func sameAsBlkid(t *testing.T, ctx context.Context, g *guestfs.Handle, m guestfs.Mountable) {
	t.Helper()
	pairs, err := g.Blkid(ctx, guestfs.Device(m))
	must(t, err)
	want := map[string]string{}
	for _, p := range pairs {
		want[p.Key] = strings.ReplaceAll(p.Value, `\`, "") // export escapes blanks
	}
	kind, err := g.VfsType(ctx, m)
	must(t, err)
	label, err := g.VfsLabel(ctx, m)
	must(t, err)
	uuid, err := g.VfsUuid(ctx, m)
	must(t, err)
	if strings.ContainsFunc(label, func(r rune) bool { return r > '~' }) {
		want["LABEL"] = label // export does not show such letters as they are
	}
	same(t, "type, label, uuid against blkid", []string{kind, label, uuid}, []string{want["TYPE"], want["LABEL"], want["UUID"]})
}

func TestMkfsErrors(t *testing.T) {
	ctx, g := shared(t)
	must(t, g.Mkswap(ctx, disk(0), nil))
	for what, err := range map[string]error{
		"no type":      g.Mkfs(ctx, "", disk(1), nil),
		"type as path": g.Mkfs(ctx, "/../sh", disk(1), nil),
		"block size":   g.Mkfs(ctx, "ext4", disk(1), &guestfs.MkfsOpts{Blocksize: 1000}),
		"btrfs blocks": g.Mkfs(ctx, "btrfs", disk(1), &guestfs.MkfsOpts{Blocksize: 4096}),
		"long label":   g.Mkfs(ctx, "xfs", disk(1), &guestfs.MkfsOpts{Label: "thirteen-bytes"}),
		"swap label":   g.SetLabel(ctx, guestfs.Mountable(disk(0)), "sixteen-bytes-16"),
		"uuid":         g.SetUuid(ctx, disk(0), "random"),
	} {
		if !errors.Is(err, syscall.EINVAL) {
			t.Errorf("%s: error %v; want EINVAL", what, err)
		}
	}
	wantErr(t, g.Mkfs(ctx, "nosuch", disk(1), nil), errors.ErrUnsupported)
	_, err := g.VfsMinimumSize(ctx, guestfs.Mountable(disk(0)))
	wantErr(t, err, errors.ErrUnsupported)
	_, err = g.FindfsUuid(ctx, newUUID)
	wantErr(t, err, fs.ErrNotExist)
	_, err = g.FindfsLabel(ctx, "nobody")
	wantErr(t, err, fs.ErrNotExist)
	_, err = g.VfsType(ctx, "/dev/sdz")
	wantErr(t, err, fs.ErrNotExist)
	kind, err := g.VfsType(ctx, guestfs.Mountable(disk(0)))
	must(t, err)
	same(t, "what failed has not changed the disk", kind, "swap")
}

func TestMkswap(t *testing.T) {
	ctx, g := shared(t)
	must(t, g.Mkfs(ctx, "btrfs", disk(0), nil)) // whose signatures must go
	must(t, g.Mkswap(ctx, disk(0), &guestfs.MkswapOpts{Label: "swapped", Uuid: newUUID}))
	m := guestfs.Mountable(disk(0))
	sameAsBlkid(t, ctx, g, m)
	uuid, err := g.VfsUuid(ctx, m)
	must(t, err)
	same(t, "uuid", uuid, newUUID)
	must(t, g.SetLabel(ctx, m, "fifteen-bytes-1"))
	must(t, g.SetUuidRandom(ctx, disk(0)))
	sameAsBlkid(t, ctx, g, m)
	found, err := g.FindfsLabel(ctx, "fifteen-bytes-1")
	must(t, err)
	same(t, "findfs_label", found, disk(0))
	wantErr(t, g.Mkswap(ctx, disk(0), &guestfs.MkswapOpts{Label: "sixteen-bytes-16"}), syscall.EINVAL)
}

func TestFindPartition(t *testing.T) {
	ctx, g := shared(t)
	must(t, g.PartDisk(ctx, disk(0), "gpt"))
	must(t, g.PartDisk(ctx, disk(1), "mbr"))
	must(t, g.PartSetName(ctx, disk(0), 1, "my data"))
	guid, err := g.PartGetGptGuid(ctx, disk(0), 1)
	must(t, err)
	for _, s := range []string{guid, strings.ToLower(guid)} {
		found, err := g.FindfsPartuuid(ctx, s)
		must(t, err)
		same(t, "findfs_partuuid", found, guestfs.Device("/dev/sda1"))
	}
	found, err := g.FindfsPartlabel(ctx, "my data")
	must(t, err)
	same(t, "findfs_partlabel", found, guestfs.Device("/dev/sda1"))

	must(t, g.Mkfs(ctx, "ext4", "/dev/sdb1", nil))
	pairs, err := g.Blkid(ctx, "/dev/sdb1")
	must(t, err)
	for _, p := range pairs {
		if p.Key == "PART_ENTRY_UUID" {
			found, err := g.FindfsPartuuid(ctx, p.Value)
			must(t, err)
			same(t, "findfs_partuuid of MBR", found, guestfs.Device("/dev/sdb1"))
		}
	}
	_, err = g.FindfsPartuuid(ctx, newUUID)
	wantErr(t, err, fs.ErrNotExist)
	_, err = g.FindfsPartlabel(ctx, "p1 of nobody")
	wantErr(t, err, fs.ErrNotExist)
}

func TestListFilesystems(t *testing.T) {
	ctx, g := shared(t)
	// sda: GPT with ext4, Microsoft's reserve, a boot partition, swap.
	must(t, g.PartInit(ctx, disk(0), "gpt"))
	for i := range int64(4) {
		must(t, g.PartAdd(ctx, disk(0), "p", 2048+i*204800, 2048+(i+1)*204800-1))
	}
	must(t, g.PartSetGptType(ctx, disk(0), 2, "e3c9e316-0b5c-4db8-817d-f92df00215ae"))
	must(t, g.Mkfs(ctx, "ext4", "/dev/sda1", nil))
	must(t, g.Mkswap(ctx, "/dev/sda4", nil))
	// sdb: MBR with a logical partition.
	must(t, g.PartInit(ctx, disk(1), "mbr"))
	must(t, g.PartAdd(ctx, disk(1), "e", 2048, -1))
	must(t, g.PartAdd(ctx, disk(1), "l", 4096, 204800))
	must(t, g.Mkfs(ctx, "vfat", "/dev/sdb5", nil))
	// sdc: a group, with a filesystem and something else in it.
	must(t, g.Pvcreate(ctx, disk(2)))
	must(t, g.Vgcreate(ctx, "vg", []guestfs.Device{disk(2)}))
	must(t, g.Lvcreate(ctx, "b", "vg", 320))
	must(t, g.Lvcreate(ctx, "a", "vg", 8))
	must(t, g.Mkfs(ctx, "xfs", "/dev/vg/b", nil))
	// sdd: a whole disk.
	must(t, g.Mkfs(ctx, "btrfs", disk(3), nil))

	want := guestfs.Pairs{
		{Key: "/dev/sdd", Value: "btrfs"}, {Key: "/dev/sde", Value: "unknown"},
		{Key: "/dev/sda1", Value: "ext4"}, {Key: "/dev/sda3", Value: "unknown"}, {Key: "/dev/sda4", Value: "swap"},
		{Key: "/dev/sdb5", Value: "vfat"},
		{Key: "/dev/vg/a", Value: "unknown"}, {Key: "/dev/vg/b", Value: "xfs"},
	}
	list, err := g.ListFilesystems(ctx)
	must(t, err)
	same(t, "list_filesystems", list, want)

	// A btrfs whose trees are gone has a superblock still. The others stay.
	must(t, g.Mkfs(ctx, "btrfs", disk(3), nil))
	zeros := make([]byte, 1<<20)
	for off := int64(1 << 20); off < 600<<20; off += int64(len(zeros)) {
		if off == 64<<20 {
			continue // the second superblock
		}
		_, err := g.PwriteDevice(ctx, disk(3), zeros, off)
		must(t, err)
	}
	list, err = g.ListFilesystems(ctx)
	must(t, err)
	same(t, "list_filesystems with a bad btrfs", list, want)
	world.mu.Lock()
	defer world.mu.Unlock()
	if !strings.Contains(world.console.String(), "warning: subvolumes of /dev/sdd cannot be listed") {
		t.Error("no warning about the bad btrfs")
	}
}

// TestListSubvolumes: the image has subvolumes "@" (the default), "home",
// "@/var/lib/snap one", "@/deep", "@/deep/er", and one that was deleted.
func TestListSubvolumes(t *testing.T) {
	ctx, g := shared(t)
	f, err := os.Open("testdata/btrfs-subvolumes.img.gz")
	must(t, err)
	defer f.Close()
	image, err := gzip.NewReader(f)
	must(t, err)
	const size = 16 << 20
	chunk := make([]byte, 1<<20)
	for off := int64(0); off < size; off += int64(len(chunk)) {
		_, err := io.ReadFull(image, chunk)
		must(t, err)
		_, err = g.PwriteDevice(ctx, disk(0), chunk, off)
		must(t, err)
	}
	list, err := g.ListFilesystems(ctx)
	must(t, err)
	same(t, "list_filesystems", list[:5], guestfs.Pairs{
		{Key: "/dev/sda", Value: "btrfs"},
		{Key: "btrfsvol:/dev/sda/home", Value: "btrfs"},
		{Key: "btrfsvol:/dev/sda/@/var/lib/snap one", Value: "btrfs"},
		{Key: "btrfsvol:/dev/sda/@/deep", Value: "btrfs"},
		{Key: "btrfsvol:/dev/sda/@/deep/er", Value: "btrfs"},
	})
	for _, p := range list[:5] {
		must(t, g.MountRo(ctx, guestfs.Mountable(p.Key), "/"))
		must(t, g.UmountAll(ctx))
	}
	label, err := g.VfsLabel(ctx, "btrfsvol:/dev/sda/home")
	must(t, err)
	same(t, "label of a subvolume", label, "subs")
}

func TestFilesystemMounted(t *testing.T) {
	ctx, g := shared(t)
	must(t, g.Mkfs(ctx, "xfs", disk(0), nil))
	m := guestfs.Mountable(disk(0))
	_, err := g.VfsMinimumSize(ctx, m)
	wantErr(t, err, syscall.EINVAL)
	must(t, g.Mount(ctx, m, "/"))
	size, err := g.VfsMinimumSize(ctx, m)
	must(t, err)
	same(t, "minimum size of xfs", size, int64(driveBytes))

	must(t, g.Mkfs(ctx, "btrfs", disk(1), &guestfs.MkfsOpts{Label: "vol"}))
	must(t, g.Mkdir(ctx, "/b"))
	must(t, g.Mount(ctx, guestfs.Mountable(disk(1)), "/b"))
	must(t, g.SetLabel(ctx, guestfs.Mountable(disk(1)), "new"))
	label, err := g.VfsLabel(ctx, guestfs.Mountable(disk(1)))
	must(t, err)
	same(t, "label of a mounted btrfs", label, "new")
	size, err = g.VfsMinimumSize(ctx, guestfs.Mountable(disk(1)))
	must(t, err)
	if size <= 0 || size > driveBytes {
		t.Errorf("minimum size of btrfs: %d", size)
	}
	list, err := g.ListFilesystems(ctx)
	must(t, err)
	same(t, "list_filesystems", list[:2], guestfs.Pairs{{Key: "/dev/sda", Value: "xfs"}, {Key: "/dev/sdb", Value: "btrfs"}})
}

func TestStatvfs(t *testing.T) {
	ctx, g := filesystem(t)
	st, err := g.Statvfs(ctx, "/")
	must(t, err)
	if st.Bsize != 4096 || st.Frsize != 4096 || st.Namemax != 255 || st.Favail != st.Ffree || st.Files != 65536 || st.Ffree != 65525 {
		t.Errorf("statvfs = %+v", st)
	}
	if st.Blocks <= st.Bfree || st.Bfree <= st.Bavail || st.Blocks*st.Bsize > driveBytes || st.Fsid == 0 {
		t.Errorf("statvfs = %+v", st)
	}
	must(t, g.MkdirP(ctx, "/a/b"))
	must(t, g.LnS(ctx, "/a", "/link"))
	below, err := g.Statvfs(ctx, "/link/b")
	must(t, err)
	same(t, "files after two directories and a link", st.Ffree-below.Ffree, int64(3))
	_, err = g.Statvfs(ctx, "/none")
	wantErr(t, err, fs.ErrNotExist)
	must(t, g.UmountAll(ctx))
	_, err = g.Statvfs(ctx, "/")
	wantErr(t, err, syscall.EINVAL)
}

func TestFilesystemAvailable(t *testing.T) {
	ctx, g := shared(t)
	for name, want := range map[string]bool{"ext4": true, "xfs": true, "btrfs": true, "vfat": true, "ntfs": true, "nosuch": false, "proc": false} {
		got, err := g.FilesystemAvailable(ctx, name)
		must(t, err)
		same(t, "filesystem_available "+name, got, want)
	}
	_, err := g.FilesystemAvailable(ctx, "ext4; reboot")
	wantErr(t, err, syscall.EINVAL)
}
