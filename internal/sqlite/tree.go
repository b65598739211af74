package sqlite

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Kinds of pages of a table, the first byte of a page.
const (
	interior = 5
	leaf     = 13
)

// walk is one scan of a table.
type walk struct {
	db      *Database
	use     func(*Row) bool
	seen    map[uint32]bool
	stopped bool
	damage  error // the first that was found
}

// bad notes damage. What else can be reached is still read.
func (w *walk) bad(err error) {
	if w.damage == nil {
		w.damage = err
	}
	if !errors.Is(err, ErrDamaged) || w.db.left < 0 {
		w.stopped = true // the disk, or the limit: no use in going on
	}
}

// page reads a page and what is below it.
func (w *walk) page(number uint32, depth int) {
	if depth > maxDepth || w.seen[number] || len(w.seen) > maxPages {
		w.bad(fmt.Errorf("%w: page %d is not in a tree", ErrDamaged, number))
		return
	}
	w.seen[number] = true
	b := make([]byte, w.db.page)
	if err := w.db.read(b, number, 0); err != nil {
		w.bad(err)
		return
	}
	b = b[:w.db.usable]
	header := 0
	if number == 1 {
		header = fileHeader
	}
	kind, count := b[header], int(binary.BigEndian.Uint16(b[header+3:]))
	cells := header + 8
	if kind == interior {
		cells += 4
	}
	if kind != interior && kind != leaf || cells+2*count > len(b) {
		w.bad(fmt.Errorf("%w: page %d is none of a table", ErrDamaged, number))
		return
	}
	for i := 0; i < count && !w.stopped; i++ {
		at := int(binary.BigEndian.Uint16(b[cells+2*i:]))
		if at+4 > len(b) {
			w.bad(fmt.Errorf("%w: cell %d of page %d is outside", ErrDamaged, i, number))
			continue
		}
		if kind == interior {
			w.page(binary.BigEndian.Uint32(b[at:]), depth+1)
			continue
		}
		row, err := w.db.row(b[at:])
		if err != nil {
			w.bad(err)
			continue
		}
		if !w.use(row) {
			w.stopped = true
		}
		if w.db.left < 0 { // reading the row has met the limit
			w.bad(fmt.Errorf("%w: it has more than %d bytes to read", ErrDamaged, int64(maxRead)))
		}
	}
	if kind == interior && !w.stopped {
		w.page(binary.BigEndian.Uint32(b[header+8:]), depth+1)
	}
}

// varint reads a number of 1 to 9 bytes, and returns how many: 0 if b is short.
func varint(b []byte) (v uint64, n int) {
	for n < len(b) && n < 8 {
		v = v<<7 | uint64(b[n]&0x7f)
		n++
		if b[n-1] < 0x80 {
			return v, n
		}
	}
	if n == 8 && n < len(b) {
		return v<<8 | uint64(b[n]), 9
	}
	return 0, 0
}
