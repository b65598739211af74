package template

import (
	"bytes"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"virt-tools/internal/qemu"
)

const testMB = 8

// sample is a machine at rest: memory with holes, zeros and noise.
func sample(t *testing.T) *qemu.Saved {
	t.Helper()
	ram, err := anonymousFile(testMB << 20)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ram.Close() })
	noise := rand.NewChaCha8([32]byte{1})
	page := make([]byte, pageBytes)
	for _, at := range []int64{0, 5 * pageBytes, 1<<20 - pageBytes, 3 << 20, testMB<<20 - pageBytes} {
		noise.Read(page)
		if _, err := ram.WriteAt(page, at); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := ram.WriteAt(make([]byte, 1<<20), 5<<20); err != nil { // zeros that are no hole
		t.Fatal(err)
	}
	state := make([]byte, 100_001)
	noise.Read(state)
	return &qemu.Saved{RAM: ram, State: state}
}

func store(t *testing.T) *Store {
	t.Helper()
	s, err := Open(filepath.Join(t.TempDir(), "templates"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func info(identity string) Info {
	return Info{Identity: identity, QEMU: "/usr/bin/qemu", Accel: "tcg", Kernel: "6.1", MemoryMB: testMB, Made: time.Unix(1e9, 0).UTC()}
}

func put(t *testing.T, s *Store, identity string) (file string, m *qemu.Saved) {
	t.Helper()
	m = sample(t)
	if err := s.Put(m, info(identity)); err != nil {
		t.Fatal(err)
	}
	return s.file(identity), m
}

func content(t *testing.T, f *os.File, size int64) []byte {
	t.Helper()
	b := make([]byte, size)
	if _, err := f.ReadAt(b, 0); err != nil {
		t.Fatal(err)
	}
	return b
}

func TestRoundTrip(t *testing.T) {
	s := store(t)
	if _, err := s.Get("a"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Get from an empty store = %v; want ErrNotExist", err)
	}
	file, m := put(t, s, "a")
	got, err := s.Get("a")
	if err != nil {
		t.Fatal(err)
	}
	defer got.Close()
	if err := got.Verify(); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff(info("a"), got.Info); diff != "" {
		t.Errorf("Info differs: %s", diff)
	}
	if !bytes.Equal(got.Saved().State, m.State) {
		t.Error("the device state differs")
	}
	if !bytes.Equal(content(t, got.ram, testMB<<20), content(t, m.RAM, testMB<<20)) {
		t.Error("the memory differs")
	}
	list, err := s.List()
	if err != nil || len(list) != 1 || list[0].Err != nil || list[0].Info.Identity != "a" {
		t.Fatalf("List = %+v, %v", list, err)
	}
	if list[0].Bytes > 1<<20 {
		t.Errorf("the file takes %d bytes; its holes are gone", list[0].Bytes)
	}
	if st, err := os.Stat(file); err != nil || st.Mode() != 0o600 {
		t.Errorf("mode %v, %v; want 0600", st.Mode(), err)
	}
	if _, err := s.Get("b"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Get of another machine = %v; want ErrNotExist", err)
	}
}

// Whatever a template has become, it is never used.
func TestDamage(t *testing.T) {
	flip := func(t *testing.T, file string, at int64) {
		f, err := os.OpenFile(file, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		b := make([]byte, 1)
		if _, err := f.ReadAt(b, at); err != nil {
			t.Fatal(err)
		}
		b[0] ^= 0x10
		if _, err := f.WriteAt(b, at); err != nil {
			t.Fatal(err)
		}
	}
	size := func(t *testing.T, file string) int64 {
		st, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		return st.Size()
	}
	tests := map[string]func(t *testing.T, file string){
		"flipped in memory":         func(t *testing.T, f string) { flip(t, f, 5*pageBytes+17) },
		"flipped in a hole":         func(t *testing.T, f string) { flip(t, f, 2<<20) },
		"flipped in the last page":  func(t *testing.T, f string) { flip(t, f, testMB<<20-1) },
		"flipped in state":          func(t *testing.T, f string) { flip(t, f, testMB<<20+50_000) },
		"flipped in sums":           func(t *testing.T, f string) { flip(t, f, testMB<<20+100_001+5) },
		"flipped in description":    func(t *testing.T, f string) { flip(t, f, size(t, f)-footerBytes-10) },
		"flipped in magic":          func(t *testing.T, f string) { flip(t, f, size(t, f)-footerBytes) },
		"flipped in sizes":          func(t *testing.T, f string) { flip(t, f, size(t, f)-footerBytes+17) },
		"flipped in footer's check": func(t *testing.T, f string) { flip(t, f, size(t, f)-1) },
		"one byte short":            func(t *testing.T, f string) { must(t, os.Truncate(f, size(t, f)-1)) },
		"cut in memory":             func(t *testing.T, f string) { must(t, os.Truncate(f, 3<<20)) },
		"empty":                     func(t *testing.T, f string) { must(t, os.Truncate(f, 0)) },
		"longer":                    func(t *testing.T, f string) { must(t, os.Truncate(f, size(t, f)+4096)) },
		"world-writable":            func(t *testing.T, f string) { must(t, os.Chmod(f, 0o602)) },
		"group-writable":            func(t *testing.T, f string) { must(t, os.Chmod(f, 0o660)) },
		"a symbolic link": func(t *testing.T, f string) {
			must(t, os.Rename(f, f+".real"))
			must(t, os.Symlink(f+".real", f))
		},
		"a directory": func(t *testing.T, f string) { must(t, os.Remove(f)); must(t, os.Mkdir(f, 0o700)) },
		"of another user": func(t *testing.T, f string) {
			if os.Geteuid() != 0 {
				t.Skip("giving a file away needs root")
			}
			must(t, os.Chown(f, 12345, 0))
		},
	}
	for name, damage := range tests {
		t.Run(name, func(t *testing.T) {
			s := store(t)
			file, _ := put(t, s, "a")
			damage(t, file)
			got, err := s.Get("a")
			if err == nil {
				err = got.Verify()
				got.Close()
			}
			if err == nil {
				t.Fatal("the template is accepted")
			}
			t.Log(err)
			must(t, s.Drop("a"))
			put(t, s, "a")
			if got, err = s.Get("a"); err != nil {
				t.Fatal("made anew:", err)
			}
			defer got.Close()
			must(t, got.Verify())
		})
	}
}

// A name is a hash of the identity; the text decides.
func TestOtherMachine(t *testing.T) {
	s := store(t)
	file, _ := put(t, s, "a")
	must(t, os.Rename(file, s.file("b")))
	if _, err := s.Get("b"); !IsDamage(err) {
		t.Errorf("Get = %v; want a DamagedError", err)
	}
}

func TestOpenStore(t *testing.T) {
	tests := map[string]struct {
		make func(t *testing.T, dir string)
		ok   bool
	}{
		"new":            {func(*testing.T, string) {}, true},
		"there":          {func(t *testing.T, d string) { must(t, os.Mkdir(d, 0o700)) }, true},
		"readable":       {func(t *testing.T, d string) { must(t, os.Mkdir(d, 0o755)) }, true},
		"world-writable": {func(t *testing.T, d string) { must(t, os.Mkdir(d, 0)); must(t, os.Chmod(d, 0o777)) }, false},
		"a file":         {func(t *testing.T, d string) { must(t, os.WriteFile(d, nil, 0o600)) }, false},
		"a link":         {func(t *testing.T, d string) { must(t, os.Symlink("/tmp", d)) }, false},
		"of another user": {func(t *testing.T, d string) {
			if os.Geteuid() != 0 {
				t.Skip("giving a folder away needs root")
			}
			must(t, os.Mkdir(d, 0o700))
			must(t, os.Chown(d, 12345, 0))
		}, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "store")
			test.make(t, dir)
			_, err := Open(dir)
			if (err == nil) != test.ok {
				t.Errorf("Open = %v; want success %v", err, test.ok)
			}
		})
	}
	if _, err := OpenSystem(filepath.Join(t.TempDir(), "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("OpenSystem of nothing = %v; want ErrNotExist", err)
	}
}

// detach stands in for a file that may only be read.
func TestDetach(t *testing.T) {
	s := store(t)
	file, m := put(t, s, "a")
	got, err := s.Get("a")
	must(t, err)
	must(t, got.detach())
	must(t, got.Verify())
	if !bytes.Equal(content(t, got.ram, testMB<<20), content(t, m.RAM, testMB<<20)) {
		t.Error("the memory differs")
	}
	got.Close()
	f, err := os.OpenFile(file, os.O_RDWR, 0)
	must(t, err)
	_, err = f.WriteAt([]byte("x"), 100)
	must(t, err)
	f.Close()
	got, err = s.Get("a")
	must(t, err)
	defer got.Close()
	if err := got.detach(); !IsDamage(err) {
		t.Errorf("detach of a damaged template = %v; want a DamagedError", err)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// FuzzRead gives the reader of templates arbitrary ends of files.
func FuzzRead(f *testing.F) {
	var whole bytes.Buffer
	one := make([]uint32, 1)
	i := Info{Identity: "x", MemoryMB: 1}
	if err := writeTail(appendAt{&whole}, 0, []byte("state"), nil, &i); err != nil {
		f.Fatal(err)
	}
	f.Add(whole.Bytes())
	whole.Reset()
	if err := writeTail(appendAt{&whole}, 4096, []byte("state"), one, &i); err != nil {
		f.Fatal(err)
	}
	f.Add(whole.Bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		file, err := anonymousFile(0)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		if _, err := file.WriteAt(b, 0); err != nil {
			t.Fatal(err)
		}
		got, err := readFile(file, int64(len(b)), "x")
		if err == nil && got == nil {
			t.Error("neither a template nor an error")
		}
	})
}

type appendAt struct{ b *bytes.Buffer }

func (a appendAt) WriteAt(p []byte, _ int64) (int, error) { return a.b.Write(p) }
