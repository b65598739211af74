package cpio

import (
	"bytes"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

type entry struct {
	Header
	Text string
}

var sample = []entry{
	{Header{Name: "dev", Mode: Dir | 0o755}, ""},
	{Header{Name: "dev/console", Mode: Char | 0o600, Major: 5, Minor: 1}, ""},
	{Header{Name: "init", Mode: File | 0o755, Size: 5}, "hello"},
	{Header{Name: "lib", Mode: Link | 0o777, Size: 7}, "usr/lib"},
	{Header{Name: "odd name, longer", Mode: File | 0o644, Size: 1}, "x"},
	{Header{Name: "z", Mode: File | 0o644, Size: 4096}, strings.Repeat("z", 4096)},
}

func archive(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	w := NewWriter(&b)
	for _, e := range sample {
		if err := w.Add(e.Header, strings.NewReader(e.Text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestRoundTrip(t *testing.T) {
	var got []entry
	r := NewReader(bytes.NewReader(archive(t)))
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r.Data())
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, entry{h, string(text)})
	}
	if diff := cmp.Diff(sample, got); diff != "" {
		t.Errorf("read back (-written +read):\n%s", diff)
	}
}

// GNU cpio is the judge.
func TestCpio(t *testing.T) {
	if _, err := exec.LookPath("cpio"); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("cpio", "-itv", "--quiet", "--numeric-uid-gid")
	cmd.Env = []string{"TZ=UTC", "LC_ALL=C"}
	cmd.Stdin = bytes.NewReader(archive(t))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("cpio: %v\n%s", err, out)
	}
	want := `drwxr-xr-x   2 0        0               0 Jan  1  1970 dev
crw-------   1 0        0          5,   1 Jan  1  1970 dev/console
-rwxr-xr-x   1 0        0               5 Jan  1  1970 init
lrwxrwxrwx   1 0        0               7 Jan  1  1970 lib -> usr/lib
-rw-r--r--   1 0        0               1 Jan  1  1970 odd name, longer
-rw-r--r--   1 0        0            4096 Jan  1  1970 z
`
	if diff := cmp.Diff(want, string(out)); diff != "" {
		t.Errorf("cpio -itv (-want +got):\n%s", diff)
	}
}

func TestAddErrors(t *testing.T) {
	for _, h := range []Header{
		{Name: ""}, {Name: "TRAILER!!!"}, {Name: "a\x00b"}, {Name: strings.Repeat("n", maxName)},
		{Name: "big", Mode: File, Size: maxSize + 1}, {Name: "negative", Size: -1},
		{Name: "short", Mode: File, Size: 4},
	} {
		if err := NewWriter(io.Discard).Add(h, strings.NewReader("abc")); err == nil {
			t.Errorf("Add(%.20q, size %d) took it", h.Name, h.Size)
		}
	}
}

func FuzzReader(f *testing.F) {
	f.Add([]byte("070701"))
	var b bytes.Buffer
	w := NewWriter(&b)
	w.Add(Header{Name: "a", Mode: File, Size: 3}, strings.NewReader("abc"))
	w.Close()
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, data []byte) {
		r := NewReader(bytes.NewReader(data))
		for range len(data) {
			if _, err := r.Next(); err != nil {
				return
			}
			io.Copy(io.Discard, r.Data())
		}
	})
}
