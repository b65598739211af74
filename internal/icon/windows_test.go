package icon

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"testing/fstest"
)

// reference is what libguestfs makes of the bitmap, with the programs that it
// runs on the host.
func reference(t *testing.T, program []byte) image.Image {
	t.Helper()
	for _, tool := range []string{"wrestool", "bmptopnm", "pnmtopng"} {
		if _, err := exec.LookPath(tool); err != nil && os.Getenv("CI") == "" {
			t.Skip(tool + " is not installed")
		}
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "explorer.exe")
	if err := os.WriteFile(file, program, 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("sh", "-c", `wrestool -x --type=2 --name=143 "$0" | bmptopnm -quiet | pnmtopng -quiet`, file)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("wrestool: %v", err)
	}
	img, err := png.Decode(bytes.NewReader(out))
	if err != nil {
		t.Fatalf("wrestool and pnmtopng gave %d bytes: %v", len(out), err)
	}
	return img
}

// The bitmap has the pixels that libguestfs's programs find in it.
func TestExplorer(t *testing.T) {
	for _, depth := range []int{4, 8, 24, 32} {
		for _, is64 := range []bool{false, true} {
			t.Run(fmt.Sprint(depth, is64), func(t *testing.T) {
				program := program(dib(21, 60, depth), is64)
				b, warnings := Find(explorer(program), xp, Options{Favicon: true})
				if b == nil || warnings != nil {
					t.Fatalf("%d bytes, warnings %q", len(b), warnings)
				}
				got, err := png.Decode(bytes.NewReader(b))
				if err != nil {
					t.Fatal(err)
				}
				want := reference(t, program)
				if got.Bounds() != want.Bounds() {
					t.Fatalf("%v; want %v", got.Bounds(), want.Bounds())
				}
				for y := range 60 {
					for x := range 21 {
						gr, gg, gb, _ := got.At(x, y).RGBA()
						wr, wg, wb, _ := want.At(x, y).RGBA()
						if gr != wr || gg != wg || gb != wb {
							t.Fatalf("pixel %d,%d is %v; want %v", x, y, got.At(x, y), want.At(x, y))
						}
					}
				}
			})
		}
	}
}

// Of Windows 7 the first of three icons is taken, from the program of 32 bits
// if there is one.
func TestExplorer7(t *testing.T) {
	seven := System{Type: "windows", Systemroot: "Windows", Major: 6, Minor: 1}
	id := func(b []byte) []byte { // 6801 in place of 143
		return bytes.Replace(b, []byte{143, 0, 0, 0}, []byte{0x91, 0x1a, 0, 0}, 1)
	}
	m := fstest.MapFS{
		"Windows/SysWOW64/explorer.exe": {Data: id(program(dib(54, 162, 24), false))},
		"Windows/explorer.exe":          {Data: id(program(dib(20, 40, 24), true))},
	}
	for _, want := range []image.Point{{54, sevenHeight}, {20, 40}} {
		b, _ := Find(m, seven, Options{})
		c, err := png.DecodeConfig(bytes.NewReader(b))
		if err != nil || image.Pt(c.Width, c.Height) != want {
			t.Errorf("%dx%d, %v; want %v", c.Width, c.Height, err, want)
		}
		delete(m, "Windows/SysWOW64/explorer.exe")
	}
	if b, _ := Find(m, seven, Options{HighQuality: true}); b != nil {
		t.Error("a bitmap of Windows counts as good")
	}
}

func TestBadProgram(t *testing.T) {
	good := program(dib(16, 16, 24), false)
	for n := range len(good) {
		if b, _ := Find(explorer(good[:n]), xp, Options{}); b != nil {
			t.Errorf("an icon from %d bytes of %d", n, len(good))
		}
	}
	for at := range 700 {
		for _, v := range []byte{0, 0x7f, 0x80, 0xff} {
			b := bytes.Clone(good)
			b[at] = v
			Find(explorer(b), xp, Options{})
		}
	}
	large := append(bytes.Clone(good), make([]byte, maxProgram)...)
	if b, _ := Find(explorer(large), xp, Options{}); b != nil {
		t.Error("an icon from a program that is too large")
	}
	if b, _ := Find(explorer(program(dib(2000, 2, 24), false)), xp, Options{}); b != nil {
		t.Error("an icon of 2000 pixels")
	}
}
