package guests

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"virt-tools/pkg/guestfs"
)

// The layout of the demo guest, a disk of demoBytes with a GPT:
//
//	sda1  BIOS boot          1 MiB
//	sda2  /boot   ext4     256 MiB
//	sda3  /boot/efi vfat   128 MiB
//	sda4  /srv    xfs      320 MiB
//	sda5  /home   btrfs    256 MiB
//	sda6  LVM: volume group debian with root (ext4, 2 GiB) and swap (256 MiB)
const (
	demoName  = "demo-1.qcow2" // the number changes with the layout
	demoBytes = "4G"

	guidBIOSBoot = "21686148-6449-6E6F-744E-656564454649"
	guidESP      = "C12A7328-F81F-11D2-BA4B-00A0C93EC93B"
	guidLVM      = "E6D6D379-F507-44C2-A23C-238F2A3DF928"
)

// demoPartition is a partition of the demo guest; a size of 0 takes the rest.
type demoPartition struct {
	name   string
	mib    int64
	typ    string // GPT type, "" for Linux data
	fstype string
	label  string
	mount  guestfs.Path
}

var demoPartitions = []demoPartition{
	{"bios", 1, guidBIOSBoot, "", "", ""},
	{"boot", 256, "", "ext4", "boot", "/boot"},
	{"efi", 128, guidESP, "vfat", "EFI", "/boot/efi"},
	{"srv", 320, "", "xfs", "srv", "/srv"},
	{"home", 256, "", "btrfs", "home", "/home"},
	{"lvm", 0, guidLVM, "", "", ""},
}

// Demo returns the image of the demo guest, a Debian 12 in qcow2.
func Demo(ctx context.Context, log io.Writer) (string, error) {
	tree, err := DebianTree(ctx, "bookworm", log)
	if err != nil {
		return "", err
	}
	return makeOnce(demoName, func(temp string) error {
		fmt.Fprintln(log, "making the demo guest")
		if err := run(ctx, "qemu-img", "create", "-q", "-f", "qcow2", temp, demoBytes); err != nil {
			return err
		}
		return fillDemo(ctx, temp, tree)
	})
}

// fillDemo partitions and fills the image, all of it inside the appliance.
func fillDemo(ctx context.Context, image, tree string) (err error) {
	g := guestfs.New(nil)
	defer g.Close()
	if err := g.AddDrive(image, &guestfs.AddDriveOpts{Format: "qcow2"}); err != nil {
		return err
	}
	if err := g.Launch(ctx); err != nil {
		return err
	}
	if err := partitionDemo(ctx, g); err != nil {
		return err
	}
	if err := mountDemo(ctx, g); err != nil {
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
	if err := configureDemo(ctx, g); err != nil {
		return err
	}
	return g.Shutdown(ctx)
}

func partitionDemo(ctx context.Context, g *guestfs.Handle) error {
	const disk, sectorsPerMiB = "/dev/sda", 2048
	if err := g.PartInit(ctx, disk, "gpt"); err != nil {
		return err
	}
	start := int64(sectorsPerMiB)
	for i, p := range demoPartitions {
		end := start + p.mib*sectorsPerMiB - 1
		if p.mib == 0 {
			end = -sectorsPerMiB
		}
		number := i + 1
		device := guestfs.Device(fmt.Sprintf("%s%d", disk, number))
		errs := []error{g.PartAdd(ctx, disk, "primary", start, end), g.PartSetName(ctx, disk, number, p.name)}
		if p.typ != "" {
			errs = append(errs, g.PartSetGptType(ctx, disk, number, p.typ))
		}
		if p.fstype != "" {
			errs = append(errs, g.Mkfs(ctx, p.fstype, device, nil), g.SetLabel(ctx, guestfs.Mountable(device), p.label))
		}
		if err := errors.Join(errs...); err != nil {
			return err
		}
		start = end + 1
	}
	return errors.Join(
		g.Pvcreate(ctx, "/dev/sda6"),
		g.Vgcreate(ctx, "debian", []guestfs.Device{"/dev/sda6"}),
		g.Lvcreate(ctx, "root", "debian", 2048),
		g.Lvcreate(ctx, "swap", "debian", 256),
		g.Mkfs(ctx, "ext4", "/dev/debian/root", nil),
		g.SetLabel(ctx, "/dev/debian/root", "root"),
		g.Mkswap(ctx, "/dev/debian/swap", &guestfs.MkswapOpts{Label: "swap"}),
	)
}

func mountDemo(ctx context.Context, g *guestfs.Handle) error {
	if err := g.Mount(ctx, "/dev/debian/root", "/"); err != nil {
		return err
	}
	for i, p := range demoPartitions {
		if p.mount == "" {
			continue
		}
		if err := g.MkdirP(ctx, p.mount); err != nil {
			return err
		}
		if err := g.Mount(ctx, guestfs.Mountable(fmt.Sprintf("/dev/sda%d", i+1)), string(p.mount)); err != nil {
			return err
		}
	}
	return nil
}

// configureDemo writes what debootstrap leaves to the installer, and something
// onto every filesystem.
func configureDemo(ctx context.Context, g *guestfs.Handle) error {
	fstab := "# <device> <mount point> <type> <options> <dump> <pass>\n" +
		"/dev/mapper/debian-root / ext4 errors=remount-ro 0 1\n" +
		"/dev/mapper/debian-swap none swap sw 0 0\n"
	for i, p := range demoPartitions {
		if p.mount == "" {
			continue
		}
		uuid, err := g.VfsUuid(ctx, guestfs.Mountable(fmt.Sprintf("/dev/sda%d", i+1)))
		if err != nil {
			return err
		}
		fstab += fmt.Sprintf("UUID=%s %s %s defaults 0 2\n", uuid, p.mount, p.fstype)
	}
	files := map[guestfs.Path]string{
		"/etc/fstab":           fstab,
		"/etc/hostname":        "demo.example\n",
		"/etc/hosts":           "127.0.0.1\tlocalhost\n127.0.1.1\tdemo.example demo\n",
		"/boot/README":         strings.Repeat("The kernel would be here.\n", 4000),
		"/boot/efi/README.TXT": strings.Repeat("The boot loader would be here.\r\n", 4000),
		"/srv/data.txt":        strings.Repeat("0123456789abcdef\n", 500000),
		"/home/user/notes":     strings.Repeat("Lorem ipsum\n", 200000),
	}
	if err := g.MkdirP(ctx, "/home/user"); err != nil {
		return err
	}
	for path, text := range files {
		if err := g.Write(ctx, path, []byte(text)); err != nil {
			return err
		}
	}
	return nil
}
