package guests

// fillCentOS makes a CentOS 7, whose database is Berkeley DB, without a
// partition table: the disk is one ext4.
func fillCentOS(b *builder) {
	const release = "NAME=\"CentOS Linux\"\nVERSION=\"7 (Core)\"\nID=\"centos\"\nID_LIKE=\"rhel fedora\"\nVERSION_ID=\"7\"\nPRETTY_NAME=\"CentOS Linux 7 (Core)\"\n"
	b.mkfs("ext4", "/dev/sda", "centos-root")
	b.mount("/dev/sda", "/")
	b.put(merged(x86_64, "centos.invalid", "LABEL=centos-root / ext4 defaults 0 0\n", release), tree{
		"etc/centos-release": "CentOS Linux release 7.9.2009 (Core)\n",
		"etc/redhat-release": "-> centos-release",
		"etc/locale.conf":    "LANG=\"en_US.UTF-8\"\n",
		"etc/localtime":      "-> ../usr/share/zoneinfo/America/New_York",
		"etc/sysconfig/network-scripts/ifcfg-eth0": "TYPE=Ethernet\nBOOTPROTO=none\nNAME=eth0\nDEVICE=eth0\nONBOOT=yes\nIPADDR=192.0.2.77\n" +
			"PREFIX=24\nGATEWAY=192.0.2.1\nDNS1=192.0.2.2\nHWADDR=52:54:00:aa:bb:cc\n",
		"etc/sysconfig/network-scripts/ifcfg-lo": "DEVICE=lo\nIPADDR=127.0.0.1\nNETMASK=255.0.0.0\nONBOOT=yes\n",
		"usr/bin/yum":                            "#!/usr/bin/python\n",
	}, tree{
		"boot/grub2/grub.cfg":                       "set default=0\n",
		"boot/vmlinuz-3.10.0-1160.el7.x86_64":       "kernel\n",
		"boot/initramfs-3.10.0-1160.el7.x86_64.img": "initrd\n",
	})
	b.rpmPackages("bdb", "/var/lib/rpm")
}

// fillRHEL makes a RHEL 8 with the database of its time:
//
//	sda1  /boot  xfs
//	sda2  LVM: volume group rhel8 with / (ext4)
//
// and a fstab that names its disk by the path to its slot.
func fillRHEL(b *builder) {
	const release = "NAME=\"Red Hat Enterprise Linux\"\nVERSION=\"8.9 (Ootpa)\"\nID=\"rhel\"\nID_LIKE=\"fedora\"\nVERSION_ID=\"8.9\"\n" +
		"PRETTY_NAME=\"Red Hat Enterprise Linux 8.9 (Ootpa)\"\n"
	b.table("/dev/sda", "mbr", 64, 0)
	b.mkfs("ext4", "/dev/sda1", "rhel-boot")
	b.lvm("rhel8", "/dev/sda2", volume{"root", 128})
	b.mkfs("ext4", "/dev/rhel8/root", "rhel-root")
	b.mount("/dev/rhel8/root", "/")
	b.mount("/dev/sda1", "/boot")
	b.put(merged(x86_64, "rhel.invalid", "/dev/mapper/rhel8-root / ext4 defaults 0 0\nUUID="+b.uuid("/dev/sda1")+" /boot ext4 defaults 0 0\n", release), tree{
		"etc/redhat-release":                       "Red Hat Enterprise Linux release 8.9 (Ootpa)\n",
		"boot/grub2/grub.cfg":                      "set default=0\n",
		"boot/vmlinuz-4.18.0-513.el8.x86_64":       "kernel\n",
		"boot/initramfs-4.18.0-513.el8.x86_64.img": "initrd\n",
		"usr/bin/dnf":                              "#!/usr/libexec/platform-python\n",
	})
	b.rpmPackages("bdb", "/var/lib/rpm")
}

// fillAlma makes an AlmaLinux 9, whose database is SQLite:
//
//	sda1  /boot/efi  vfat, named by PARTLABEL
//	sda2  /  xfs, named by PARTUUID
func fillAlma(b *builder) {
	const part, name = "aaaaaaaa-0000-4000-8000-00000000a1a9", "alma-efi"
	const release = "NAME=\"AlmaLinux\"\nVERSION=\"9.3 (Shamrock Pampas Cat)\"\nID=\"almalinux\"\nID_LIKE=\"rhel centos fedora\"\nVERSION_ID=\"9.3\"\n" +
		"PRETTY_NAME=\"AlmaLinux 9.3 (Shamrock Pampas Cat)\"\n"
	b.table("/dev/sda", "gpt", 48, 0)
	b.do("type", b.g.PartSetGptType(b.ctx, "/dev/sda", 1, guidESP))
	b.do("name", b.g.PartSetName(b.ctx, "/dev/sda", 1, name))
	b.do("guid", b.g.PartSetGptGuid(b.ctx, "/dev/sda", 2, part))
	b.mkfs("vfat", "/dev/sda1", "ALMAEFI")
	b.mkfs("xfs", "/dev/sda2", "alma-root")
	b.mount("/dev/sda2", "/")
	b.mount("/dev/sda1", "/boot/efi")
	b.put(merged(x86_64, "alma.invalid", "PARTUUID="+part+" / xfs defaults 0 0\nPARTLABEL="+name+" /boot/efi vfat umask=0077 0 2\n", release), tree{
		"etc/almalinux-release":                    "AlmaLinux release 9.3 (Shamrock Pampas Cat)\n",
		"etc/redhat-release":                       "-> almalinux-release",
		"boot/efi/EFI/almalinux/shimx64.efi":       pe(64),
		"boot/loader/entries/a-5.14.0.conf":        "title AlmaLinux\nlinux /vmlinuz-5.14.0-362.el9.x86_64\n",
		"boot/vmlinuz-5.14.0-362.el9.x86_64":       "kernel\n",
		"boot/initramfs-5.14.0-362.el9.x86_64.img": "initrd\n",
		"usr/bin/dnf":                              "#!/usr/bin/python3\n",
	})
	b.rpmPackages("sqlite", "/var/lib/rpm")
}

// fillOpenSUSE makes an openSUSE Leap 15.5 on btrfs, whose database is ndb:
//
//	sda1  btrfs: / on the default subvolume @/.snapshots/1/snapshot, @/home, @/var
func fillOpenSUSE(b *builder) {
	const release = "NAME=\"openSUSE Leap\"\nVERSION=\"15.5\"\nID=\"opensuse-leap\"\nID_LIKE=\"suse opensuse\"\nVERSION_ID=\"15.5\"\n" +
		"PRETTY_NAME=\"openSUSE Leap 15.5\"\n"
	const root = "/@/.snapshots/1/snapshot"
	b.table("/dev/sda", "gpt", 0)
	b.mkfs("btrfs", "/dev/sda1", "suse-root")
	b.mount("/dev/sda1", "/")
	for _, step := range []func() error{
		func() error { return b.g.BtrfsSubvolumeCreate(b.ctx, "/@", nil) },
		func() error { return b.g.BtrfsSubvolumeCreate(b.ctx, "/@/home", nil) },
		func() error { return b.g.BtrfsSubvolumeCreate(b.ctx, "/@/var", nil) },
		func() error { return b.g.BtrfsSubvolumeCreate(b.ctx, "/@/.snapshots", nil) },
		func() error { return b.g.MkdirP(b.ctx, "/@/.snapshots/1") },
		func() error { return b.g.BtrfsSubvolumeCreate(b.ctx, root, nil) },
		func() error {
			all, err := b.g.BtrfsSubvolumeList(b.ctx, "/")
			if err != nil {
				return err
			}
			for _, v := range all {
				if "/"+v.BtrfssubvolumePath == root {
					return b.g.BtrfsSubvolumeSetDefault(b.ctx, int64(v.BtrfssubvolumeId), "/")
				}
			}
			return nil
		},
	} {
		if b.ok() {
			b.do("subvolumes", step())
		}
	}
	b.unmount()
	uuid := b.uuid("/dev/sda1")
	b.mount("/dev/sda1", "/")
	b.mount("/dev/sda1 subvol=@/var", "/var")
	b.mount("/dev/sda1 subvol=@/home", "/home")
	b.put(linux(x86_64, "leap", "UUID="+uuid+" / btrfs defaults 0 0\nUUID="+uuid+" /var btrfs subvol=/@/var 0 0\n"+
		"UUID="+uuid+" /home btrfs subvol=/@/home 0 0\nUUID="+uuid+" /.snapshots btrfs subvol=/@/.snapshots 0 0\n", release), tree{
		".snapshots/": "", "etc/sysconfig/network/ifcfg-eth0": "BOOTPROTO='dhcp'\nSTARTMODE='auto'\n",
		"etc/locale.conf":              "LANG=en_US.UTF-8\n",
		"boot/grub2/grub.cfg":          "set default=0\n",
		"boot/vmlinuz-5.14.21-default": "kernel\n",
		"boot/initrd-5.14.21-default":  "initrd\n",
		"usr/bin/zypper":               elf(x86_64),
		"usr/lib/sysimage/":            "",
	})
	b.rpmPackages("ndb", "/usr/lib/sysimage/rpm")
	b.put(tree{"var/lib/rpm": "-> ../../usr/lib/sysimage/rpm"})
}
