package newid

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	root  = "11111111-aaaa-4bbb-8ccc-0123456789ab"
	rootN = "22222222-dddd-4eee-8fff-ba9876543210"
	luks  = "33333333-aaaa-4bbb-8ccc-0123456789ab"
	luksN = "44444444-dddd-4eee-8fff-ba9876543210"
	vg    = "AbCdEf-1234-5678-9abc-GhIj-KlMn-OpQrSt"
	vgN   = "ZyXwVu-4321-8765-cba9-jIhG-nMlK-tSrQpO"
	lv    = "LvLvLv0000000000000000000000LvLv"
)

var sample = []Change{
	{Kind: Filesystem, Device: "/dev/sda2", Old: root, New: rootN},
	{Kind: Encryption, Device: "/dev/sda3", Old: luks, New: luksN},
	{Kind: FAT, Device: "/dev/sda1", Old: "ABCD-1234", New: "90EF-5678"},
	{Kind: MBR, Device: "/dev/sdb", Old: "deadbeef", New: "0badcafe"},
	{Kind: VolumeGroup, Device: "vg", Old: vg, New: vgN},
	{Kind: Array, Device: "/dev/md0", Old: "0a1b2c3d:4e5f6071:8293a4b5:c6d7e8f9", New: "f9e8d7c6:b5a49382:71605f4e:3d2c1b0a"},
}

// The files are named after where such lines stand.
func TestRewrite(t *testing.T) {
	dash := func(s string) string { return strings.ReplaceAll(s, "-", `\x2d`) }
	for name, test := range map[string]struct{ in, want string }{
		"fstab":           {"UUID=" + root + " / ext4 defaults 0 1\n", "UUID=" + rootN + " / ext4 defaults 0 1\n"},
		"fstab quoted":    {`UUID="` + root + `" /`, `UUID="` + rootN + `" /`},
		"fstab by-uuid":   {"/dev/disk/by-uuid/" + root + " /", "/dev/disk/by-uuid/" + rootN + " /"},
		"fstab comment":   {"# / was on UUID=" + root, "# / was on UUID=" + rootN},
		"fstab efi":       {"UUID=ABCD-1234 /boot/efi vfat", "UUID=90EF-5678 /boot/efi vfat"},
		"fat lower case":  {"UUID=abcd-1234 /boot/efi vfat", "UUID=90ef-5678 /boot/efi vfat"},
		"fat without":     {"order ABCD-1234 of ABCD-1234", "order ABCD-1234 of ABCD-1234"},
		"fat other line":  {"# uuid\nABCD-1234", "# uuid\nABCD-1234"},
		"mbr":             {"root=PARTUUID=deadbeef-02 ro", "root=PARTUUID=0badcafe-02 ro"},
		"mbr unit":        {`dev-disk-by\x2dpartuuid-deadbeef\x2d02.device`, `dev-disk-by\x2dpartuuid-0badcafe\x2d02.device`},
		"mbr elsewhere":   {"color=deadbeef", "color=deadbeef"},
		"crypttab":        {"luks-" + luks + " UUID=" + luks + " none", "luks-" + luksN + " UUID=" + luksN + " none"},
		"dracut":          {"rd.luks.uuid=luks-" + luks + " rd.md.uuid=0a1b2c3d:4e5f6071:8293a4b5:c6d7e8f9", "rd.luks.uuid=luks-" + luksN + " rd.md.uuid=f9e8d7c6:b5a49382:71605f4e:3d2c1b0a"},
		"grub":            {"search --no-floppy --fs-uuid --set=root --hint='lvmid/" + vg + "/x' " + root + "\n", "search --no-floppy --fs-uuid --set=root --hint='lvmid/" + vgN + "/x' " + rootN + "\n"},
		"grub fat":        {"search.fs_uuid ABCD-1234 root hd0,gpt1", "search.fs_uuid 90EF-5678 root hd0,gpt1"},
		"grub md":         {"set root='mduuid/0a1b2c3d4e5f60718293a4b5c6d7e8f9'", "set root='mduuid/f9e8d7c6b5a4938271605f4e3d2c1b0a'"},
		"grub cryptodisk": {"cryptomount -u " + strings.ReplaceAll(luks, "-", ""), "cryptomount -u " + strings.ReplaceAll(luksN, "-", "")},
		"mdadm.conf":      {"ARRAY /dev/md0 UUID=0a1b2c3d:4e5f6071:8293a4b5:c6d7e8f9", "ARRAY /dev/md0 UUID=f9e8d7c6:b5a49382:71605f4e:3d2c1b0a"},
		"unit":            {"dev-disk-by\\x2duuid-" + dash(root) + ".swap", "dev-disk-by\\x2duuid-" + dash(rootN) + ".swap"},
		"unit of luks":    {`systemd-cryptsetup@luks\x2d` + dash(luks) + ".service", `systemd-cryptsetup@luks\x2d` + dash(luksN) + ".service"},
		"dm name":         {"dm-uuid-LVM-" + bare(vg) + lv, "dm-uuid-LVM-" + bare(vgN) + lv},
		"lvm lower case":  {strings.ToLower(vg), strings.ToLower(vg)},
		"upper case":      {"UUID=" + strings.ToUpper(root), "UUID=" + strings.ToUpper(rootN)},
		"in a word":       {"x" + root, "x" + root},
		"longer":          {root + "0", root + "0"},
		"cut":             {root[:35], root[:35]},
		"two":             {root + "," + root, rootN + "," + rootN},
		"snapshot":        {"UUID=" + root + "-part1", "UUID=" + rootN + "-part1"},
		"new one stays":   {"UUID=" + rootN, "UUID=" + rootN},
	} {
		out, hits := New(sample).Rewrite([]byte(test.in))
		if d := cmp.Diff(test.want, string(out)); d != "" {
			t.Errorf("%s: -want +got:\n%s", name, d)
		}
		if changed := test.in != test.want; changed != (len(hits) > 0) || New(sample).Holds([]byte(test.in)) != changed {
			t.Errorf("%s: hits %v, Holds %v; want %v", name, hits, !changed, changed)
		}
	}
}

func TestHits(t *testing.T) {
	_, hits := New(sample).Rewrite([]byte("a\nUUID=" + root + "\n\nPARTUUID=DEADBEEF-01 x " + luks))
	want := []Hit{{2, root, rootN}, {4, "DEADBEEF", "0BADCAFE"}, {4, luks, luksN}}
	if d := cmp.Diff(want, hits); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}

// Two identifiers that change places must not be changed twice.
func TestSwapped(t *testing.T) {
	r := New([]Change{{Kind: Filesystem, Old: root, New: luks}, {Kind: Filesystem, Old: luks, New: root}})
	out, _ := r.Rewrite([]byte(root + " " + luks))
	if want := luks + " " + root; string(out) != want {
		t.Errorf("Rewrite = %s; want %s", out, want)
	}
}

func TestInvalid(t *testing.T) {
	r := New([]Change{{Kind: Filesystem, Old: "", New: root}, {Kind: FAT, Old: root, New: rootN}, {Kind: "?", Old: root, New: rootN}, {Kind: Filesystem, Old: root, New: root}})
	if in := []byte("UUID=" + root); r.Holds(in) {
		t.Errorf("a change that is none was made")
	}
}

func TestRandom(t *testing.T) {
	for _, k := range []Kind{Filesystem, FAT, Encryption, Partition, Disk, MBR, Array} {
		a, b := k.Random(), k.Random()
		if !k.Valid(a) || a == b {
			t.Errorf("%s: Random = %q, then %q", k, a, b)
		}
	}
}

// Whatever the text: its length stays, nothing old remains, and the way back
// leads to what it was.
func FuzzRewrite(f *testing.F) {
	f.Add([]byte("UUID=" + root + "\nPARTUUID=deadbeef-01\n" + vg + bare(vg) + escape(luks) + "uuid ABCD-1234"))
	f.Add([]byte("LVM-" + bare(vg) + bare(vg)))
	var back []Change
	for _, c := range sample {
		back = append(back, Change{Kind: c.Kind, Old: c.New, New: c.Old})
	}
	forth, undo := New(sample), New(back)
	f.Fuzz(func(t *testing.T, text []byte) {
		keep := bytes.Clone(text)
		out, hits := forth.Rewrite(text)
		if !bytes.Equal(text, keep) {
			t.Fatalf("the argument was changed")
		}
		if len(out) != len(text) || (len(hits) > 0) != forth.Holds(text) {
			t.Fatalf("Rewrite(%q) = %q, %v", text, out, hits)
		}
		if undo.Holds(text) {
			return // has a new one already
		}
		again, undone := undo.Rewrite(out)
		if len(undone) != len(hits) || !strings.EqualFold(string(again), string(text)) {
			t.Errorf("%q -> %q -> %q", text, out, again)
		}
	})
}
