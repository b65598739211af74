package regedit

import (
	"bytes"
	"encoding/binary"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"virt-tools/internal/regf"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// sample has a value of every kind.
func sample(t *testing.T) *regf.Hive {
	t.Helper()
	h := regf.New()
	n, err := h.AddChild(h.Root(), "Soft [x]ware")
	must(t, err)
	for _, d := range []regf.Data{
		{Name: "", Type: 1, Bytes: regf.UTF16("default")},
		{Name: `a"q\b`, Type: 1, Bytes: regf.UTF16(`hello \ "w"`)},
		{Name: "n", Type: 4, Bytes: []byte{42, 0, 0, 0}},
		{Name: "short", Type: 4, Bytes: []byte{1, 2, 3}},
		{Name: "multi", Type: 7, Bytes: append(regf.UTF16("a"), 0, 0)},
		{Name: "bin", Type: 3, Bytes: []byte{1, 2, 3, 255}},
		{Name: "exp", Type: 2, Bytes: regf.UTF16(`%x%\y`)},
		{Name: "q", Type: 11, Bytes: []byte{1, 0, 0, 0, 0, 0, 0, 0}},
		{Name: "none", Type: 0, Bytes: []byte{}},
		{Name: "lines", Type: 1, Bytes: regf.UTF16("a\nb")},
		{Name: "no end", Type: 1, Bytes: []byte{65, 0}},
		{Name: "odd", Type: 1, Bytes: []byte{65, 0, 66}},
		{Name: "half", Type: 1, Bytes: []byte{0, 0xd8, 0, 0}},
		{Name: "big", Type: 3, Bytes: make([]byte, 20000)},
		{Name: "driver", Type: 0x1234, Bytes: []byte{9}},
		{Name: "escape", Type: 1, Bytes: regf.UTF16("\x1b[2J")},
	} {
		must(t, h.SetValue(n, d))
	}
	child, err := h.AddChild(n, "empty")
	must(t, err)
	_, err = h.AddChild(child, "deeper")
	must(t, err)
	h.Commit(time.Now())
	return h
}

func export(t *testing.T, h *regf.Hive, path string, style Style) string {
	t.Helper()
	n, err := Find(h, path)
	must(t, err)
	var b strings.Builder
	warnings, err := Export(&b, h, n, `HKEY_LOCAL_MACHINE\SOFTWARE\`+path, style)
	must(t, err)
	if len(warnings) > 0 {
		t.Errorf("warnings %q", warnings)
	}
	return b.String()
}

const readable = `[HKEY_LOCAL_MACHINE\SOFTWARE\Soft [x]ware]
@="default"
"a\"q\\b"="hello \\ \"w\""
"bin"=hex:01,02,03,ff
"driver"=hex(1234):09
"escape"=hex(1):1b,00,5b,00,32,00,4a,00,00,00
"exp"=hex(2):25,00,78,00,25,00,5c,00,79,00,00,00
"half"=hex(1):00,d8,00,00
"lines"=hex(1):61,00,0a,00,62,00,00,00
"multi"=hex(7):61,00,00,00,00,00
"n"=dword:0000002a
"no end"=hex(1):41,00
"none"=hex(0):
"odd"=hex(1):41,00,42
"q"=hex(b):01,00,00,00,00,00,00,00
"short"=hex(4):01,02,03

[HKEY_LOCAL_MACHINE\SOFTWARE\Soft [x]ware\empty]

[HKEY_LOCAL_MACHINE\SOFTWARE\Soft [x]ware\empty\deeper]

`

func TestExport(t *testing.T) {
	h := sample(t)
	n, err := Find(h, "soft [X]ware")
	must(t, err)
	v, err := h.Value(n, "big")
	must(t, err)
	must(t, h.DeleteValue(n, v))
	if diff := cmp.Diff(readable, export(t, h, "Soft [x]ware", Readable)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestExportLikeHivex compares with hivexregedit, which virt-win-reg of
// libguestfs writes its output with.
func TestExportLikeHivex(t *testing.T) {
	h := sample(t)
	file := filepath.Join(t.TempDir(), "hive")
	must(t, os.WriteFile(file, h.Bytes(), 0o600))
	want, err := exec.Command("hivexregedit", "--export", "--prefix", `HKEY_LOCAL_MACHINE\SOFTWARE`, file, `\Soft [x]ware`).Output()
	must(t, err)
	got := "Windows Registry Editor Version 5.00\n\n" + export(t, h, "Soft [x]ware", Hex)
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("(-hivexregedit +ours):\n%s", diff)
	}
}

// TestRoundTrip exports in each style, and merges that into an empty hive.
func TestRoundTrip(t *testing.T) {
	h := sample(t)
	for _, style := range []Style{Readable, Hex} {
		text := export(t, h, "Soft [x]ware", style)
		into := regf.New()
		merge(t, into, text)
		again, err := regf.Open(into.Bytes())
		must(t, err)
		if diff := cmp.Diff(text, export(t, again, "Soft [x]ware", style)); diff != "" {
			t.Errorf("style %d (-was +got):\n%s", style, diff)
		}
	}
}

// merge merges a file whose keys are all in one hive, and returns the log.
func merge(t *testing.T, h *regf.Hive, text string) string {
	t.Helper()
	keys, err := Parse(strings.NewReader(text), UTF16LE)
	must(t, err)
	var log strings.Builder
	for _, k := range keys {
		must(t, Merge(&log, h, strings.TrimPrefix(k.Path, `HKEY_LOCAL_MACHINE\SOFTWARE`), k))
	}
	h.Commit(time.Now())
	return log.String()
}

const changes = `Windows Registry Editor Version 5.00

; a comment
[HKEY_LOCAL_MACHINE\SOFTWARE\Soft [x]ware]
@=-
"N"=dword:1
"bin"=hex:01,02,\
  03,04
"exp"=-
"none"=hex(0):
"more"="c:\\x \"y\""
"wine"=str(2):"%z%"

[-HKEY_LOCAL_MACHINE\SOFTWARE\Soft [x]ware\empty]

[HKEY_LOCAL_MACHINE\SOFTWARE\New\deep]
"x"=hex(7):61,00,00,00,00,00
[-HKEY_LOCAL_MACHINE\SOFTWARE\not there]
`

const changesLog = ` [HKEY_LOCAL_MACHINE\SOFTWARE\Soft [x]ware]
-@="default"
-"n"=dword:0000002a
+"N"=dword:00000001
-"bin"=hex:01,02,03,ff
+"bin"=hex:01,02,03,04
-"exp"=hex(2):25,00,78,00,25,00,5c,00,79,00,00,00
+"more"="c:\\x \"y\""
+"wine"=hex(2):25,00,7a,00,25,00,00,00
-[HKEY_LOCAL_MACHINE\SOFTWARE\Soft [x]ware\empty]
+[HKEY_LOCAL_MACHINE\SOFTWARE\New\deep]
+"x"=hex(7):61,00,00,00,00,00
`

// TestMergeLikeHivex merges the same file with hivexregedit.
func TestMergeLikeHivex(t *testing.T) {
	dir := t.TempDir()
	theirs := filepath.Join(dir, "hive")
	must(t, os.WriteFile(theirs, sample(t).Bytes(), 0o600))
	file := filepath.Join(dir, "changes.reg")
	// It fails on keys to delete that are not there, and on ones without a parent.
	must(t, os.WriteFile(file, []byte(strings.NewReplacer("\"N\"=dword:1", "\"n\"=dword:00000001",
		"[-HKEY_LOCAL_MACHINE\\SOFTWARE\\not there]\n", "",
		"[HKEY_LOCAL_MACHINE\\SOFTWARE\\New\\deep]", "[HKEY_LOCAL_MACHINE\\SOFTWARE\\New]\n\n[HKEY_LOCAL_MACHINE\\SOFTWARE\\New\\deep]").Replace(changes)), 0o600))
	out, err := exec.Command("hivexregedit", "--merge", "--prefix", `HKEY_LOCAL_MACHINE\SOFTWARE`, theirs, file).CombinedOutput()
	if err != nil {
		t.Fatalf("hivexregedit: %v\n%s", err, out)
	}
	b, err := os.ReadFile(theirs)
	must(t, err)
	want, err := regf.Open(b)
	must(t, err)
	got := sample(t)
	if diff := cmp.Diff(changesLog, merge(t, got, changes)); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(export(t, want, "", Hex), export(t, got, "", Hex)); diff != "" {
		t.Errorf("(-hivexregedit +ours):\n%s", diff)
	}
	if log := merge(t, got, changes); strings.ContainsAny(log, "+-") && !strings.HasPrefix(log, " [") {
		t.Errorf("merged again, the log is:\n%s", log)
	}
	ours := filepath.Join(dir, "ours")
	must(t, os.WriteFile(ours, got.Bytes(), 0o600))
	if out, err := exec.Command("hivexregedit", "--export", ours, `\`).CombinedOutput(); err != nil {
		t.Errorf("hivexregedit cannot read what was merged: %v\n%s", err, out)
	}
}

func TestParseUTF16(t *testing.T) {
	b := []byte{0xff, 0xfe}
	for _, u := range utf16.Encode([]rune(strings.ReplaceAll(changes, "\n", "\r\n"))) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	want, err := Parse(strings.NewReader(changes), UTF16LE)
	must(t, err)
	for _, file := range [][]byte{b, b[2:], []byte("\xef\xbb\xbf" + changes)} {
		got, err := Parse(bytes.NewReader(file), UTF16LE)
		must(t, err)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

func TestParseErrors(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"x", `line 1: expected [KEY], "NAME"=VALUE or a comment`},
		{"\n\"a\"=\"b\"", "line 2: a value without a key before it"},
		{"[-k]\n\"a\"=\"b\"", "line 2: a value without a key before it"},
		{"[k]\n\"a\"", `line 2: expected [KEY], "NAME"=VALUE or a comment`},
		{"[k]\n\"a\"=5", `line 2: "5" is not the value of a key`},
		{"[k]\n\"a\"=\"c:\\temp\"", `line 2: "c:\temp": a backslash in quotation marks is written \\`},
		{"[k]\n\"a\"=\"x\" y", `line 2: " y" after the end of the text`},
		{"[k]\n\"a=1", `line 2: "a=1: the quotation mark at the end is missing`},
		{"[k]\n@=hex:01,\\\n 0g\n", `line 2: "0g" is not a byte in hexadecimal`},
		{"[k]\n@=hex(fffffffff):01", `line 2: "hex(fffffffff):01" is not the value of a key`},
		{"[k]\n\xff=1", "neither UTF-8 nor UTF-16"},
	} {
		if _, err := Parse(strings.NewReader(test.text), UTF16LE); err == nil || err.Error() != test.want {
			t.Errorf("Parse(%q): %v; want %s", test.text, err, test.want)
		}
	}
	if _, err := Parse(strings.NewReader("[k]\n@=\"\xc3\xa4\""), ASCII); err == nil || err.Error() != `line 2: "ä": not ASCII` {
		t.Errorf("ASCII: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(changes))
	f.Add([]byte(readable))
	f.Add([]byte("[k]\n\"a\"=hex(2):1\\"))
	f.Add([]byte("\xff\xfe[\x00]\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		keys, err := Parse(bytes.NewReader(b), UTF16LE)
		if err != nil {
			return
		}
		h := regf.New()
		for _, k := range keys {
			_ = Merge(io.Discard, h, k.Path, k)
		}
		if _, err := Export(io.Discard, h, h.Root(), "k", Readable); err != nil {
			t.Error(err)
		}
	})
}

func FuzzExport(f *testing.F) {
	h := regf.New()
	f.Add(h.Bytes())
	n, err := h.AddChild(h.Root(), "key")
	if err != nil {
		f.Fatal(err)
	}
	if err := h.SetValue(n, regf.Data{Name: "x", Type: 1, Bytes: regf.UTF16("y")}); err != nil {
		f.Fatal(err)
	}
	f.Add(h.Bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := regf.Salvage(b)
		if err != nil {
			return
		}
		if _, err := Export(io.Discard, h, h.Root(), "k", Readable); err != nil {
			t.Error(err)
		}
	})
}
