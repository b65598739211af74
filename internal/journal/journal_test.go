package journal

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/klauspost/compress/zstd"
)

// The journals in testdata are of systemd-journal-remote 252, the exports of
// what "journalctl -o export" prints of them:
//
//	system.journal    neither keyed hash nor compact nor compressed; every third entry
//	user-1000.journal compact, keyed hash, zstd
//	system@a.journal  keyed hash, zstd; in the directory of a machine
//
// directory.export is of the three together.
const machine = "9d3b2a5c1f4e4c0d8e6f7a8b9c0d1e2f"

// big is a field that each of the files has once.
var big = "BIG=" + strings.Repeat("line\n", 4000) + "\x00\x1b[31mend\xff"

func unpack(t testing.TB, name string) []byte {
	t.Helper()
	packed, err := os.ReadFile("testdata/" + name + ".zst")
	if err != nil {
		t.Fatal(err)
	}
	d, err := zstd.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	b, err := io.ReadAll(d)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func regular(b []byte) *fstest.MapFile { return &fstest.MapFile{Data: b, Mode: 0o600} }

func directory(t testing.TB) fstest.MapFS {
	return fstest.MapFS{
		"log/system.journal":                      regular(unpack(t, "system.journal")),
		"log/user-1000.journal":                   regular(unpack(t, "user-1000.journal")),
		"log/" + machine + "/system@a.journal":    regular(unpack(t, "system@a.journal")),
		"log/" + machine + ".ns/other.journal":    regular(unpack(t, "system.journal")), // a namespace
		"log/elsewhere/system.journal":            regular(unpack(t, "system.journal")),
		"log/" + machine + "/fss":                 regular(nil),
		"log/" + machine + "/deep/system.journal": regular(unpack(t, "system.journal")),
	}
}

// export writes the rest of a journal as journalctl -o export does.
func export(j *Journal) string {
	var b strings.Builder
	for j.Next() {
		exportEntry(&b, j)
	}
	return b.String()
}

func exportEntry(b *strings.Builder, j *Journal) {
	e, _ := j.Entry()
	fmt.Fprintf(b, "__CURSOR=%s\n__REALTIME_TIMESTAMP=%d\n__MONOTONIC_TIMESTAMP=%d\n_BOOT_ID=%x\n", e.Cursor(), e.Realtime, e.Monotonic, e.BootID)
	for field := range j.Fields() {
		name, value, _ := strings.Cut(string(field), "=")
		switch {
		case name == "_BOOT_ID":
		case strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\t' && r != '\n' || r == 0xfffd }):
			fmt.Fprintf(b, "%s\n%s%s\n", name, binary.LittleEndian.AppendUint64(nil, uint64(len(value))), value)
		default:
			fmt.Fprintf(b, "%s=%s\n", name, value)
		}
	}
	b.WriteString("\n")
}

func open(t testing.TB, fsys fs.FS) *Journal {
	t.Helper()
	j, err := Open(fsys, "log")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { j.Close() })
	j.SetThreshold(0)
	return j
}

// wantText says where texts begin to differ: they are long.
func wantText(t *testing.T, got, want string) {
	t.Helper()
	if got == want {
		return
	}
	i := 0
	for i < min(len(got), len(want)) && got[i] == want[i] {
		i++
	}
	t.Errorf("differs at byte %d of %d:\n got %.300q\nwant %.300q", i, len(want), got[max(0, i-80):], want[max(0, i-80):])
}

func wantDamage(t *testing.T, j *Journal, want bool) {
	t.Helper()
	if got := j.Damage(); (len(got) > 0) != want {
		t.Errorf("Damage() = %v; want some: %v", got, want)
	}
}

func TestDirectory(t *testing.T) {
	j := open(t, directory(t))
	wantText(t, export(j), string(unpack(t, "directory.export")))
	wantDamage(t, j, false)
}

func TestFile(t *testing.T) {
	j, err := OpenFile(directory(t), "log/system.journal")
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	wantText(t, export(j), string(unpack(t, "system.export")))
}

// TestSame has entries twice, as in a file that was copied when it was rotated.
func TestSame(t *testing.T) {
	dir := directory(t)
	dir["log/copy.journal~"] = dir["log/system.journal"]
	wantText(t, export(open(t, dir)), string(unpack(t, "directory.export")))
}

func TestPlace(t *testing.T) {
	j := open(t, directory(t))
	if _, ok := j.Entry(); ok || j.Previous() {
		t.Error("there is an entry before the first")
	}
	for range j.Fields() {
		t.Error("there is a field before the first entry")
	}
	var forward, back []uint64
	here := func() uint64 { e, _ := j.Entry(); return e.Realtime }
	for j.Next() {
		forward = append(forward, here())
	}
	last := here()
	if len(forward) != 120 || last != 1700000000000000+119*1000003 {
		t.Fatalf("%d entries to %d; want 120", len(forward), last)
	}
	back = append(back, last)
	for j.Previous() {
		back = append(back, here())
	}
	for i := range forward {
		if len(back) != len(forward) || back[len(back)-1-i] != forward[i] {
			t.Fatalf("back: %d; want the reverse of %d", back, forward)
		}
	}
	j.Next()
	j.Next()
	j.Previous()
	j.Next()
	if here() != forward[2] {
		t.Errorf("2 on, 1 back, 1 on: %d; want %d", here(), forward[2])
	}
}

// TestThreshold cuts a compressed field, and only such.
func TestThreshold(t *testing.T) {
	for name, want := range map[string]int{"system.journal": len(big), "user-1000.journal": 1000} {
		j, err := OpenFile(directory(t), "log/"+name)
		if err != nil {
			t.Fatal(err)
		}
		j.SetThreshold(1000)
		longest := 0
		for j.Next() {
			for field := range j.Fields() {
				if !bytes.HasPrefix(field, []byte("_")) && !bytes.HasPrefix(field, []byte("SYSLOG")) {
					longest = max(longest, len(field))
				}
			}
		}
		if longest != want {
			t.Errorf("%s: the longest field has %d bytes; want %d", name, longest, want)
		}
		j.Close()
	}
}
