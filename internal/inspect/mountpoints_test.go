package inspect

import (
	"slices"
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

func (d disks) Find(tag, value string) (string, bool) {
	dev, ok := d.tags[tag+"="+value]
	return dev, ok
}

func TestMountpoints(t *testing.T) {
	two := disks{
		whole: []string{"/dev/sda", "/dev/sdb"},
		parts: []string{"/dev/sda1", "/dev/sda2", "/dev/sdb1", "/dev/my-vg/lv"},
		tags:  map[string]string{"UUID=u": "/dev/sda1", "LABEL=l": "/dev/sda2", "PARTUUID=p": "/dev/sdb1", "PARTLABEL=n": "/dev/sda2"},
	}
	one := disks{whole: []string{"/dev/sda"}, parts: []string{"/dev/sda2"}}
	for _, test := range []struct {
		name, fstab string
		devices     Devices
		want        map[string]string
		warnings    []string
	}{
		{"empty", "", two, map[string]string{"/": "/dev/r"}, nil},
		{"tags", "UUID=\"u\" / ext4\nLABEL=l /l ext4\nPARTUUID=p /p ext4\nPARTLABEL=n /n ext4\n/dev/disk/by-uuid/u /u/ ext4", two,
			map[string]string{"/": "/dev/sda1", "/l": "/dev/sda2", "/p": "/dev/sdb1", "/n": "/dev/sda2", "/u": "/dev/sda1"}, nil},
		{"unknown tag", "UUID=gone /x ext4", two, map[string]string{"/": "/dev/r"}, []string{`fstab: /x: no device "UUID=gone"`}},
		{"disk names", "/dev/root / ext4\n/dev/hda1 /a ext4\n/dev/xvdb1 /b ext4\n/dev/nvme0n1p2 /c ext4\n/dev/mmcblk1p1 /d ext4\n/dev/sdz9 /e ext4", two,
			map[string]string{"/": "/dev/r", "/a": "/dev/sda1", "/b": "/dev/sdb1", "/c": "/dev/sda2", "/d": "/dev/sdb1", "/e": "/dev/sdz9"}, nil},
		{"volumes", "/dev/mapper/my--vg-lv /a ext4\n/dev/mapper/luks /b ext4\n/dev/my-vg/lv /c ext4", two,
			map[string]string{"/": "/dev/r", "/a": "/dev/my-vg/lv", "/b": "/dev/mapper/luks", "/c": "/dev/my-vg/lv"}, nil},
		{"by-id of one disk", "/dev/disk/by-id/ata-X-part2 /a ext4", one, map[string]string{"/": "/dev/r", "/a": "/dev/sda2"}, nil},
		{"by-id of two", "/dev/disk/by-id/ata-X-part2 /a ext4", two, map[string]string{"/": "/dev/r", "/a": "/dev/disk/by-id/ata-X-part2"}, nil},
		{"subvolumes", "UUID=u / btrfs subvol=/root,ro\nUUID=u /home btrfs subvol=home\nUUID=u /top btrfs subvol=/", two,
			map[string]string{"/top": "/dev/sda1", "/": "btrfsvol:/dev/sda1/root", "/home": "btrfsvol:/dev/sda1/home"}, nil},
		{"not disks", "proc /proc proc\ntmpfs /tmp tmpfs\nh:/x /n nfs\n/dev/cdrom /c auto\n/dev/sda1 none swap\n/dev/sda2 /media/x ext4\n/dev/sda1 ../x ext4", two,
			map[string]string{"/": "/dev/r"}, nil},
		{"twice", "UUID=u / ext4\nLABEL=l / ext4\nUUID=u / ext4", two, map[string]string{"/": "/dev/sda1"},
			[]string{`fstab: / is both "/dev/sda1" and "/dev/sda2"; the first counts`}},
	} {
		t.Run(test.name, func(t *testing.T) {
			entries, _ := ParseFstab(test.fstab)
			got, warnings := Mountpoints("/dev/r", entries, test.devices)
			if d := cmp.Diff(test.want, got); d != "" {
				t.Errorf("-want +got:\n%s", d)
			}
			if d := cmp.Diff(test.warnings, warnings); d != "" {
				t.Errorf("warnings -want +got:\n%s", d)
			}
		})
	}
}

func FuzzMountpoints(f *testing.F) {
	f.Add("UUID=u / btrfs subvol=x\n/dev/sdzz9999 /a x\n/dev/mapper/a--b-c /b x\n/dev/nvme9999n1p1 /c x")
	f.Fuzz(func(t *testing.T, text string) {
		entries, _ := ParseFstab(text)
		got, _ := Mountpoints("/dev/r", entries, disks{whole: []string{"/dev/sda"}})
		if got["/"] == "" {
			t.Errorf("no /: %v", got)
		}
	})
}
