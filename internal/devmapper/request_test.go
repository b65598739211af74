package devmapper

import (
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestRequest reads the fields at the places where linux/dm-ioctl.h has them.
func TestRequest(t *testing.T) {
	r, err := newRequest("vg-root", "LVM-x", []Target{
		{0, 81920, "linear", "8:0 2048"},
		{81920, 8192, "striped", "2 128 8:0 83968 8:16 2048"},
	}, flagReadOnly)
	if err != nil {
		t.Fatal(err)
	}
	p, ne := r.bytes(), binary.NativeEndian
	const second = 312 + 40 + 16 // "8:0 2048" and a zero take 16 bytes
	for _, tc := range []struct {
		what      string
		got, want uint64
	}{
		{"size", uint64(ne.Uint32(p[12:])), uint64(len(p))},
		{"start of data", uint64(ne.Uint32(p[16:])), 312},
		{"targets", uint64(ne.Uint32(p[20:])), 2},
		{"flags", uint64(ne.Uint32(p[28:])), 1},
		{"next", uint64(ne.Uint32(p[312+20:])), 56},
		{"start of the second", ne.Uint64(p[second:]), 81920},
		{"sectors of the second", ne.Uint64(p[second+8:]), 8192},
		{"length", uint64(len(p)), second + 40 + 32},
	} {
		if tc.got != tc.want {
			t.Errorf("%s: %d; want %d", tc.what, tc.got, tc.want)
		}
	}
	for at, want := range map[int]string{48: "vg-root", 176: "LVM-x", 312 + 24: "linear", 312 + 40: "8:0 2048", second + 24: "striped", second + 40: "2 128 8:0 83968 8:16 2048"} {
		if got := text(p[at:]); got != want {
			t.Errorf("text at %d: %q; want %q", at, got, want)
		}
	}
}

func TestRequestTooLong(t *testing.T) {
	for name, fn := range map[string]func() error{
		"name": func() error { _, err := newRequest(strings.Repeat("n", 128), "", nil, 0); return err },
		"uuid": func() error { _, err := newRequest("n", strings.Repeat("u", 129), nil, 0); return err },
		"kind": func() error {
			_, err := newRequest("n", "", []Target{{Kind: strings.Repeat("k", 16)}}, 0)
			return err
		},
	} {
		if err := fn(); !errors.Is(err, unix.ENAMETOOLONG) {
			t.Errorf("%s: error %v; want ENAMETOOLONG", name, err)
		}
	}
}
