package icon

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"strings"

	"golang.org/x/image/font"
	"golang.org/x/image/font/basicfont"
	"golang.org/x/image/math/fixed"
)

// cirros draws the logo of CirrOS, which is a text.
func (f *finder) cirros() []byte {
	const limit = 1024
	text := f.read("usr/share/cirros/logo", func([]byte) int64 { return limit })
	lines := strings.Split(strings.TrimRight(string(text), "\n"), "\n")
	width := 0
	for _, line := range lines {
		if strings.ContainsFunc(line, func(r rune) bool { return r < ' ' || r > '~' }) {
			return nil
		}
		width = max(width, len(line))
	}
	if width == 0 {
		return nil
	}
	face := basicfont.Face7x13
	const margin = 10
	img := image.NewPaletted(image.Rect(0, 0, 2*margin+width*face.Advance, 2*margin+len(lines)*face.Height), color.Palette{color.White, color.Black})
	d := font.Drawer{Dst: img, Src: image.Black, Face: face}
	for i, line := range lines {
		d.Dot = fixed.P(margin, margin+face.Ascent+i*face.Height)
		d.DrawString(line)
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		return nil
	}
	return b.Bytes()
}
