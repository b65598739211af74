package guests

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"virt-tools/pkg/guestfs"
)

// The layout of the guests that boot, disks with a GPT and GRUB for BIOS:
//
//	sda1  BIOS boot            1 MiB
//	sda2  /boot     ext4     300 MiB
//	sda3  /boot/efi vfat      64 MiB
//	sda4  LVM: volume group vg with root (as asked for) and swap (128 MiB)
const (
	bootableName  = "bootable-%s-1.qcow2" // the number changes with the layout
	bootableTree  = "bootable-1.tar"
	bootableBytes = "3G"
	bootableHost  = "golden.example.org"
)

// These are known before the disk is made: the initial RAM disk, which is built
// outside, has them too.
const (
	bootableRoot = "5d1a6a3e-0f5b-4c7e-9a53-3f1d0c8b7a01"
	bootableBoot = "5d1a6a3e-0f5b-4c7e-9a53-3f1d0c8b7a02"
	bootableSwap = "5d1a6a3e-0f5b-4c7e-9a53-3f1d0c8b7a03"
	bootableEFI  = "5D1A-6A3E"
)

const bootablePackages = "systemd-sysv,udev,kmod,linux-image-amd64,grub-pc,lvm2,openssh-server,xfsprogs,btrfs-progs,login,passwd,util-linux"

// Bootable returns the image of a Debian 12 that boots from its own disk by BIOS
// to a login prompt on the serial console, in qcow2. Its root is an ext4, xfs or
// btrfs on LVM.
func Bootable(ctx context.Context, root string, log io.Writer) (string, error) {
	tree, err := bootableFiles(ctx, log)
	if err != nil {
		return "", err
	}
	return makeOnce(fmt.Sprintf(bootableName, root), func(temp string) error {
		fmt.Fprintf(log, "making a guest that boots, with %s\n", root)
		if err := run(ctx, "qemu-img", "create", "-q", "-f", "qcow2", temp, bootableBytes); err != nil {
			return err
		}
		return fillBootable(ctx, temp, tree, root)
	})
}

// bootableFiles returns a tar archive of the system. What takes long under
// emulation, above all the initial RAM disk, is made here.
func bootableFiles(ctx context.Context, log io.Writer) (string, error) {
	return makeOnce(bootableTree, func(temp string) error {
		fmt.Fprintln(log, "making a Debian with a kernel with debootstrap; this takes some minutes")
		dir, err := os.MkdirTemp("", "debootstrap-")
		if err != nil {
			return err
		}
		defer asRoot(context.WithoutCancel(ctx), "rm", "-rf", dir)
		root := filepath.Join(dir, "root")
		if err := asRoot(ctx, "debootstrap", "--variant=minbase", "--include="+bootablePackages, "bookworm", root); err != nil {
			return err
		}
		for path, text := range bootableTexts {
			file := filepath.Join(dir, "text")
			if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
				return err
			}
			if err := asRoot(ctx, "install", "-D", "-m", "644", file, filepath.Join(root, path)); err != nil {
				return err
			}
		}
		return errors.Join(
			asRoot(ctx, "chroot", root, "update-initramfs", "-u"),
			asRoot(ctx, "tar", "-C", root, "--numeric-owner", "--exclude=./var/cache/apt/archives/*.deb", "--exclude=./var/lib/apt/lists/*",
				"--exclude=./usr/share/doc/*", "--exclude=./usr/share/locale/*", "-cf", temp, "."),
			asRoot(ctx, "chmod", "644", temp),
		)
	})
}

var bootableTexts = map[string]string{
	"etc/hostname": bootableHost + "\n",
	"etc/hosts":    "127.0.0.1\tlocalhost\n127.0.1.1\t" + bootableHost + " golden\n",
	"etc/fstab": "UUID=" + bootableRoot + " / auto defaults 0 1\n" +
		"UUID=" + bootableBoot + " /boot ext4 defaults 0 2\n" +
		"UUID=" + bootableEFI + " /boot/efi vfat umask=0077 0 1\n" +
		"UUID=" + bootableSwap + " none swap sw 0 0\n",
	"etc/initramfs-tools/conf.d/resume": "RESUME=UUID=" + bootableSwap + "\n",
	"etc/default/grub": "GRUB_DEFAULT=0\nGRUB_TIMEOUT=0\nGRUB_CMDLINE_LINUX=\"console=ttyS0 net.ifnames=0\"\n" +
		"GRUB_TERMINAL=serial\nGRUB_DISABLE_OS_PROBER=true\n",
}

func fillBootable(ctx context.Context, image, tree, root string) (err error) {
	g := guestfs.New(nil)
	defer g.Close()
	if err := g.AddDrive(image, &guestfs.AddDriveOpts{Format: "qcow2"}); err != nil {
		return err
	}
	if err := g.Launch(ctx); err != nil {
		return err
	}
	if err := bootableDisk(ctx, g, root); err != nil {
		return err
	}
	f, err := os.Open(tree)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := g.TarIn(ctx, f, "/", nil); err != nil {
		return err
	}
	// The guest's own programs write the boot loader and its configuration.
	for _, argv := range [][]string{{"grub-install", "/dev/sda"}, {"update-grub"}, {"ssh-keygen", "-A"}, {"passwd", "-d", "root"}} {
		if _, err := g.Command(ctx, argv); err != nil {
			return fmt.Errorf("%s: %w", strings.Join(argv, " "), err)
		}
	}
	text := "search.fs_uuid " + bootableBoot + " root hd0,gpt2\nset prefix=($root)'/grub'\nconfigfile $prefix/grub.cfg\n"
	err = errors.Join(
		g.MkdirP(ctx, "/boot/efi/EFI/debian"),
		g.Write(ctx, "/boot/efi/EFI/debian/grub.cfg", []byte(text)),
		g.Write(ctx, "/etc/machine-id", []byte("0123456789abcdef0123456789abcdef\n")),
		g.Write(ctx, "/var/lib/systemd/random-seed", []byte(strings.Repeat("golden seed ", 43)[:512])),
	)
	if err != nil {
		return err
	}
	return g.Shutdown(ctx)
}

func bootableDisk(ctx context.Context, g *guestfs.Handle, root string) error {
	if err := partition(ctx, g, "/dev/sda", 1, 300, 64, 2700); err != nil {
		return err
	}
	err := errors.Join(
		g.PartSetGptType(ctx, "/dev/sda", 1, guidBIOSBoot),
		g.PartSetGptType(ctx, "/dev/sda", 3, guidESP),
		g.PartSetGptType(ctx, "/dev/sda", 4, guidLVM),
		g.Pvcreate(ctx, "/dev/sda4"),
		g.Vgcreate(ctx, "vg", []guestfs.Device{"/dev/sda4"}),
		g.Lvcreate(ctx, "root", "vg", 2400),
		g.Lvcreate(ctx, "swap", "vg", 128),
		g.Mkfs(ctx, root, "/dev/vg/root", nil),
		g.SetUuid(ctx, "/dev/vg/root", bootableRoot),
		g.Mkfs(ctx, "ext4", "/dev/sda2", nil),
		g.SetUuid(ctx, "/dev/sda2", bootableBoot),
		g.Mkfs(ctx, "vfat", "/dev/sda3", nil),
		g.Mkswap(ctx, "/dev/vg/swap", &guestfs.MkswapOpts{Uuid: bootableSwap}),
		g.Mount(ctx, "/dev/vg/root", "/"),
		g.MkdirP(ctx, "/boot"),
		g.Mount(ctx, "/dev/sda2", "/boot"),
		g.MkdirP(ctx, "/boot/efi"),
	)
	if err != nil {
		return err
	}
	// FAT has its number at byte 39 or 67; this one is small, and mkfs.fat made
	// it with the first.
	_, err = g.PwriteDevice(ctx, "/dev/sda3", []byte{0x3e, 0x6a, 0x1a, 0x5d}, 39)
	if id, idErr := g.VfsUuid(ctx, "/dev/sda3"); idErr != nil || id != bootableEFI {
		return fmt.Errorf("the FAT has the number %s, %w", id, errors.Join(err, idErr))
	}
	return errors.Join(err, g.Mount(ctx, "/dev/sda3", "/boot/efi"))
}
