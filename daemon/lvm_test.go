package daemon

import (
	"strings"
	"testing"
)

func TestVolumeName(t *testing.T) {
	id := "LVM-" + strings.Repeat("a", 64)
	for _, tc := range []struct{ id, name, want string }{
		{id, "vg-root", "/dev/vg/root"},
		{id, "my--vg-my--lv", "/dev/my-vg/my-lv"},
		{id, "vg-a--", "/dev/vg/a-"},
		{id + "-real", "vg-root", ""},
		{id, "vg-root_rimage_0", ""},
		{id, "vg-pool_tdata", ""},
		{id, "vg", ""},
		{"CRYPT-LUKS2-" + strings.Repeat("a", 56), "luks-home", ""},
	} {
		if got := volumeName(tc.id, tc.name); got != tc.want {
			t.Errorf("volumeName(%q, %q) = %q; want %q", tc.id, tc.name, got, tc.want)
		}
	}
}

func TestLVMNames(t *testing.T) {
	for name, ok := range map[string]bool{"vg": true, "/dev/vg/lv": true, "": false, "-f": false, "--all": false, "@tag": false} {
		if err := lvmNames("fine", name); (err == nil) != ok {
			t.Errorf("lvmNames(%q) = %v; want ok %t", name, err, ok)
		}
	}
}

func TestLVMReport(t *testing.T) {
	const text = `  { "report": [ { "lv": [
      {"lv_name":"a", "lv_uuid":"abcdef-0123-4567-89ab-cdef-0123-456789", "lv_size":"4194304", "snap_percent":"", "copy_percent":"12.5"},
      {"lv_name":"b", "lv_uuid":"short", "lv_size":"4.00m", "snap_percent":"x"} ] } ] , "log": [] }`
	rows, err := parseLVMReport(text)
	if err != nil || len(rows) != 2 {
		t.Fatalf("parseLVMReport: %d rows, %v", len(rows), err)
	}
	good, bad := rows[0], rows[1]
	if got := good.uuid("lv_uuid"); got != "abcdef0123456789abcdef0123456789" {
		t.Errorf("uuid = %q", got)
	}
	if n, p, none := good.number("lv_size"), good.percent("copy_percent"), good.percent("snap_percent"); n != 4194304 || p != 12.5 || none != -1 {
		t.Errorf("size %d, percentages %v and %v; want 4194304, 12.5, -1", n, p, none)
	}
	if good.err != nil {
		t.Error(good.err)
	}
	for _, read := range []func(){
		func() { bad.uuid("lv_uuid") }, func() { bad.number("lv_size") }, func() { bad.percent("snap_percent") }, func() { bad.number("no_such") },
	} {
		bad.err = nil
		if read(); bad.err == nil {
			t.Error("a value that is not of its kind gives no error")
		}
	}
	if _, err := parseLVMReport("File descriptor leaked"); err == nil {
		t.Error("parseLVMReport accepts what is no JSON")
	}
}
