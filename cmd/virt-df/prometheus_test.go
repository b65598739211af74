package main

import (
	"strings"
	"testing"

	"github.com/prometheus/common/expfmt"

	"virt-tools/pkg/guestfs"
)

// Prometheus's own reader must read back what was meant, also names that a guest chose badly.
func TestPrometheus(t *testing.T) {
	const hostile = "a\"b\\c\nd\xff}{,="
	var out strings.Builder
	m := &metrics{w: &out}
	stat := &guestfs.StatVFS{Bsize: 4096, Blocks: 1 << 62, Bfree: 2, Bavail: -1, Files: 7, Ffree: 3}
	if err := m.row(hostile, filesystem{hostile, "ext4", stat}); err != nil {
		t.Fatal(err)
	}
	for _, g := range []guestSample{{hostile, "u1", true}, {"failed", "u2", false}} {
		if err := m.guest(g.name, g.uuid, g.complete); err != nil {
			t.Fatal(err)
		}
	}
	if err := m.end(); err != nil {
		t.Fatal(err)
	}
	var parser expfmt.TextParser
	families, err := parser.TextToMetricFamilies(strings.NewReader(out.String()))
	if err != nil {
		t.Fatalf("%v in\n%s", err, out.String())
	}
	want := map[string]float64{
		"virt_df_filesystem_size_bytes": 1 << 74, "virt_df_filesystem_free_bytes": 8192, "virt_df_filesystem_avail_bytes": -4096,
		"virt_df_filesystem_files": 7, "virt_df_filesystem_files_free": 3, "virt_df_guest_success": 1,
	}
	if len(families) != len(want) {
		t.Errorf("%d metrics; want %d", len(families), len(want))
	}
	for name, value := range want {
		f := families[name]
		if f == nil || f.GetMetric()[0].GetGauge().GetValue() != value {
			t.Errorf("%s = %v; want %g", name, f, value)
			continue
		}
		for _, l := range f.GetMetric()[0].GetLabel() {
			if l.GetName() == "guest" && l.GetValue() != "a\"b\\c\nd\ufffd}{,=" {
				t.Errorf("%s: guest %q", name, l.GetValue())
			}
		}
	}
	if failed := families["virt_df_guest_success"].GetMetric()[1]; failed.GetGauge().GetValue() != 0 {
		t.Errorf("a guest that failed: %v", failed)
	}
}
