package inspect

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// disks are the devices of a test: names, and tags as UUID=x.
type disks struct {
	whole, parts []string
	tags         map[string]string
}

func (d disks) Disks() []string { return d.whole }

func (d disks) Exists(dev string) bool {
	return slices.Contains(d.whole, dev) || slices.Contains(d.parts, dev)
}

func (d disks) Find(tag Tag, value string) (string, bool) {
	dev, ok := d.tags[string(tag)+"="+value]
	return dev, ok
}

func (d disks) Subvolume(dev string, id uint64) (string, bool) {
	vol, ok := d.tags[fmt.Sprintf("%s %d", dev, id)]
	return vol, ok
}

// devicesOf are two disks with most of what there can be.
var devicesOf = disks{
	whole: []string{"/dev/sda", "/dev/sdb"},
	parts: []string{"/dev/sda1", "/dev/sda2", "/dev/sdb1", "/dev/my-vg/lv"},
	tags: map[string]string{
		"UUID=u": "/dev/sda1", "UUID=AB-CD": "/dev/sda2", "LABEL=l": "/dev/sda2", "PARTUUID=p": "/dev/sdb1", "PARTLABEL=n": "/dev/sda2", "LABEL=a b": "/dev/sdb1",
		"mapper=my--vg-lv": "/dev/my-vg/lv", "mapper=plain": "/dev/mapper/plain",
		"volume=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb": "/dev/my-vg/lv",
		"opened=01234567-89ab-cdef-0123-456789abcdef":                             "/dev/mapper/mine", "openedon=/dev/sda2": "/dev/mapper/two", "openedon=/dev/my-vg/lv": "/dev/mapper/onlv",
		"md=0123456789abcdef0123456789abcdef": "/dev/md127", "mdname=data": "/dev/md126",
		"/dev/sda1 257": "root/vol", "/dev/sda1 5": "",
	},
}

func TestMounts(t *testing.T) {
	one := disks{whole: []string{"/dev/sda"}, parts: []string{"/dev/sda2"}}
	for _, test := range []struct {
		name, system, fstab, crypttab, mdadm string
		devices                              Devices
		want                                 string
		warnings                             []string
	}{
		{name: "empty", want: "/ /dev/r"},
		{name: "tags", fstab: "UUID=\"u\" / ext4\nLABEL=l /l ext4\nPARTUUID=p /p ext4\nPARTLABEL=n /n ext4\nUUID=ab-cd /fat vfat",
			want: "/ /dev/sda1, /l /dev/sda2, /p /dev/sdb1, /n /dev/sda2, /fat /dev/sda2"},
		{name: "links to tags", fstab: "/dev/disk/by-uuid/u /u/ ext4\n/dev/disk/by-label/a\\x20b /b ext4\n/dev/disk/by-partuuid/p /p ext4\n/dev/disk/by-partlabel/n /n ext4",
			want: "/ /dev/r, /u /dev/sda1, /b /dev/sdb1, /p /dev/sdb1, /n /dev/sda2"},
		{name: "unknown tag", fstab: "UUID=gone /x ext4", want: "/ /dev/r", warnings: []string{`fstab: /x: no device "UUID=gone"`}},
		{name: "disk names", fstab: "/dev/root / ext4\n/dev/hda1 /a ext4\n/dev/xvdb1 /b ext4\n/dev/nvme0n1p2 /c ext4\n/dev/mmcblk1p1 /d ext4\n/dev/sdz9 /e ext4\n/dev/vda /f ext4",
			want: "/ /dev/r, /a /dev/sda1, /b /dev/sdb1, /c /dev/sda2, /d /dev/sdb1, /e /dev/sdz9, /f /dev/sda"},
		{name: "volumes", fstab: "/dev/mapper/my--vg-lv /a ext4\n/dev/mapper/gone /b ext4\n/dev/my-vg/lv /c ext4\n/dev/disk/by-id/dm-name-my--vg-lv /d ext4\n" +
			"/dev/disk/by-id/dm-uuid-LVM-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb /e ext4",
			want: "/ /dev/r, /a /dev/my-vg/lv, /b /dev/mapper/gone, /c /dev/my-vg/lv, /d /dev/my-vg/lv, /e /dev/my-vg/lv"},
		{name: "encrypted", fstab: "/dev/mapper/c1 / ext4\n/dev/mapper/c2 /two ext4\n/dev/mapper/c3 /three ext4\n/dev/mapper/luks-01234567-89ab-cdef-0123-456789abcdef /four ext4\n" +
			"/dev/disk/by-id/dm-uuid-CRYPT-LUKS2-0123456789abcdef0123456789abcdef-x /five ext4",
			crypttab: "# c\nc1 UUID=01234567-89AB-CDEF-0123-456789abcdef none luks\nc2 /dev/vda2\nc3 /dev/mapper/my--vg-lv none\n",
			want:     "/ /dev/mapper/mine, /two /dev/mapper/two, /three /dev/mapper/onlv, /four /dev/mapper/mine, /five /dev/mapper/mine"},
		{name: "crypttab in a circle", fstab: "/dev/mapper/a / ext4", crypttab: "a /dev/mapper/b\nb /dev/mapper/a\n", want: "/ /dev/mapper/a"},
		{name: "arrays", fstab: "/dev/md0 / ext4\n/dev/md/1 /one ext4\n/dev/md/data /data ext4\n/dev/md7 /seven ext4\n/dev/disk/by-id/md-uuid-01234567:89abcdef:01234567:89abcdef /id ext4",
			mdadm: "MAILADDR root\nARRAY /dev/md/0 metadata=1.2 UUID=01234567:89abcdef:01234567:89abcdef name=h:0\narray /dev/md1\n   uuid=01234567:89ABCDEF:01234567:89abcdef\nARRAY\n UUID=1\n",
			want:  "/ /dev/md127, /one /dev/md127, /data /dev/md126, /seven /dev/md7, /id /dev/md127"},
		{name: "by-id of one disk", fstab: "/dev/disk/by-id/ata-X-part2 /a ext4\n/dev/disk/by-path/pci-0-part2 /b ext4", devices: one, want: "/ /dev/r, /a /dev/sda2, /b /dev/sda2"},
		{name: "by-id of two", fstab: "/dev/disk/by-id/ata-X-part2 /a ext4", want: "/ /dev/r, /a /dev/disk/by-id/ata-X-part2"},
		{name: "subvolumes", fstab: "UUID=u / btrfs subvol=/root,ro\nUUID=u /home btrfs subvol=home\nUUID=u /top btrfs subvol=/\nUUID=u /id btrfs subvolid=257\nUUID=u /five btrfs subvolid=5\nUUID=u /no btrfs subvolid=9",
			want: "/ btrfsvol:/dev/sda1/root, /home btrfsvol:/dev/sda1/home, /top /dev/sda1, /id btrfsvol:/dev/sda1/root/vol, /five /dev/sda1, /no /dev/sda1"},
		{name: "not disks", fstab: "proc /proc proc\ntmpfs /tmp tmpfs\nh:/x /n nfs\n/dev/cdrom /c auto\n/dev/sr0 /c auto\n/dev/fd0 /f auto\n/dev/sda2 /media/x ext4\n/dev/fdisk /g ext4",
			want: "/ /dev/r, /g /dev/fdisk"},
		{name: "swap", fstab: "/dev/sda2 none swap sw\n/dev/sdb1 swap swap\n/dev/sda1 ../x ext4", want: "/ /dev/r,  /dev/sda2,  /dev/sdb1,  /dev/sda1"},
		{name: "twice", fstab: "UUID=u / ext4\nLABEL=l / ext4\nUUID=u / ext4", want: "/ /dev/sda1", warnings: []string{`fstab: / is both "/dev/sda1" and "/dev/sda2"; the first counts`}},
		{name: "freebsd", system: "freebsd", fstab: "/dev/ada0s1a / ufs\n/dev/ada0s1b none swap\n/dev/da0s1d /var ufs\n/dev/vtbd1p1 /x ufs\n/dev/gpt/n /n ufs\n/dev/ufs/l /l ufs\n/dev/ada0s1 /dos msdosfs\n/dev/ada0s1c /no ufs\n/dev/acd0 /cdrom cd9660",
			want: "/ /dev/r,  /dev/sda6, /var /dev/sda7, /x /dev/sdb1, /n /dev/sda2, /l /dev/sda2, /dos /dev/sda1, /no /dev/ada0s1c"},
		{name: "netbsd", system: "netbsd", fstab: "/dev/wd0a / ffs\n/dev/wd0b none swap\n/dev/ld1e /usr ffs\nNAME=n /n ffs\n/dev/wd0d /no ffs",
			want: "/ /dev/r,  /dev/sda6, /usr /dev/sdb7, /n /dev/sda2, /no /dev/wd0d"},
		{name: "openbsd", system: "openbsd", fstab: "0123456789abcdef.a / ffs\n0123456789abcdef.b none swap\n0123456789abcdef.d /usr ffs\n/dev/sd1e /x ffs",
			want: "/ /dev/r,  /dev/sda6, /usr /dev/sda7, /x /dev/sdb8"},
		{name: "hurd", system: "hurd", fstab: "/dev/hd0s1 / ext2\n/dev/hd1s1 /x ext2", want: "/ /dev/sda1, /x /dev/sdb1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := Filesystem{Device: "/dev/r", System: System{Type: test.system}, Crypts: ParseCrypttab(test.crypttab), Arrays: ParseMdadm(test.mdadm)}
			f.Fstab, _ = ParseFstab(test.fstab)
			d := test.devices
			if d == nil {
				d = devicesOf
			}
			list, warnings := f.mounts(d)
			got := ""
			for i, m := range list {
				if i > 0 {
					got += ", "
				}
				got += m.Dir + " " + m.Device
			}
			if got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
			if d := cmp.Diff(test.warnings, warnings); d != "" {
				t.Errorf("warnings -want +got:\n%s", d)
			}
		})
	}
}

func FuzzMounts(f *testing.F) {
	f.Add("linux", "UUID=u / btrfs subvol=x\n/dev/sdzz9999 /a x\n/dev/mapper/a--b-c /b x\n/dev/nvme9999n1p1 /c x", "a UUID=x\n", "ARRAY /dev/md0\n uuid=1\n")
	f.Add("netbsd", "/dev/wd0a / ffs\n/dev/ada9s1h /x ufs\n0123456789abcdef.p /y ffs", "a /dev/mapper/a\na /dev/mapper/a\n", "A \nARR\n x\n")
	f.Fuzz(func(t *testing.T, system, fstab, crypttab, mdadm string) {
		fs := Filesystem{Device: "/dev/r", System: System{Type: system}, Crypts: ParseCrypttab(crypttab), Arrays: ParseMdadm(mdadm)}
		fs.Fstab, _ = ParseFstab(fstab)
		list, _ := fs.mounts(devicesOf)
		if !slices.ContainsFunc(list, func(m Mount) bool { return m.Dir == "/" }) {
			t.Errorf("no /: %v", list)
		}
	})
}

// TestEndlessTables: what nobody wrote by hand costs neither time nor a flood
// of warnings.
func TestEndlessTables(t *testing.T) {
	m := tree("etc/fstab", strings.Repeat("UUID=gone /x ext4\n", 20_000), "etc/hostname", strings.Repeat("h", 1<<20),
		"etc/crypttab", strings.Repeat("a UUID=x\n", 20_000), "etc/mdadm.conf", strings.Repeat("ARRAY /dev/md0 UUID=1\n", 20_000),
		"etc/os-release", "ID=debian\nPRETTY_NAME="+strings.Repeat("p", 1<<20)+"\nVERSION_ID=12.4\n")
	f := look("/dev/sda1", m)
	if len(f.Fstab) != maxLines || len(f.Crypts) != maxLines || len(f.Arrays) != maxLines || len(f.System.Hostname) != maxLine || f.System.ProductName != "" {
		t.Errorf("%d, %d, %d lines, host name of %d, product name of %d bytes", len(f.Fstab), len(f.Crypts), len(f.Arrays), len(f.System.Hostname), len(f.System.ProductName))
	}
	roots, warnings := Assemble([]Filesystem{f}, devicesOf)
	if len(roots) != 1 || len(warnings) > 1+maxWarnings+1 {
		t.Errorf("%d roots, %d warnings", len(roots), len(warnings))
	}
	_, w := ParseFstab(strings.Repeat("x", maxLine+1) + " /a\n/dev/sda1 /b\n")
	if len(w) != 1 {
		t.Errorf("warnings %q", w)
	}
}
