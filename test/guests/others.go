package guests

// others are Linux systems of families with one guest each.
func others() []Guest {
	return []Guest{
		{Name: "archlinux", version: 2, mib: []int64{256}, fill: fillArch},
		{Name: "alpine", version: 1, mib: []int64{160}, fill: fillAlpine},
		{Name: "gentoo", version: 1, mib: []int64{64}, fill: fillGentoo},
		{Name: "void", version: 1, mib: []int64{64}, fill: fillVoid},
		{Name: "nixos", version: 1, mib: []int64{160}, fill: fillNixOS, Unknown: true},
		{Name: "coreos", version: 2, mib: []int64{512}, fill: fillCoreOS},
		{Name: "distroless", version: 1, mib: []int64{64}, fill: fillDistroless, Unknown: true},
	}
}

// fillArch:
//
//	sda1  /boot  vfat, with systemd-boot
//	sda2  /      ext4
func fillArch(b *builder) {
	b.table("/dev/sda", "gpt", 48, 0)
	b.do("type", b.g.PartSetGptType(b.ctx, "/dev/sda", 1, guidESP))
	b.mkfs("vfat", "/dev/sda1", "ARCHBOOT")
	b.mkfs("ext4", "/dev/sda2", "arch-root")
	b.mount("/dev/sda2", "/")
	b.mount("/dev/sda1", "/boot")
	desc := func(name, version, arch, text, url string) string {
		return "%NAME%\n" + name + "\n\n%VERSION%\n" + version + "\n\n%BASE%\n" + name + "\n\n%DESC%\n" + text + "\n\n%URL%\n" + url +
			"\n\n%ARCH%\n" + arch + "\n\n%BUILDDATE%\n1700000000\n\n%PACKAGER%\nA Packager <packager@arch.invalid>\n\n"
	}
	b.put(merged(x86_64, "arch", "UUID="+b.uuid("/dev/sda2")+" / ext4 rw,relatime 0 1\nUUID="+b.uuid("/dev/sda1")+" /boot vfat rw 0 2\n",
		"NAME=\"Arch Linux\"\nPRETTY_NAME=\"Arch Linux\"\nID=arch\nBUILD_ID=rolling\n"), tree{
		"etc/arch-release":                     "",
		"etc/locale.conf":                      "LANG=en_US.UTF-8\n",
		"etc/localtime":                        "-> /usr/share/zoneinfo/Asia/Tokyo",
		"etc/machine-id":                       "0123456789abcdef0123456789abcdef\n",
		"etc/systemd/network/20-wired.network": "[Match]\nName=en*\n\n[Network]\nDHCP=yes\n",
		"etc/systemd/system/dbus-org.freedesktop.network1.service":            "-> /usr/lib/systemd/system/systemd-networkd.service",
		"etc/systemd/system/multi-user.target.wants/systemd-networkd.service": "-> /usr/lib/systemd/system/systemd-networkd.service",
		"boot/vmlinuz-linux":                          "kernel\n",
		"boot/initramfs-linux.img":                    "initrd\n",
		"boot/loader/loader.conf":                     "default arch.conf\n",
		"boot/loader/entries/arch.conf":               "title Arch Linux\nlinux /vmlinuz-linux\ninitrd /initramfs-linux.img\n",
		"boot/EFI/systemd/systemd-bootx64.efi":        pe(64),
		"usr/lib/modules/6.6.8-arch1-1/pkgbase":       "linux\n",
		"usr/bin/pacman":                              elf(x86_64),
		"var/lib/pacman/local/ALPM_DB_VERSION":        "9\n",
		"var/lib/pacman/local/bash-5.2.021-1/desc":    desc("bash", "5.2.021-1", "x86_64", "The GNU Bourne Again shell", "https://www.gnu.org/software/bash/bash.html"),
		"var/lib/pacman/local/shadow-1:4.14.3-1/desc": desc("shadow", "1:4.14.3-1", "x86_64", "Password and account management tool suite", "https://github.com/shadow-maint/shadow"),
		"var/lib/pacman/local/tzdata-2023d-1/desc":    desc("tzdata", "2023d-1", "any", "Sources for time zone and daylight saving time data", "https://www.iana.org/time-zones"),
	})
}

// fillAlpine:
//
//	sda1  /boot  ext4, with extlinux
//	sda2  swap
//	sda3  /      ext4
func fillAlpine(b *builder) {
	b.table("/dev/sda", "mbr", 32, 16, 0)
	b.do("bootable", b.g.PartSetBootable(b.ctx, "/dev/sda", 1, true))
	b.mkfs("ext4", "/dev/sda1", "alp-boot")
	b.mkfs("swap", "/dev/sda2", "")
	b.mkfs("ext4", "/dev/sda3", "alp-root")
	b.mount("/dev/sda3", "/")
	b.mount("/dev/sda1", "/boot")
	b.put(linux(aarch64, "alpine", "UUID="+b.uuid("/dev/sda3")+"\t/\text4\trw,relatime 0 1\nUUID="+b.uuid("/dev/sda1")+"\t/boot\text4\trw,relatime 0 2\n"+
		"UUID="+b.uuid("/dev/sda2")+"\tswap\tswap\tdefaults\t0 0\n/dev/cdrom\t/media/cdrom\tiso9660\tnoauto,ro 0 0\ntmpfs\t/tmp\ttmpfs\tnosuid,nodev\t0\t0\n",
		"NAME=\"Alpine Linux\"\nID=alpine\nVERSION_ID=3.19.0\nPRETTY_NAME=\"Alpine Linux v3.19\"\n"), tree{
		"etc/alpine-release":            "3.19.0\n",
		"etc/network/interfaces":        "auto lo\niface lo inet loopback\n\nauto eth0\niface eth0 inet dhcp\n",
		"etc/runlevels/boot/networking": "-> /etc/init.d/networking",
		"etc/runlevels/default/sshd":    "-> /etc/init.d/sshd",
		"etc/init.d/networking":         "#!/sbin/openrc-run\n", "etc/init.d/sshd": "#!/sbin/openrc-run\n",
		"boot/extlinux.conf": "DEFAULT menu.c32\n", "boot/vmlinuz-virt": "kernel\n", "boot/initramfs-virt": "initrd\n",
		"lib/apk/db/installed": "C:Q1qKcZ+j23xssAXmgQhkOO8dHnbWw=\nP:alpine-baselayout\nV:3.4.3-r2\nA:aarch64\nS:8900\nI:331776\n" +
			"T:Alpine base dir structure and init scripts\nU:https://git.alpinelinux.org/cgit/aports/tree/main/alpine-baselayout\nL:GPL-2.0-only\n" +
			"o:alpine-baselayout\nm:Natanael Copa <ncopa@alpinelinux.org>\nt:1699462044\nF:dev\nF:dev/pts\n\n" +
			"C:Q1lPPMYJVBgDYDZ6ZWtqvsjGfSCoE=\nP:musl\nV:1.2.4_git20230717-r4\nA:aarch64\nS:400000\nI:651264\nT:the musl c library (libc) implementation\n" +
			"U:https://musl.libc.org/\nL:MIT\no:musl\nt:1699267731\nF:lib\nR:ld-musl-aarch64.so.1\n\n",
	})
}

// fillGentoo: ext4 on the whole disk.
func fillGentoo(b *builder) {
	b.mkfs("ext4", "/dev/sda", "gentoo-root")
	b.mount("/dev/sda", "/")
	b.put(linux(x86_64, "gentoo", "LABEL=gentoo-root / ext4 noatime 0 1\n", "NAME=Gentoo\nID=gentoo\nPRETTY_NAME=\"Gentoo Linux\"\nVERSION_ID=\"2.14\"\n"), tree{
		"etc/gentoo-release":                                "Gentoo Base System release 2.14\n",
		"var/db/pkg/app-shells/bash-5.1_p16-r6/PF":          "bash-5.1_p16-r6\n",
		"var/db/pkg/app-shells/bash-5.1_p16-r6/CATEGORY":    "app-shells\n",
		"var/db/pkg/app-shells/bash-5.1_p16-r6/DESCRIPTION": "The standard GNU Bourne again shell\n",
		"var/db/pkg/app-shells/bash-5.1_p16-r6/HOMEPAGE":    "https://tiswww.case.edu/php/chet/bash/bashtop.html\n",
		"var/db/pkg/app-shells/bash-5.1_p16-r6/SLOT":        "0\n",
		"var/db/pkg/sys-libs/zlib-1.3-r2/PF":                "zlib-1.3-r2\n",
		"var/db/pkg/sys-libs/zlib-1.3-r2/CATEGORY":          "sys-libs\n",
		"var/db/pkg/sys-libs/zlib-1.3-r2/DESCRIPTION":       "Standard (de)compression library\n",
		"etc/runlevels/default/sshd":                        "-> /etc/init.d/sshd",
	})
}

// fillVoid: ext4 on the whole disk.
func fillVoid(b *builder) {
	b.mkfs("ext4", "/dev/sda", "void-root")
	b.mount("/dev/sda", "/")
	b.put(merged(x86_64, "void", "LABEL=void-root / ext4 defaults 0 1\n", "NAME=\"Void\"\nID=\"void\"\nPRETTY_NAME=\"Void Linux\"\n"), tree{
		"etc/runit/runsvdir/default/sshd": "-> /etc/sv/sshd",
		"var/db/xbps/pkgdb-0.38.plist": `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple Computer//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
	<key>bash</key>
	<dict>
		<key>architecture</key>
		<string>x86_64</string>
		<key>homepage</key>
		<string>https://www.gnu.org/software/bash/bash.html</string>
		<key>pkgver</key>
		<string>bash-5.2.021_1</string>
		<key>short_desc</key>
		<string>GNU Bourne Again Shell</string>
		<key>state</key>
		<string>installed</string>
	</dict>
</dict>
</plist>
`,
	})
}

// fillNixOS: its files are links into the store, and there is no /bin/bash.
func fillNixOS(b *builder) {
	const store = "nix/store/"
	const system = store + "0000000000000000000000000000000a-nixos-system-nix-23.11/"
	b.table("/dev/sda", "gpt", 48, 0)
	b.do("type", b.g.PartSetGptType(b.ctx, "/dev/sda", 1, guidESP))
	b.mkfs("vfat", "/dev/sda1", "NIXBOOT")
	b.mkfs("ext4", "/dev/sda2", "nixos")
	b.mount("/dev/sda2", "/")
	b.mount("/dev/sda1", "/boot")
	b.put(tree{
		"bin/sh": "-> /" + store + "0000000000000000000000000000000b-bash-5.2/bin/sh",
		store + "0000000000000000000000000000000b-bash-5.2/bin/sh": elf(x86_64),
		"etc/NIXOS":      "",
		"etc/fstab":      "-> /etc/static/fstab",
		"etc/hostname":   "-> /etc/static/hostname",
		"etc/os-release": "-> /etc/static/os-release",
		"etc/static":     "-> /" + store + "0000000000000000000000000000000c-etc/etc",
		"etc/localtime":  "-> /etc/zoneinfo/Europe/Amsterdam",
		store + "0000000000000000000000000000000c-etc/etc/fstab": "/dev/disk/by-label/nixos / ext4 defaults 0 1\n/dev/disk/by-uuid/" +
			b.uuid("/dev/sda1") + " /boot vfat defaults 0 2\n",
		store + "0000000000000000000000000000000c-etc/etc/hostname": "nix\n",
		store + "0000000000000000000000000000000c-etc/etc/os-release": "BUILD_ID=\"23.11.2596.c1be43e8e837\"\nID=nixos\nNAME=NixOS\n" +
			"PRETTY_NAME=\"NixOS 23.11 (Tapir)\"\nVERSION_CODENAME=tapir\nVERSION_ID=\"23.11\"\n",
		system + "kernel": "-> /" + store + "0000000000000000000000000000000d-linux-6.1.69/bzImage",
		store + "0000000000000000000000000000000d-linux-6.1.69/bzImage": "kernel\n",
		"nix/var/nix/profiles/system":                                   "-> system-1-link",
		"nix/var/nix/profiles/system-1-link":                            "-> /" + system,
		"run/current-system":                                            "-> /" + system,
		"usr/bin/env":                                                   "-> /" + store + "0000000000000000000000000000000b-bash-5.2/bin/sh",
		"boot/EFI/systemd/systemd-bootx64.efi":                          pe(64),
		"boot/loader/entries/nixos-generation-1.conf":                   "title NixOS\nversion Generation 1 NixOS 23.11\nlinux /EFI/nixos/linux-6.1.69-bzImage.efi\n",
		"var/": "", "home/": "", "root/": "", "tmp/": "",
	})
}

// fillCoreOS makes a CoreOS Container Linux, whose /usr is one of two:
//
//	sda1  EFI-SYSTEM  vfat
//	sda2  USR-A       ext4, /usr 899.15.0
//	sda3  USR-B       ext4, /usr 899.13.0
//	sda4  OEM         ext4
//	sda5  ROOT        ext4
func fillCoreOS(b *builder) {
	names := []string{"EFI-SYSTEM", "USR-A", "USR-B", "OEM", "ROOT"}
	b.table("/dev/sda", "gpt", 48, 64, 64, 32, 0)
	for i, name := range names {
		if b.ok() {
			b.do("name", b.g.PartSetName(b.ctx, "/dev/sda", i+1, name))
		}
	}
	b.do("type", b.g.PartSetGptType(b.ctx, "/dev/sda", 1, guidESP))
	b.mkfs("vfat", "/dev/sda1", "EFI-SYSTEM")
	b.mkfs("ext4", "/dev/sda2", "USR-A")
	b.mkfs("ext4", "/dev/sda3", "USR-B")
	b.mkfs("ext4", "/dev/sda4", "OEM")
	b.mkfs("ext4", "/dev/sda5", "ROOT")
	for device, version := range map[string]string{"/dev/sda2": "899.15.0", "/dev/sda3": "899.13.0"} {
		b.mount(device, "/")
		release := "NAME=CoreOS\nID=coreos\nVERSION=" + version + "\nVERSION_ID=" + version + "\nPRETTY_NAME=\"CoreOS " + version + "\"\n"
		b.put(tree{
			"bin/bash": elf(x86_64), "bin/ls": elf(x86_64), "lib/os-release": release, "lib64/": "", "local/": "", "share/coreos/": "", "sbin/": "",
			"share/coreos/lsb-release":             "DISTRIB_ID=CoreOS\nDISTRIB_RELEASE=" + version + "\nDISTRIB_DESCRIPTION=\"CoreOS " + version + "\"\n",
			"lib/modules/4.3.6-coreos/modules.dep": "",
		})
		b.unmount()
	}
	b.mount("/dev/sda5", "/")
	b.put(tree{
		"bin": "-> usr/bin", "lib": "-> usr/lib", "etc/os-release": "-> ../usr/lib/os-release",
		"etc/lsb-release":        "-> ../usr/share/coreos/lsb-release",
		"etc/coreos/update.conf": "GROUP=stable\n", "etc/hostname": "coreos.invalid\n",
		"home/": "", "root/": "", "tmp/": "", "usr/": "", "var/lib/": "",
	})
}

// fillDistroless makes what an image of containers holds: no /bin, and a
// status file for each package.
func fillDistroless(b *builder) {
	b.mkfs("ext4", "/dev/sda", "distroless")
	b.mount("/dev/sda", "/")
	b.put(tree{
		"etc/debian_version": "12.4\n", "etc/hosts": "127.0.0.1 localhost\n", "etc/hostname": "container\n",
		"etc/os-release":     "-> ../usr/lib/os-release",
		"usr/lib/os-release": "PRETTY_NAME=\"Distroless\"\nNAME=\"Debian GNU/Linux\"\nID=\"debian\"\nVERSION_ID=\"12\"\nVERSION=\"Debian GNU/Linux 12 (bookworm)\"\n",
		"bin/":               "", "usr/bin/app": elf(x86_64), "home/nonroot/": "",
		"var/lib/dpkg/status.d/base-files": "Package: base-files\nArchitecture: amd64\nVersion: 12.4+deb12u4\nDescription: Debian base system miscellaneous files\n",
		"var/lib/dpkg/status.d/tzdata":     "Package: tzdata\nArchitecture: all\nVersion: 2024a-0+deb12u1\nDescription: time zone and daylight-saving time data\nHomepage: https://www.iana.org/time-zones\n",
	})
}
