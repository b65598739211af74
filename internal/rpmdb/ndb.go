package rpmdb

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
)

// An ndb is, in little endian, a header, then slots up to the end of their
// pages, then blobs in blocks of 16 bytes. A slot that is in use has a number
// of a package, the first block of its blob and how many it has; the blob has
// a header of its own.
const (
	ndbMagic   = "RpmP"
	slotMagic  = "Slot"
	blobMagic  = "BlbS"
	ndbVersion = 0
	ndbHeader  = 32
	slotBytes  = 16
	blobHeader = 16
	blockBytes = 16
	slotPage   = 4096
	// maxSlots bounds the slots, which are in memory at once.
	maxSlots = 1 << 18
)

type ndb struct {
	file    *io.SectionReader
	damaged func(error)
}

type slot struct {
	number        uint32
	block, blocks uint32
}

// each gives the headers in the order in which they lie in the file, as RPM
// does.
func (n ndb) each(use func(io.Reader, int64) bool) error {
	slots, damage := n.slots()
	slices.SortFunc(slots, func(a, b slot) int { return cmp.Or(cmp.Compare(a.block, b.block), cmp.Compare(a.number, b.number)) })
	end := int64(0)
	for _, s := range slots {
		header, size, err := n.blob(s, &end)
		if err != nil {
			n.damaged(err)
			continue
		}
		if !use(header, size) {
			return nil
		}
	}
	return damage
}

func (n ndb) slots() (slots []slot, err error) {
	var h [ndbHeader]byte
	if _, err := n.file.ReadAt(h[:], 0); err == io.EOF {
		return nil, fmt.Errorf("%w: it ends in its header", ErrDamaged)
	} else if err != nil {
		return nil, err
	}
	le := binary.LittleEndian
	if v := le.Uint32(h[4:]); v != ndbVersion {
		return nil, fmt.Errorf("%w of a version that is known, but %d", ErrNotDatabase, v)
	}
	size := min(int64(le.Uint32(h[12:]))*slotPage, n.file.Size()) - ndbHeader
	if size/slotBytes > maxSlots {
		return nil, fmt.Errorf("%w: %d slots", ErrDamaged, size/slotBytes)
	}
	bad := 0
	b := make([]byte, slotPage)
	for r := io.NewSectionReader(n.file, ndbHeader, size); ; {
		k, err := io.ReadFull(r, b)
		for c := b[:k]; len(c) >= slotBytes; c = c[slotBytes:] {
			switch s := (slot{le.Uint32(c[4:]), le.Uint32(c[8:]), le.Uint32(c[12:])}); {
			case string(c[:4]) != slotMagic:
				bad++
			case s.number != 0 && s.block != 0:
				slots = append(slots, s)
			}
		}
		if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
			return slots, err
		}
		if err != nil {
			break
		}
	}
	if bad > 0 {
		return slots, fmt.Errorf("%w: %d slots are none", ErrDamaged, bad)
	}
	return slots, nil
}

// blob returns the header of a slot. Blobs cannot lie upon each other: end is
// that of the one before.
func (n ndb) blob(s slot, end *int64) (io.Reader, int64, error) {
	at, room := int64(s.block)*blockBytes, int64(s.blocks)*blockBytes
	if at < *end || at+room > n.file.Size() || room < blobHeader {
		return nil, 0, fmt.Errorf("%w: the blocks of package %d are elsewhere", ErrDamaged, s.number)
	}
	var h [blobHeader]byte
	if _, err := n.file.ReadAt(h[:], at); err != nil {
		return nil, 0, err
	}
	size := int64(binary.LittleEndian.Uint32(h[12:]))
	if string(h[:4]) != blobMagic || binary.LittleEndian.Uint32(h[4:]) != s.number || size > room-blobHeader {
		return nil, 0, fmt.Errorf("%w: no package %d in its blocks", ErrDamaged, s.number)
	}
	*end = at + room
	return io.NewSectionReader(n.file, at+blobHeader, size), size, nil
}

// newSection reads a header that is in memory.
func newSection(b []byte) (io.Reader, int64) { return bytes.NewReader(b), int64(len(b)) }
