package grubcore

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/ulikunitz/xz/lzma"
)

// madeCore is a disk as grub-bios-setup writes it, with other programs in it.
func madeCore(t testing.TB, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := lzma.WriterConfig{DictCap: lzmaDict, Size: int64(len(data)), SizeInHeader: true}.NewWriter(&b)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	packed := b.Bytes()[lzmaHeader:]
	const decoder = 2800
	image := make([]byte, 64<<10)
	rng := rand.New(rand.NewPCG(1, 2))
	for i := 0x20; i < decoder; i++ {
		image[i] = byte(rng.Uint32()) // the decompressor is code, with zeroes in it
	}
	copy(image[decoder:], packed)
	le.PutUint32(image[packedAt:], uint32(len(packed)))
	le.PutUint32(image[unpackedAt:], uint32(len(data)))
	le.PutUint32(image[codesAt:], 1234)
	disk := make([]byte, 1<<20)
	copy(disk[0x180:], "GRUB \x00Geom\x00")
	disk[510], disk[511] = 0x55, 0xaa
	le.PutUint64(disk[kernelAt:], 40)
	entry := disk[41*sector-entryBytes:]
	le.PutUint64(entry, 41)
	le.PutUint16(entry[8:], uint16(len(image)/sector))
	copy(disk[41*sector:], image)
	return disk
}

func sample() []byte {
	data := make([]byte, 90<<10)
	rng := rand.New(rand.NewPCG(3, 4))
	for i := range data {
		data[i] = byte(rng.Uint32N(16))
	}
	copy(data[80<<10:], "(lvmid/AbCdEf-1234-5678-9abc-GhIj-KlMn-OpQrSt/x)/boot/grub")
	return data
}

func TestReplace(t *testing.T) {
	data := sample()
	disk := madeCore(t, data)
	core, err := Read(bytes.NewReader(disk))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(core.Data, data) {
		t.Fatal("other data than were packed")
	}
	now := bytes.Replace(data, []byte("AbCdEf-1234"), []byte("ZyXwVu-4321"), 1)
	writes, err := core.Replace(now)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range writes {
		copy(disk[w.At:], w.Data)
	}
	core, err = Read(bytes.NewReader(disk))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(core.Data, now) || le.Uint32(core.image[codesAt:]) != 0 {
		t.Errorf("after Replace: the data are new: %v, codes %d", bytes.Equal(core.Data, now), le.Uint32(core.image[codesAt:]))
	}
	if _, err := core.Replace(now[1:]); err == nil {
		t.Error("Replace with data of another length succeeds")
	}
}

// Data that cannot be packed as small as the old do not overwrite what follows.
func TestNoRoom(t *testing.T) {
	core, err := Read(bytes.NewReader(madeCore(t, sample())))
	if err != nil {
		t.Fatal(err)
	}
	noise := make([]byte, len(core.Data))
	rng := rand.New(rand.NewPCG(5, 6))
	for i := range noise {
		noise[i] = byte(rng.Uint32())
	}
	if _, err := core.Replace(noise); err == nil {
		t.Error("Replace with 90 KiB of noise in 64 KiB succeeds")
	}
}

func TestErrors(t *testing.T) {
	change := func(f func(disk []byte)) []byte {
		disk := madeCore(t, sample())
		f(disk)
		return disk
	}
	for name, test := range map[string]struct {
		disk []byte
		want error
	}{
		"empty":          {nil, io.ErrUnexpectedEOF},
		"no GRUB":        {make([]byte, 4096), ErrNone},
		"sector 0":       {change(func(d []byte) { le.PutUint64(d[kernelAt:], 0) }), ErrFormat},
		"far away":       {change(func(d []byte) { le.PutUint64(d[kernelAt:], 1<<40) }), io.ErrUnexpectedEOF},
		"no sectors":     {change(func(d []byte) { le.PutUint16(d[41*sector-4:], 0) }), ErrFormat},
		"several pieces": {change(func(d []byte) { le.PutUint16(d[41*sector-entryBytes-4:], 1) }), ErrFormat},
		"sizes":          {change(func(d []byte) { le.PutUint32(d[41*sector+unpackedAt:], 1<<31) }), ErrFormat},
		"damaged":        {change(func(d []byte) { d[41*sector+2800] = 1 }), ErrFormat},
	} {
		if _, err := Read(bytes.NewReader(test.disk)); !errors.Is(err, test.want) {
			t.Errorf("%s: Read = %v; want %v", name, err, test.want)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(madeCore(f, []byte("some data that are long enough to be packed, packed, packed"))[:60*sector])
	f.Fuzz(func(t *testing.T, disk []byte) {
		core, err := Read(bytes.NewReader(disk))
		if err == nil && core.Data == nil {
			t.Error("neither data nor an error")
		}
	})
}
