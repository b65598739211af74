package kimage

import (
	"bytes"
	"compress/gzip"
	"debug/elf"
	"encoding/binary"
	"errors"
	"strings"
	"testing"
)

// note is an ELF note of Xen's.
func note(kind uint32, desc []byte) []byte {
	var b bytes.Buffer
	binary.Write(&b, binary.LittleEndian, []uint32{4, uint32(len(desc)), kind})
	b.WriteString("Xen\x00")
	b.Write(desc)
	b.Write(make([]byte, -len(desc)&3))
	return b.Bytes()
}

// vmlinux is a kernel as small as can be: code, zero bytes, and the notes.
func vmlinux(notes []byte) []byte {
	code := append([]byte("\xf4code"), make([]byte, 10_000)...)
	h := elf.Header64{Type: uint16(elf.ET_EXEC), Machine: uint16(elf.EM_X86_64), Version: 1, Phoff: 64, Shoff: 12345, Shnum: 3, Phentsize: 56, Phnum: 2}
	copy(h.Ident[:], elf.ELFMAG+"\x02\x01\x01")
	progs := []elf.Prog64{
		{Type: uint32(elf.PT_LOAD), Off: 0x1000, Vaddr: 1 << 32, Paddr: 1 << 24, Filesz: uint64(len(code)), Memsz: 1 << 20},
		{Type: uint32(elf.PT_NOTE), Off: 0x1000 + uint64(len(code)), Filesz: uint64(len(notes)), Memsz: uint64(len(notes))},
	}
	var b bytes.Buffer
	binary.Write(&b, binary.LittleEndian, h)
	binary.Write(&b, binary.LittleEndian, progs)
	b.Write(make([]byte, 0x1000-b.Len()))
	b.Write(code)
	b.Write(notes)
	return b.Bytes()
}

var pvhNote = append(note(6, []byte("linux\x00")), note(noteXenPhys32Entry, []byte{0x90, 1, 0, 1})...)

// bzImage wraps a kernel as the kernel's build does.
func bzImage(version string, kernel []byte) []byte {
	var payload bytes.Buffer
	z := gzip.NewWriter(&payload)
	z.Write(kernel)
	z.Close()
	const setup = 2 // sectors, and the boot sector
	image := make([]byte, (setup+1)*sectorBytes)
	image[0x1f1] = setup
	copy(image[0x1fe:], "\x55\xaa\xeb\x66HdrS\x0f\x02")
	binary.LittleEndian.PutUint16(image[0x20e:], 0x300)
	copy(image[0x500:], version+" (builder@host) #1 SMP\x00")
	binary.LittleEndian.PutUint32(image[0x248:], 16)
	binary.LittleEndian.PutUint32(image[0x24c:], uint32(payload.Len()))
	image = append(image, make([]byte, 16)...)
	return append(append(image, payload.Bytes()...), "what follows"...)
}

func TestVmlinux(t *testing.T) {
	kernel := vmlinux(pvhNote)
	image := bzImage("6.1.0-18-amd64", kernel)
	if v, err := Version(image); v != "6.1.0-18-amd64" || err != nil {
		t.Errorf("Version = %q, %v", v, err)
	}
	got, err := Vmlinux(image)
	if err != nil || !bytes.Equal(got, kernel) {
		t.Fatalf("Vmlinux = %d bytes, %v; want the %d put in", len(got), err, len(kernel))
	}
	var small bytes.Buffer
	if err := Shrink(&small, got); err != nil {
		t.Fatal(err)
	}
	if entry, err := pvhEntry(small.Bytes()); entry != 0x1000190 || err != nil {
		t.Errorf("PVH entry after Shrink = %#x, %v", entry, err)
	}
	f, err := elf.NewFile(bytes.NewReader(small.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	if p := f.Progs[0]; p.Filesz != 5 || p.Memsz != 1<<20 || p.Paddr != 1<<24 || len(f.Sections) != 0 {
		t.Errorf("after Shrink: %+v and %d sections", p.ProgHeader, len(f.Sections))
	}
	code := make([]byte, 5)
	if _, err := f.Progs[0].ReadAt(code, 0); err != nil || string(code) != "\xf4code" {
		t.Errorf("code after Shrink = %q, %v", code, err)
	}
}

func TestNoPVH(t *testing.T) {
	for _, notes := range [][]byte{nil, note(6, []byte("linux\x00")), pvhNote[:len(pvhNote)-1], bytes.Repeat([]byte{0xff}, 64)} {
		if _, err := Vmlinux(bzImage("6.1", vmlinux(notes))); !errors.Is(err, errNoPVH) {
			t.Errorf("Vmlinux with notes %q: %v; want %v", notes, err, errNoPVH)
		}
	}
}

// Every damaged image is refused, and none is read behind its end.
func TestHostile(t *testing.T) {
	good := bzImage("6.1", vmlinux(pvhNote))
	tests := []struct {
		name   string
		change func(b []byte) []byte
	}{
		{"empty", func(b []byte) []byte { return nil }},
		{"no signature", func(b []byte) []byte { b[0x1fe] = 0; return b }},
		{"no HdrS", func(b []byte) []byte { b[0x202] = 'X'; return b }},
		{"old protocol", func(b []byte) []byte { b[0x206] = 7; return b }},
		{"cut in the header", func(b []byte) []byte { return b[:headerBytes-1] }},
		{"cut in the payload", func(b []byte) []byte { return b[:len(b)-60] }},
		{"payload behind the end", func(b []byte) []byte { copy(b[0x248:], "\xff\xff\xff\xff"); return b }},
		{"payload longer than the file", func(b []byte) []byte { copy(b[0x24c:], "\xff\xff\xff\xff"); return b }},
		{"payload of nothing", func(b []byte) []byte { copy(b[0x24c:], "\x00\x00\x00\x00"); return b }},
		{"unknown compression", func(b []byte) []byte { b[3*sectorBytes+16] = 'X'; return b }},
		{"wrong size", func(b []byte) []byte { b[len(b)-13] ^= 1; return b }},
		{"payload is no kernel", func([]byte) []byte { return bzImage("6.1", []byte("text")) }},
		{"payload is for another machine", func([]byte) []byte { k := vmlinux(pvhNote); k[18] = 3; return bzImage("6.1", k) }},
		{"payload of too many segments", func([]byte) []byte { k := vmlinux(pvhNote); k[56] = 200; return bzImage("6.1", k) }},
		{"segment behind the end", func([]byte) []byte { k := vmlinux(pvhNote); k[64+8+7] = 0xff; return bzImage("6.1", k) }},
		{"program headers behind the end", func([]byte) []byte { k := vmlinux(pvhNote); k[32+7] = 0xff; return bzImage("6.1", k) }},
	}
	for _, test := range tests {
		if _, err := Vmlinux(test.change(bytes.Clone(good))); err == nil {
			t.Errorf("%s: taken", test.name)
		}
	}
}

func TestVersion(t *testing.T) {
	for _, text := range []string{"", " ", "a/b", "6.1\x01", strings.Repeat("v", 300)} {
		image := bzImage("6.1", nil)[:0x600]
		copy(image[0x500:], make([]byte, 64))
		copy(image[0x500:], text)
		if v, err := Version(image); err == nil {
			t.Errorf("Version of %.20q = %q", text, v)
		}
	}
}

func FuzzVmlinux(f *testing.F) {
	f.Add(bzImage("6.1", vmlinux(pvhNote)))
	f.Fuzz(func(t *testing.T, image []byte) {
		Version(image)
		Vmlinux(image)
	})
}

func FuzzShrink(f *testing.F) {
	f.Add(vmlinux(pvhNote))
	f.Fuzz(func(t *testing.T, image []byte) {
		var b bytes.Buffer
		if err := Shrink(&b, image); err != nil {
			return
		}
		if _, _, err := segments(b.Bytes()); err != nil {
			t.Fatalf("what Shrink wrote is damaged: %v", err)
		}
	})
}
