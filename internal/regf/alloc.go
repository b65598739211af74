package regf

import (
	"fmt"
	"slices"
)

// freeMax bounds the list of free cells, which is searched from end to end.
const freeMax = 1000

// alloc returns a new cell that holds that many bytes behind its length. It
// moves h.b: cells that were got before are no longer valid.
func (h *Hive) alloc(payload int) (at uint32, err error) {
	if payload < 0 || payload > maxData+4096 {
		return 0, fmt.Errorf("%w: a cell of %d bytes", ErrArgument, payload)
	}
	size := uint32(payload+4+7) &^ 7
	i := slices.IndexFunc(h.free, func(s span) bool { return s.size >= size })
	if i < 0 {
		if err := h.grow(size); err != nil {
			return 0, err
		}
		i = len(h.free) - 1
	}
	s := &h.free[i]
	at = s.at
	if rest := s.size - size; rest > 0 {
		s.at, s.size = s.at+size, rest
		le.PutUint32(h.b[s.at:], rest) // positive: free
	} else {
		h.free = slices.Delete(h.free, i, i+1)
	}
	clear(h.b[at : at+size])
	le.PutUint32(h.b[at:], -size)
	return at, nil
}

// grow adds an area with one free cell of at least the size. What a file has
// behind its last area is dropped, as Windows does.
func (h *Hive) grow(size uint32) error {
	area := (size + areaHeader + pageBytes - 1) &^ (pageBytes - 1)
	if uint64(h.end)+uint64(area) > MaxBytes {
		return fmt.Errorf("%w: more than %d bytes", ErrArgument, MaxBytes)
	}
	at := h.end
	h.b = append(h.b[:at], make([]byte, area)...)
	copy(h.b[at:], "hbin")
	le.PutUint32(h.b[at+4:], at-headerBytes)
	le.PutUint32(h.b[at+8:], area)
	h.end += area
	le.PutUint32(h.b[0x28:], h.end-headerBytes)
	le.PutUint32(h.b[at+areaHeader:], area-areaHeader)
	h.free = append(h.free, span{at + areaHeader, area - areaHeader})
	return nil
}

// release gives a cell back. A reference to nothing, or to no cell, has nothing
// to give.
func (h *Hive) release(ref uint32) {
	cell, at, err := h.ref(ref, 8)
	if err != nil {
		return
	}
	// A damaged hive may have two references to one cell, or cells within each
	// other: only what is in nobody's way is used again.
	size := uint32(len(cell))
	le.PutUint32(h.b[at:], size)
	if size%8 != 0 || slices.ContainsFunc(h.free, func(s span) bool { return s.at < at+size && at < s.at+s.size }) {
		return
	}
	if len(h.free) < freeMax {
		h.free = append(h.free, span{at, size})
		return
	}
	least := 0
	for i, s := range h.free {
		if s.size < h.free[least].size {
			least = i
		}
	}
	if size > h.free[least].size {
		h.free[least] = span{at, size}
	}
}
