package guests

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"virt-tools/pkg/guestfs"
)

// builder fills the disks of a small guest in the appliance. After an error
// its methods do nothing.
type builder struct {
	ctx  context.Context
	g    *guestfs.Handle
	temp string // a folder on the host
	err  error
}

func (b *builder) do(what string, err error) {
	if b.err == nil && err != nil {
		b.err = fmt.Errorf("%s: %w", what, err)
	}
}

// ok reports whether to go on.
func (b *builder) ok() bool { return b.err == nil }

// table makes a partition table, gpt or mbr, with partitions of these sizes in
// MiB; 0 takes the rest.
func (b *builder) table(disk guestfs.Device, kind string, mib ...int64) {
	if !b.ok() {
		return
	}
	const sectorsPerMiB = 2048
	b.do("table", b.g.PartInit(b.ctx, disk, kind))
	start := int64(sectorsPerMiB)
	for _, size := range mib {
		end := start + size*sectorsPerMiB - 1
		if size == 0 {
			end = -sectorsPerMiB
		}
		b.do(fmt.Sprintf("partition of %s", disk), b.g.PartAdd(b.ctx, disk, "primary", start, end))
		start = end + 1
	}
}

// mkfs makes a filesystem, or swap.
func (b *builder) mkfs(kind string, device guestfs.Device, label string) {
	if !b.ok() {
		return
	}
	if kind == "swap" {
		b.do("swap", b.g.Mkswap(b.ctx, device, &guestfs.MkswapOpts{Label: label}))
		return
	}
	b.do("mkfs "+string(device), b.g.Mkfs(b.ctx, kind, device, &guestfs.MkfsOpts{Label: label}))
}

// volume is a logical volume.
type volume struct {
	name string
	mib  int
}

// lvm makes a volume group of one physical volume.
func (b *builder) lvm(group string, device guestfs.Device, volumes ...volume) {
	if !b.ok() {
		return
	}
	b.do("lvm", errors.Join(b.g.Pvcreate(b.ctx, device), b.g.Vgcreate(b.ctx, group, []guestfs.Device{device})))
	for _, v := range volumes {
		if b.ok() {
			b.do("lvm", b.g.Lvcreate(b.ctx, v.name, group, v.mib))
		}
	}
}

// mirror makes a RAID 1 and returns its device.
func (b *builder) mirror(name string, devices ...guestfs.Device) guestfs.Device {
	if !b.ok() {
		return ""
	}
	before, err := b.g.ListMdDevices(b.ctx)
	b.do("mirror", err)
	b.do("mirror "+name, b.g.MdCreate(b.ctx, name, devices, &guestfs.MdCreateOpts{Level: "raid1"}))
	after, err := b.g.ListMdDevices(b.ctx)
	b.do("mirror", err)
	for _, d := range after {
		if !strings.Contains(fmt.Sprint(before), string(d)) {
			return d
		}
	}
	b.do("mirror", fmt.Errorf("no new array among %v", after))
	return ""
}

// encrypt makes an encrypted device of kind luks1 or luks2 with the key and
// returns it opened. The header is written on the host, with a key derivation
// that is quick even without KVM.
func (b *builder) encrypt(kind string, device guestfs.Device, key, uuid string) guestfs.Device {
	if !b.ok() {
		return ""
	}
	header := filepath.Join(b.temp, "header")
	defer os.Remove(header)
	passphrase := filepath.Join(b.temp, "key")
	defer os.Remove(passphrase)
	err := errors.Join(
		os.WriteFile(passphrase, []byte(key), 0o600),
		run(b.ctx, "truncate", "-s", "17M", header),
		run(b.ctx, "/usr/sbin/cryptsetup", "luksFormat", "--batch-mode", "--type", kind, "--uuid", uuid, "--key-file", passphrase,
			"--sector-size", "512", "--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000", header),
	)
	b.do("encrypt", err)
	if !b.ok() {
		return ""
	}
	f, err := os.Open(header)
	if err != nil {
		b.do("encrypt", err)
		return ""
	}
	defer f.Close()
	const mapped = "built"
	b.do("encrypt", b.g.Upload(b.ctx, f, string(device)))
	if b.ok() {
		b.do("encrypt", b.g.CryptsetupOpen(b.ctx, device, key, mapped, nil))
	}
	return "/dev/mapper/" + mapped
}

// decrypted closes what encrypt opened.
func (b *builder) decrypted() {
	if b.ok() {
		b.do("close", errors.Join(b.g.UmountAll(b.ctx), b.g.CryptsetupClose(b.ctx, "/dev/mapper/built")))
	}
}

// uuid is that of a filesystem.
func (b *builder) uuid(device string) string {
	if !b.ok() {
		return ""
	}
	uuid, err := b.g.VfsUuid(b.ctx, guestfs.Mountable(device))
	b.do("uuid of "+device, err)
	return uuid
}

// mount mounts a device, with options after a space: "/dev/sda1 subvol=root".
func (b *builder) mount(device, dir string) {
	if !b.ok() {
		return
	}
	device, options, _ := strings.Cut(device, " ")
	if dir != "/" {
		b.do("mkdir", b.g.MkdirP(b.ctx, guestfs.Path(dir)))
	}
	b.do("mount "+device, b.g.MountOptions(b.ctx, options, guestfs.Mountable(device), dir))
}

// put unpacks files into what is mounted.
func (b *builder) put(trees ...tree) {
	for _, t := range trees {
		if b.ok() {
			b.do("files", b.g.TarIn(b.ctx, bytes.NewReader(t.tar()), "/", nil))
		}
	}
}

func (b *builder) unmount() {
	if b.ok() {
		b.do("unmount", b.g.UmountAll(b.ctx))
	}
}

// subvolumes makes them in a new btrfs.
func (b *builder) subvolumes(device guestfs.Device, names ...guestfs.Path) {
	b.mount(string(device), "/")
	for _, name := range names {
		if b.ok() {
			b.do("subvolume", b.g.BtrfsSubvolumeCreate(b.ctx, name, nil))
		}
	}
	b.unmount()
}
