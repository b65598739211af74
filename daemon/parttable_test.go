package daemon

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// testCall is a call that nobody made, on a server without a stream.
func testCall(t *testing.T) *Call {
	t.Helper()
	ctx, stop := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(stop)
	return newCall(ctx, New(nil), noHeader)
}

// sparse makes an image of so many MiB.
func sparse(t *testing.T, mib int64) string {
	t.Helper()
	image := filepath.Join(t.TempDir(), "disk.img")
	if err := os.WriteFile(image, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(image, mib<<20); err != nil {
		t.Fatal(err)
	}
	return image
}

// tool runs a program of the host.
func tool(t *testing.T, stdin string, argv ...string) string {
	t.Helper()
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%q: %v\n%s", argv, err, out)
	}
	return string(out)
}

// layouts are tables made by sfdisk. Where sane is false parted refuses them.
var layouts = []struct {
	name, script string
	sane         bool
}{
	{"empty MBR", "label: dos\n", true},
	{"one partition", "label: dos\n64,20000,83,*\n", true},
	{"four, not in order", "label: dos\n1: start=90000 size=1000 type=7\n2: start=64 size=1000 type=83\n3: start=50000 size=2048 type=c\n4: start=30000 size=10 type=ea\n", true},
	{"extended", "label: dos\n1: start=2048 size=2048 type=83\n2: start=8192 size=100000 type=5\n5: start=8256 size=1000 type=83\n6: start=16384 size=2000 type=82\n7: start=40000 size=20000 type=8e, bootable\n4: start=150000 size=999 type=83\n", true},
	{"extended first, LBA", "label: dos\n1: start=2048 size=90000 type=f\n5: start=4096 size=1000\n3: start=100000 size=5000\n", true},
	{"extended without logical", "label: dos\n1: start=2048 size=90000 type=85\n", true},
	{"empty GPT", "label: gpt\n", true},
	{"GPT", "label: gpt\n1: start=2048 size=2048 type=U name=\"EFI: x\\\\y\"\n3: start=100000 size=4096 attrs=\"LegacyBIOSBootable GUID:48\"\n9: start=8192 size=8192 type=L name=\"Größe 1;2\"\n", true},
	{"GPT with 16 entries", "label: gpt\ntable-length: 16\n1: start=2048 size=2048\n", true},
}

func TestReadTableLikeParted(t *testing.T) {
	for _, l := range layouts {
		t.Run(l.name, func(t *testing.T) {
			image := sparse(t, 100)
			tool(t, l.script, "sfdisk", "-q", "--no-reread", "--no-tell-kernel", image)
			compareWithParted(t, image, l.sane)
		})
	}
}

// compareWithParted reads a table both ways.
func compareWithParted(t *testing.T, image string, sane bool) {
	t.Helper()
	c := testCall(t)
	want, wantErr := c.partedPrint(image)
	got, err := loadTable(image)
	if err != nil {
		t.Fatalf("loadTable() = %v; parted says %+v, %v", err, want, wantErr)
	}
	if sane != (got.odd == nil) {
		t.Fatalf("odd = %v; parted says %v", got.odd, wantErr)
	}
	if sane != (wantErr == nil) {
		t.Fatalf("parted says %v", wantErr)
	}
	if !sane {
		return
	}
	if got.kind != want.label {
		t.Errorf("kind = %q; parted says %q", got.kind, want.label)
	}
	list, err := doPartList(c, image)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want.parts, list); diff != "" {
		t.Errorf("partitions (-parted +ours):\n%s", diff)
	}
	for _, p := range list {
		b, err := doPartGetBootable(c, image, int(p.PartNum))
		wantB, wantErr := want.bootable(int(p.PartNum))
		if b != wantB || err != nil || wantErr != nil {
			t.Errorf("bootable(%d) = %v, %v; parted says %v, %v", p.PartNum, b, err, wantB, wantErr)
		}
	}
}

func TestReadTableLikeSfdisk(t *testing.T) {
	for _, l := range layouts {
		t.Run(l.name, func(t *testing.T) {
			image := sparse(t, 100)
			tool(t, l.script, "sfdisk", "-q", "--no-reread", "--no-tell-kernel", image)
			c := testCall(t)
			table, err := loadTable(image)
			if err != nil {
				t.Fatal(err)
			}
			if want := strings.TrimSpace(tool(t, "", "sfdisk", "--disk-id", image)); table.diskID != want {
				t.Errorf("disk identifier = %q; sfdisk says %q", table.diskID, want)
			}
			for _, p := range table.parts {
				num := fmt.Sprint(p.num)
				want := strings.TrimSpace(tool(t, "", "sfdisk", "--part-type", image, num))
				if table.kind == "msdos" {
					if got := fmt.Sprintf("%x", p.mbrType); got != want {
						t.Errorf("type of %d = %s; sfdisk says %s", p.num, got, want)
					}
					continue
				}
				if p.typeGUID != want {
					t.Errorf("type of %d = %s; sfdisk says %s", p.num, p.typeGUID, want)
				}
				if want := strings.TrimSpace(tool(t, "", "sfdisk", "--part-uuid", image, num)); p.guid != want {
					t.Errorf("GUID of %d = %s; sfdisk says %s", p.num, p.guid, want)
				}
				name, err := doPartGetName(c, image, p.num)
				if want := strings.TrimSpace(tool(t, "", "sfdisk", "--part-label", image, num)); name != want || err != nil {
					t.Errorf("name of %d = %q, %v; sfdisk says %q", p.num, name, err, want)
				}
			}
		})
	}
}

func TestReadTableSectors4096(t *testing.T) {
	for name, script := range map[string]string{
		"msdos": "o\nn\np\n1\n256\n1000\nn\ne\n2\n2048\n10000\nn\nl\n\n3000\nt\n1\n7\nw\n",
		"gpt":   "g\nn\n1\n256\n1000\nn\n2\n2048\n3000\nw\n",
	} {
		t.Run(name, func(t *testing.T) {
			image := sparse(t, 100)
			tool(t, script, "fdisk", "-b", "4096", image)
			f, err := os.Open(image)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			table, err := readTable(f, 100<<20, 4096)
			if err != nil || table.odd != nil {
				t.Fatalf("readTable() = %v, %v", table, err)
			}
			var got []string
			for _, p := range table.parts {
				got = append(got, fmt.Sprintf("%d %s %d-%d", p.num, p.role, p.start, p.end))
			}
			want := []string{"1 primary 256-1000", "2 primary 2048-3000"}
			if name == "msdos" {
				want = []string{"1 primary 256-1000", "2 extended 2048-10000", "5 logical 2304-3000"}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("partitions (-want +got):\n%s", diff)
			}
		})
	}
}

// patch overwrites bytes of an image.
func patch(t *testing.T, image string, off int64, b ...byte) {
	t.Helper()
	f, err := os.OpenFile(image, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt(b, off); err != nil {
		t.Fatal(err)
	}
}

const extendedScript = "label: dos\n1: start=2048 size=90000 type=5\n5: start=4096 size=1000\n6: start=8192 size=1000\n"

func TestReadTableOdd(t *testing.T) {
	tests := []struct {
		name, script string
		damage       func(t *testing.T, image string)
	}{
		{"overlap", "label: dos\n1: start=64 size=1000\n2: start=2000 size=1000\n", func(t *testing.T, image string) {
			patch(t, image, mbrEntries+16+8, 100, 0)
		}},
		{"outside the disk", "label: dos\n1: start=64 size=1000\n", func(t *testing.T, image string) {
			patch(t, image, mbrEntries+12, 0xff, 0xff, 0xff, 0x7f)
		}},
		{"no logical table", extendedScript, func(t *testing.T, image string) {
			patch(t, image, 2048*512+mbrSignature, 0)
		}},
		{"logical outside", extendedScript, func(t *testing.T, image string) {
			patch(t, image, 2048*512+mbrEntries+12, 0xff, 0xff, 0xff, 0)
		}},
		{"link outside the disk", extendedScript, func(t *testing.T, image string) {
			patch(t, image, 2048*512+mbrEntries+16+8, 0xff, 0xff, 0xff, 0xff)
		}},
		{"GPT cut off", "label: gpt\n1: start=64000 size=100000\n", func(t *testing.T, image string) {
			if err := os.Truncate(image, 50<<20); err != nil {
				t.Fatal(err)
			}
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			image := sparse(t, 100)
			tool(t, tt.script, "sfdisk", "-q", "--no-reread", "--no-tell-kernel", image)
			tt.damage(t, image)
			compareWithParted(t, image, false)
			if list, err := doPartList(testCall(t), image); err == nil {
				t.Errorf("doPartList() = %v; want an error", list)
			}
		})
	}
}

// A chain of logical partitions that leads back to its beginning made parted
// recurse without end.
func TestReadTableLoop(t *testing.T) {
	image := sparse(t, 100)
	tool(t, extendedScript, "sfdisk", "-q", "--no-reread", "--no-tell-kernel", image)
	f, err := os.ReadFile(image)
	if err != nil {
		t.Fatal(err)
	}
	link := parseMBREntry(f[2048*512:], 1).start + 2048
	// No logical partition in either table, links in a circle: 2048, link, 2048.
	clear(f[2048*512+mbrEntries : 2048*512+mbrEntries+16])
	clear(f[link*512+mbrEntries : link*512+mbrEntries+64])
	back := f[link*512+mbrEntries:]
	back[4], back[12] = 5, 1
	table, err := readTable(bytes.NewReader(f), int64(len(f)), 512)
	if err != nil || table.odd == nil {
		t.Fatalf("readTable() = %+v, %v; want a table that is odd", table, err)
	}
}

func TestReadTableNone(t *testing.T) {
	tests := []struct {
		name string
		make func(t *testing.T, image string)
		kind string // what doPartGetParttype says, or its error
	}{
		{"blank", func(*testing.T, string) {}, "unrecognised disk label"},
		{"ext4", func(t *testing.T, image string) { tool(t, "", "mkfs.ext4", "-q", "-F", image) }, "not a partitioned device"},
		{"vfat", func(t *testing.T, image string) { tool(t, "", "mkfs.vfat", "-I", image) }, "not a partitioned device"},
		{"vfat with fake MBR", func(t *testing.T, image string) { tool(t, "", "mkfs.vfat", "--mbr=y", "-I", image) }, "msdos"},
		{"ntfs", func(t *testing.T, image string) { tool(t, "", "mkntfs", "-q", "-F", "-f", image) }, "not a partitioned device"},
		{"mac", func(t *testing.T, image string) { tool(t, "", "parted", "-s", image, "mklabel", "mac") }, "mac"},
		{"sun", func(t *testing.T, image string) { tool(t, "", "parted", "-s", image, "mklabel", "sun") }, "sun"},
		{"bsd", func(t *testing.T, image string) { tool(t, "", "parted", "-s", image, "mklabel", "bsd") }, "bsd"},
		{"amiga", func(t *testing.T, image string) { tool(t, "", "parted", "-s", image, "mklabel", "amiga") }, "amiga"},
		{"dvh", func(t *testing.T, image string) { tool(t, "", "parted", "-s", image, "mklabel", "dvh") }, "dvh"},
		{"pc98", func(t *testing.T, image string) { tool(t, "", "parted", "-s", image, "mklabel", "pc98") }, "pc98"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			image := sparse(t, 64)
			tt.make(t, image)
			if table, err := loadTable(image); !errors.Is(err, errNoTable) {
				t.Errorf("loadTable() = %+v, %v; want %v", table, err, errNoTable)
			}
			kind, err := doPartGetParttype(testCall(t), image)
			if err != nil {
				kind = err.Error()
			}
			if !strings.HasSuffix(kind, tt.kind) {
				t.Errorf("doPartGetParttype() = %q; want %q", kind, tt.kind)
			}
		})
	}
	t.Run("blank is EINVAL", func(t *testing.T) {
		_, err := doPartList(testCall(t), sparse(t, 1))
		if got := errnoName(err); got != "EINVAL" {
			t.Errorf("doPartList() = %v, errno %q; want EINVAL", err, got)
		}
	})
}

func FuzzReadTable(f *testing.F) {
	for _, l := range layouts {
		image := filepath.Join(f.TempDir(), "disk.img")
		if err := os.WriteFile(image, make([]byte, 64<<10), 0o600); err != nil {
			f.Fatal(err)
		}
		if err := os.Truncate(image, 100<<20); err != nil {
			f.Fatal(err)
		}
		cmd := exec.Command("sfdisk", "-q", "--no-reread", "--no-tell-kernel", image)
		cmd.Stdin = strings.NewReader(l.script)
		if out, err := cmd.CombinedOutput(); err != nil {
			f.Fatalf("sfdisk: %v\n%s", err, out)
		}
		b, err := os.ReadFile(image)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b[:64<<10], false)
		f.Add(b[:64<<10], true)
	}
	f.Fuzz(func(t *testing.T, head []byte, large bool) {
		sectorSize := int64(512)
		if large {
			sectorSize = 4096
		}
		// A disk that holds the same again and again, so that chains lead somewhere.
		r := repeated(seal(head, int(sectorSize)))
		table, err := readTable(r, 1<<40, sectorSize)
		if err != nil {
			return
		}
		if table.odd == nil {
			for _, p := range table.parts {
				if p.start < 0 || p.end < p.start || p.end >= table.sectors {
					t.Errorf("partition %d: %d to %d", p.num, p.start, p.end)
				}
			}
		}
		if table.gpt != nil {
			table.gpt.write(discardAt{}) // must not panic
		}
	})
}

// seal mends the checksums of a GPT, so that fuzzing gets behind them.
func seal(head []byte, sectorSize int) []byte {
	b := slices.Clone(head)
	if len(b) < 2*sectorSize || string(b[sectorSize:sectorSize+8]) != "EFI PART" {
		return b
	}
	h := gptHeader(b[sectorSize : 2*sectorSize])
	from, n := h.entriesAt()*int64(sectorSize), h.entryCount()*h.entrySize()
	if from > 0 && n > 0 && from < int64(len(b)) && n <= int64(len(b))-from {
		binary.LittleEndian.PutUint32(h[88:], crc32.ChecksumIEEE(b[from:from+n]))
	}
	if size := h.u32(12); size >= gptHeaderMin && size <= int64(sectorSize) {
		binary.LittleEndian.PutUint32(h[16:], h.headerCRC())
	}
	return b
}

type repeated []byte

func (r repeated) ReadAt(p []byte, off int64) (int, error) {
	if len(r) == 0 {
		clear(p)
		return len(p), nil
	}
	for n := 0; n < len(p); {
		n += copy(p[n:], r[(off+int64(n))%int64(len(r)):])
	}
	return len(p), nil
}

type discardAt struct{}

func (discardAt) WriteAt(p []byte, _ int64) (int, error) { return len(p), nil }
