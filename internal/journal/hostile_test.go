package journal

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
	"github.com/ulikunitz/xz"
)

func one(b []byte) fstest.MapFS { return fstest.MapFS{"log/x.journal": regular(b)} }

// pack puts a compressed form of the field big into system.journal.
func pack(t testing.TB, flag byte, packed []byte) []byte {
	t.Helper()
	b := unpack(t, "system.journal")
	at := bytes.Index(b, []byte(big)) - dataHeader
	if at < 0 || len(packed) > len(big) {
		t.Fatalf("no room for %d bytes at %d", len(packed), at)
	}
	b[at+1] = flag
	binary.LittleEndian.PutUint64(b[at+8:], uint64(dataHeader+len(packed)))
	copy(b[at+dataHeader:], packed)
	b[12] |= map[byte]byte{objectXZ: flagXZ, objectLZ4: flagLZ4, objectZstd: flagZstd}[flag]
	return b
}

func packXZ(t testing.TB, data []byte) []byte {
	t.Helper()
	var buf bytes.Buffer
	w, err := xz.WriterConfig{NoCheckSum: true, DictCap: 1 << 20}.NewWriter(&buf)
	if err != nil {
		t.Fatal(err)
	}
	w.Write(data)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func packLZ4(t testing.TB, data []byte) []byte {
	t.Helper()
	b := make([]byte, 8+lz4.CompressBlockBound(len(data)))
	n, err := lz4.CompressBlock(data, b[8:], nil)
	if err != nil {
		t.Fatal(err)
	}
	binary.LittleEndian.PutUint64(b, uint64(len(data)))
	return b[:8+n]
}

func packZstd(t testing.TB, data []byte) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	return w.EncodeAll(data, nil)
}

// TestCompressed has the same field in each of the ways to compress it.
func TestCompressed(t *testing.T) {
	want := string(unpack(t, "system.export"))
	for name, b := range map[string][]byte{
		"xz":   pack(t, objectXZ, packXZ(t, []byte(big))),
		"lz4":  pack(t, objectLZ4, packLZ4(t, []byte(big))),
		"zstd": pack(t, objectZstd, packZstd(t, []byte(big))),
	} {
		t.Run(name, func(t *testing.T) {
			if dir := os.Getenv("JOURNAL_KEEP"); dir != "" { // for journalctl to read
				if err := os.WriteFile(filepath.Join(dir, name+".journal"), b, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			j := open(t, one(b))
			wantText(t, export(j), want)
			wantDamage(t, j, false)
		})
	}
}

// TestBomb has fields that unpack to more than is read, and ones that ask for
// more memory than there is.
func TestBomb(t *testing.T) {
	zeros := make([]byte, maxField+1<<20)
	copy(zeros, "BIG=")
	for name, tt := range map[string]struct {
		b    []byte
		want int // bytes of the field, 0 when there is none
	}{
		"xz":   {pack(t, objectXZ, packXZ(t, zeros)), maxField},
		"zstd": {pack(t, objectZstd, packZstd(t, zeros)), maxField},
		"lz4":  {pack(t, objectLZ4, append(binary.LittleEndian.AppendUint64(nil, 1<<62), 0)), 0},
		"xz memory": {pack(t, objectXZ, func() []byte {
			b := packXZ(t, []byte(big))
			i := bytes.IndexByte(b[12:], 0x21) + 12
			b[i+2] = 40 // 4 GiB
			end := 12 + (int(b[12])+1)*4 - 4
			binary.LittleEndian.PutUint32(b[end:], crc32.ChecksumIEEE(b[12:end]))
			return b
		}()), 0},
	} {
		t.Run(name, func(t *testing.T) {
			if tt.want > maxField/2 && testing.Short() {
				tt.want = 1 << 20
			}
			j := open(t, one(tt.b))
			if tt.want > 0 {
				j.SetThreshold(tt.want)
			}
			got, entries := 0, 0
			for j.Next() {
				entries++
				for field := range j.Fields() {
					if bytes.HasPrefix(field, []byte("BIG=")) {
						got = len(field)
					}
				}
			}
			if got != tt.want || entries != 40 {
				t.Errorf("%d bytes in %d entries; want %d in 40", got, entries, tt.want)
			}
			wantDamage(t, j, tt.want == 0)
		})
	}
}

// TestCut reads what is left of a file.
func TestCut(t *testing.T) {
	b := unpack(t, "system.journal")
	for size := 0; size < len(b); size = size*5/4 + 61 {
		if got := export(open(t, one(b[:size]))); len(got) > len(unpack(t, "system.export")) {
			t.Errorf("cut to %d bytes, the file has more than the whole one", size)
		}
	}
	// The last object is an array that has room for more entries than there are.
	used := len(bytes.TrimRight(b, "\x00"))
	j := open(t, one(b[:used+8]))
	wantText(t, export(j), string(unpack(t, "system.export")))
	wantDamage(t, j, false)
	at, before := binary.LittleEndian.Uint64(b[176:]), 0
	for next := at; next != 0; next = binary.LittleEndian.Uint64(b[at+16:]) {
		if at = next; binary.LittleEndian.Uint64(b[at+16:]) != 0 {
			before += int(binary.LittleEndian.Uint64(b[at+8:])-arrayHeader) / 8
		}
	}
	j = open(t, one(b[:at+arrayHeader+8])) // the entry itself is behind its array
	if got := strings.Count(export(j), "__CURSOR="); got != before && got != before+1 {
		t.Errorf("cut in the last part of the list, the file has %d entries; want those before, %d", got, before)
	}
	wantDamage(t, j, true)
}

// TestDamaged breaks one thing in a file: what is left and whether it is said.
func TestDamaged(t *testing.T) {
	put := func(at uint64, v uint64) func([]byte) {
		return func(b []byte) { binary.LittleEndian.PutUint64(b[at:], v) }
	}
	whole := unpack(t, "system.journal")
	array := binary.LittleEndian.Uint64(whole[176:])
	second := binary.LittleEndian.Uint64(whole[array+16:])
	perArray := int(binary.LittleEndian.Uint64(whole[array+8:])-arrayHeader) / 8
	entry := binary.LittleEndian.Uint64(whole[array+arrayHeader:])
	for name, tt := range map[string]struct {
		change  func([]byte)
		entries int
	}{
		"array leads to itself":   {put(array+16, array), perArray},
		"second leads to first":   {put(second+16, array), 0},
		"array beyond the end":    {put(array+16, 1<<63), perArray},
		"array not aligned":       {put(array+16, second+1), perArray},
		"array is an entry":       {put(176, entry), 0},
		"array of size 0":         {put(array+8, 0), 0},
		"array of a huge size":    {put(array+8, 1<<63), 0},
		"entry beyond the end":    {put(array+arrayHeader, 1<<40), 39},
		"entry of size 0":         {put(entry+8, 0), 39},
		"field at 0":              {put(entry+entryHeader, 0), 40},
		"field is an entry":       {put(entry+entryHeader, entry), 40},
		"unknown features":        {func(b []byte) { b[12] = 0x80 }, 0},
		"not a journal":           {func(b []byte) { b[0] = 'x' }, 0},
		"first array, unknown id": {func(b []byte) { b[array] = 99 }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			b := bytes.Clone(whole)
			tt.change(b)
			j := open(t, one(b))
			got := strings.Count(export(j), "__CURSOR=")
			if name == "second leads to first" {
				if got <= perArray || got >= 40 {
					t.Errorf("%d entries; want those of two arrays of three", got)
				}
			} else if got != tt.entries {
				t.Errorf("%d entries; want %d", got, tt.entries)
			}
			wantDamage(t, j, true)
		})
	}
}

// TestKinds has names of journals on what is no file.
func TestKinds(t *testing.T) {
	j := open(t, fstest.MapFS{
		"log/a.journal":   {Mode: fs.ModeNamedPipe},
		"log/b.journal/x": regular(nil),
		"log/c.journal":   regular(nil),
		"log/d.journal":   regular(unpack(t, "system.journal")),
		"log/" + machine:  regular(nil),
	})
	if got := strings.Count(export(j), "__CURSOR="); got != 40 {
		t.Errorf("%d entries; want the 40 of the one journal", got)
	}
	if got := len(j.Damage()); got != 3 {
		t.Errorf("Damage() = %v; want 3", j.Damage())
	}
	if _, err := Open(fstest.MapFS{}, "log"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Open of no directory = %v; want %v", err, fs.ErrNotExist)
	}
}

// FuzzJournal changes two places of a file and cuts it: no panic, an end, and
// no more entries on the way back. Places are counted without the file's empty
// hash tables, that is from its last 64 KiB in use.
func FuzzJournal(f *testing.F) {
	var files [][]byte
	for _, name := range []string{"system.journal", "user-1000.journal", "system@a.journal"} {
		files = append(files, bytes.TrimRight(unpack(f, name), "\x00"))
	}
	files = append(files, pack(f, objectXZ, packXZ(f, []byte(big))), pack(f, objectLZ4, packLZ4(f, []byte(big))))
	for i := range files {
		f.Add(uint8(i), uint16(0), uint64(0), uint16(0), uint64(0), uint16(0))
		f.Add(uint8(i), uint16(176), uint64(1<<63), uint16(152), uint64(1<<63), uint16(0))
		f.Add(uint8(i), uint16(12), uint64(0x10), uint16(0), uint64(0), uint16(9000))
	}
	f.Fuzz(func(t *testing.T, which uint8, at uint16, value uint64, at2 uint16, value2 uint64, cut uint16) {
		b := bytes.Clone(files[int(which)%len(files)])
		b = b[:len(b)-int(cut)]
		put := func(at uint16, value uint64) {
			i := int(at)
			if i > headerMin {
				i = len(b) - i
			}
			if at > 0 && i+8 <= len(b) {
				binary.LittleEndian.PutUint64(b[i:], value)
			}
		}
		put(at, value)
		put(at2, value2)
		j := open(t, one(b))
		j.SetThreshold(Threshold)
		forward := 0
		for j.Next() {
			for range j.Fields() {
			}
			if forward++; forward > len(b) {
				t.Fatal("more entries than bytes")
			}
		}
		for back := 1; j.Previous(); back++ {
			if back > forward {
				t.Fatalf("%d entries, but more on the way back", forward)
			}
		}
	})
}
