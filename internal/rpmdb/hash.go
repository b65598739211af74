package rpmdb

import (
	"encoding/binary"
	"fmt"
	"io"
	"math/bits"
)

// A hash of Berkeley DB is pages. The first describes it; the others have a
// header of 26 bytes with their kind at its end. A hash page has, behind the
// header, the places of its items, keys and values in turn, which fill it from
// its end. A header of RPM is mostly too long for that: then the value leads to
// a chain of overflow pages. Full buckets have chains of hash pages.
const (
	hashMagic  = 0x061561
	metaBytes  = 512
	pageHeader = 26
)

// Kinds of pages and of items.
const (
	pageUnsorted = 2
	pageOverflow = 7
	pageMeta     = 8
	pageHash     = 13
	itemData     = 1
	itemOverflow = 3
)

// maxHashPages bounds the pages that have items; one has room for a hundred.
const maxHashPages = 100_000

type hash struct {
	file    *io.SectionReader
	order   binary.ByteOrder
	damaged func(error)
	page    int64 // bytes
	last    uint32
	buckets uint32     // the number of the last one
	spares  [32]uint32 // what leads from buckets to pages
	left    int64      // of maxRead
	seen    map[uint32]bool
	stopped bool
}

func openHash(file *io.SectionReader, order binary.ByteOrder, damaged func(error)) (source, error) {
	h := &hash{file: file, order: order, damaged: damaged, left: maxRead, seen: map[uint32]bool{}}
	var m [metaBytes]byte
	if _, err := file.ReadAt(m[:], 0); err == io.EOF {
		return nil, fmt.Errorf("%w: it ends in its first page", ErrDamaged)
	} else if err != nil {
		return nil, err
	}
	h.page = int64(order.Uint32(m[20:]))
	switch {
	case h.page < metaBytes || h.page > 1<<16 || h.page&(h.page-1) != 0:
		return nil, fmt.Errorf("%w: pages of %d bytes", ErrDamaged, h.page)
	case m[24] != 0:
		return nil, fmt.Errorf("%w: it is encrypted", ErrNotDatabase)
	case m[25] != pageMeta:
		return nil, fmt.Errorf("%w: no hash of Berkeley DB", ErrNotDatabase)
	}
	h.last = uint32(min(file.Size()/h.page, 1<<32-1)) - 1
	h.buckets = order.Uint32(m[72:])
	for i := range h.spares {
		h.spares[i] = order.Uint32(m[96+4*i:])
	}
	return h.each, nil
}

// read reads a page.
func (h *hash) read(b []byte, page uint32) error {
	if page == 0 || page > h.last {
		return fmt.Errorf("%w: no page %d", ErrDamaged, page)
	}
	if h.left -= h.page; h.left < 0 {
		return fmt.Errorf("%w: more than %d bytes are to be read", ErrDamaged, int64(maxRead))
	}
	_, err := h.file.ReadAt(b, int64(page)*h.page)
	if err == io.EOF {
		err = fmt.Errorf("%w: it ends within page %d", ErrDamaged, page)
	}
	return err
}

// each goes through the buckets. If that fails somewhere, it looks at all
// pages for those that have not been found.
func (h *hash) each(use func(io.Reader, int64) bool) error {
	var damage error
	if h.buckets >= h.last {
		damage = fmt.Errorf("%w: %d buckets", ErrDamaged, h.buckets)
	}
	for bucket := uint32(0); bucket <= h.buckets && !h.stopped && damage == nil; bucket++ {
		damage = h.chain(bucket+h.spares[bits.Len32(bucket)], use)
	}
	if damage == nil || h.stopped || h.left < 0 {
		return damage
	}
	b := make([]byte, pageHeader)
	for page := uint32(1); page <= h.last && !h.stopped; page++ {
		if err := h.read(b, page); err != nil {
			return err
		}
		if !h.seen[page] && hasItems(b) {
			h.chain(page, use) // what is wrong with the others of the chain, they will tell
		}
	}
	return damage
}

func hasItems(page []byte) bool { return page[25] == pageHash || page[25] == pageUnsorted }

// chain reads a bucket's hash pages. A page that was never used is all zeroes.
func (h *hash) chain(page uint32, use func(io.Reader, int64) bool) error {
	b := make([]byte, h.page)
	for page != 0 && !h.stopped {
		if h.seen[page] || len(h.seen) > maxHashPages {
			return fmt.Errorf("%w: page %d is in two places", ErrDamaged, page)
		}
		h.seen[page] = true
		if err := h.read(b, page); err != nil {
			return err
		}
		if b[25] == 0 {
			return nil
		}
		if !hasItems(b) {
			return fmt.Errorf("%w: page %d has no items", ErrDamaged, page)
		}
		if err := h.items(b, use); err != nil {
			return fmt.Errorf("%w in page %d", err, page)
		}
		page = h.order.Uint32(b[16:])
	}
	return nil
}

// items reads the values of a page. The one whose key is 0 is no header, but
// the highest number that a package has.
func (h *hash) items(b []byte, use func(io.Reader, int64) bool) error {
	count, end := int(h.order.Uint16(b[20:])), len(b)
	if pageHeader+2*count > end {
		return fmt.Errorf("%w: %d items", ErrDamaged, count)
	}
	var key []byte
	for i := range count {
		at := int(h.order.Uint16(b[pageHeader+2*i:]))
		if at < pageHeader+2*count || at >= end {
			return fmt.Errorf("%w: item %d is outside", ErrDamaged, i)
		}
		item := b[at:end]
		end = at
		if i%2 == 0 {
			key = item
			continue
		}
		if len(key) == 5 && h.order.Uint32(key[1:]) == 0 {
			continue
		}
		switch {
		case item[0] == itemData:
			if !use(newSection(item[1:])) {
				h.stopped = true
				return nil
			}
		case item[0] == itemOverflow && len(item) >= 12:
			size := int64(h.order.Uint32(item[8:]))
			if size > h.file.Size() {
				h.damaged(fmt.Errorf("%w: a header of %d bytes", ErrDamaged, size))
				continue
			}
			if !use(&overflow{h: h, next: h.order.Uint32(item[4:]), left: size}, size) {
				h.stopped = true
				return nil
			}
			if h.left < 0 {
				return fmt.Errorf("%w: more than %d bytes are to be read", ErrDamaged, int64(maxRead))
			}
		default:
			return fmt.Errorf("%w: item %d is of kind %d", ErrDamaged, i, item[0])
		}
	}
	return nil
}

// overflow reads a chain of overflow pages.
type overflow struct {
	h    *hash
	next uint32
	left int64
	rest []byte
	buf  []byte
}

func (o *overflow) Read(b []byte) (int, error) {
	if o.left <= 0 {
		return 0, io.EOF
	}
	for len(o.rest) == 0 {
		if o.buf == nil {
			o.buf = make([]byte, o.h.page)
		}
		page := o.next
		if err := o.h.read(o.buf, page); err != nil {
			return 0, err
		}
		n := int64(o.h.order.Uint16(o.buf[22:]))
		if o.buf[25] != pageOverflow || n == 0 || pageHeader+n > o.h.page {
			return 0, fmt.Errorf("%w: page %d is no overflow page", ErrDamaged, page)
		}
		o.next, o.rest = o.h.order.Uint32(o.buf[16:]), o.buf[pageHeader:pageHeader+n]
	}
	n := copy(b, o.rest[:min(int64(len(o.rest)), o.left)])
	o.rest, o.left = o.rest[n:], o.left-int64(n)
	return n, nil
}
