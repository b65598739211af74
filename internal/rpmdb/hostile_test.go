package rpmdb

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
)

func TestHeader(t *testing.T) {
	text := func(n uint32, s string) tag { return tag{n, typeText, []string{s}, 0} }
	be := binary.BigEndian
	offset := func(h []byte, entry int, to uint32) []byte { be.PutUint32(h[8+entry*entryBytes+8:], to); return h }
	long := strings.Repeat("x", 3*maxText)
	for _, test := range []struct {
		name   string
		header []byte
		want   Package
		damage string
	}{
		{"empty", nil, Package{}, "a header ends too early"},
		{"no entries", header(), Package{}, "a header without a name"},
		{"an index without data", header(text(1000, "a"))[:20], Package{}, "a header of 20 bytes with 1 entries and 2 bytes of data"},
		{"too many entries", be.AppendUint32([]byte{0, 1, 0, 0}, 0), Package{}, "a header of 8 bytes with 65536 entries and 0 bytes of data"},
		{"too much data", be.AppendUint32([]byte{0, 0, 0, 0}, maxData+1), Package{}, "a header of 8 bytes with 0 entries and 268435457 bytes of data"},
		{"a name outside", offset(header(text(1000, "a")), 0, 2), Package{}, "a header without a name"},
		{"a name far outside", offset(header(text(1000, "a")), 0, 1<<32-1), Package{}, "a header without a name"},
		{"a text without end", bytes.TrimSuffix(header(text(1000, "a"), text(1001, "1")), []byte{0}), Package{}, "a header of"},
		{"a name that is a number", header(tag{1000, typeInt32, nil, 7}), Package{}, "a header without a name"},
		{"an epoch that is text", header(text(1000, "a"), text(1003, "1")), Package{Name: "a"}, ""},
		{"an epoch at the end", offset(header(text(1000, "a"), tag{1003, typeInt32, nil, 9}), 1, 6), Package{Name: "a"}, ""},
		{"twice", header(text(1000, "a"), text(1000, "b"), text(1001, "1")), Package{Name: "a", Version: "1"}, ""},
		{"upon each other", offset(header(text(1000, "abc"), text(1001, "1")), 1, 1), Package{Name: "abc"}, ""},
		{"not in order", header(text(1022, "noarch"), text(1001, "1"), text(1000, "a")), Package{Name: "a", Version: "1", Arch: "noarch"}, ""},
		{"long", header(text(1005, long), text(1000, "a")), Package{Name: "a", Description: long[:maxText]}, ""},
	} {
		var r reader
		got, err := r.read(bytes.NewReader(test.header), int64(len(test.header)))
		if test.damage != "" {
			if !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), test.damage) {
				t.Errorf("%s: %v; want %q", test.name, err, test.damage)
			}
			continue
		}
		if got != test.want || err != nil {
			t.Errorf("%s: %.200v, %v; want %.200v", test.name, got, err, test.want)
		}
	}
}

func TestNotDatabase(t *testing.T) {
	meta := make([]byte, 4096)
	binary.LittleEndian.PutUint32(meta[12:], hashMagic)
	for name, test := range map[string]struct {
		db   []byte
		want error
	}{
		"empty":           {nil, ErrNotDatabase},
		"short":           {[]byte("RpmP"), ErrNotDatabase},
		"zeroes":          {make([]byte, 1<<16), ErrNotDatabase},
		"binary":          {bytes.Repeat([]byte{0xff, 0, 0x80}, 1<<14), ErrNotDatabase},
		"hash, no pages":  {meta, ErrDamaged},
		"hash, short":     {meta[:100], ErrDamaged},
		"ndb, short":      {[]byte("RpmP\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00"), ErrDamaged},
		"ndb, of future":  {append([]byte("RpmP\x07"), make([]byte, 64)...), ErrNotDatabase},
		"sqlite, no page": {append([]byte("SQLite format 3\x00"), make([]byte, 100)...), nil},
	} {
		got, damage := list(test.db)
		if len(got) != 0 || len(damage) != 1 || test.want != nil && !errors.Is(damage[0], test.want) {
			t.Errorf("%s: %v, %v; want %v", name, got, damage, test.want)
		}
	}
}

// TestDamage does to databases what a bad disk might: most packages are left.
func TestDamage(t *testing.T) {
	headers, _ := demo()
	for kind, db := range databases(t, headers) {
		rnd := rand.New(rand.NewPCG(1, 2))
		const rounds = 200
		total := 0
		for range rounds {
			b := bytes.Clone(db)
			for range 3 {
				b[512+rnd.IntN(len(b)-512)] ^= 1 << rnd.IntN(8)
			}
			got, _ := list(b)
			total += len(got)
			list(b[:rnd.IntN(len(b))])
			for range 64 {
				b[rnd.IntN(1024)] = byte(rnd.Uint32())
			}
			list(b)
		}
		if want := len(headers) * rounds * 3 / 4; total < want {
			t.Errorf("%s: %d packages; want %d or more of %d", kind, total, want, len(headers)*rounds)
		}
	}
}

// Chains that lead back into themselves end, and so do headers that share
// theirs.
func TestCycles(t *testing.T) {
	headers, _ := demo()
	headers = headers[:16]
	good := makeHash(t, t.TempDir(), headers, false)
	const page = 512
	le := binary.LittleEndian
	for n := range uint32(len(good) / page) {
		for _, to := range []uint32{1, 2, n, n - 1} {
			b := bytes.Clone(good)
			le.PutUint32(b[n*page+16:], to) // the next page
			if got, _ := list(b); len(got) > len(headers) {
				t.Errorf("page %d goes on in %d: %d packages", n, to, len(got))
			}
		}
	}
	b := makeNDB(headers)
	for at := ndbHeader; at < slotPage; at += slotBytes { // all slots lead to one blob
		copy(b[at:], b[ndbHeader+slotBytes:ndbHeader+2*slotBytes])
	}
	if got, _ := list(b); len(got) != 1 {
		t.Errorf("%d packages of one blob", len(got))
	}
}

// A bucket that cannot be found is found by looking at all pages.
func TestLostBucket(t *testing.T) {
	headers, want := demo()
	b := makeHash(t, t.TempDir(), headers, false)
	for _, at := range []int{72, 96, 100, 104} { // the highest bucket, where buckets are
		c := bytes.Clone(b)
		binary.LittleEndian.PutUint32(c[at:], 1<<31+5)
		got, damage := list(c)
		if len(got) != len(want) || len(damage) != 1 || !errors.Is(damage[0], ErrDamaged) {
			t.Errorf("%d packages of %d, damage %v", len(got), len(want), damage)
		}
	}
}

// failing is a disk that cannot be read behind some place.
type failing struct {
	io.ReaderAt
	from int64
}

var errDisk = errors.New("input/output error")

func (f failing) ReadAt(b []byte, at int64) (int, error) {
	if at+int64(len(b)) > f.from {
		return 0, errDisk
	}
	return f.ReaderAt.ReadAt(b, at)
}

// The disk's own error is told, whatever the kind.
func TestDiskError(t *testing.T) {
	headers, _ := demo()
	for kind, db := range databases(t, headers) {
		for _, from := range []int64{0, 1024, int64(len(db) / 2)} {
			found := false
			f := io.NewSectionReader(failing{bytes.NewReader(db), from}, 0, int64(len(db)))
			for range Packages(f, nil, func(err error) { found = found || errors.Is(err, errDisk) }) {
			}
			if !found {
				t.Errorf("%s: no error of the disk behind %d", kind, from)
			}
		}
	}
}

func FuzzPackages(f *testing.F) {
	headers, _ := demo()
	for _, db := range databases(f, headers[:12]) {
		f.Add(db)
	}
	f.Add(makeNDB(headers[:1]))
	f.Fuzz(func(t *testing.T, db []byte) {
		got, _ := list(db)
		for _, p := range got {
			if p.Name == "" || len(p.Description) > maxText {
				t.Errorf("%.300v", p)
			}
		}
	})
}

func FuzzHeader(f *testing.F) {
	headers, _ := demo()
	f.Add(headers[0])
	f.Add(headers[5])
	f.Fuzz(func(t *testing.T, b []byte) {
		var r reader
		r.read(bytes.NewReader(b), int64(len(b)))
	})
}
