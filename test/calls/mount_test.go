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

// mounts tells what is mounted where.
func mounts(t *testing.T) string {
	t.Helper()
	pairs, err := world.g.Mountpoints(t.Context())
	must(t, err)
	list, err := world.g.Mounts(t.Context())
	must(t, err)
	var s []string
	for i, p := range pairs {
		s = append(s, p.Key+" "+p.Value)
		if len(list) != len(pairs) || string(list[i]) != p.Key {
			t.Errorf("mounts = %v; want the keys of mountpoints %v", list, pairs)
		}
	}
	return strings.Join(s, ", ")
}

func TestMount(t *testing.T) {
	ctx, g := shared(t)
	same(t, "nothing mounted", mounts(t), "")
	_, err := g.Ls(ctx, "/")
	wantErr(t, err, syscall.EINVAL)

	must(t, g.PartDisk(ctx, disk(0), "mbr"))
	must(t, g.Mkfs(ctx, "ext4", "/dev/sda1", nil))
	must(t, g.Mkfs(ctx, "xfs", disk(1), nil))
	must(t, g.Pvcreate(ctx, disk(2)))
	must(t, g.Vgcreate(ctx, "my-vg", []guestfs.Device{disk(2)}))
	must(t, g.Lvcreate(ctx, "my-lv", "my-vg", 200))
	must(t, g.Mkfs(ctx, "btrfs", "/dev/my-vg/my-lv", nil))

	wantErr(t, g.Mount(ctx, "/dev/sdb", "/mnt"), fs.ErrNotExist) // before a root there is no other place
	must(t, g.Mount(ctx, "/dev/sda1", "/"))
	must(t, g.MkdirP(ctx, "/mnt/a b"))
	must(t, g.Touch(ctx, "/file"))
	must(t, g.Mount(ctx, "/dev/sdb", "/mnt/a b"))
	must(t, g.Mkdir(ctx, "/mnt/a b/vol"))
	must(t, g.Mount(ctx, "/dev/my-vg/my-lv", "/mnt/a b/vol"))
	same(t, "mounts", mounts(t), "/dev/sda1 /, /dev/sdb /mnt/a b, /dev/my-vg/my-lv /mnt/a b/vol")
	wantErr(t, g.Mount(ctx, "/dev/sdb", "/file"), syscall.ENOTDIR)
	wantErr(t, g.Mount(ctx, "/dev/sdb", "mnt"), syscall.EINVAL)

	wantErr(t, g.Umount(ctx, "/", nil), syscall.EBUSY)
	wantErr(t, g.Umount(ctx, "/mnt", nil), syscall.EINVAL)
	wantErr(t, g.Umount(ctx, "/none", nil), fs.ErrNotExist)
	wantErr(t, g.Umount(ctx, "/dev/sdc", nil), syscall.EINVAL)
	must(t, g.Umount(ctx, "/dev/mapper/my--vg-my--lv", nil))
	must(t, g.Umount(ctx, "/mnt/a b/", nil))
	same(t, "mounts", mounts(t), "/dev/sda1 /")

	// Two on one directory, and something on the second.
	must(t, g.Mount(ctx, "/dev/sdb", "/"))
	same(t, "mounts", mounts(t), "/dev/sda1 /, /dev/sdb /")
	names, err := g.Ls(ctx, "/")
	must(t, err)
	same(t, "names on the upper one", names, []string{"vol"})
	must(t, g.Mount(ctx, "/dev/my-vg/my-lv", "/vol"))
	must(t, g.UmountAll(ctx))
	same(t, "mounts after umount_all", mounts(t), "")
	must(t, g.Mount(ctx, "/dev/sda1", "/"))
	must(t, g.Umount(ctx, "/", &guestfs.UmountOpts{Force: true, Lazyunmount: true}))
	same(t, "mounts after a lazy umount", mounts(t), "")
}

// TestMountKinds: each filesystem keeps a file, and lets go of its device at
// once, also when a program serves it.
func TestMountKinds(t *testing.T) {
	ctx, g := shared(t)
	must(t, g.PartDisk(ctx, disk(0), "gpt"))
	for _, kind := range []string{"ext2", "ext3", "ext4", "xfs", "btrfs", "vfat", "exfat", "ntfs", "f2fs"} {
		must(t, g.Mkfs(ctx, kind, "/dev/sda1", nil))
		must(t, g.Mount(ctx, "/dev/sda1", "/"))
		same(t, "mounts", mounts(t), "/dev/sda1 /")
		must(t, g.Write(ctx, "/file", []byte(kind)))
		must(t, g.Umount(ctx, "/dev/sda1", nil))
		must(t, g.BlockdevRereadpt(ctx, disk(0))) // fails while a partition is in use
		must(t, g.MountRo(ctx, "/dev/sda1", "/"))
		text, err := g.Cat(ctx, "/file")
		must(t, err)
		same(t, "file on "+kind, text, kind)
		wantErr(t, g.Write(ctx, "/file", []byte("x")), syscall.EROFS)
		must(t, g.UmountAll(ctx))
	}
}

func TestMountRefuses(t *testing.T) {
	ctx, g := shared(t)
	must(t, g.Mkswap(ctx, disk(0), nil))
	must(t, g.Pvcreate(ctx, disk(1)))
	must(t, g.Mkfs(ctx, "ext4", disk(2), nil))
	for _, test := range []struct {
		name string
		err  error
		is   error
		text string
	}{
		{"swap", g.Mount(ctx, "/dev/sda", "/"), syscall.ENODEV, "swap space"},
		{"physical volume", g.Mount(ctx, "/dev/sdb", "/"), syscall.ENODEV, "logical volumes"},
		{"empty disk", g.Mount(ctx, "/dev/sdd", "/"), syscall.EINVAL, "no filesystem"},
		{"wrong type", g.MountVfs(ctx, "", "xfs", "/dev/sdc", "/"), syscall.EINVAL, "wrong filesystem type"},
		{"unknown type", g.MountVfs(ctx, "", "nosuch", "/dev/sdc", "/"), syscall.ENODEV, `unknown filesystem type "nosuch"`},
		{"bad option", g.MountOptions(ctx, "nosuch", "/dev/sdc", "/"), syscall.EINVAL, "nosuch"},
		{"bind", g.MountOptions(ctx, "bind", "/dev/sdc", "/"), syscall.EINVAL, "bind"},
		{"no device", g.Mount(ctx, "/dev/sdz", "/"), fs.ErrNotExist, "/dev/sdz"},
		{"no subvolume", g.Mount(ctx, "btrfsvol:/dev/sdc/home", "/"), syscall.EINVAL, "btrfsvol:/dev/sdc/home"},
	} {
		if !errors.Is(test.err, test.is) || !strings.Contains(test.err.Error(), test.text) {
			t.Errorf("%s: error %v; want %v, %q", test.name, test.err, test.is, test.text)
		}
	}
	same(t, "nothing mounted", mounts(t), "")
}

func TestMountOptions(t *testing.T) {
	ctx, g := filesystem(t)
	must(t, g.Remount(ctx, "/", &guestfs.RemountOpts{Rw: new(false)}))
	wantErr(t, g.Write(ctx, "/f", nil), syscall.EROFS)
	must(t, g.Remount(ctx, "/", &guestfs.RemountOpts{Rw: new(true)}))
	must(t, g.Write(ctx, "/f", nil))
	must(t, g.Mkdir(ctx, "/d"))
	wantErr(t, g.Remount(ctx, "/d", &guestfs.RemountOpts{Rw: new(true)}), syscall.EINVAL)
	must(t, g.UmountAll(ctx))
	must(t, g.MountOptions(ctx, "ro,noatime,nofail", "/dev/sda", "/"))
	wantErr(t, g.Write(ctx, "/f", nil), syscall.EROFS)
	must(t, g.UmountAll(ctx))
	must(t, g.MountVfs(ctx, "noload,ro", "ext4", "/dev/sda", "/"))
	must(t, g.UmountAll(ctx))

	// A device that cannot be written is mounted read-only.
	must(t, g.BlockdevSetro(ctx, disk(0)))
	must(t, g.Mount(ctx, "/dev/sda", "/"))
	wantErr(t, g.Write(ctx, "/f", nil), syscall.EROFS)
	must(t, g.UmountAll(ctx))
	must(t, g.BlockdevSetrw(ctx, disk(0)))
}

// TestMountDirty: a filesystem whose machine lost its power. The copy is made
// while it is mounted.
func TestMountDirty(t *testing.T) {
	ctx, g := shared(t)
	for _, kind := range []string{"ext4", "xfs"} {
		for _, d := range []guestfs.Device{disk(0), disk(1)} {
			must(t, g.PartInit(ctx, d, "mbr"))
			must(t, g.PartAdd(ctx, d, "p", 2048, 2048+2*32768-1))
		}
		if kind == "xfs" { // which has no smaller ones
			for _, d := range []guestfs.Device{disk(0), disk(1)} {
				must(t, g.PartInit(ctx, d, "mbr"))
				must(t, g.PartAdd(ctx, d, "p", 2048, 2048+320*2048-1))
			}
		}
		must(t, g.Mkfs(ctx, kind, "/dev/sda1", nil))
		must(t, g.Mount(ctx, "/dev/sda1", "/"))
		must(t, g.Upload(ctx, strings.NewReader("kept"), "/file")) // ends with fsync
		var image bytes.Buffer
		must(t, g.Download(ctx, "/dev/sda1", &image))
		must(t, g.UmountAll(ctx))
		must(t, g.Upload(ctx, &image, "/dev/sdb1"))

		must(t, g.BlockdevSetro(ctx, "/dev/sdb1"))
		must(t, g.MountRo(ctx, "/dev/sdb1", "/"))
		must(t, g.UmountAll(ctx))
		must(t, g.BlockdevSetrw(ctx, "/dev/sdb1"))
		must(t, g.MountRo(ctx, "/dev/sdb1", "/"))
		text, err := g.Cat(ctx, "/file")
		must(t, err)
		same(t, "file in the journal of "+kind, text, "kept")
		must(t, g.UmountAll(ctx))
	}
}

// TestMountInGuest: a symbolic link of the guest leads to a place in the guest.
func TestMountInGuest(t *testing.T) {
	ctx, g := filesystem(t)
	must(t, g.Mkfs(ctx, "ext4", disk(1), nil))
	must(t, g.LnS(ctx, "/proc", "/link"))
	wantErr(t, g.Mount(ctx, "/dev/sdb", "/link"), fs.ErrNotExist)
	must(t, g.Mkdir(ctx, "/proc"))
	must(t, g.Mount(ctx, "/dev/sdb", "/link"))
	same(t, "mounts", mounts(t), "/dev/sda /, /dev/sdb /proc")
	must(t, g.Umount(ctx, "/link", nil))
	must(t, g.LnS(ctx, "../../../../../../proc", "/up"))
	must(t, g.Mount(ctx, "/dev/sdb", "/up"))
	same(t, "mounts", mounts(t), "/dev/sda /, /dev/sdb /proc")
}

func TestMkmountpoint(t *testing.T) {
	ctx, g := shared(t)
	must(t, g.Mkfs(ctx, "ext4", disk(0), nil))
	must(t, g.Mkmountpoint(ctx, "/cd"))
	wantErr(t, g.Mkmountpoint(ctx, "/cd"), fs.ErrExist)
	wantErr(t, g.Mkmountpoint(ctx, "cd"), syscall.EINVAL)
	must(t, g.Mount(ctx, "/dev/sda", "/cd"))
	must(t, g.Write(ctx, "/cd/file", []byte("x")))
	same(t, "mounts", mounts(t), "/dev/sda /cd")
	wantErr(t, g.Rmmountpoint(ctx, "/cd"), syscall.EBUSY)
	must(t, g.Umount(ctx, "/cd", nil))
	must(t, g.Rmmountpoint(ctx, "/cd"))
	wantErr(t, g.Rmmountpoint(ctx, "/cd"), fs.ErrNotExist)
}

// TestMountLoop mounts filesystems that are files of the guest.
func TestMountLoop(t *testing.T) {
	ctx, g := filesystem(t)
	must(t, g.Mkfs(ctx, "ext2", disk(1), nil))
	must(t, g.CopyDeviceToFile(ctx, disk(1), "/an image", &guestfs.CopyDeviceToFileOpts{Sparse: true}))
	must(t, g.Mkdir(ctx, "/mnt"))
	must(t, g.Write(ctx, "/text", bytes.Repeat([]byte("no filesystem\n"), 1000)))
	must(t, g.Mkfifo(ctx, 0o600, "/fifo"))
	for range 2 { // the loop device is free again after an error and after unmounting
		wantErr(t, g.MountLoop(ctx, "/text", "/mnt"), syscall.EINVAL)
		wantErr(t, g.MountLoop(ctx, "/an image", "/none"), fs.ErrNotExist)
		must(t, g.MountLoop(ctx, "/an image", "/mnt"))
		same(t, "mounts", mounts(t), "/dev/sda /, /dev/loop0 /mnt")
		must(t, g.Write(ctx, "/mnt/file", []byte("inside")))
		wantErr(t, g.Umount(ctx, "/", nil), syscall.EBUSY)
		must(t, g.Umount(ctx, "/mnt", nil))
	}
	wantErr(t, g.MountLoop(ctx, "/none", "/mnt"), fs.ErrNotExist)
	wantErr(t, g.MountLoop(ctx, "/fifo", "/mnt"), syscall.EINVAL)
	wantErr(t, g.MountLoop(ctx, "/mnt", "/mnt"), syscall.EISDIR)
	wantErr(t, g.MountLoop(ctx, "an image", "/mnt"), syscall.EINVAL)

	must(t, g.Remount(ctx, "/", &guestfs.RemountOpts{Rw: new(false)}))
	must(t, g.MountLoop(ctx, "/an image", "/mnt"))
	text, err := g.Cat(ctx, "/mnt/file")
	must(t, err)
	same(t, "file in the image", text, "inside")
	wantErr(t, g.Write(ctx, "/mnt/file", nil), syscall.EROFS)
	must(t, g.UmountAll(ctx)) // the image before what it is on
	same(t, "mounts", mounts(t), "")
}
