package daemon

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"virt-tools/internal/devmapper"
	"virt-tools/internal/lvm2"
)

func TestMapperName(t *testing.T) {
	for _, tc := range []struct{ vg, lv, want string }{
		{"vg", "root", "vg-root"},
		{"my-vg", "-lv-", "my--vg---lv--"},
		{"a", "two.disks+", "a-two.disks+"},
	} {
		got := mapperName(tc.vg, tc.lv)
		if got != tc.want {
			t.Errorf("mapperName(%q, %q) = %q; want %q", tc.vg, tc.lv, got, tc.want)
		}
	}
}

// TestMapTable: the tables and the sectors read ahead are those that lvm 2.03.16
// gave to such volumes.
func TestMapTable(t *testing.T) {
	a, b := &lvm2.PV{UUID: "a"}, &lvm2.PV{UUID: "b"}
	disks := map[*lvm2.PV]*mappedDisk{a: {"8:0", 2048}, b: {"8:16", 256}}
	for _, tc := range []struct {
		name  string
		v     lvm2.Volume
		want  []devmapper.Target
		ahead int
	}{
		{"two runs", lvm2.Volume{Segments: []lvm2.Segment{
			{Start: 0, Sectors: 204800, Stripes: []lvm2.Stripe{{PV: a, Sector: 2048}}},
			{Start: 204800, Sectors: 81920, Stripes: []lvm2.Stripe{{PV: b, Sector: 370688}}},
		}}, []devmapper.Target{
			{Start: 0, Sectors: 204800, Kind: "linear", Params: "8:0 2048"},
			{Start: 204800, Sectors: 81920, Kind: "linear", Params: "8:16 370688"},
		}, 2048},
		{"stripes", lvm2.Volume{Segments: []lvm2.Segment{
			{Start: 0, Sectors: 81920, Chunk: 8192, Stripes: []lvm2.Stripe{{PV: a, Sector: 288768}, {PV: b, Sector: 83968}}},
		}}, []devmapper.Target{{Start: 0, Sectors: 81920, Kind: "striped", Params: "2 8192 8:0 288768 8:16 83968"}}, 32768},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if d := cmp.Diff(tc.want, mapTable(&tc.v, disks)); d != "" {
				t.Errorf("mapTable (-want +got):\n%s", d)
			}
			if got := wantedReadAhead(&tc.v, disks); got != tc.ahead {
				t.Errorf("wantedReadAhead = %d; want %d", got, tc.ahead)
			}
		})
	}
}
