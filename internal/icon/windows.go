package icon

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/png"

	"golang.org/x/image/bmp"
)

const (
	// maxProgram bounds explorer.exe, of which we read all.
	maxProgram = 4_000_000
	// maxTile bounds the one PNG that Windows has for us.
	maxTile = 8192
	// The icons of Windows 7 are in one picture, one above the other.
	sevenHeight = 55
)

func (f *finder) windows(sys System) []byte {
	switch {
	case sys.Systemroot == "":
		return nil
	case sys.Major == 5 && sys.Minor == 1: // XP
		return f.bitmap(sys.Systemroot+"/explorer.exe", 143, 0)
	case sys.Major == 6 && sys.Minor == 1: // 7
		if b := f.bitmap(sys.Systemroot+"/SysWOW64/explorer.exe", 6801, sevenHeight); b != nil {
			return b
		}
		return f.bitmap(sys.Systemroot+"/explorer.exe", 6801, sevenHeight)
	case sys.Major == 6 && sys.Minor == 2: // 8
		return f.png(f.spelling("ProgramData/Microsoft/Windows Live/WLive48x48.png"), maxTile)
	}
	return nil
}

// bitmap returns a bitmap among the resources of a program, cut off below.
func (f *finder) bitmap(name string, id uint32, height int) []byte {
	program := f.read(f.spelling(name), func([]byte) int64 { return maxProgram })
	img := decodeDIB(resource(program, typeBitmap, id))
	if img == nil {
		return nil
	}
	if sub, ok := img.(interface {
		SubImage(image.Rectangle) image.Image
	}); ok && height > 0 {
		img = sub.SubImage(image.Rect(0, 0, maxSide, height))
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		return nil
	}
	return b.Bytes()
}

// decodeDIB decodes a bitmap as resources have it: without the header that
// begins a file.
func decodeDIB(b []byte) image.Image {
	const fileHeader, infoHeader = 14, 40
	if len(b) < infoHeader {
		return nil
	}
	le := binary.LittleEndian
	header, depth, colors := le.Uint32(b), le.Uint16(b[14:]), le.Uint32(b[32:])
	if depth > 8 {
		colors = 0
	} else if colors == 0 {
		colors = 1 << depth
	}
	if header < infoHeader || int64(header) > int64(len(b)) || colors > 256 {
		return nil
	}
	file := append([]byte("BM"), make([]byte, fileHeader-2)...)
	le.PutUint32(file[2:], uint32(fileHeader+len(b)))
	le.PutUint32(file[10:], fileHeader+header+4*colors)
	file = append(file, b...)
	c, err := bmp.DecodeConfig(bytes.NewReader(file))
	if err != nil || c.Width < 1 || c.Height < 1 || c.Width > maxSide || c.Height > maxSide {
		return nil
	}
	img, err := bmp.Decode(bytes.NewReader(file))
	if err != nil {
		return nil
	}
	return img
}
