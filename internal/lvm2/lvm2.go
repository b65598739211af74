// Package lvm2 reads the metadata of LVM from physical volumes, as far as is
// needed to list and to map plain logical volumes without running lvm.
//
//	pv, err := lvm2.Read(disk, size)         // for each device; nil is none
//	groups, err := lvm2.Groups(pvs)          // their volumes, and where these lie
//	if errors.Is(err, lvm2.ErrNotPlain) { ... } // ask lvm
//
// Plain are groups that are whole, and volumes that are linear or striped.
// Whatever else there is (mirrors, snapshots, pools, damage, leftovers of
// another group) lvm judges; this package does not guess. All it reads is the
// guest's: sums are checked, sizes and depths are bounded.
package lvm2

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

// PV is a physical volume.
type PV struct {
	UUID     string // 32 characters
	Metadata string // text of the group it is part of, "" for none

	sectors uint64 // of the device
	data    uint64 // byte at which the extents begin, as the label says
	areas   int    // of metadata
}

// ErrNotPlain means that only lvm can tell.
var ErrNotPlain = errors.New("not plain LVM")

var le = binary.LittleEndian

const (
	sectorSize   = 512
	labelSectors = 4 // the label is in one of the first sectors
	areasMax     = 8 // of data, and of metadata
	metadataMax  = 4 << 20
	uuidLen      = 32
	initialCRC   = 0xf597a6cf
	areaMagic    = " LVM2 x[5A%r0N*>"
)

// Read reads a device's label and the metadata that it points at. It returns
// nil when there is no label.
func Read(r io.ReaderAt, size int64) (*PV, error) {
	if size < labelSectors*sectorSize {
		return nil, nil
	}
	head := make([]byte, labelSectors*sectorSize)
	if _, err := r.ReadAt(head, 0); err != nil {
		return nil, err
	}
	for i := range uint64(labelSectors) {
		s := head[i*sectorSize:][:sectorSize]
		if string(s[:8]) == "LABELONE" && string(s[24:32]) == "LVM2 001" && le.Uint64(s[8:]) == i {
			return readLabel(r, s, uint64(size))
		}
	}
	return nil, nil
}

func notPlain(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrNotPlain}, args...)...)
}

func crc(p []byte) uint32 { return ^crc32.Update(^uint32(initialCRC), crc32.IEEETable, p) }

// readLabel reads a label's sector: after the UUID and the size of the device
// come the areas of data, then those of metadata, each list ended by a zero.
func readLabel(r io.ReaderAt, sector []byte, size uint64) (*PV, error) {
	if crc(sector[20:]) != le.Uint32(sector[16:]) {
		return nil, notPlain("label is damaged")
	}
	at := int64(le.Uint32(sector[20:]))
	if at < 32 || at+uuidLen+8 > sectorSize {
		return nil, notPlain("label is damaged")
	}
	rest := sector[at+uuidLen+8:]
	data, rest, err := areas(rest)
	if err != nil {
		return nil, err
	}
	pv := &PV{UUID: string(sector[at : at+uuidLen]), sectors: size / sectorSize}
	if len(data) > 0 {
		pv.data = data[0].offset
	}
	metadata, _, err := areas(rest)
	if err != nil {
		return nil, err
	}
	pv.areas = len(metadata)
	for i, a := range metadata {
		text, err := readArea(r, a)
		if err != nil {
			return nil, err
		}
		if i > 0 && text != pv.Metadata {
			return nil, notPlain("two areas of metadata differ")
		}
		pv.Metadata = text
	}
	return pv, nil
}

type area struct{ offset, size uint64 }

func areas(p []byte) (list []area, rest []byte, err error) {
	for range areasMax {
		if len(p) < 16 {
			break
		}
		a := area{le.Uint64(p), le.Uint64(p[8:])}
		p = p[16:]
		if a.offset == 0 {
			return list, p, nil
		}
		list = append(list, a)
	}
	return nil, nil, notPlain("label without end")
}

// readArea reads an area of metadata: a header of a sector, then a ring in
// which the text lies somewhere.
func readArea(r io.ReaderAt, a area) (string, error) {
	h := make([]byte, sectorSize)
	if a.offset > 1<<62 || a.size > 1<<62 {
		return "", notPlain("metadata out of bounds")
	}
	if _, err := r.ReadAt(h, int64(a.offset)); err != nil {
		return "", err
	}
	if crc(h[4:]) != le.Uint32(h) || string(h[4:20]) != areaMagic || le.Uint32(h[20:]) != 1 || le.Uint64(h[24:]) != a.offset {
		return "", notPlain("metadata header is damaged")
	}
	size := le.Uint64(h[32:])
	at, length, sum, flags := le.Uint64(h[40:]), le.Uint64(h[48:]), le.Uint32(h[56:]), le.Uint32(h[60:])
	if at == 0 && flags == 0 {
		return "", nil
	}
	if flags != 0 || size > 1<<62 || at < sectorSize || at >= size || length == 0 || length > min(metadataMax, size-sectorSize) {
		return "", notPlain("metadata out of bounds")
	}
	text := make([]byte, length)
	first := min(length, size-at)
	if _, err := r.ReadAt(text[:first], int64(a.offset+at)); err != nil {
		return "", err
	}
	if _, err := r.ReadAt(text[first:], int64(a.offset+sectorSize)); err != nil && first < length {
		return "", err
	}
	if crc(text) != sum {
		return "", notPlain("metadata is damaged")
	}
	return string(text), nil
}
