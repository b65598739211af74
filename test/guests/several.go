package guests

// several are guests with more than one system, or with one that is not whole.
func several() []Guest {
	return []Guest{
		{Name: "multiboot", version: 2, mib: []int64{384}, fill: fillMultiboot, RPM: true},
		{Name: "dos", version: 1, mib: []int64{40}, fill: fillDOS},
	}
}

// fillMultiboot:
//
//	sda1  vfat  the EFI system partition of all
//	sda2  ntfs  Windows 10
//	sda3  ext4  Debian 12
//	sda4  ext4  Fedora 39
//	sda5  swap  of both
func fillMultiboot(b *builder) {
	const guid = "30303030-aaaa-4bbb-8ccc-00000000c030"
	const disk = "/dev/sda"
	b.table(disk, "gpt", 48, 96, 96, 96, 16)
	b.do("type", b.g.PartSetGptType(b.ctx, disk, 1, guidESP))
	b.do("type", b.g.PartSetGptType(b.ctx, disk, 2, guidBasic))
	b.do("guid", b.g.PartSetGptGuid(b.ctx, disk, 2, guid))
	b.mkfs("vfat", disk+"1", "MULTIEFI")
	b.mkfs("ntfs", disk+"2", "Multi")
	b.mkfs("ext4", disk+"3", "multi-debian")
	b.mkfs("ext4", disk+"4", "multi-fedora")
	b.mkfs("swap", disk+"5", "multi-swap")
	b.mount(disk+"2", "/")
	b.put(b.windowsFiles(64, windowsFacts{
		product: "Windows 10 Home", edition: "Core", install: "Client", version: "6.3", build: "19045", major: 10, hostname: "multiwin",
		zone: "UTC", drives: map[string][]byte{"C": gptDrive(guid)},
	}))
	b.unmount()
	fstab := func(root string) string {
		return "LABEL=" + root + " / ext4 defaults 0 1\nUUID=" + b.uuid(disk+"1") + " /boot/efi vfat defaults 0 2\nLABEL=multi-swap none swap sw 0 0\n"
	}
	b.mount(disk+"3", "/")
	b.put(linux(x86_64, "multideb", fstab("multi-debian"), "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nVERSION_ID=\"12\"\nID=debian\n"), tree{
		"etc/debian_version": "12.4\n", "var/lib/dpkg/status": ubuntuStatus, "boot/vmlinuz-6.1.0-17-amd64": "kernel\n", "boot/efi/": "",
	})
	b.unmount()
	b.mount(disk+"4", "/")
	b.put(tree{"boot/efi/": ""})
	b.putFedora("multifed", fstab("multi-fedora"))
}

// fillDOS makes a FreeDOS on a FAT.
func fillDOS(b *builder) {
	b.table("/dev/sda", "mbr", 0)
	b.do("mbr type", b.g.PartSetMbrId(b.ctx, "/dev/sda", 1, 0xc))
	b.mkfs("vfat", "/dev/sda1", "FREEDOS")
	b.mount("/dev/sda1", "/")
	b.put(tree{
		"KERNEL.SYS": "kernel\r\n", "COMMAND.COM": "shell\r\n", "AUTOEXEC.BAT": "@echo off\r\n", "FDOS/FREEDOS.BSS": "boot\r\n",
		"FDOS/BIN/EDIT.EXE": "edit\r\n",
	})
}
