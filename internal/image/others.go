package image

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
)

// The formats whose images are always one file. They are recognised, their size is
// read where it stands at a fixed place, and what refers to a parent is refused.

func probeVHDX(h []byte) bool { return len(h) >= 8 && string(h[:8]) == "vhdxfile" }
func probeVPC(h []byte) bool  { return len(h) >= 8 && string(h[:8]) == "conectix" }

func probeVDI(h []byte) bool {
	return len(h) >= 68 && binary.LittleEndian.Uint32(h[64:]) == 0xbeda107f
}

func probeLUKS(h []byte) bool {
	return len(h) >= 8 && string(h[:6]) == "LUKS\xba\xbe" && h[6] == 0 && (h[7] == 1 || h[7] == 2)
}

func probeParallels(h []byte) bool {
	return len(h) >= 64 && (string(h[:16]) == "WithoutFreeSpace" || string(h[:16]) == "WithouFreSpacExt") &&
		binary.LittleEndian.Uint32(h[16:]) == 2
}

func probeBochs(h []byte) bool {
	return len(h) >= 72 && string(h[:23]) == "Bochs Virtual HD Image\x00" && string(h[32:39]) == "Redolog" && string(h[48:55]) == "Growing"
}

// readPlain is for formats that have nothing more to check.
func readPlain(io.ReaderAt, int64) (Info, error) { return Info{}, nil }

func readVHDX(_ io.ReaderAt, size int64) (Info, error) {
	// Two headers, two region tables and the log precede everything else.
	const least = 1 << 20
	return Info{}, inside(size, "first metadata", 0, least)
}

func readVPC(r io.ReaderAt, size int64) (Info, error) {
	const diskType, differencing = 60, 4
	h, err := section(r, size, 0, 512)
	if err != nil {
		return Info{}, err
	}
	if binary.BigEndian.Uint32(h[diskType:]) == differencing {
		return Info{}, errors.New("differencing images are not supported")
	}
	return Info{}, nil
}

// readVDI: 76 image type (1 dynamic, 2 fixed, 4 differencing), 340 block map offset,
// 368 size, 376 block size, 384 blocks; little endian.
func readVDI(r io.ReaderAt, size int64) (Info, error) {
	h, err := section(r, size, 0, 512)
	if err != nil {
		return Info{}, err
	}
	if kind := binary.LittleEndian.Uint32(h[76:]); kind != 1 && kind != 2 {
		return Info{}, fmt.Errorf("image type %d is not supported", kind)
	}
	virtual := binary.LittleEndian.Uint64(h[368:])
	if virtual > math.MaxInt64 {
		return Info{}, errors.New("virtual size is too large")
	}
	blocks := uint64(binary.LittleEndian.Uint32(h[384:]))
	err = inside(size, "block map", uint64(binary.LittleEndian.Uint32(h[340:])), blocks*4)
	return Info{VirtualSize: int64(virtual)}, err
}

func readParallels(r io.ReaderAt, size int64) (Info, error) {
	h, err := section(r, size, 0, 64)
	if err != nil {
		return Info{}, err
	}
	entries := uint64(binary.LittleEndian.Uint32(h[32:]))
	sectors := binary.LittleEndian.Uint64(h[36:])
	if string(h[:16]) == "WithoutFreeSpace" {
		sectors &= math.MaxUint32 // the upper half is not used in this variant
	}
	if sectors > math.MaxInt64/512 {
		return Info{}, errors.New("virtual size is too large")
	}
	return Info{VirtualSize: int64(sectors) * 512}, inside(size, "block table", 64, entries*4)
}
