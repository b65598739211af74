package calls

import (
	"io/fs"
	"strings"
	"syscall"
	"testing"

	"virt-tools/pkg/guestfs"
)

// bootSector returns what a device has at the place for the maker's name.
func bootSector(t *testing.T, device guestfs.Device) string {
	t.Helper()
	b, err := world.g.PreadDevice(t.Context(), device, 8, 3)
	must(t, err)
	return string(b)
}

func TestSyslinux(t *testing.T) {
	ctx, g := shared(t)
	must(t, g.PartDisk(ctx, disk(0), "mbr"))
	must(t, g.Mkfs(ctx, "vfat", "/dev/sda1", nil))
	wantErr(t, g.Syslinux(ctx, "/dev/sda1", &guestfs.SyslinuxOpts{Directory: "boot"}), fs.ErrNotExist)
	wantErr(t, g.Syslinux(ctx, "/dev/sda1", &guestfs.SyslinuxOpts{Directory: "$(reboot)"}), syscall.EINVAL)
	wantErr(t, g.Syslinux(ctx, "/dev/sda1", &guestfs.SyslinuxOpts{Directory: "-v"}), syscall.EINVAL)
	same(t, "boot sector before", bootSector(t, "/dev/sda1"), "mkfs.fat")
	must(t, g.Syslinux(ctx, "/dev/sda1", nil))
	same(t, "boot sector", bootSector(t, "/dev/sda1"), "SYSLINUX")
	must(t, g.Mount(ctx, "/dev/sda1", "/"))
	names, err := g.Ls(ctx, "/")
	must(t, err)
	same(t, "files", names, []string{"ldlinux.c32", "ldlinux.sys"})
	must(t, g.MkdirP(ctx, "/boot/sys"))
	wantErr(t, g.Syslinux(ctx, "/dev/sda1", nil), syscall.EBUSY)
	must(t, g.UmountAll(ctx))
	wantErr(t, g.Syslinux(ctx, "/dev/sda1", &guestfs.SyslinuxOpts{Directory: "ldlinux.sys"}), fs.ErrNotExist)

	must(t, g.Syslinux(ctx, "/dev/sda1", &guestfs.SyslinuxOpts{Directory: "/boot/sys"}))
	must(t, g.Mount(ctx, "/dev/sda1", "/"))
	names, err = g.Find(ctx, "/")
	must(t, err)
	for i := range names {
		names[i] = strings.ToLower(names[i]) // FAT keeps capitals of names that were moved
	}
	same(t, "files in the directory", names, []string{"boot", "boot/sys", "boot/sys/ldlinux.c32", "boot/sys/ldlinux.sys"})
	must(t, g.UmountAll(ctx))

	must(t, g.Mkfs(ctx, "ext4", disk(1), nil))
	before := bootSector(t, disk(1))
	if err := g.Syslinux(ctx, disk(1), nil); err == nil {
		t.Error("SYSLINUX was installed on ext4")
	}
	same(t, "boot sector of ext4", bootSector(t, disk(1)), before)
}

func TestExtlinux(t *testing.T) {
	ctx, g := filesystem(t)
	must(t, g.MkdirP(ctx, "/boot/a b"))
	must(t, g.LnS(ctx, "/boot/a b", "/link")) // leads to the guest's directory
	must(t, g.Touch(ctx, "/file"))
	wantErr(t, g.Extlinux(ctx, "/none"), fs.ErrNotExist)
	wantErr(t, g.Extlinux(ctx, "/file"), syscall.ENOTDIR)
	wantErr(t, g.Extlinux(ctx, "boot"), syscall.EINVAL)
	must(t, g.Extlinux(ctx, "/link"))
	names, err := g.Ls(ctx, "/boot/a b")
	must(t, err)
	same(t, "files", names, []string{"ldlinux.c32", "ldlinux.sys"})
	must(t, g.UmountAll(ctx))
	same(t, "boot sector", bootSector(t, disk(0)), "SYSLINUX") // EXTLINUX has that name there, too
	must(t, g.E2fsck(ctx, disk(0), &guestfs.E2fsckOpts{Correct: true}))
}
