package daemon

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// sysTree makes a directory like /sys/block: names of disks, and below them
// partitions with their number.
func sysTree(t *testing.T, disks map[string]map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for disk, parts := range disks {
		for _, d := range []string{disk, disk + "/queue", disk + "/sda-is-no-partition"} {
			if err := os.MkdirAll(filepath.Join(dir, d), 0o755); err != nil {
				t.Fatal(err)
			}
		}
		for part, num := range parts {
			p := filepath.Join(dir, disk, part)
			if err := os.MkdirAll(p, 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(p+"/partition", []byte(num+"\n"), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	return dir
}

func TestSysBlock(t *testing.T) {
	dir := sysTree(t, map[string]map[string]string{
		"sda": {"sda10": "10", "sda9": "9", "sda1": "1"}, "sdaa": nil, "sdz": nil, "sdb": nil, "sr0": nil, "vda": nil, "loop0": nil, "ram0": nil,
		"dm-0": nil, "fd0": nil, "nbd0": nil, "md127": {"md127p2": "2", "md127p1": "1"}, "md9": nil, "md_d": nil,
	})
	names, err := diskNames(dir)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"sda", "sdb", "sdz", "sdaa", "vda", "sr0"}, names); diff != "" {
		t.Errorf("diskNames (-want +got):\n%s", diff)
	}
	md, err := mdDevices(dir)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"/dev/md9", "/dev/md127"}, md); diff != "" {
		t.Errorf("mdDevices (-want +got):\n%s", diff)
	}
	for disk, want := range map[string][]string{
		"/dev/sda":   {"/dev/sda1", "/dev/sda9", "/dev/sda10"},
		"/dev/md127": {"/dev/md127p1", "/dev/md127p2"},
		"/dev/sdb":   nil,
	} {
		got, err := partitionsOf(dir, disk)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("partitionsOf(%s) (-want +got):\n%s", disk, diff)
		}
	}
}

func TestParseSerialPage(t *testing.T) {
	tests := []struct{ name, page, want string }{
		{"label", "\x00\x80\x00\x05label", "label"},
		{"padded", "\x00\x80\x00\x08  label ", "label"},
		{"longer page", "\x00\x80\x00\x05label rest", "label"},
		{"cut off", "\x00\x80\x00\x20label", "label"},
		{"other page", "\x00\x83\x00\x05label", ""},
		{"empty", "\x00\x80\x00\x00", ""},
		{"short", "\x00\x80", ""},
		{"path", "\x00\x80\x00\x05../..", ""},
		{"dots", "\x00\x80\x00\x02..", ""},
		{"control", "\x00\x80\x00\x03a\nb", ""},
	}
	for _, tt := range tests {
		if got := parseSerialPage([]byte(tt.page)); got != tt.want {
			t.Errorf("%s: parseSerialPage(%q) = %q; want %q", tt.name, tt.page, got, tt.want)
		}
	}
}
