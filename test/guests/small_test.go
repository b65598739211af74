package guests

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestSmall(t *testing.T) {
	all := Small()
	seen := map[string]bool{}
	for _, g := range all {
		if seen[g.Name] {
			t.Errorf("two guests are called %s", g.Name)
		}
		seen[g.Name] = true
		if g.version == 0 {
			t.Errorf("guest %s has no version", g.Name)
		}
	}
	if !slices.IsSortedFunc(all, func(a, b Guest) int { return strings.Compare(a.Name, b.Name) }) {
		t.Error("the guests are not sorted by name")
	}
	if g, err := Named("ubuntu"); err != nil || g.Name != "ubuntu" {
		t.Errorf("Named(ubuntu) = %s, %v", g.Name, err)
	}
	if _, err := Named("none"); err == nil {
		t.Error("Named(none) finds a guest")
	}
}

func TestTree(t *testing.T) {
	files := tree{"etc/fstab": "text", "bin": "-> usr/bin", "usr/bin/ls": elf(x86_64), "var/": ""}
	archive := files.tar()
	if !bytes.Equal(archive, files.tar()) {
		t.Error("the archive is not the same twice")
	}
	var got []string
	r := tar.NewReader(bytes.NewReader(archive))
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, string(h.Typeflag)+h.Name+h.Linkname)
	}
	if want := []string{"2binusr/bin", "0etc/fstab", "0usr/bin/ls", "5var/"}; !slices.Equal(got, want) {
		t.Errorf("the archive holds %q; want %q", got, want)
	}
	dir := filepath.Join(t.TempDir(), "root")
	if err := files.writeTo(dir); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(filepath.Join(dir, "etc/fstab")); err != nil || string(text) != "text" {
		t.Errorf("etc/fstab = %q, %v", text, err)
	}
	if target, err := os.Readlink(filepath.Join(dir, "bin")); err != nil || target != "usr/bin" {
		t.Errorf("bin -> %q, %v", target, err)
	}
}

// Other programs take what the fake files pretend to be.
func TestFakes(t *testing.T) {
	dir := t.TempDir()
	for name, test := range map[string]struct{ text, want string }{
		"elf": {elf(aarch64), "ELF 64-bit LSB executable, ARM aarch64,"},
		"pe":  {pe(64), "PE32+ executable (console) x86-64, for MS Windows"},
		"old": {pe(32), "PE32 executable (console) Intel 80386, for MS Windows"},
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(test.text), 0o644); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command("file", "-b", path).CombinedOutput()
		if err != nil || !strings.HasPrefix(string(out), test.want) {
			t.Errorf("%s is %q, %v; want %s", name, out, err, test.want)
		}
	}
	text, err := hive(regfKey{`A\B`, map[string]any{"text": "übrig", "number": uint32(7), "none": ""}})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "hive")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	script := exec.Command("hivexsh", path)
	script.Stdin = strings.NewReader("cd A\\B\nlsval\n")
	out, err := script.CombinedOutput()
	if err != nil || !strings.Contains(string(out), `"text"="übrig"`) || !strings.Contains(string(out), `"number"=dword:00000007`) || strings.Contains(string(out), "none") {
		t.Errorf("hivexsh: %v: %s", err, out)
	}
}

// The numbers of a GUID are little-endian, its last bytes are not.
func TestGPTDrive(t *testing.T) {
	got := gptDrive("10111213-1415-4617-9819-1a1b1c1d1e1f")
	want := append([]byte("DMIO:ID:"), 0x13, 0x12, 0x11, 0x10, 0x15, 0x14, 0x17, 0x46, 0x98, 0x19, 0x1a, 0x1b, 0x1c, 0x1d, 0x1e, 0x1f)
	if !bytes.Equal(got, want) {
		t.Errorf("gptDrive = %x; want %x", got, want)
	}
}

// Rpm reads back the databases that are not its own work.
func TestRpmDatabases(t *testing.T) {
	dir := t.TempDir()
	files, err := rpmFiles(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	headers, err := rpmHeaders(files)
	if err != nil {
		t.Fatal(err)
	}
	sqlite, err := rpmSQLite(t.Context(), dir, files)
	if err != nil {
		t.Fatal(err)
	}
	berkeley, err := rpmBerkeley(t.Context(), dir, headers)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ backend, name, text string }{{"sqlite", "rpmdb.sqlite", sqlite}, {"bdb_ro", "Packages", berkeley}} {
		db := filepath.Join(dir, test.backend)
		if err := (tree{test.name: test.text}).writeTo(db); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command("rpm", "--define", "_db_backend "+test.backend, "--dbpath", db, "--query", "--all", "--queryformat", "%{NAME} %{EPOCHNUM}:%{EVR} %{SUMMARY}\n").Output()
		const want = "bash 0:5.1.8-6.el9 The GNU Bourne Again shell\nbind-libs 32:32:9.16.23-14.el9 Libraries used by the BIND DNS packages\nmarks 0:1.0-1 größer & kleiner als <marks>\n"
		lines := strings.SplitAfter(string(out), "\n")
		slices.Sort(lines)
		if got := strings.Join(lines, ""); err != nil || got != want {
			t.Errorf("%s: rpm says %v:\n%s\nwant:\n%s", test.backend, err, got, want)
		}
	}
	// Debian's rpm cannot read ndb; the header of each package is in it whole.
	ndb := rpmNDB(headers)
	for i, header := range headers {
		if !strings.Contains(ndb, string(header)) {
			t.Errorf("ndb lacks package %d", i)
		}
	}
}
