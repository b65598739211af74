package lvm2

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

const idRoot, idLog = "rrrrrr-0000-0000-0000-0000-0000-000001", "llllll-0000-0000-0000-0000-0000-000002"

// twoDisks is a group on two disks, whose extents begin at 1 MiB and have 4 MiB:
//
//	root  0-9    pv0 extents 0-9
//	      10-13  pv1 extents 50-53
//	log   0-5    pv0 extents 10-12 and pv1 extents 0-2 in turn, 64 KiB each; read-only
const twoDisks = `logical_volumes {
root {
	id = "` + idRoot + `"
	status = ["READ", "WRITE", "VISIBLE"]
	flags = []
	tags = ["old"]
	creation_time = 1700000000	# 2023
	creation_host = "h"
	segment_count = 2
	segment1 { start_extent = 0 extent_count = 10 type = "striped" stripe_count = 1 stripes = [ "pv0", 0 ] }
	segment2 { start_extent = 10 extent_count = 4 type = "striped" stripe_count = 1 stripes = [ "pv1", 50 ] }
}
log {
	id = "` + idLog + `"
	status = ["READ", "VISIBLE"]
	flags = []
	segment_count = 1
	segment1 { start_extent = 0 extent_count = 6 type = "striped" stripe_count = 2 stripe_size = 128 stripes = [ "pv0", 10, "pv1", 0 ] }
}
}
`

// groupsOn reads groups from disks that hold the text.
func groupsOn(t *testing.T, text string) ([]Group, error) {
	t.Helper()
	var pvs []*PV
	for _, id := range []string{idA, idB} {
		pv, err := Read(bytes.NewReader(device(id, text, 512)), fullSize)
		if err != nil || pv == nil {
			t.Fatalf("Read = %v, %v", pv, err)
		}
		pvs = append(pvs, pv)
	}
	groups, err := Groups(pvs)
	if err == nil {
		checkGroups(t, groups)
	}
	return groups, err
}

func TestGroups(t *testing.T) {
	text := groupText("my-vg", []string{idA, idB}, twoDisks)
	got, err := groupsOn(t, text)
	if err != nil {
		t.Fatal(err)
	}
	a, b := &PV{UUID: idA, Metadata: text}, &PV{UUID: idB, Metadata: text}
	want := []Group{{Name: "my-vg", UUID: strings.Repeat("g", 32), Volumes: []Volume{
		{Name: "root", UUID: strings.ReplaceAll(idRoot, "-", ""), Segments: []Segment{
			{Start: 0, Sectors: 81920, Stripes: []Stripe{{a, 2048}}},
			{Start: 81920, Sectors: 32768, Stripes: []Stripe{{b, 2048 + 50*8192}}},
		}},
		{Name: "log", UUID: strings.ReplaceAll(idLog, "-", ""), ReadOnly: true, Segments: []Segment{
			{Start: 0, Sectors: 49152, Chunk: 128, Stripes: []Stripe{{a, 2048 + 10*8192}, {b, 2048}}},
		}},
	}}}
	if d := cmp.Diff(want, got, cmpopts.IgnoreUnexported(PV{})); d != "" {
		t.Errorf("Groups (-want +got):\n%s", d)
	}
}

// TestNotPlain changes one thing of a plain group at a time.
func TestNotPlain(t *testing.T) {
	for _, tc := range []struct{ name, old, new string }{
		{"extents past the end of a disk", `"pv1", 50`, `"pv1", 97`},
		{"first extent past the end", `"pv1", 50`, `"pv1", 4294967295`},
		{"extent with a sign", `"pv1", 50`, `"pv1", -1`},
		{"disk that ends before its extents", "pe_count = 100", "pe_count = 256"},
		{"extents within the metadata", "pe_start = 2048", "pe_start = 8"},
		{"two volumes on one extent", `"pv0", 10`, `"pv0", 9`},
		{"stripes on one extent", `"pv0", 10, "pv1", 0`, `"pv0", 10, "pv0", 12`},
		{"volume on a disk there is not", `"pv1", 50`, `"pv2", 50`},
		{"gap between segments", "start_extent = 10", "start_extent = 11"},
		{"segment within another", "start_extent = 10", "start_extent = 9"},
		{"empty segment", "extent_count = 4", "extent_count = 0"},
		{"endless segment", "extent_count = 4", "extent_count = 4294967296"},
		{"number that overflows", "extent_count = 4", "extent_count = 18446744073709551620"},
		{"too few segments", "segment_count = 2", "segment_count = 3"},
		{"too many segments", "segment_count = 2", "segment_count = 1"},
		{"segment of another name", "segment2 {", "segment3 {"},
		{"extents that do not divide", "extent_count = 6", "extent_count = 5"},
		{"stripe too few", "stripe_count = 2", "stripe_count = 3"},
		{"stripe too many", "stripe_count = 2", "stripe_count = 1"},
		{"stripes of odd size", "stripe_size = 128", "stripe_size = 100"},
		{"stripes without a size", "stripe_size = 128", ""},
		{"stripes larger than extents", "stripe_size = 128", "stripe_size = 16384"},
		{"extents of no size", "extent_size = 8192", "extent_size = 0"},
		{"extents of odd size", "extent_size = 8192", "extent_size = 8190"},
		{"extents of huge size", "extent_size = 8192", "extent_size = 9223372036854775808"},
		{"segment of another kind", `type = "striped" stripe_count = 2`, `type = "raid0" stripe_count = 2`},
		{"segment with a flag", `type = "striped" stripe_count = 2`, `type = "striped+RESHAPE" stripe_count = 2`},
		{"hidden volume", `status = ["READ", "VISIBLE"]`, `status = ["READ"]`},
		{"volume that cannot be read", `status = ["READ", "VISIBLE"]`, `status = ["WRITE", "VISIBLE"]`},
		{"volume with a number of its own", `status = ["READ", "VISIBLE"]`, `status = ["READ", "VISIBLE", "FIXED_MINOR"]`},
		{"volume that is being moved", `status = ["READ", "VISIBLE"]`, `status = ["READ", "VISIBLE", "LOCKED"]`},
		{"read ahead of its own", "segment_count = 1", "segment_count = 1\nread_ahead = 4096"},
		{"profile of its own", "segment_count = 1", "segment_count = 1\nprofile = \"p\""},
		{"lock of a volume", "segment_count = 1", "segment_count = 1\nlock_args = \"l\""},
		{"segment that is a snapshot's", `stripe_count = 2`, `stripe_count = 2 origin = "root"`},
		{"two volumes of one UUID", idLog, idRoot},
		{"UUID without hyphens", idLog, strings.ReplaceAll(idLog, "-", "")},
		{"UUID with a slash", idLog, strings.Replace(idLog, "l", "/", 1)},
		{"foreign host", "max_lv = 0", "max_lv = 0\nsystem_id = \"host\""},
		{"shared group", "max_lv = 0", "max_lv = 0\nlock_type = \"sanlock\""},
		{"clustered group", `"RESIZEABLE"`, `"RESIZEABLE", "CLUSTERED"`},
		{"exported group", `"RESIZEABLE"`, `"RESIZEABLE", "EXPORTED"`},
		{"group not to be written", `"READ", "WRITE"]`, `"READ"]`},
		{"group with a flag", "flags = []\nextent_size", "flags = [\"NOAUTOACTIVATE\"]\nextent_size"},
		{"volume with a flag", "flags = []\n\tsegment_count = 1", "flags = [\"NOAUTOACTIVATE\"]\n\tsegment_count = 1"},
		{"disk that was missing", `["ALLOCATABLE"]`, `["ALLOCATABLE", "MISSING"]`},
		{"volumes that were", "logical_volumes {\nroot", "historical_logical_volumes {\n}\nlogical_volumes {\nroot"},
		{"other format", `format = "lvm2"`, `format = "lvm1"`},
		{"number twice", "max_lv = 0", "max_lv = 0 max_lv = 1"},
		{"disk twice", "pv1 {\nid = \"BBBBBB", "pv1 {\nid = \"AAAAAA"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			good := groupText("vg", []string{idA, idB}, twoDisks)
			text := strings.Replace(good, tc.old, tc.new, 1)
			if text == good {
				t.Fatal("nothing is changed")
			}
			if got, err := groupsOn(t, text); !errors.Is(err, ErrNotPlain) {
				t.Errorf("Groups = %+v, %v; want ErrNotPlain", got, err)
			}
		})
	}
}

// checkGroups checks what must be so, whatever the text.
func checkGroups(t *testing.T, groups []Group) {
	t.Helper()
	for _, g := range groups {
		for _, v := range g.Volumes {
			if strings.ContainsAny(g.Name+v.Name, "/\x00 ") || len(g.UUID) != uuidLen || len(v.UUID) != uuidLen {
				t.Errorf("group %q %q, volume %q %q", g.Name, g.UUID, v.Name, v.UUID)
			}
			end := uint64(0)
			for _, s := range v.Segments {
				if s.Start != end || s.Sectors == 0 || (len(s.Stripes) > 1) != (s.Chunk > 0) {
					t.Errorf("segment %+v behind sector %d", s, end)
				}
				end += s.Sectors
				for _, p := range s.Stripes {
					if share := s.Sectors / uint64(len(s.Stripes)); p.Sector*sectorSize < p.PV.data || p.Sector+share > p.PV.sectors {
						t.Errorf("segment %+v lies outside of its disk", s)
					}
				}
			}
		}
	}
}
