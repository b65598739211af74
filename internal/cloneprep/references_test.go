package cloneprep

import (
	"archive/tar"
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"virt-tools/internal/cpio"
	"virt-tools/internal/initramfs"
	"virt-tools/internal/newid"
)

const (
	oldID = "11111111-aaaa-4bbb-8ccc-0123456789ab"
	newID = "22222222-dddd-4eee-8fff-ba9876543210"
)

func testRewriting() (*rewriting, *root) {
	p := &prep{Settings: &Settings{}, report: &Report{}}
	return &rewriting{prep: p, ids: newid.New([]newid.Change{{Kind: newid.Filesystem, Old: oldID, New: newID}})}, &root{prep: p, device: "/dev/sda1"}
}

// pe is a program of EFI with a text in it.
func pe(text string, signature uint32) string {
	b := make([]byte, 0x200)
	copy(b, "MZ")
	le.PutUint32(b[0x3c:], 0x80)
	copy(b[0x80:], "PE\x00\x00")
	le.PutUint16(b[0x80+24:], 0x20b)
	le.PutUint32(b[0x80+24+112+32+4:], signature)
	return string(b) + text + "\x00"
}

func ramDisk(t *testing.T, text string) string {
	t.Helper()
	b, err := initramfs.Append(0, []*initramfs.File{{Name: "etc/crypttab", Mode: cpio.File | 0o644, Data: []byte(text)}})
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// What is done to a file depends on its kind: rewritten, appended to, reported,
// or a reason not to go on.
func TestFiles(t *testing.T) {
	type result struct {
		Text, Renamed, Target string
		HasMore               bool
		Kept, Blocked         int
	}
	dash := strings.ReplaceAll(oldID, "-", `\x2d`)
	for name, test := range map[string]struct {
		file, text, link string
		want             result
	}{
		"fstab":              {"etc/fstab", "UUID=" + oldID + " /\n", "", result{Text: "UUID=" + newID + " /\n"}},
		"nothing in it":      {"etc/fstab", "/dev/sda1 /\n", "", result{}},
		"binary in etc":      {"etc/cache.db", "\x00UUID=" + oldID, "", result{Kept: 1}},
		"binary in boot":     {"boot/boot.scr", "\x00UUID=" + oldID, "", result{Blocked: 1}},
		"copy of GRUB":       {"boot/grub/i386-pc/core.img", "\x00" + oldID, "", result{Kept: 1}},
		"large file":         {"boot/vmlinuz", strings.Repeat("x", maxReference) + oldID, "", result{}},
		"EFI":                {"boot/efi/EFI/x/grubx64.EFI", pe(oldID, 0), "", result{Text: pe(newID, 0)}},
		"EFI, signed":        {"boot/efi/EFI/x/uki.efi", pe(oldID, 8), "", result{Blocked: 1}},
		"EFI, signed, other": {"boot/efi/EFI/x/shim.efi", pe("", 8), "", result{}},
		"RAM disk":           {"boot/initrd.img-6", ramDisk(t, "x UUID="+oldID+" none\n"), "", result{HasMore: true}},
		"RAM disk, other":    {"boot/initramfs-6.img", ramDisk(t, "x UUID="+newID+" none\n"), "", result{}},
		"RAM disk, damaged":  {"boot/initrd.img-6", "\x1f\x8b\x08\x00 gzip no more", "", result{Blocked: 1}},
		"RAM disk, LZO":      {"boot/initrd.img-6", "\x89LZO\x00\r\n\x1a\n", "", result{Blocked: 1}},
		"RAM disk, none":     {"boot/initrd.img-6", "not one", "", result{}},
		"unit":               {`etc/systemd/dev-disk-by\x2duuid-` + dash + ".swap", "x", "", result{Renamed: "/etc/systemd/dev-disk-by\\x2duuid-" + strings.ReplaceAll(newID, "-", `\x2d`) + ".swap"}},
		"link":               {"etc/systemd/x", "", "/dev/disk/by-uuid/" + oldID, result{Target: "/dev/disk/by-uuid/" + newID}},
	} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			out := tar.NewWriter(&b)
			dir, rest, _ := strings.Cut(test.file, "/")
			h := &tar.Header{Name: "./" + rest, Typeflag: tar.TypeReg, Size: int64(len(test.text)), Mode: 0o644}
			if test.link != "" {
				h = &tar.Header{Name: "./" + rest, Typeflag: tar.TypeSymlink, Linkname: test.link}
			}
			if err := out.WriteHeader(h); err != nil {
				t.Fatal(err)
			}
			out.Write([]byte(test.text))
			out.Close()
			w, r := testRewriting()
			changes, err := w.scan(r, "/"+dir, tar.NewReader(&b))
			if err != nil {
				t.Fatal(err)
			}
			got := result{Kept: len(w.report.Kept), Blocked: len(w.blocked)}
			for _, c := range changes {
				got.Text, got.Renamed, got.Target, got.HasMore = string(c.text), c.renamed, c.target, c.more != nil
				if c.name != "/"+test.file {
					t.Errorf("the change is to %s", c.name)
				}
			}
			if d := cmp.Diff(test.want, got); d != "" {
				t.Errorf("-want +got:\n%s", d)
			}
			if (got.Text != "" || got.HasMore) != (len(w.report.Changes) > 0) {
				t.Errorf("reported: %v", w.report.Changes)
			}
		})
	}
}

func TestFATID(t *testing.T) {
	if got := fatID([]byte{0x3e, 0x6a, 0x1a, 0x5d}); got != "5D1A-6A3E" {
		t.Errorf("fatID = %s", got)
	}
	if got := lvmID("AbCdEf123456789abcGhIjKlMnOpQrSt"); got != "AbCdEf-1234-5678-9abc-GhIj-KlMn-OpQrSt" {
		t.Errorf("lvmID = %s", got)
	}
}
