package hivefile

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"virt-tools/internal/regf"
)

// hive has the key A\B with values.
func hive(t testing.TB, values ...regf.Data) []byte {
	t.Helper()
	h := regf.New()
	a, err := h.AddChild(h.Root(), "A")
	if err != nil {
		t.Fatal(err)
	}
	b, err := h.AddChild(a, "B")
	for _, v := range values {
		if err == nil {
			err = h.SetValue(b, v)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Clone(h.Bytes())
}

func text(name, value string) regf.Data {
	return regf.Data{Name: name, Type: regf.String, Bytes: regf.UTF16(value)}
}

func TestRead(t *testing.T) {
	content := hive(t, text("name", "größer"), text("long", strings.Repeat("x", MaxText)), regf.Data{Name: "number", Type: 4, Bytes: []byte{7, 0, 0, 0}})
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "hive"), content, 0o644); err != nil {
		t.Fatal(err)
	}
	for name, open := range map[string]func() (*File, error){
		"in memory": func() (*File, error) { return Open(fstest.MapFS{"hive": {Data: content}}, "hive") },
		"mapped":    func() (*File, error) { return Open(os.DirFS(dir), "hive") },
	} {
		f, err := open()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		err = f.Read(func(h *regf.Hive) error {
			n, err := f.Key("a", "b")
			if n == 0 || err != nil {
				t.Fatalf("%s: Key = %d, %v", name, n, err)
			}
			if n, err := f.Key("a", "c"); n != 0 || err != nil {
				t.Errorf("%s: a key that is not there = %d, %v", name, n, err)
			}
			get := func(key string) regf.Value {
				v, err := h.Value(n, key)
				if err != nil {
					t.Fatal(err)
				}
				return v
			}
			if s, err := f.Text(get("name")); s != "größer" || err != nil {
				t.Errorf("%s: name = %q, %v", name, s, err)
			}
			if s, err := f.Text(get("number")); s != "" || err != nil {
				t.Errorf("%s: number as text = %q, %v", name, s, err)
			}
			if b, err := f.Data(get("number")); !bytes.Equal(b, []byte{7, 0, 0, 0}) || err != nil {
				t.Errorf("%s: number = %v, %v", name, b, err)
			}
			if _, err := f.Text(get("long")); !errors.Is(err, ErrTooLarge) {
				t.Errorf("%s: long = %v", name, err)
			}
			for range maxWork / valueWork {
				if _, err = f.Values(n); err != nil {
					break
				}
			}
			return err
		})
		if !errors.Is(err, ErrTooMuch) {
			t.Errorf("%s: reading for ever = %v", name, err)
		}
		f.Close()
		f.Close()
	}
}

func TestNoHive(t *testing.T) {
	for _, b := range [][]byte{{}, []byte("regf"), make([]byte, 8192)} {
		if _, err := Open(fstest.MapFS{"hive": {Data: b}}, "hive"); !errors.Is(err, regf.ErrNotHive) {
			t.Errorf("%d bytes: %v", len(b), err)
		}
	}
	if _, err := Open(fstest.MapFS{"hive": {Mode: os.ModeNamedPipe}}, "hive"); err == nil {
		t.Error("a fifo was opened")
	}
}

// The file may get shorter, or the disk may give an error, while it is mapped.
func TestMappedFault(t *testing.T) {
	file := filepath.Join(t.TempDir(), "hive")
	if err := os.WriteFile(file, hive(t), 0o644); err != nil {
		t.Fatal(err)
	}
	f, err := Open(os.DirFS(filepath.Dir(file)), "hive")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := os.Truncate(file, 0); err != nil {
		t.Fatal(err)
	}
	err = f.Read(func(*regf.Hive) error { _, err := f.Key("A"); return err })
	if err == nil || !strings.Contains(err.Error(), "hive: cannot be read at 0x") {
		t.Errorf("Read = %v; want that the file cannot be read", err)
	}
}
