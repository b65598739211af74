package fsprobe

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"strings"
)

var (
	le = binary.LittleEndian
	be = binary.BigEndian
)

// image is the device under probe. Its start and its end are read once, since
// most of the superblocks lie there. The first error of the device sticks.
type image struct {
	r          io.ReaderAt
	size       int64
	headSize   int64
	tailStart  int64
	head, tail []byte
	err        error
}

func newImage(r io.ReaderAt, size, headSize, tailSize int64) *image {
	return &image{r: r, size: size, headSize: min(headSize, size), tailStart: max(0, size-tailSize)}
}

const readMax = 1 << 20 // no single piece of metadata is larger

// at returns n bytes at an offset, or nil where the device does not reach so
// far or a guest asks for too much. The caller must not change them.
func (d *image) at(off int64, n int) []byte {
	if d.err != nil || off < 0 || n < 0 || n > 2*readMax || off > d.size || int64(n) > d.size-off {
		return nil
	}
	from, to, window := int64(0), d.headSize, &d.head
	if off+int64(n) > to {
		from, to, window = d.tailStart, d.size, &d.tail
		if off < from {
			return d.read(off, n)
		}
	}
	if *window == nil {
		*window = d.read(from, int(to-from))
	}
	if d.err != nil {
		return nil
	}
	return (*window)[off-from : off-from+int64(n)]
}

func (d *image) read(off int64, n int) []byte {
	p := make([]byte, n)
	if got, err := d.r.ReadAt(p, off); got < n {
		if err == nil || errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		d.err = err
		return nil
	}
	return p
}

// has tells whether the bytes are at the offset.
func (d *image) has(off int64, magic string) bool {
	return string(d.at(off, len(magic))) == magic
}

// unsure is the error of a probe without result.
func (d *image) unsure() error {
	if d.err != nil {
		return d.err
	}
	return ErrUnsure
}

func allZero(p []byte) bool { return len(bytes.Trim(p, "\x00")) == 0 }

func powerOf2(n uint64) bool { return n != 0 && n&(n-1) == 0 }

const blanks = " \t\n\v\f\r"

// label is the text up to the first NUL, without blanks after it.
func label(p []byte) string {
	p, _, _ = bytes.Cut(p, []byte{0})
	return strings.TrimRight(string(p), blanks)
}

// uuid formats 16 bytes. One of zeros is none.
func uuid(p []byte) string {
	if allZero(p) {
		return ""
	}
	s := hex.EncodeToString(p)
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]
}
