// Package regf reads and changes Windows registry hives.
//
//	h, err := regf.Open(content)
//	n, err := h.Child(h.Root(), "Software")
//	v, err := h.Value(n, "Version")
//	text, err := h.Text(v)
//	err = h.SetValue(n, regf.Data{Name: "Version", Type: regf.String, Bytes: regf.UTF16("2")})
//	err = h.Commit(time.Now())
//	os.WriteFile(file, h.Bytes(), 0o600)
//
// A hive is a header of 4096 bytes and areas ("hbin") of whole pages, full of
// cells. A cell begins with its length, which is negative while it is in use,
// and is named by its place. Nodes and values are handles: the place of their
// cell in the file, as in libhivex. Changes are made in place, in cells that
// are new or were freed since the hive was opened; what is not understood stays
// as it was.
//
// The bytes of a hive are a guest's: every reference is checked where it is
// followed. The package does not replay the logs beside a hive, and is not safe
// for use from two goroutines.
package regf

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Node is a key of the registry.
type Node uint32

// Value is a value of a key.
type Value uint32

// Limits on what a hive may hold.
const (
	MaxBytes    = 512 << 20
	maxChildren = 200_000
	maxValues   = 100_000
	maxData     = 64 << 20
	maxDepth    = 512 // Windows has the same
)

// Errors that callers tell apart.
var (
	ErrNotHive  = errors.New("not a registry hive")
	ErrDamaged  = errors.New("the hive is damaged")
	ErrExists   = errors.New("there is a key of that name already")
	ErrArgument = errors.New("not allowed in a hive")
)

const (
	headerBytes = 4096
	pageBytes   = 4096
	areaHeader  = 32
	none        = ^uint32(0) // a reference to nothing
)

var le = binary.LittleEndian

// Hive is a hive in memory.
type Hive struct {
	b     []byte // whole file
	end   uint32 // where the areas end
	minor uint32 // version 1.minor
	free  []span // cells that were freed since the hive was opened
}

type span struct{ at, size uint32 }

// Open checks the frame of a hive. It takes the bytes over.
func Open(b []byte) (*Hive, error) {
	switch {
	case len(b) < headerBytes+areaHeader || string(b[:4]) != "regf":
		return nil, ErrNotHive
	case len(b) > MaxBytes:
		return nil, fmt.Errorf("%w: larger than %d bytes", ErrNotHive, MaxBytes)
	case le.Uint32(b[0x14:]) != 1:
		return nil, fmt.Errorf("%w of version 1, but %d", ErrNotHive, le.Uint32(b[0x14:]))
	case checksum(b) != le.Uint32(b[0x1fc:]):
		return nil, fmt.Errorf("%w: wrong checksum of the header", ErrDamaged)
	}
	h := &Hive{b: b, minor: le.Uint32(b[0x18:])}
	size := le.Uint32(b[0x28:])
	if size%pageBytes != 0 || uint64(size)+headerBytes > uint64(len(b)) {
		return nil, fmt.Errorf("%w: it is shorter than its header says", ErrDamaged)
	}
	h.end = headerBytes + size
	for at := uint32(headerBytes); at < h.end; {
		if string(b[at:at+4]) != "hbin" || le.Uint32(b[at+4:]) != at-headerBytes {
			return nil, fmt.Errorf("%w: no area at %#x", ErrDamaged, at)
		}
		n := le.Uint32(b[at+8:])
		if n == 0 || n%pageBytes != 0 || n > h.end-at {
			return nil, fmt.Errorf("%w: bad length of the area at %#x", ErrDamaged, at)
		}
		at += n
	}
	if _, err := h.node(h.Root()); err != nil {
		return nil, err
	}
	return h, nil
}

// Salvage opens for reading a hive of which parts may be damaged or missing:
// what is asked of it is checked where it is. It takes the bytes over and does
// not change them.
func Salvage(b []byte) (*Hive, error) {
	if len(b) < headerBytes+areaHeader || len(b) > MaxBytes || string(b[:4]) != "regf" {
		return nil, ErrNotHive
	}
	h := &Hive{b: b, minor: le.Uint32(b[0x18:]), end: uint32(len(b))}
	if _, err := h.node(h.Root()); err != nil {
		return nil, err
	}
	return h, nil
}

// Bytes returns the file. It is valid up to the next change.
func (h *Hive) Bytes() []byte { return h.b }

// Root returns the key at the top.
func (h *Hive) Root() Node { return Node(le.Uint32(h.b[0x24:]) + headerBytes) }

func checksum(b []byte) uint32 {
	var sum uint32
	for i := 0; i < 0x1fc; i += 4 {
		sum ^= le.Uint32(b[i:])
	}
	return sum
}

// cell returns a cell in use, with its length, of at least the size.
func (h *Hive) cell(at uint32, least int) ([]byte, error) {
	if at < headerBytes+areaHeader || at%4 != 0 || at > h.end-8 {
		return nil, fmt.Errorf("%w: no cell at %#x", ErrDamaged, at)
	}
	n := -int64(int32(le.Uint32(h.b[at:])))
	if n < 8 || n > int64(h.end-at) {
		return nil, fmt.Errorf("%w: bad cell at %#x", ErrDamaged, at)
	}
	if n < int64(least) {
		return nil, fmt.Errorf("%w: short cell at %#x", ErrDamaged, at)
	}
	return h.b[at : at+uint32(n)], nil
}

// ref returns the cell that a reference leads to, and its place.
func (h *Hive) ref(r uint32, least int) (cell []byte, at uint32, err error) {
	if r > none-headerBytes {
		return nil, 0, fmt.Errorf("%w: a reference to nothing", ErrDamaged)
	}
	at = r + headerBytes
	cell, err = h.cell(at, least)
	return cell, at, err
}

// kind is the two letters at the beginning of a cell.
func kind(cell []byte) string { return string(cell[4:6]) }
