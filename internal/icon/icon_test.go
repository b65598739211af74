package icon

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/png"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// picture is a PNG of that size in pixels, and of that many bytes.
func picture(t testing.TB, w, h, size int) *fstest.MapFile {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, w, h))); err != nil {
		t.Fatal(err)
	}
	if b.Len() > size {
		t.Fatalf("a picture of %d bytes; want %d", b.Len(), size)
	}
	return &fstest.MapFile{Data: append(b.Bytes(), make([]byte, size-b.Len())...)}
}

func TestLogos(t *testing.T) {
	all := Options{Favicon: true}
	high := Options{Favicon: true, HighQuality: true}
	for _, test := range []struct {
		name    string
		sys     System
		file    string
		picture *fstest.MapFile
		options Options
		want    bool
	}{
		{"favicon", System{Type: "linux"}, "etc/favicon.png", picture(t, 16, 16, 1000), all, true},
		{"no favicon wanted", System{Type: "linux"}, "etc/favicon.png", picture(t, 16, 16, 1000), Options{}, false},
		{"favicons are poor", System{Type: "linux"}, "etc/favicon.png", picture(t, 16, 16, 1000), high, false},
		{"favicon of Windows", System{Type: "windows"}, "Etc/FAVICON.png", picture(t, 16, 16, 1000), all, true},
		{"case counts on Linux", System{Type: "linux"}, "Etc/FAVICON.png", picture(t, 16, 16, 1000), all, false},
		{"more bytes than pixels", System{Type: "linux"}, "etc/favicon.png", picture(t, 16, 16, 1025), all, false},
		{"too narrow", System{Type: "linux"}, "etc/favicon.png", picture(t, 15, 16, 500), all, false},
		{"too high", System{Type: "linux"}, "etc/favicon.png", picture(t, 16, 1025, 500), all, false},
		{"debian", System{Type: "linux", Distro: "debian"}, "usr/share/pixmaps/debian-logo.png", picture(t, 48, 48, 2048), high, true},
		{"too large", System{Type: "linux", Distro: "debian"}, "usr/share/pixmaps/debian-logo.png", picture(t, 48, 48, 2049), all, false},
		{"hurd", System{Type: "hurd", Distro: "debian"}, "usr/share/pixmaps/debian-logo.png", picture(t, 48, 48, 2048), all, true},
		{"ubuntu", System{Type: "linux", Distro: "ubuntu"}, "usr/share/help/C/ubuntu-help/figures/ubuntu-logo.png", picture(t, 24, 24, 2000), all, true},
		{"ubuntu's is poor", System{Type: "linux", Distro: "ubuntu"}, "usr/share/help/C/ubuntu-help/figures/ubuntu-logo.png", picture(t, 24, 24, 2000), high, false},
		{"rhel 6", System{Type: "linux", Distro: "rhel", Major: 6}, "usr/share/pixmaps/redhat/shadowman-transparent.png", picture(t, 517, 515, 65000), all, true},
		{"centos 8", System{Type: "linux", Distro: "centos", Major: 8}, "usr/share/icons/hicolor/96x96/apps/system-logo-icon.png", picture(t, 96, 96, 4000), all, true},
		{"centos 7", System{Type: "linux", Distro: "centos", Major: 7}, "usr/share/pixmaps/fedora-logo-sprite.png", picture(t, 96, 96, 4000), all, true},
		{"unknown", System{Type: "linux", Distro: "novel"}, "usr/share/pixmaps/debian-logo.png", picture(t, 48, 48, 2000), all, false},
		{"bsd", System{Type: "freebsd", Distro: "debian"}, "usr/share/pixmaps/debian-logo.png", picture(t, 48, 48, 2000), all, false},
		{"windows 8", System{Type: "windows", Systemroot: "Windows", Major: 6, Minor: 2}, "ProgramData/microsoft/Windows Live/WLive48x48.png", picture(t, 48, 48, 4000), all, true},
		{"windows 10", System{Type: "windows", Systemroot: "Windows", Major: 10}, "Windows/explorer.exe", picture(t, 48, 48, 4000), all, false},
	} {
		got, warnings := Find(fstest.MapFS{test.file: test.picture}, test.sys, test.options)
		if (got != nil) != test.want || test.want && !bytes.Equal(got, test.picture.Data) || warnings != nil {
			t.Errorf("%s: %d bytes, warnings %q; want an icon: %v", test.name, len(got), warnings, test.want)
		}
	}
}

// Every distribution that has places is asked for at each of them.
func TestPlaces(t *testing.T) {
	for _, distro := range []string{"fedora", "rhel", "debian", "ubuntu", "mageia", "opensuse", "sles", "voidlinux", "altlinux", "gentoo", "openmandriva"} {
		sys := System{Type: "linux", Distro: distro, Major: 9}
		for _, l := range logos(sys) {
			if got, _ := Find(fstest.MapFS{l.file: picture(t, 24, 24, 2000)}, sys, Options{}); got == nil {
				t.Errorf("%s: nothing at %s", distro, l.file)
			}
		}
	}
}

func TestNotPicture(t *testing.T) {
	const file = "etc/favicon.png"
	head := picture(t, 16, 16, 1000).Data[:headBytes]
	for name, test := range map[string]struct {
		file    *fstest.MapFile
		warning string
	}{
		"empty":      {&fstest.MapFile{}, ""},
		"half":       {&fstest.MapFile{Data: head[:23]}, ""},
		"text":       {&fstest.MapFile{Data: []byte(strings.Repeat("text", 20))}, ""},
		"not header": {&fstest.MapFile{Data: bytes.Replace(head, []byte("IHDR"), []byte("IDAT"), 1)}, ""},
		"pipe":       {&fstest.MapFile{Mode: fs.ModeNamedPipe}, "icon: open etc/favicon.png: not a regular file"},
		"directory":  {&fstest.MapFile{Mode: fs.ModeDir}, "icon: open etc/favicon.png: not a regular file"},
	} {
		got, warnings := Find(fstest.MapFS{file: test.file}, System{Type: "linux"}, Options{Favicon: true})
		var want []string
		if test.warning != "" {
			want = []string{test.warning}
		}
		if got != nil || !slices.Equal(warnings, want) {
			t.Errorf("%s: %d bytes, %q; want nothing, %q", name, len(got), warnings, want)
		}
	}
}

func TestCirros(t *testing.T) {
	sys := System{Type: "linux", Distro: "cirros"}
	logo := func(text string) fs.FS { return fstest.MapFS{"usr/share/cirros/logo": {Data: []byte(text)}} }
	b, _ := Find(logo("  ____\n / __/ \n/_/\n"), sys, Options{HighQuality: true})
	img, err := png.Decode(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := img.Bounds().Size(), image.Pt(20+7*7, 20+3*13); got != want {
		t.Errorf("size %v; want %v", got, want)
	}
	dark := 0
	for y := range img.Bounds().Dy() {
		for x := range img.Bounds().Dx() {
			if r, _, _, _ := img.At(x, y).RGBA(); r == 0 {
				dark++
			}
		}
	}
	if dark < 40 || dark > 200 {
		t.Errorf("%d dark pixels of text", dark)
	}
	for _, text := range []string{"", "\n\n", "\x1b[31mred", strings.Repeat("x", 1025)} {
		if b, _ := Find(logo(text), sys, Options{}); b != nil {
			t.Errorf("an icon of %.20q", text)
		}
	}
}

// program is one of Windows with a bitmap as resource 143, in one section.
func program(dib []byte, is64 bool) []byte {
	le := binary.LittleEndian
	optional, magic := 224, uint16(0x10b)
	if is64 {
		optional, magic = 240, 0x20b
	}
	const address, header, tree, dataAt = 0x1000, 64, 512, 0x80
	b := make([]byte, tree+dataAt+len(dib))
	copy(b, "MZ")
	le.PutUint32(b[60:], header)
	copy(b[header:], "PE\x00\x00")
	le.PutUint16(b[header+4:], 0x14c)
	le.PutUint16(b[header+6:], 1)
	le.PutUint16(b[header+20:], uint16(optional))
	le.PutUint16(b[header+24:], magic)
	directories := header + 24 + optional - 128
	le.PutUint32(b[directories-4:], 16)
	le.PutUint32(b[directories+16:], address)
	le.PutUint32(b[directories+20:], uint32(dataAt+len(dib)))
	section := b[header+24+optional:]
	copy(section, ".rsrc")
	for at, v := range map[int]uint32{8: uint32(dataAt + len(dib)), 12: address, 16: uint32(dataAt + len(dib)), 20: tree, 36: 0x40000040} {
		le.PutUint32(section[at:], v)
	}
	at := tree
	for i, id := range []uint32{typeBitmap, 143, 1033} { // tables of one entry
		le.PutUint16(b[at+14:], 1)
		le.PutUint32(b[at+16:], id)
		next := uint32(24 * (i + 1))
		if i < 2 {
			next |= 1 << 31
		}
		le.PutUint32(b[at+20:], next)
		at += 24
	}
	le.PutUint32(b[at:], address+dataAt)
	le.PutUint32(b[at+4:], uint32(len(dib)))
	copy(b[tree+dataAt:], dib)
	return b
}

// dib is a bitmap as a resource has it, with a different color in each pixel.
func dib(w, h, depth int) []byte {
	le := binary.LittleEndian
	b := make([]byte, 40)
	le.PutUint32(b, 40)
	le.PutUint32(b[4:], uint32(w))
	le.PutUint32(b[8:], uint32(h))
	le.PutUint16(b[12:], 1)
	le.PutUint16(b[14:], uint16(depth))
	if depth <= 8 {
		for i := range 1 << depth {
			b = append(b, byte(i*3), byte(i*5), byte(i*7), 0)
		}
	}
	row := (w*depth + 31) / 32 * 4
	for y := range h {
		line := make([]byte, row)
		for i := range w * depth / 8 {
			line[i] = byte(i*11 + y*17)
			if depth == 32 && i%4 == 3 {
				line[i] = 0
			}
		}
		b = append(b, line...)
	}
	return b
}

// explorer is the tree of a Windows XP.
func explorer(program []byte) fs.FS {
	return fstest.MapFS{"WINDOWS/Explorer.EXE": {Data: program}}
}

var xp = System{Type: "windows", Systemroot: "WINDOWS", Major: 5, Minor: 1}

func FuzzProgram(f *testing.F) {
	f.Add(program(dib(16, 16, 8), false))
	f.Add(program(dib(16, 16, 24), true))
	f.Fuzz(func(t *testing.T, b []byte) {
		if b, _ := Find(explorer(b), xp, Options{}); b != nil {
			if _, err := png.Decode(bytes.NewReader(b)); err != nil {
				t.Error(err)
			}
		}
	})
}

func FuzzBitmap(f *testing.F) {
	f.Add(dib(16, 16, 4))
	f.Add(dib(3, 1, 32))
	f.Fuzz(func(t *testing.T, b []byte) { decodeDIB(b) })
}
