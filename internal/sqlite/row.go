package sqlite

import (
	"encoding/binary"
	"fmt"
	"io"
)

// Row is a row of a table. It is valid only during the call that got it.
type Row struct {
	ID      int64 // of a table with an INTEGER PRIMARY KEY: that, which then is NULL in its column
	db      *Database
	size    int64  // of the payload
	local   []byte // its beginning
	more    uint32 // the first overflow page, or 0
	columns []uint64
	body    int64 // where the first column is
}

// maxColumns bounds the types of a row, which are at the beginning of it.
const maxColumns = 64

// row reads the beginning of a cell of a leaf page.
func (db *Database) row(cell []byte) (*Row, error) {
	size, n := varint(cell)
	id, m := varint(cell[n:])
	if n == 0 || m == 0 || size > uint64(db.size()) {
		return nil, fmt.Errorf("%w: no row where one should be", ErrDamaged)
	}
	cell = cell[n+m:]
	r := &Row{ID: int64(id), db: db, size: int64(size)}
	local := db.local(int(size))
	need := local
	if int64(local) < r.size {
		need += 4
	}
	if need > len(cell) {
		return nil, fmt.Errorf("%w: row %d is longer than its page", ErrDamaged, r.ID)
	}
	r.local = cell[:local]
	if need > local {
		r.more = binary.BigEndian.Uint32(cell[local:])
	}
	return r, r.types()
}

// size is how long all files are together, more than any row is.
func (db *Database) size() int64 {
	n := db.file.Size()
	if db.log != nil {
		n += db.log.Size()
	}
	return n
}

// local says how much of a payload is in the leaf page itself.
func (db *Database) local(size int) int {
	u := db.usable
	if size <= u-35 {
		return size
	}
	least := (u-12)*32/255 - 23
	if k := least + (size-least)%(u-4); k <= u-35 {
		return k
	}
	return least
}

// types reads the header of the payload: its own length, and a type for each
// column.
func (r *Row) types() error {
	length, n := varint(r.local)
	if n == 0 || length < uint64(n) || length > uint64(len(r.local)) {
		return fmt.Errorf("%w: row %d has no columns", ErrDamaged, r.ID)
	}
	for h := r.local[n:length]; len(h) > 0 && len(r.columns) < maxColumns; {
		t, n := varint(h)
		if n == 0 {
			return fmt.Errorf("%w: row %d has half a column", ErrDamaged, r.ID)
		}
		r.columns = append(r.columns, t)
		h = h[n:]
	}
	r.body = int64(length)
	return nil
}

// width is how many bytes a column of a type has.
func width(t uint64) uint64 {
	if t >= 12 {
		return (t - 12) / 2
	}
	return []uint64{0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0}[t]
}

// Column returns the bytes of a text or blob, or of a number in big endian.
func (r *Row) Column(i int) (content io.Reader, size int64, err error) {
	if i >= len(r.columns) {
		return nil, 0, fmt.Errorf("%w: row %d has no column %d", ErrDamaged, r.ID, i)
	}
	at := uint64(r.body)
	for _, t := range r.columns[:i] {
		at += width(t) // cannot overflow: 64 columns of less than 2^56 bytes
	}
	n := width(r.columns[i])
	if n > uint64(r.size) || at+n > uint64(r.size) {
		return nil, 0, fmt.Errorf("%w: column %d of row %d is longer than the row", ErrDamaged, i, r.ID)
	}
	p := &payload{db: r.db, rest: r.local, next: r.more}
	if err := p.skip(int64(at)); err != nil {
		return nil, 0, err
	}
	return io.LimitReader(p, int64(n)), int64(n), nil
}

func (r *Row) text(i int) (string, error) {
	content, size, err := r.Column(i)
	if err != nil {
		return "", err
	}
	if size > maxSchema {
		return "", fmt.Errorf("%w: a name of %d bytes", ErrDamaged, size)
	}
	b, err := io.ReadAll(content)
	return string(b), err
}

func (r *Row) integer(i int) (int64, error) {
	content, size, err := r.Column(i)
	if err != nil {
		return 0, err
	}
	switch t := r.columns[i]; {
	case t == 8, t == 9: // are the numbers 0 and 1
		return int64(t - 8), nil
	case t < 1 || t > 6:
		return 0, fmt.Errorf("%w: column %d of row %d is no number", ErrDamaged, i, r.ID)
	}
	var b [8]byte
	if _, err := io.ReadFull(content, b[8-size:]); err != nil {
		return 0, err
	}
	return int64(binary.BigEndian.Uint64(b[:])), nil
}

// payload reads what is in the leaf and then in the overflow pages, each of
// which begins with the number of the next.
type payload struct {
	db   *Database
	rest []byte
	next uint32
	buf  []byte
}

func (p *payload) Read(b []byte) (int, error) {
	for len(p.rest) == 0 {
		if p.next == 0 {
			return 0, fmt.Errorf("%w: a row ends too early", ErrDamaged)
		}
		if p.buf == nil {
			p.buf = make([]byte, p.db.usable)
		}
		if err := p.db.read(p.buf, p.next, 0); err != nil {
			return 0, err
		}
		p.next, p.rest = binary.BigEndian.Uint32(p.buf), p.buf[4:]
	}
	n := copy(b, p.rest)
	p.rest = p.rest[n:]
	return n, nil
}

// skip leaves out n bytes; of whole pages only the beginning is read.
func (p *payload) skip(n int64) error {
	for {
		k := min(n, int64(len(p.rest)))
		p.rest = p.rest[k:]
		if n -= k; n == 0 {
			return nil
		}
		if room := int64(p.db.usable - 4); n >= room && p.next != 0 {
			var number [4]byte
			if err := p.db.read(number[:], p.next, 0); err != nil {
				return err
			}
			p.next = binary.BigEndian.Uint32(number[:])
			n -= room
			continue
		}
		if _, err := p.Read(nil); err != nil { // the next page
			return err
		}
	}
}
