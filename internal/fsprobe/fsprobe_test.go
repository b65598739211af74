package fsprobe

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// realImages are made by the filesystems' own programs. FILE stands for the
// image. Where asks is set, blkid is asked: the rest must be decoded here.
var realImages = []struct {
	name  string
	size  int64
	argvs []string
	asks  bool
}{
	{"empty", 64 << 20, nil, false},
	{"empty floppy", 1440 << 10, nil, false},
	{"ext2", 64 << 20, []string{"mke2fs -q -t ext2 -L old-one -F FILE"}, false},
	{"ext3", 64 << 20, []string{"mke2fs -q -t ext3 -F FILE"}, false},
	{"ext4", 64 << 20, []string{"mke2fs -q -t ext4 -L sixteen-bytes-16 -F FILE"}, false},
	{"ext4 1k blocks, no checksums", 64 << 20, []string{"mke2fs -q -t ext4 -b 1024 -O ^metadata_csum -F FILE"}, false},
	{"ext4 without journal", 64 << 20, []string{"mke2fs -q -t ext4 -O ^has_journal -F FILE"}, false},
	{"ext journal device", 64 << 20, []string{"mke2fs -q -O journal_dev -F FILE"}, true},
	{"ext4 floppy", 1440 << 10, []string{"mke2fs -q -t ext4 -F FILE"}, true},
	{"xfs", 320 << 20, []string{"mkfs.xfs -q -f -L data FILE"}, false},
	{"xfs version 4", 320 << 20, []string{"mkfs.xfs -q -f -m crc=0 FILE"}, false},
	{"btrfs", 128 << 20, []string{"mkfs.btrfs -q -f -L vol FILE"}, false},
	{"btrfs sha256", 128 << 20, []string{"mkfs.btrfs -q -f --csum sha256 FILE"}, false},
	{"btrfs xxhash", 128 << 20, []string{"mkfs.btrfs -q -f --csum xxhash FILE"}, true},
	{"fat12", 2 << 20, []string{"mkfs.vfat -F 12 -n TWELVE FILE"}, false},
	{"fat16", 32 << 20, []string{"mkfs.vfat -F 16 FILE"}, false},
	{"fat32", 300 << 20, []string{"mkfs.vfat -F 32 -n EFI FILE"}, false},
	{"fat32 without serial", 300 << 20, []string{"mkfs.vfat -F 32 -i 00000000 FILE"}, false},
	{"fat32 4k sectors", 300 << 20, []string{"mkfs.vfat -F 32 -S 4096 -n BIG FILE"}, false},
	{"ntfs", 32 << 20, []string{"mkfs.ntfs -q -Q -F -L Windöws FILE"}, false},
	{"ntfs without label", 32 << 20, []string{"mkfs.ntfs -q -Q -F -s 4096 FILE"}, false},
	{"swap", 32 << 20, []string{"mkswap -L swapped FILE"}, false},
	{"swap 64k pages", 32 << 20, []string{"mkswap -p 65536 FILE"}, false},
	{"squashfs", 0, []string{"mksquashfs /bin/bash FILE -quiet -no-progress -noappend", "truncate -s 4M FILE"}, false},
	{"luks1", 32 << 20, []string{"cryptsetup -q luksFormat --type luks1 --pbkdf-force-iterations 1000 --key-file /etc/passwd FILE"}, false},
	{"luks2", 32 << 20, []string{"cryptsetup -q luksFormat --type luks2 --label crypt --pbkdf pbkdf2 --pbkdf-force-iterations 1000 --key-file /etc/passwd FILE"}, false},
	{"iso9660", 0, []string{"xorriso -as mkisofs -quiet -V DISC -o FILE /etc/hostname"}, true},
	{"f2fs", 128 << 20, []string{"mkfs.f2fs -q -l flash FILE"}, true},
	{"exfat", 128 << 20, []string{"mkfs.exfat -L stick FILE"}, true},
	{"reiserfs", 64 << 20, []string{"mkreiserfs -q -f FILE"}, true},
	{"minix", 32 << 20, []string{"mkfs.minix FILE"}, true},
	{"partition table", 64 << 20, []string{"parted -s FILE mklabel gpt mkpart one 1MiB 2MiB"}, false},
}

func makeImage(t *testing.T, size int64, argvs []string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "image")
	if size > 0 {
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(file, size); err != nil {
			t.Fatal(err)
		}
	}
	for _, line := range argvs {
		argv := strings.Fields(strings.ReplaceAll(line, "FILE", file))
		if _, err := exec.LookPath(argv[0]); err != nil {
			t.Fatalf("%s is not installed", argv[0])
		}
		if out, err := exec.Command(argv[0], argv[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", line, err, out)
		}
	}
	return file
}

// blkid is the judge. Nothing found and several found are both nil.
func blkid(t *testing.T, file string) *Superblock {
	t.Helper()
	var found Superblock
	for tag, field := range map[string]*string{"TYPE": &found.Type, "LABEL": &found.Label, "UUID": &found.UUID} {
		out, err := exec.Command("blkid", "-p", "-o", "value", "-s", tag, file).Output()
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			t.Fatal(err)
		}
		*field = strings.TrimSuffix(string(out), "\n")
	}
	if found.Type == "" {
		return nil
	}
	return &found
}

func probeFile(t *testing.T, file string) (*Superblock, error) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	return Probe(f, st.Size())
}

func TestProbeRealImages(t *testing.T) {
	for _, tc := range realImages {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			file := makeImage(t, tc.size, tc.argvs)
			got, err := probeFile(t, file)
			if tc.asks {
				if !errors.Is(err, ErrUnsure) {
					t.Fatalf("Probe = %+v, %v; want ErrUnsure", got, err)
				}
				return
			}
			if err != nil {
				t.Fatalf("Probe: %v", err)
			}
			sameAsBlkid(t, file, got)
		})
	}
}

func sameAsBlkid(t *testing.T, file string, got *Superblock) {
	t.Helper()
	want := blkid(t, file)
	if got != nil {
		g := *got
		g.Devices = 0
		got = &g
	}
	if (got == nil) != (want == nil) || got != nil && *got != *want {
		t.Errorf("Probe = %+v; blkid says %+v", got, want)
	}
}

// TestProbeContainers covers what only the kernel can make on a real device.
func TestProbeContainers(t *testing.T) {
	const size = 16 << 20
	id := []byte("\x01\x23\x45\x67\x89\xab\xcd\xef\x10\x32\x54\x76\x98\xba\xdc\xfe")
	md := func(off int64) func([]byte) {
		return func(p []byte) {
			h := p[off:]
			le.PutUint32(h, mdMagic)
			le.PutUint32(h[4:], 1)
			copy(h[16:], id)
			copy(h[32:], "host:data")
			le.PutUint64(h[144:], uint64(off)>>9)
			le.PutUint32(h[220:], 128)
			le.PutUint32(h[216:], mdChecksum(h[:mdHeader+256]))
		}
	}
	pv := func(p []byte) {
		s := p[512:1024]
		copy(s, lvmLabelStart)
		le.PutUint64(s[8:], 1)
		le.PutUint32(s[20:], 32)
		copy(s[24:], lvmLabelType)
		copy(s[32:], "abcdefghijklmnopqrstuvwxyz012345")
		le.PutUint32(s[16:], lvmChecksum(s))
	}
	for _, tc := range []struct {
		name   string
		write  []func([]byte)
		asks   bool
		member string
	}{
		{"md 1.0", []func([]byte){md(size - 8192)}, false, "linux_raid_member"},
		{"md 1.1", []func([]byte){md(0)}, false, "linux_raid_member"},
		{"md 1.2", []func([]byte){md(4096)}, false, "linux_raid_member"},
		{"md 0.90", []func([]byte){func(p []byte) { le.PutUint32(p[size-65536:], mdMagic) }}, true, "linux_raid_member"},
		{"pv", []func([]byte){pv}, false, "LVM2_member"},
		{"pv in md", []func([]byte){md(size - 8192), pv}, false, "linux_raid_member"},
		{"pv with a boot sector", []func([]byte){pv, func(p []byte) { p[510], p[511] = 0x55, 0xaa }}, true, "LVM2_member"},
		{"damaged pv", []func([]byte){pv, func(p []byte) { p[512+40]++ }}, true, "LVM2_member"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := make([]byte, size)
			for _, w := range tc.write {
				w(p)
			}
			file := filepath.Join(t.TempDir(), "image")
			if err := os.WriteFile(file, p, 0o600); err != nil {
				t.Fatal(err)
			}
			if kind, err := Member(bytes.NewReader(p), size); kind != tc.member || err != nil {
				t.Errorf("Member = %q, %v; want %q", kind, err, tc.member)
			}
			got, err := probeFile(t, file)
			if errors.Is(err, ErrUnsure) != tc.asks {
				t.Fatalf("Probe = %+v, %v; want ErrUnsure %t", got, err, tc.asks)
			}
			if err == nil {
				sameAsBlkid(t, file, got)
			}
		})
	}
}

// TestProbeTwoSignatures: of two filesystems on one device blkid takes none.
func TestProbeTwoSignatures(t *testing.T) {
	ext := makeImage(t, 128<<20, []string{"mke2fs -q -t ext4 -F FILE"})
	other := makeImage(t, 128<<20, []string{"mkfs.btrfs -q -f FILE"})
	from, err := os.Open(other)
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	to, err := os.OpenFile(ext, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer to.Close()
	p := make([]byte, btrfsSize)
	if _, err := from.ReadAt(p, btrfsSuperblock); err != nil {
		t.Fatal(err)
	}
	if _, err := to.WriteAt(p, btrfsSuperblock); err != nil {
		t.Fatal(err)
	}
	if got, err := probeFile(t, ext); !errors.Is(err, ErrUnsure) {
		t.Errorf("Probe = %+v, %v; want ErrUnsure", got, err)
	}
}

// TestProbeDamaged changes every byte of the superblocks in turn, of some of
// them only every few: what is decided here must be what blkid decides.
func TestProbeDamaged(t *testing.T) {
	for _, tc := range []struct {
		name     string
		size     int64
		argv     string
		from, to int64
		step     int64
	}{
		{"ext4 without checksum", 16 << 20, "mke2fs -q -t ext4 -L name -O ^metadata_csum -F FILE", 1024, 1024 + 0x168, 3},
		{"fat16", 32 << 20, "mkfs.vfat -F 16 -n NAME FILE", 0, 64, 1},
		{"ntfs", 8 << 20, "mkfs.ntfs -q -Q -F -L name FILE", 0, 84, 1},
		{"swap", 1 << 20 * 2, "mkswap -L name FILE", 1024, 1024 + 48, 1},
		{"xfs without checksum", 320 << 20, "mkfs.xfs -q -f -m crc=0 -L name FILE", 0, 128, 2},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			file := makeImage(t, tc.size, []string{tc.argv})
			f, err := os.OpenFile(file, os.O_RDWR, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			one := make([]byte, 1)
			for off := tc.from; off < tc.to; off += tc.step {
				if _, err := f.ReadAt(one, off); err != nil {
					t.Fatal(err)
				}
				old := one[0]
				for _, b := range []byte{old ^ 0xff, old ^ 0x01} {
					write(t, f, off, b)
					got, err := Probe(f, tc.size)
					if !errors.Is(err, ErrUnsure) {
						sameAsBlkid(t, file, got)
					}
				}
				write(t, f, off, old)
				if t.Failed() {
					t.Fatalf("at offset %#x", off)
				}
			}
		})
	}
}

func write(t *testing.T, f *os.File, off int64, b byte) {
	t.Helper()
	if _, err := f.WriteAt([]byte{b}, off); err != nil {
		t.Fatal(err)
	}
}

func FuzzProbe(f *testing.F) {
	for _, magic := range []string{"XFSB", "\xeb\x58\x90NTFS    ", "LUKS\xba\xbe\x00\x02", "hsqs", "\xeb\x3c\x90mkfs.fat"} {
		f.Add([]byte(magic), int64(0), int64(4<<20))
	}
	f.Add([]byte("LABELONE\x01"), int64(512), int64(4<<20))
	f.Add([]byte("_BHRfS_M"), int64(btrfsSuperblock+64), int64(4<<20))
	f.Fuzz(func(t *testing.T, data []byte, off, size int64) {
		if off < 0 || off > 1<<20 || size < 0 || size > 8<<20 || len(data) > 1<<16 {
			return
		}
		p := make([]byte, size)
		if off < size {
			copy(p[off:], data)
		}
		sb, err := Probe(bytes.NewReader(p), size)
		if sb != nil && (err != nil || sb.Type == "") {
			t.Errorf("Probe = %+v, %v", sb, err)
		}
		if _, err := Member(bytes.NewReader(p), size); err != nil {
			t.Errorf("Member: %v", err)
		}
	})
}
