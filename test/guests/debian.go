package guests

// debians are Debian and what is made from it.
func debians() []Guest {
	return []Guest{
		{Name: "debian", version: 2, mib: []int64{512}, fill: fillDebian},
		{Name: "ubuntu", version: 1, mib: []int64{512}, fill: fillUbuntu},
	}
}

// fillDebian makes a Debian of the days of MBR, with what can be on volumes of
// their own there:
//
//	sda1  /boot  ext2
//	sda2  LVM: volume group deb11 with /, /usr, /var, /home (ext3, ext4) and swap
func fillDebian(b *builder) {
	const disk, group = "/dev/sda", "/dev/deb11/"
	b.table(disk, "mbr", 64, 0)
	b.mkfs("ext2", disk+"1", "deb-boot")
	b.lvm("deb11", disk+"2", volume{"root", 64}, volume{"usr", 64}, volume{"var", 64}, volume{"home", 64}, volume{"swap_1", 32})
	b.mkfs("ext4", group+"root", "deb-root")
	b.mkfs("ext4", group+"usr", "deb-usr")
	b.mkfs("ext3", group+"var", "")
	b.mkfs("ext4", group+"home", "")
	b.mkfs("swap", group+"swap_1", "deb-swap")
	fstab := "# /etc/fstab: static file system information.\n" +
		"/dev/mapper/deb11-root /               ext4    errors=remount-ro 0       1\n" +
		"UUID=" + b.uuid(disk+"1") + " /boot ext2 defaults 0 2\n" +
		"/dev/mapper/deb11-usr /usr ext4 defaults 0 2\n" +
		"/dev/deb11/var /var ext3 defaults 0 2\n" +
		"/dev/mapper/deb11-home /home ext4 defaults,nodev 0 2\n" +
		"/dev/mapper/deb11-swap_1 none swap sw 0 0\n" +
		"/dev/sr0 /media/cdrom0 udf,iso9660 user,noauto 0 0\n" +
		"proc /proc proc defaults 0 0\n"
	b.mount(group+"root", "/")
	b.mount(disk+"1", "/boot")
	b.mount(group+"usr", "/usr")
	b.mount(group+"var", "/var")
	b.mount(group+"home", "/home")
	b.put(linux(x86_64, "debian.invalid", fstab, debianRelease), tree{
		"etc/debian_version": "11.1\n",
		"etc/timezone":       "Europe/Berlin\n",
		"etc/localtime":      "-> /usr/share/zoneinfo/Europe/Berlin",
		"etc/default/locale": "LANG=de_DE.UTF-8\n",
		"etc/network/interfaces": "source /etc/network/interfaces.d/*\n\nauto lo\niface lo inet loopback\n\n" +
			"allow-hotplug eth0\niface eth0 inet static\n\taddress 192.0.2.10/24\n\tgateway 192.0.2.1\n\tdns-nameservers 192.0.2.2 192.0.2.3\n" +
			"iface eth0 inet6 auto\n",
		"etc/systemd/system/multi-user.target.wants/ssh.service": "-> /lib/systemd/system/ssh.service",
		"boot/grub/grub.cfg":                     "set default=0\n",
		"boot/vmlinuz-5.10.0-9-amd64":            "kernel\n",
		"boot/initrd.img-5.10.0-9-amd64":         "initrd\n",
		"boot/config-5.10.0-9-amd64":             "CONFIG_64BIT=y\n",
		"lib/modules/5.10.0-9-amd64/modules.dep": "",
		"usr/bin/":                               "", "usr/lib/": "", "usr/local/": "", "usr/share/": "", "usr/src/": "",
		"home/ann/notes":      "text\n",
		"var/cache/":          "",
		"var/lib/dpkg/status": debianStatus,
		"var/lib/dpkg/info/":  "",
		"var/run":             "-> /run",
		"var/spool/":          "",
		"var/log/syslog":      "Feb 29 12:00:00 debian kernel: line one\nFeb 29 12:00:01 debian kernel: line two\n",
	})
}

const debianRelease = "PRETTY_NAME=\"Debian GNU/Linux 11 (bullseye)\"\nNAME=\"Debian GNU/Linux\"\nVERSION_ID=\"11\"\n" +
	"VERSION=\"11 (bullseye)\"\nVERSION_CODENAME=bullseye\nID=debian\nHOME_URL=\"https://www.debian.org/\"\n"

// debianStatus has packages in several states; only "ok installed" and the
// like are there.
const debianStatus = `Package: base-files
Essential: yes
Status: install ok installed
Priority: required
Section: admin
Installed-Size: 340
Maintainer: Santiago Vila <sanvila@debian.org>
Architecture: amd64
Version: 11.1+deb11u1
Description: Debian base system miscellaneous files
 This package contains the basic filesystem hierarchy of a Debian system, and
 several important miscellaneous files, such as /etc/debian_version.
 .
 It is not optional.

Package: libc6
Status: install ok installed
Priority: optional
Section: libs
Source: glibc
Architecture: amd64
Multi-Arch: same
Version: 2.31-13+deb11u2
Description: GNU C Library: Shared libraries
 Contains the standard libraries that are used by nearly all programs on
 the system.
Homepage: https://www.gnu.org/software/libc/libc.html

Package: removed
Status: deinstall ok config-files
Architecture: all
Version: 0.9-2
Description: removed but not purged

Package: vim-common
Status: hold ok installed
Source: vim
Architecture: all
Version: 2:8.2.2434-3+deb11u1
Description: Vi IMproved - Common files
Homepage: https://www.vim.org/

Package: zlib1g
Status: install ok installed
Source: zlib (1:1.2.11.dfsg-2)
Architecture: amd64
Version: 1:1.2.11.dfsg-2+b1
Description: compression library - runtime
 zlib is a library implementing the deflate compression method found
 in gzip and PKZIP.
Homepage: http://zlib.net/

`

// fillUbuntu makes an Ubuntu Server of 22.04, which boots with UEFI:
//
//	sda1  /boot/efi  vfat
//	sda2  /          ext4, named by its label
func fillUbuntu(b *builder) {
	const disk = "/dev/sda"
	b.table(disk, "gpt", 48, 0)
	b.do("type", b.g.PartSetGptType(b.ctx, disk, 1, guidESP))
	b.mkfs("vfat", disk+"1", "UBUEFI")
	b.mkfs("ext4", disk+"2", "ubuntu-root")
	fstab := "LABEL=ubuntu-root\t/\text4\tdiscard,commit=30,errors=remount-ro\t0 1\n" +
		"/dev/disk/by-uuid/" + b.uuid(disk+"1") + "\t/boot/efi\tvfat\tumask=0077\t0 1\n" +
		"/swap.img\tnone\tswap\tsw\t0\t0\n"
	const release = "PRETTY_NAME=\"Ubuntu 22.04.3 LTS\"\nNAME=\"Ubuntu\"\nVERSION_ID=\"22.04\"\nVERSION=\"22.04.3 LTS (Jammy Jellyfish)\"\n" +
		"VERSION_CODENAME=jammy\nID=ubuntu\nID_LIKE=debian\nUBUNTU_CODENAME=jammy\n"
	b.mount(disk+"2", "/")
	b.mount(disk+"1", "/boot/efi")
	b.put(merged(x86_64, "jammy", fstab, release), tree{
		"etc/debian_version": "bookworm/sid\n",
		"etc/lsb-release":    "DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=22.04\nDISTRIB_CODENAME=jammy\nDISTRIB_DESCRIPTION=\"Ubuntu 22.04.3 LTS\"\n",
		"etc/timezone":       "Etc/UTC\n",
		"etc/localtime":      "-> /usr/share/zoneinfo/Etc/UTC",
		"etc/default/locale": "LANG=C.UTF-8\n",
		"etc/netplan/50-cloud-init.yaml": "network:\n    version: 2\n    ethernets:\n        ens3:\n            dhcp4: true\n" +
			"            match:\n                macaddress: 52:54:00:12:34:56\n            set-name: ens3\n        ens4:\n" +
			"            addresses: [198.51.100.7/24, \"2001:db8::7/64\"]\n            routes:\n            - to: default\n              via: 198.51.100.1\n" +
			"            nameservers:\n                addresses: [198.51.100.2]\n",
		"etc/systemd/system/multi-user.target.wants/cron.service": "-> /lib/systemd/system/cron.service",
		"etc/systemd/system/sockets.target.wants/snapd.socket":    "-> /lib/systemd/system/snapd.socket",
		"boot/grub/grub.cfg":                            "set default=0\n",
		"boot/vmlinuz":                                  "-> vmlinuz-5.15.0-91-generic",
		"boot/vmlinuz-5.15.0-91-generic":                "kernel\n",
		"boot/initrd.img-5.15.0-91-generic":             "initrd\n",
		"boot/efi/EFI/ubuntu/grubx64.efi":               pe(64),
		"boot/efi/EFI/ubuntu/shimx64.efi":               pe(64),
		"usr/lib/modules/5.15.0-91-generic/modules.dep": "",
		"snap/core20/current":                           "-> 2105",
		"snap/core20/2105/meta/snap.yaml":               "name: core20\nversion: '20240111'\nsummary: Runtime environment based on Ubuntu 20.04\ntype: base\narchitectures:\n- amd64\n",
		"swap.img":                                      "",
		"var/lib/dpkg/status":                           ubuntuStatus,
	})
}

const ubuntuStatus = `Package: bash
Essential: yes
Status: install ok installed
Priority: required
Section: shells
Architecture: amd64
Version: 5.1-6ubuntu1
Description: GNU Bourne Again SHell
 Bash is an sh-compatible command language interpreter.
Homepage: http://tiswww.case.edu/php/chet/bash/bashtop.html

Package: snapd
Status: install ok installed
Architecture: amd64
Version: 2.58+22.04
Description: Daemon and tooling that enable snap packages
Homepage: https://github.com/snapcore/snapd

`
