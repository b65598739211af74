package cpio

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
)

// Reader walks through an archive.
type Reader struct {
	r    io.ReaderAt
	next int64
	data *io.SectionReader
}

// NewReader returns a Reader at the start of r.
func NewReader(r io.ReaderAt) *Reader { return &Reader{r: r} }

// Next returns the next entry, io.EOF after the last. Data is skipped, not read, so a walk is cheap.
func (r *Reader) Next() (Header, error) {
	var raw [headerSize]byte
	if _, err := r.r.ReadAt(raw[:], r.next); err != nil {
		return Header{}, fmt.Errorf("cpio: header at %d: %w", r.next, noEOF(err))
	}
	if string(raw[:6]) != magic {
		return Header{}, fmt.Errorf("cpio: no header at %d", r.next)
	}
	var number [13]uint32
	for i := range number {
		var b [4]byte
		if _, err := hex.Decode(b[:], raw[6+8*i:14+8*i]); err != nil {
			return Header{}, fmt.Errorf("cpio: header at %d: %w", r.next, err)
		}
		number[i] = binary.BigEndian.Uint32(b[:])
	}
	mode, size, major, minor, nameSize := number[1], number[6], number[9], number[10], number[11]
	if nameSize < 2 || nameSize > maxName {
		return Header{}, fmt.Errorf("cpio: header at %d: a name of %d bytes", r.next, nameSize)
	}
	name := make([]byte, nameSize)
	if _, err := r.r.ReadAt(name, r.next+headerSize); err != nil {
		return Header{}, fmt.Errorf("cpio: name at %d: %w", r.next+headerSize, noEOF(err))
	}
	h := Header{Name: string(name[:nameSize-1]), Mode: mode, Size: int64(size), Major: major, Minor: minor}
	at := align(r.next + headerSize + int64(nameSize))
	if h.Name == trailer {
		r.next = at
		return Header{}, io.EOF
	}
	r.data = io.NewSectionReader(r.r, at, h.Size)
	r.next = align(at + h.Size)
	return h, nil
}

// Offset is where the next entry begins; after io.EOF, where the archive ends.
func (r *Reader) Offset() int64 { return r.next }

// Data reads the data of the entry that Next returned last.
func (r *Reader) Data() io.Reader { return r.data }

func align(n int64) int64 { return (n + 3) &^ 3 }

func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
