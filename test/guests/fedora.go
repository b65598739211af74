package guests

import "virt-tools/pkg/guestfs"

// fedoras are Fedoras that lie on their disks in different ways.
func fedoras() []Guest {
	return []Guest{
		{Name: "fedora-lvm", version: 2, mib: []int64{384}, fill: fillFedoraLVM, RPM: true},
		{Name: "fedora-btrfs", version: 2, mib: []int64{384}, fill: fillFedoraBtrfs, RPM: true},
		{Name: "fedora-md", version: 2, mib: []int64{256, 256}, fill: fillFedoraMD, RPM: true},
		{Name: "fedora-ostree", version: 1, mib: []int64{512}, fill: fillOstree, RPM: true},
	}
}

// fedora is the files of a Fedora 39. The fstab must name what holds them.
func fedora(hostname, fstab string) tree {
	const release = "NAME=\"Fedora Linux\"\nVERSION=\"39 (Server Edition)\"\nID=fedora\nVERSION_ID=39\n" +
		"PRETTY_NAME=\"Fedora Linux 39 (Server Edition)\"\nVARIANT_ID=server\n"
	return with(merged(x86_64, hostname, fstab, release), tree{
		"etc/fedora-release":    "Fedora release 39 (Thirty Nine)\n",
		"etc/redhat-release":    "-> fedora-release",
		"etc/locale.conf":       "LANG=\"en_GB.UTF-8\"\n",
		"etc/localtime":         "-> ../usr/share/zoneinfo/Europe/London",
		"etc/sysconfig/network": "NETWORKING=yes\n",
		"etc/NetworkManager/system-connections/ens3.nmconnection": "[connection]\nid=ens3\ntype=ethernet\ninterface-name=ens3\n\n" +
			"[ipv4]\nmethod=manual\naddress1=203.0.113.9/24,203.0.113.1\ndns=203.0.113.2;\n\n[ipv6]\nmethod=auto\n",
		"etc/systemd/system/multi-user.target.wants/sshd.service": "-> /usr/lib/systemd/system/sshd.service",
		"usr/bin/dnf": "#!/usr/bin/python3\n",
		"usr/lib/modules/6.5.6-300.fc39.x86_64/modules.dep": "",
	})
}

var fedoraBoot = tree{
	"boot/grub2/grub.cfg":                       "set default=0\n",
	"boot/vmlinuz-6.5.6-300.fc39.x86_64":        "kernel\n",
	"boot/initramfs-6.5.6-300.fc39.x86_64.img":  "initrd\n",
	"boot/loader/entries/f-6.5.6-300.fc39.conf": "title Fedora Linux (6.5.6-300.fc39.x86_64)\nlinux /vmlinuz-6.5.6-300.fc39.x86_64\n",
}

// putFedora unpacks a Fedora with its kernel, its packages and what else is said.
func (b *builder) putFedora(hostname, fstab string, more ...tree) {
	b.put(fedora(hostname, fstab), fedoraBoot)
	b.put(more...)
	b.rpmPackages("sqlite", "/usr/lib/sysimage/rpm")
	b.put(tree{"var/lib/rpm": "-> ../../usr/lib/sysimage/rpm"})
}

// fillFedoraLVM:
//
//	sda1  /boot  ext4
//	sda2  LVM: volume group f-lvm with / (ext4) on root
func fillFedoraLVM(b *builder) {
	const disk = "/dev/sda"
	b.table(disk, "mbr", 64, 0)
	b.mkfs("ext4", disk+"1", "flvm-boot")
	// The hyphen is doubled in the name below /dev/mapper.
	b.lvm("f-lvm", disk+"2", volume{"root", 128})
	b.mkfs("ext4", "/dev/f-lvm/root", "flvm-root")
	b.mount("/dev/f-lvm/root", "/")
	b.mount(disk+"1", "/boot")
	b.putFedora("flvm", "/dev/mapper/f--lvm-root / ext4 defaults 1 1\nLABEL=flvm-boot /boot ext4 defaults 1 2\n")
}

// fillFedoraBtrfs:
//
//	sda1  /boot  ext4
//	sda2  btrfs: / on the subvolume root, /home on home, and a snapshot of root
func fillFedoraBtrfs(b *builder) {
	const disk = "/dev/sda"
	b.table(disk, "gpt", 64, 0)
	b.mkfs("ext4", disk+"1", "fbtrfs-boot")
	b.mkfs("btrfs", disk+"2", "fbtrfs")
	b.subvolumes(disk+"2", "/root", "/home")
	uuid := b.uuid(disk + "2")
	b.mount(disk+"2 subvol=root", "/")
	b.mount(disk+"2 subvol=home", "/home")
	b.mount(disk+"1", "/boot")
	b.putFedora("fbtrfs", "UUID="+uuid+" / btrfs subvol=root,compress=zstd:1 0 0\n"+
		"UUID="+b.uuid(disk+"1")+" /boot ext4 defaults 1 2\n"+
		"UUID="+uuid+" /home btrfs compress=zstd:1,subvol=home 0 0\n", tree{"home/ann/notes": "text\n"})
}

// fillFedoraMD:
//
//	sda1, sdb1  RAID 1: /boot  ext4
//	sda2, sdb2  RAID 1: LVM, volume group f_md with / (ext4)
func fillFedoraMD(b *builder) {
	for _, disk := range []guestfs.Device{"/dev/sda", "/dev/sdb"} {
		b.table(disk, "mbr", 64, 0)
	}
	boot := b.mirror("fmdboot", "/dev/sda1", "/dev/sdb1")
	group := b.mirror("fmdroot", "/dev/sda2", "/dev/sdb2")
	b.mkfs("ext4", boot, "fmd-boot")
	b.lvm("f_md", group, volume{"root", 128})
	b.mkfs("ext4", "/dev/f_md/root", "fmd-root")
	conf := "MAILADDR root\n"
	for name, device := range map[string]guestfs.Device{"boot": boot, "root": group} {
		if b.ok() {
			detail, err := b.g.MdDetail(b.ctx, device)
			b.do("mdadm", err)
			conf += "ARRAY /dev/md/" + name + " level=raid1 num-devices=2 UUID=" + detail.Value("uuid") + "\n"
		}
	}
	b.mount("/dev/f_md/root", "/")
	b.mount(string(boot), "/boot")
	b.putFedora("fmd", "/dev/f_md/root / ext4 defaults 1 1\n/dev/md/boot /boot ext4 defaults 1 2\n", tree{"etc/mdadm.conf": conf})
}

// fillOstree makes a Fedora Silverblue, whose root is a deployment deep in the
// filesystem:
//
//	sda1  /boot  ext4
//	sda2  btrfs: the subvolume root with ostree, and var
func fillOstree(b *builder) {
	const disk = "/dev/sda"
	const deployment = "ostree/deploy/fedora/deploy/0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef.0/"
	const release = "NAME=\"Fedora Linux\"\nVERSION=\"39.20231106.0 (Silverblue)\"\nID=fedora\nVERSION_ID=39\n" +
		"PRETTY_NAME=\"Fedora Linux 39.20231106.0 (Silverblue)\"\nVARIANT_ID=silverblue\nOSTREE_VERSION='39.20231106.0'\n"
	b.table(disk, "gpt", 64, 0)
	b.mkfs("ext4", disk+"1", "fos-boot")
	b.mkfs("btrfs", disk+"2", "fostree")
	b.subvolumes(disk+"2", "/root", "/var")
	uuid := b.uuid(disk + "2")
	files := tree{}
	for name, text := range merged(x86_64, "silverblue", "UUID="+uuid+" / btrfs subvol=root 0 0\nUUID="+uuid+" /var btrfs subvol=var 0 0\n"+
		"UUID="+b.uuid(disk+"1")+" /boot ext4 defaults 1 2\n", release) {
		files[deployment+name] = text
	}
	for name, text := range (tree{
		"etc/fedora-release": "Fedora release 39 (Thirty Nine)\n",
		"home":               "-> var/home", "ostree": "-> sysroot/ostree", "root": "-> var/roothome",
		"sysroot/": "", "usr/bin/rpm-ostree": elf(x86_64), "var/": "",
	}) {
		delete(files, deployment+name+"/")
		files[deployment+name] = text
	}
	b.mount(disk+"2 subvol=root", "/")
	b.mount(disk+"1", "/boot")
	b.put(files, tree{
		"ostree/boot.1":                   "-> boot.1.1",
		"ostree/boot.1.1/fedora/abcdef/0": "-> ../../../deploy/fedora/deploy/0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef.0",
		"ostree/repo/config":              "[core]\nrepo_version=1\nmode=bare\n",
		"ostree/deploy/fedora/var/":       "",
		"boot/loader":                     "-> loader.1",
		"boot/loader.1/entries/ostree-1.conf": "title Fedora Linux 39 (ostree:0)\nlinux /ostree/fedora-abcdef/vmlinuz-6.5.6\noptions root=UUID=" + uuid +
			" rootflags=subvol=root ostree=/ostree/boot.1/fedora/abcdef/0\n",
		"boot/ostree/fedora-abcdef/vmlinuz-6.5.6": "kernel\n",
	})
}
