package facts

import (
	"path"
	"slices"
	"strings"
)

// bootFolders hold kernels: on most systems all are in /boot, with some in the folder of
// an EFI system partition.
var bootFolders = []string{"boot", "efi"}

// kernelNames begin the names of kernels; what follows is the version.
var kernelNames = []string{"vmlinuz-", "vmlinux-", "kernel-", "bzImage-", "Image-"}

// kernels lists the kernels in /boot and those of which there are modules.
func (r *reader) kernels() {
	var initrds []string
	for _, dir := range bootFolders {
		for _, name := range r.list(dir) {
			if isInitrd(name) {
				initrds = append(initrds, "/"+path.Join(dir, name))
				continue
			}
			for _, start := range kernelNames {
				if version, ok := strings.CutPrefix(name, start); ok && !strings.HasSuffix(name, ".hmac") && len(r.f.Kernels) < maxList {
					r.f.Kernels = append(r.f.Kernels, Kernel{Version: clean(version), Path: clean("/" + path.Join(dir, name))})
				}
			}
		}
	}
	for _, dir := range []string{"lib/modules", "usr/lib/modules"} {
		for _, version := range r.list(dir) {
			if r.isDir(path.Join(dir, version)) {
				r.modules(clean(version), clean("/"+path.Join(dir, version)))
			}
		}
	}
	for i := range r.f.Kernels {
		k := &r.f.Kernels[i]
		for _, initrd := range initrds {
			if k.Path != "" && initrdVersion(path.Base(initrd)) == k.Version {
				k.Initrd = clean(initrd)
				break
			}
		}
	}
	slices.SortStableFunc(r.f.Kernels, func(a, b Kernel) int { return strings.Compare(a.Version, b.Version) })
}

// modules adds a folder of modules to its kernel. Where /lib is a link to /usr/lib the
// folder is seen twice.
func (r *reader) modules(version, dir string) {
	for i := range r.f.Kernels {
		if k := &r.f.Kernels[i]; k.Version == version {
			if k.Modules == "" {
				k.Modules = dir
			}
			return
		}
	}
	if len(r.f.Kernels) < maxList {
		r.f.Kernels = append(r.f.Kernels, Kernel{Version: version, Modules: dir})
	}
}

func isInitrd(name string) bool { return strings.HasPrefix(name, "init") && initrdVersion(name) != "" }

// initrdVersion is the version in initrd.img-1.2, initramfs-1.2.img, initrd-1.2. A second
// image that is kept for emergencies is none of that version.
func initrdVersion(name string) string {
	for _, start := range []string{"initrd.img-", "initramfs-", "initrd-"} {
		if version, ok := strings.CutPrefix(name, start); ok {
			return strings.TrimSuffix(version, ".img")
		}
	}
	return ""
}

// bootLoaders are told by their files.
var bootLoaders = []struct{ name, file string }{
	{"grub2", "boot/grub/grub.cfg"},
	{"grub2", "boot/grub2/grub.cfg"},
	{"grub", "boot/grub/menu.lst"},
	{"grub", "boot/grub/grub.conf"},
	{"systemd-boot", "boot/EFI/systemd/systemd-bootx64.efi"},
	{"systemd-boot", "boot/EFI/systemd/systemd-bootaa64.efi"},
	{"systemd-boot", "boot/efi/EFI/systemd/systemd-bootx64.efi"},
	{"systemd-boot", "boot/efi/EFI/systemd/systemd-bootaa64.efi"},
	{"systemd-boot", "efi/EFI/systemd/systemd-bootx64.efi"},
	{"systemd-boot", "efi/EFI/systemd/systemd-bootaa64.efi"},
	{"refind", "boot/EFI/refind/refind.conf"},
	{"refind", "boot/efi/EFI/refind/refind.conf"},
	{"limine", "boot/limine.conf"},
	{"extlinux", "boot/extlinux.conf"},
	{"extlinux", "boot/extlinux/extlinux.conf"},
	{"syslinux", "boot/syslinux/syslinux.cfg"},
	{"lilo", "etc/lilo.conf"},
	{"zipl", "etc/zipl.conf"},
	{"u-boot", "boot/boot.scr"},
	{"loader", "boot/loader.conf"}, // FreeBSD's
}

// boot finds boot loaders, and for which firmware the disk is made to start.
func (r *reader) boot() {
	for _, b := range bootLoaders {
		if r.exists(b.file) {
			r.f.BootLoaders = add(r.f.BootLoaders, b.name)
		}
	}
	var firmware []string
	for _, name := range []string{"boot/grub/i386-pc", "boot/grub2/i386-pc", "boot/grub/menu.lst", "boot/grub/grub.conf", "boot/extlinux.conf", "boot/extlinux", "etc/lilo.conf"} {
		if r.exists(name) {
			firmware = add(firmware, "bios")
		}
	}
	for _, dir := range []string{"boot/efi/EFI", "boot/EFI", "efi/EFI"} {
		if len(r.list(dir)) > 0 {
			firmware = add(firmware, "uefi")
		}
	}
	if len(firmware) == 0 && len(r.f.BootLoaders) > 0 {
		firmware = []string{"bios"} // a loader, and nothing for UEFI
	}
	r.f.Firmware = strings.Join(firmware, ",")
}
