package devmapper

import (
	"bytes"
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A request is a header, then one record for each target:
//
//	0    header             dm_ioctl of linux/dm-ioctl.h
//	312  spec | params | 0  dm_target_spec, its text, padding to 8 bytes
//	...  spec | params | 0
//
// The kernel writes its answer over it. Numbers are in the machine's order.
type request []uint64

const (
	headerSize = 312
	specSize   = 40
	nameSize   = 128
	uuidSize   = 129
	kindSize   = 16
)

type header struct {
	version             [3]uint32
	dataSize, dataStart uint32
	targetCount         uint32
	openCount           int32
	flags, eventNumber  uint32
	_                   uint32
	dev                 uint64
	name                [nameSize]byte
	uuid                [uuidSize]byte
	data                [7]byte
}

type spec struct {
	start, sectors uint64
	status         int32
	next           uint32 // bytes from this record to the one behind it
	kind           [kindSize]byte
}

var (
	_ [headerSize]byte = [unsafe.Sizeof(header{})]byte{}
	_ [specSize]byte   = [unsafe.Sizeof(spec{})]byte{}
)

// version is that of the interface we need: the oldest with UUIDs as they are.
var version = [3]uint32{4, 0, 0}

const (
	flagReadOnly = 1 << 0
	flagSuspend  = 1 << 1
	flagActive   = 1 << 5
)

// Commands are _IOWR(0xfd, number, struct dm_ioctl).
const (
	readWrite  = 3<<30 | headerSize<<16 | 0xfd<<8
	cmdCreate  = readWrite | 3
	cmdRemove  = readWrite | 4
	cmdSuspend = readWrite | 6
	cmdStatus  = readWrite | 7
	cmdLoad    = readWrite | 9
)

// newRequest lays out a request.
func newRequest(name, uuid string, table []Target, flags uint32) (request, error) {
	if len(name) >= nameSize || len(uuid) >= uuidSize {
		return nil, fmt.Errorf("mapped device %s: %w", name, unix.ENAMETOOLONG)
	}
	size := headerSize
	for _, t := range table {
		if len(t.Kind) >= kindSize {
			return nil, fmt.Errorf("target %s of mapped device %s: %w", t.Kind, name, unix.ENAMETOOLONG)
		}
		size += t.size()
	}
	r := make(request, size/8)
	h := r.header()
	*h = header{version: version, dataSize: uint32(size), dataStart: headerSize, targetCount: uint32(len(table)), flags: flags}
	copy(h.name[:], name)
	copy(h.uuid[:], uuid)
	at := headerSize
	for _, t := range table {
		s := (*spec)(unsafe.Pointer(&r[at/8]))
		*s = spec{start: t.Start, sectors: t.Sectors, next: uint32(t.size())}
		copy(s.kind[:], t.Kind)
		copy(r.bytes()[at+specSize:], t.Params)
		at += t.size()
	}
	return r, nil
}

// size is that of a target's record: the text ends with a zero.
func (t *Target) size() int { return (specSize + len(t.Params) + 1 + 7) &^ 7 }

func (r request) header() *header { return (*header)(unsafe.Pointer(&r[0])) }

func (r request) bytes() []byte { return unsafe.Slice((*byte)(unsafe.Pointer(&r[0])), 8*len(r)) }

func text(p []byte) string {
	p, _, _ = bytes.Cut(p, []byte{0})
	return string(p)
}
