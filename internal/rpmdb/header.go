package rpmdb

import (
	"bufio"
	"cmp"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"strings"
)

// A header is two numbers, how many entries its index has and how many bytes
// its data; then the index and the data, all in big endian. An entry is a tag,
// a type, an offset in the data and a count.
const (
	entryBytes = 16
	maxEntries = 0xffff    // the limits of RPM itself
	maxData    = 256 << 20 // likewise
	maxText    = 64 << 10  // what is kept of a text
)

// Types of entries.
const (
	typeInt32 = 4
	typeText  = 6
	typeTexts = 8
	typeI18N  = 9 // one text for each language, of which the first is for none
)

const tagEpoch = 1003

// field is the text that a tag fills in.
func (p *Package) field(tag uint32) *string {
	switch tag {
	case 1000:
		return &p.Name
	case 1001:
		return &p.Version
	case 1002:
		return &p.Release
	case 1004:
		return &p.Summary
	case 1005:
		return &p.Description
	case 1020:
		return &p.URL
	case 1022:
		return &p.Arch
	}
	return nil
}

// reader reads headers one after the other, with one set of buffers.
type reader struct {
	buf   bufio.Reader
	index []byte
}

type entry struct {
	tag, typ, offset uint32
}

func (r *reader) read(header io.Reader, size int64) (p Package, err error) {
	r.buf.Reset(header)
	var head [8]byte
	if _, err := io.ReadFull(&r.buf, head[:]); err != nil {
		return p, noHeader(err)
	}
	count, data := binary.BigEndian.Uint32(head[:]), binary.BigEndian.Uint32(head[4:])
	if count > maxEntries || data > maxData || int64(len(head))+entryBytes*int64(count)+int64(data) > size {
		return p, fmt.Errorf("%w: a header of %d bytes with %d entries and %d bytes of data", ErrDamaged, size, count, data)
	}
	r.index = slices.Grow(r.index[:0], entryBytes*int(count))[:entryBytes*int(count)]
	if _, err := io.ReadFull(&r.buf, r.index); err != nil {
		return p, noHeader(err)
	}
	if err := r.fields(&p, r.wanted(data)); err != nil {
		return p, noHeader(err)
	}
	if p.Name == "" {
		return p, fmt.Errorf("%w: a header without a name", ErrDamaged)
	}
	return p, nil
}

func noHeader(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return fmt.Errorf("%w: a header ends too early", ErrDamaged)
	}
	return fmt.Errorf("a header: %w", err)
}

// wanted returns the entries of the fields, in the order of their data.
func (r *reader) wanted(data uint32) (list []entry) {
	var p Package
	for b := r.index; len(b) > 0; b = b[entryBytes:] {
		e := entry{binary.BigEndian.Uint32(b), binary.BigEndian.Uint32(b[4:]), binary.BigEndian.Uint32(b[8:])}
		isText := e.typ == typeText || e.typ == typeTexts || e.typ == typeI18N
		isEpoch := e.tag == tagEpoch && e.typ == typeInt32 && e.offset+4 <= data
		if e.offset >= data || !isEpoch && !(isText && p.field(e.tag) != nil) {
			continue
		}
		if !slices.ContainsFunc(list, func(have entry) bool { return have.tag == e.tag }) {
			list = append(list, e)
		}
	}
	slices.SortFunc(list, func(a, b entry) int { return cmp.Compare(a.offset, b.offset) })
	return list
}

// fields reads on through the data. Fields that lie upon each other, as no
// header has them, are left out.
func (r *reader) fields(p *Package, list []entry) error {
	at := uint32(0)
	for _, e := range list {
		if e.offset < at {
			continue
		}
		if _, err := r.buf.Discard(int(e.offset - at)); err != nil {
			return err
		}
		at = e.offset
		if e.tag == tagEpoch {
			var b [4]byte
			if _, err := io.ReadFull(&r.buf, b[:]); err != nil {
				return err
			}
			p.Epoch, at = int32(binary.BigEndian.Uint32(b[:])), at+4
			continue
		}
		text, n, err := r.text()
		if err != nil {
			return err
		}
		*p.field(e.tag), at = text, at+n
	}
	return nil
}

// text reads up to the next zero byte. What is too long is read on in vain.
func (r *reader) text() (string, uint32, error) {
	var text strings.Builder
	for n := uint32(0); ; {
		b, err := r.buf.ReadSlice(0)
		n += uint32(len(b))
		if err == nil {
			b = b[:len(b)-1]
		}
		text.Write(b[:min(len(b), max(0, maxText-text.Len()))])
		if err != bufio.ErrBufferFull {
			return text.String(), n, err
		}
	}
}
