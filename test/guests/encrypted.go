package guests

import "virt-tools/pkg/guestfs"

// passphrase opens what is encrypted in the small guests.
const passphrase = "correct horse"

// encrypted are guests of which nothing is known before they are opened. All
// have kinds of LUKS and places of it that differ.
func encrypted() []Guest {
	key := func(devices ...string) (keys []string) {
		for _, d := range devices {
			keys = append(keys, d+":key:"+passphrase)
		}
		return keys
	}
	return []Guest{
		{Name: "luks-lvm", version: 2, mib: []int64{384}, fill: fillLVMOnLUKS, RPM: true, Keys: key("/dev/sda2")},
		{Name: "luks-on-lvm", version: 2, mib: []int64{384}, fill: fillLUKSOnLVM, RPM: true, Keys: key("/dev/lol/root", "/dev/lol/home")},
		{Name: "luks-disk", version: 2, mib: []int64{160}, fill: fillLUKSDisk, RPM: true, Keys: key("/dev/sda"), Unknown: true},
		{Name: "luks-md", version: 2, mib: []int64{160, 160}, fill: fillLUKSMD, RPM: true, Keys: key("/dev/md127"), Unknown: true},
	}
}

// fillLVMOnLUKS, as installers do it:
//
//	sda1  /boot  ext4
//	sda2  LUKS 2: LVM, volume group onluks with / (ext4) and swap
func fillLVMOnLUKS(b *builder) {
	const disk, uuid = "/dev/sda", "11111111-2222-3333-4444-000000000001"
	b.table(disk, "gpt", 64, 0)
	b.mkfs("ext4", disk+"1", "onluks-boot")
	opened := b.encrypt("luks2", disk+"2", passphrase, uuid)
	b.lvm("onluks", opened, volume{"root", 128}, volume{"swap", 16})
	b.mkfs("ext4", "/dev/onluks/root", "onluks-root")
	b.mkfs("swap", "/dev/onluks/swap", "onluks-swap")
	b.mount("/dev/onluks/root", "/")
	b.mount(disk+"1", "/boot")
	b.putFedora("onluks", "/dev/mapper/onluks-root / ext4 defaults 1 1\nUUID="+b.uuid(disk+"1")+" /boot ext4 defaults 1 2\n"+
		"/dev/mapper/onluks-swap none swap defaults 0 0\n",
		tree{"etc/crypttab": "luks-" + uuid + " UUID=" + uuid + " none discard\n"})
	b.unmount()
	if b.ok() {
		b.do("deactivate", b.g.VgActivate(b.ctx, false, []string{"onluks"}))
	}
	b.decrypted()
}

// fillLUKSOnLVM:
//
//	sda1  /boot  ext4
//	sda2  LVM: volume group lol, root with LUKS 1 (/, ext4) and home with LUKS 2 (/home, ext4)
func fillLUKSOnLVM(b *builder) {
	const disk = "/dev/sda"
	const rootID, homeID = "11111111-2222-3333-4444-000000000002", "11111111-2222-3333-4444-000000000003"
	b.table(disk, "gpt", 64, 0)
	b.mkfs("ext4", disk+"1", "lol-boot")
	b.lvm("lol", disk+"2", volume{"root", 128}, volume{"home", 64})
	opened := b.encrypt("luks2", "/dev/lol/home", passphrase, homeID)
	b.mkfs("ext4", opened, "lol-home")
	b.decrypted()
	opened = b.encrypt("luks1", "/dev/lol/root", passphrase, rootID)
	b.mkfs("ext4", opened, "lol-root")
	b.mount(string(opened), "/")
	b.mount(disk+"1", "/boot")
	b.putFedora("lol", "/dev/mapper/luks-"+rootID+" / ext4 defaults 1 1\nLABEL=lol-boot /boot ext4 defaults 1 2\n"+
		"/dev/mapper/luks-"+homeID+" /home ext4 defaults 1 2\n",
		tree{"etc/crypttab": "luks-" + rootID + " UUID=" + rootID + " none\nluks-" + homeID + " UUID=" + homeID + " none\n"})
	b.decrypted()
}

// fillLUKSDisk: LUKS 1 on the whole disk, / (ext4) in it.
func fillLUKSDisk(b *builder) {
	b.cryptedRoot("luks1", "/dev/sda", "luksdisk", "11111111-2222-3333-4444-000000000004")
}

// fillLUKSMD: a RAID 1 of two whole disks with LUKS 2, / (ext4) in it.
func fillLUKSMD(b *builder) {
	array := b.mirror("luksmd", "/dev/sda", "/dev/sdb")
	b.cryptedRoot("luks2", array, "luksmd", "11111111-2222-3333-4444-000000000005")
}

func (b *builder) cryptedRoot(kind string, device guestfs.Device, name, uuid string) {
	opened := b.encrypt(kind, device, passphrase, uuid)
	b.mkfs("ext4", opened, name)
	b.mount(string(opened), "/")
	b.putFedora(name, "/dev/mapper/luks-"+uuid+" / ext4 defaults 1 1\n", tree{"etc/crypttab": "luks-" + uuid + " UUID=" + uuid + " none\n"})
	b.decrypted()
}
