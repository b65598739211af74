package regf

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func must[T any](t *testing.T, v T, err error) T {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// hivexsh runs libhivex's shell on the hive and returns what it prints.
func hivexsh(t *testing.T, h *Hive, write bool, script string) (string, *Hive) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "hive")
	h.Commit(time.Now())
	if err := os.WriteFile(file, h.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{file}
	if write {
		args = []string{"-w", file}
	}
	cmd := exec.Command("hivexsh", args...)
	cmd.Stdin = strings.NewReader(script)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("hivexsh: %v\n%s", err, out)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Open(b)
	if err != nil {
		t.Fatal(err)
	}
	return string(out), again
}

// TestWrite: what we write is read by libhivex.
func TestWrite(t *testing.T) {
	h := New()
	soft, err := h.AddChild(h.Root(), "Software")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"zebra", "Apple", "mango", "Größe", "日本"} {
		if _, err := h.AddChild(soft, name); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := h.AddChild(soft, "APPLE"); !errors.Is(err, ErrExists) {
		t.Errorf("a key that is there: %v", err)
	}
	long := bytes.Repeat([]byte("0123456789abcdef"), 3000) // 48 kB, in parts
	for _, d := range []Data{
		{"", String, UTF16("default")}, {"number", 4, []byte{1, 2, 3, 4}}, {"nothing", 3, nil},
		{"text", ExpandString, UTF16("%SystemRoot%\\x")}, {"long", 3, long}, {"Ключ", 3, []byte("12345")},
		{"TEXT", String, UTF16("other")}, // the same again
	} {
		if err := h.SetValue(soft, d); err != nil {
			t.Fatal(err)
		}
	}
	out, again := hivexsh(t, h, false, "cd Software\nls\nlsval\n")
	want := `Apple
Größe
mango
zebra
日本
"@"="default"
"number"=dword:04030201
"nothing"=hex(3):
"text"="other"
`
	if !strings.HasPrefix(out, want) {
		t.Errorf("hivexsh (-want +got):\n%s", cmp.Diff(want, out[:min(len(out), len(want))]))
	}
	if !strings.Contains(out, `"Ключ"=hex(3):31,32,33,34,35`) {
		t.Errorf("hivexsh: %.2000s", out)
	}
	v := value(t)(again.Value(node(t)(again.Child(again.Root(), "software")), "LONG"))
	if data, err := again.Data(v); err != nil || !bytes.Equal(data, long) {
		t.Errorf("long data: %d bytes, %v", len(data), err)
	}
}

func value(t *testing.T) func(Value, error) Value {
	return func(v Value, err error) Value { t.Helper(); return must(t, v, err) }
}

func node(t *testing.T) func(Node, error) Node {
	return func(n Node, err error) Node { t.Helper(); return must(t, n, err) }
}

// TestRead: what libhivex writes is read by us, and changed again.
func TestRead(t *testing.T) {
	_, h := hivexsh(t, New(), true, `add A
cd A
add B
add C
setval 3
@
string:default
n
dword:0xcafe
s
expandstring:%x%
cd C
setval 1
bytes
hex:3:01,02,03,04,05,06
commit
`)
	a := node(t)(h.Child(h.Root(), "a"))
	children, err := h.Children(a)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, c := range children {
		name, err := h.Name(c)
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
		if up := node(t)(h.Parent(c)); up != a {
			t.Errorf("parent of %s is %#x; want %#x", name, up, a)
		}
	}
	if diff := cmp.Diff([]string{"B", "C"}, names); diff != "" {
		t.Errorf("children (-want +got):\n%s", diff)
	}
	text, err := h.Text(value(t)(h.Value(a, "S")))
	if err != nil || text != "%x%" {
		t.Errorf("Text = %q, %v", text, err)
	}
	if _, err := h.Text(value(t)(h.Value(a, "n"))); !errors.Is(err, ErrArgument) {
		t.Errorf("text of a number: %v", err)
	}
	if err := h.DeleteChild(children[1]); err != nil {
		t.Fatal(err)
	}
	if err := h.DeleteChild(h.Root()); !errors.Is(err, ErrArgument) {
		t.Errorf("deleting the top: %v", err)
	}
	out, _ := hivexsh(t, h, false, "cd A\nls\n")
	if out != "B\n" {
		t.Errorf("hivexsh = %q; want B", out)
	}
}

// TestManyChildren goes through splits, deletions and the use of what was freed.
func TestManyChildren(t *testing.T) {
	h := New()
	const count = 2000
	order := rand.New(rand.NewPCG(1, 2)).Perm(count)
	for _, i := range order {
		n, err := h.AddChild(h.Root(), fmt.Sprintf("Key%04d", i))
		if err != nil {
			t.Fatal(err)
		}
		if err := h.SetValue(n, Data{"v", 3, bytes.Repeat([]byte{byte(i)}, i%40)}); err != nil {
			t.Fatal(err)
		}
	}
	for _, i := range order[:count/2] {
		if err := h.DeleteChild(node(t)(h.Child(h.Root(), fmt.Sprintf("key%04d", i)))); err != nil {
			t.Fatal(err)
		}
	}
	size := len(h.Bytes())
	for _, i := range order[:count/2] {
		if _, err := h.AddChild(h.Root(), fmt.Sprintf("Key%04d", i)); err != nil {
			t.Fatal(err)
		}
	}
	if grown := len(h.Bytes()) - size; grown > 1_000_000 {
		t.Errorf("%d bytes more for what was there before", grown)
	}
	out, again := hivexsh(t, h, false, "ls\n")
	var want strings.Builder
	for i := range count {
		fmt.Fprintf(&want, "Key%04d\n", i)
	}
	if out != want.String() {
		t.Errorf("hivexsh (-want +got):\n%s", cmp.Diff(want.String(), out))
	}
	c, err := again.node(again.Root())
	if err != nil || le.Uint32(c[nkChildren:]) != count {
		t.Errorf("number of children = %d, %v", le.Uint32(c[nkChildren:]), err)
	}
	for _, i := range order {
		if err := again.DeleteChild(node(t)(again.Child(again.Root(), fmt.Sprintf("key%04d", i)))); err != nil {
			t.Fatal(err)
		}
	}
	if out, _ := hivexsh(t, again, false, "ls\n"); out != "" {
		t.Errorf("hivexsh of an empty hive = %q", out)
	}
}

func TestOpenErrors(t *testing.T) {
	good := New().Bytes()
	for name, change := range map[string]func(b []byte) []byte{
		"empty":    func([]byte) []byte { return nil },
		"magic":    func(b []byte) []byte { b[0] = 'x'; return b },
		"checksum": func(b []byte) []byte { b[5] ^= 1; return b },
		"short":    func(b []byte) []byte { return b[:len(b)-4096] },
		"area":     func(b []byte) []byte { b[4096] = 'x'; return b },
		"version":  func(b []byte) []byte { b[0x14] = 9; le.PutUint32(b[0x1fc:], checksum(b)); return b },
	} {
		if _, err := Open(change(bytes.Clone(good))); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// FuzzHive walks and changes whatever it is given.
func FuzzHive(f *testing.F) {
	h := New()
	n, _ := h.AddChild(h.Root(), "a")
	h.AddChild(n, "b")
	h.SetValue(n, Data{"v", 3, make([]byte, 20000)})
	f.Add(h.Bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) >= headerBytes {
			b = bytes.Clone(b)
			le.PutUint32(b[0x1fc:], checksum(b))
		}
		walk(b)
	})
}

// TestDamage does to a hive what a bad disk might.
func TestDamage(t *testing.T) {
	h := New()
	n, _ := h.AddChild(h.Root(), "a")
	h.AddChild(n, "b")
	h.SetValue(n, Data{"v", 3, make([]byte, 20000)})
	h.SetValue(n, Data{"text", String, UTF16("x")})
	rnd := rand.New(rand.NewPCG(3, 4))
	for range 3000 {
		b := bytes.Clone(h.Bytes())
		for range 1 + rnd.IntN(6) {
			at := rnd.IntN(4096 * 2)
			if at > 0x200 && at < 4096 {
				continue
			}
			b[at] = byte(rnd.Uint32())
		}
		le.PutUint32(b[0x1fc:], checksum(b))
		walk(b)
	}
}

// walk reads all of a hive and changes it, if it is one.
func walk(b []byte) {
	if s, err := Salvage(b); err == nil {
		list, _ := s.Readable(s.Root())
		for _, n := range list {
			s.Values(n)
		}
	}
	h, err := Open(b)
	if err != nil {
		return
	}
	nodes, err := h.below(h.Root())
	if err != nil {
		nodes = []Node{h.Root()}
	}
	for _, n := range nodes {
		h.Name(n)
		h.Parent(n)
		values, _ := h.Values(n)
		for _, v := range values {
			h.Key(v)
			h.Data(v)
			h.Text(v)
		}
		h.SetValue(n, Data{"new", 3, make([]byte, 9)})
		h.AddChild(n, "new")
	}
	for _, n := range nodes {
		h.DeleteChild(n)
	}
	h.Commit(time.Now())
}

// A hive with a bad area and a bad child can be read around them.
func TestSalvage(t *testing.T) {
	h := New()
	for _, name := range []string{"a", "b", "c"} {
		n, err := h.AddChild(h.Root(), name)
		if err != nil {
			t.Fatal(err)
		}
		if err := h.SetValue(n, Data{"v", String, UTF16(name)}); err != nil {
			t.Fatal(err)
		}
	}
	children, err := h.Children(h.Root())
	if err != nil || len(children) != 3 {
		t.Fatalf("Children = %v, %v", children, err)
	}
	b := bytes.Clone(h.Bytes())
	b[headerBytes+8] = 1          // the length of the area
	copy(b[children[1]+4:], "xx") // no longer a key
	if _, err := Open(b); !errors.Is(err, ErrDamaged) {
		t.Errorf("Open = %v; want ErrDamaged", err)
	}
	s, err := Salvage(b)
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.Readable(s.Root())
	if !errors.Is(err, ErrDamaged) || !slices.Equal(got, []Node{children[0], children[2]}) {
		t.Errorf("Readable = %v, %v; want the first and last of %v", got, err, children)
	}
	if _, err := s.Children(s.Root()); !errors.Is(err, ErrDamaged) {
		t.Errorf("Children = %v; want ErrDamaged", err)
	}
	v, err := s.Value(got[1], "v")
	if err != nil {
		t.Fatal(err)
	}
	if n, err := s.Len(v); n != 4 || err != nil {
		t.Errorf("Len = %d, %v; want 4", n, err)
	}
	for _, b := range [][]byte{nil, b[:headerBytes], make([]byte, 2*headerBytes)} {
		if _, err := Salvage(b); !errors.Is(err, ErrNotHive) {
			t.Errorf("Salvage of %d bytes = %v; want ErrNotHive", len(b), err)
		}
	}
}
