package apps

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"virt-tools/internal/hivefile"
	"virt-tools/internal/regf"
)

const softwareHive = "Windows/System32/config/SOFTWARE"

// uninstallHive makes a hive with programs, name then values.
func uninstallHive(t testing.TB, programs map[string][]regf.Data) []byte {
	t.Helper()
	h := regf.New()
	for _, path := range uninstall {
		n := h.Root()
		for _, name := range path {
			child, err := h.Child(n, name)
			if err == nil && child == 0 {
				child, err = h.AddChild(n, name)
			}
			if err != nil {
				t.Fatal(err)
			}
			n = child
		}
		for name, values := range programs {
			if is32 := strings.HasPrefix(name, "32"); is32 != (path[0] == "WOW6432Node") {
				continue
			}
			key, err := h.AddChild(n, name)
			for _, v := range values {
				if err == nil {
					err = h.SetValue(key, v)
				}
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	return bytes.Clone(h.Bytes())
}

func text(name, value string) regf.Data {
	return regf.Data{Name: name, Type: regf.String, Bytes: regf.UTF16(value)}
}

var programs = map[string][]regf.Data{
	"7-Zip": {text("DisplayName", "7-Zip 23.01 (x64)"), text("DisplayVersion", "23.01"), text("Publisher", "Igor Pavlov"),
		text("InstallLocation", `C:\Program Files\7-Zip\`), text("URLInfoAbout", "https://www.7-zip.org/"), text("Comments", "packs")},
	"32bit":           {text("displayname", "Größe")},
	"{0000-AV}":       {text("DisplayName", "McAfee Endpoint"), {Name: "DisplayVersion", Type: 4, Bytes: []byte{1, 0, 0, 0}}},
	"Update":          {text("Publisher", "nobody sees this")},
	"NotText":         {{Name: "DisplayName", Type: 4, Bytes: []byte{1, 0, 0, 0}}},
	"Large":           {text("DisplayName", "Large"), text("Comments", strings.Repeat("x", hivefile.MaxText))},
	"AVG":             {text("DisplayName", "Protection"), text("Publisher", "AVG Technologies CZ")},
	"32-bit, no name": {},
}

func TestWindows(t *testing.T) {
	want := []Application{
		{Name: "32bit", DisplayName: "Größe"},
		{Name: "7-Zip", DisplayName: "7-Zip 23.01 (x64)", Version: "23.01", Publisher: "Igor Pavlov", InstallPath: `C:\Program Files\7-Zip\`,
			URL: "https://www.7-zip.org/", Description: "packs"},
		{Name: "AVG", DisplayName: "Protection", Publisher: "AVG Technologies CZ", Class: "antivirus"},
		{Name: "Large", DisplayName: "Large"},
		{Name: "{0000-AV}", DisplayName: "McAfee Endpoint", Class: "antivirus"},
	}
	hive := uninstallHive(t, programs)
	sys := System{SoftwareHive: softwareHive}
	warning := "applications: " + softwareHive + ": unreasonably large"
	check(t, fstest.MapFS{softwareHive: {Data: hive}}, sys, want, warning)

	// A file of the kernel's is mapped.
	dir := t.TempDir()
	file := filepath.Join(dir, filepath.FromSlash(softwareHive))
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, hive, 0o644); err != nil {
		t.Fatal(err)
	}
	check(t, os.DirFS(dir), sys, want, warning)

	hive[0x1fc]++ // the checksum: a hive in use when the guest was stopped
	check(t, fstest.MapFS{softwareHive: {Data: hive}}, sys, want, warning)
	for _, b := range [][]byte{{}, []byte("regf"), make([]byte, 8192), hive[:4096]} {
		check(t, fstest.MapFS{softwareHive: {Data: b}}, sys, nil, "applications: open "+softwareHive+": not a registry hive")
	}
	check(t, fstest.MapFS{softwareHive: {Data: uninstallHive(t, nil)}}, sys, nil)
}

// TestDamagedHive does to a hive what a bad disk might: most programs are
// still listed.
func TestDamagedHive(t *testing.T) {
	hive := uninstallHive(t, programs)
	rnd := rand.New(rand.NewPCG(1, 2))
	listed := 0
	for range 500 {
		b := bytes.Clone(hive)
		for range 3 {
			b[4096+rnd.IntN(len(b)-4096)] ^= 1 << rnd.IntN(8)
		}
		list, _ := List(fstest.MapFS{softwareHive: {Data: b}}, System{SoftwareHive: softwareHive})
		listed += len(list)
	}
	if listed < 500*3 {
		t.Errorf("%d programs of damaged hives; want most of %d", listed, 500*5)
	}
}

func FuzzWindows(f *testing.F) {
	f.Add(uninstallHive(f, programs))
	f.Fuzz(func(t *testing.T, b []byte) {
		unchanging(t, fstest.MapFS{softwareHive: {Data: b}}, System{SoftwareHive: softwareHive})
	})
}
