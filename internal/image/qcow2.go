package image

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
)

// The qcow2 header, big endian:
//
//	0 magic  4 version  8 backing offset  16 backing length  20 cluster bits  24 size
//	32 encryption  36 L1 entries  40 L1 offset  48 refcount table offset
//	56 refcount table clusters  60 snapshots  64 snapshots offset
//	72 incompatible features (version 3)  ...  100 header length
//
// Behind it come extensions: type, length, data padded to 8 bytes; type 0 ends them.
const (
	qcowMagic = "QFI\xfb"

	qcow2HeaderV2   = 72
	qcow2HeaderV3   = 104
	qcow2DataFile   = 1 << 2 // incompatible feature: external data file
	qcow2ExtBacking = 0xe2792aca
	qcow2ExtData    = 0x44415441
	maxBackingName  = 1023
	maxFormatName   = 15
	maxL1Bytes      = 32 << 20
)

// errEncrypted: QEMU needs the key, and nothing hands it one.
var errEncrypted = errors.New("the image is encrypted by QEMU")

func probeQcow2(h []byte) bool {
	return len(h) >= 8 && string(h[:4]) == qcowMagic && binary.BigEndian.Uint32(h[4:]) >= 2
}

func probeQcow(h []byte) bool {
	return len(h) >= 8 && string(h[:4]) == qcowMagic && binary.BigEndian.Uint32(h[4:]) == 1
}

func readQcow2(r io.ReaderAt, size int64) (Info, error) {
	h, err := section(r, size, 0, qcow2HeaderV2)
	if err != nil {
		return Info{}, err
	}
	version := binary.BigEndian.Uint32(h[4:])
	if version > 3 {
		return Info{}, fmt.Errorf("version %d is not supported", version)
	}
	bits := binary.BigEndian.Uint32(h[20:])
	if bits < 9 || bits > 21 {
		return Info{}, fmt.Errorf("cluster size 2^%d is not supported", bits)
	}
	virtual := binary.BigEndian.Uint64(h[24:])
	if virtual > math.MaxInt64 {
		return Info{}, errors.New("virtual size is too large")
	}
	info := Info{VirtualSize: int64(virtual)}
	switch binary.BigEndian.Uint32(h[32:]) {
	case 0:
	case 1:
		info.Encryption = "aes"
	case 2:
		info.Encryption = "luks"
	default:
		return Info{}, errors.New("the kind of encryption is not known")
	}

	headerLen := uint64(qcow2HeaderV2)
	if version == 3 {
		v3, err := section(r, size, 0, qcow2HeaderV3)
		if err != nil {
			return Info{}, err
		}
		info.HasDataFile = binary.BigEndian.Uint64(v3[72:])&qcow2DataFile != 0
		headerLen = uint64(binary.BigEndian.Uint32(v3[100:]))
		if headerLen < qcow2HeaderV3 || headerLen > 1<<bits {
			return Info{}, fmt.Errorf("header length %d is not valid", headerLen)
		}
	}

	// Both tables must be there: QEMU would read zeros behind the end of a file
	// and show an empty disk for a truncated image.
	l1 := uint64(binary.BigEndian.Uint32(h[36:])) * 8
	if l1 > maxL1Bytes {
		return Info{}, errors.New("L1 table is too large")
	}
	if err := inside(size, "L1 table", binary.BigEndian.Uint64(h[40:]), l1); err != nil {
		return Info{}, err
	}
	if err := inside(size, "refcount table", binary.BigEndian.Uint64(h[48:]), 1); err != nil {
		return Info{}, err
	}

	extEnd := uint64(1) << bits
	if off := binary.BigEndian.Uint64(h[8:]); off != 0 {
		n := binary.BigEndian.Uint32(h[16:])
		if n > maxBackingName || off > extEnd || off < headerLen {
			return Info{}, errors.New("backing file name is outside of the header")
		}
		name, err := section(r, size, off, uint64(n))
		if err != nil {
			return Info{}, err
		}
		info.Backing = string(name)
		extEnd = off
	}
	err = qcow2Extensions(r, size, headerLen, extEnd, &info)
	return info, err
}

// qcow2Extensions walks the extensions between two offsets.
func qcow2Extensions(r io.ReaderAt, size int64, off, end uint64, info *Info) error {
	end = min(end, uint64(size))
	for off+8 <= end {
		h, err := section(r, size, off, 8)
		if err != nil {
			return err
		}
		kind, n := binary.BigEndian.Uint32(h), uint64(binary.BigEndian.Uint32(h[4:]))
		if kind == 0 {
			return nil
		}
		off += 8
		if n > end-off {
			return errors.New("header extension is too long")
		}
		switch kind {
		case qcow2ExtBacking, qcow2ExtData:
			data, err := section(r, size, off, min(n, maxBackingName))
			if err != nil {
				return err
			}
			if kind == qcow2ExtData {
				info.DataFile = string(data)
			} else if n <= maxFormatName {
				info.BackingFormat = string(data)
			} else {
				return errors.New("backing format name is too long")
			}
		}
		off += (n + 7) &^ 7
	}
	return nil
}

// The qcow (version 1) header: 8 backing offset, 16 backing length, 24 size, 36 encryption.
func readQcow(r io.ReaderAt, size int64) (Info, error) {
	h, err := section(r, size, 0, 48)
	if err != nil {
		return Info{}, err
	}
	virtual := binary.BigEndian.Uint64(h[24:])
	if virtual > math.MaxInt64 {
		return Info{}, errors.New("virtual size is too large")
	}
	if binary.BigEndian.Uint32(h[36:]) != 0 {
		return Info{}, errEncrypted
	}
	info := Info{VirtualSize: int64(virtual)}
	if off := binary.BigEndian.Uint64(h[8:]); off != 0 {
		n := binary.BigEndian.Uint32(h[16:])
		if n > maxBackingName {
			return Info{}, errors.New("backing file name is too long")
		}
		name, err := section(r, size, off, uint64(n))
		if err != nil {
			return Info{}, err
		}
		info.Backing = string(name)
	}
	return info, nil
}

// The QED header, little endian: 0 magic, 4 cluster size, 16 features, 40 L1 offset,
// 48 size, 56 backing offset, 60 backing length.
func readQED(r io.ReaderAt, size int64) (Info, error) {
	const backing, backingIsRaw = 1 << 0, 1 << 2
	h, err := section(r, size, 0, 64)
	if err != nil {
		return Info{}, err
	}
	features := binary.LittleEndian.Uint64(h[16:])
	virtual := binary.LittleEndian.Uint64(h[48:])
	if virtual > math.MaxInt64 {
		return Info{}, errors.New("virtual size is too large")
	}
	if err := inside(size, "L1 table", binary.LittleEndian.Uint64(h[40:]), 1); err != nil {
		return Info{}, err
	}
	info := Info{VirtualSize: int64(virtual)}
	if features&backing != 0 {
		off, n := binary.LittleEndian.Uint32(h[56:]), binary.LittleEndian.Uint32(h[60:])
		if n > maxBackingName {
			return Info{}, errors.New("backing file name is too long")
		}
		name, err := section(r, size, uint64(off), uint64(n))
		if err != nil {
			return Info{}, err
		}
		info.Backing = string(bytes.TrimRight(name, "\x00"))
		if features&backingIsRaw != 0 {
			info.BackingFormat = string(Raw)
		}
	}
	return info, nil
}

func probeQED(h []byte) bool { return len(h) >= 4 && string(h[:4]) == "QED\x00" }

// inside reports an error when a table does not lie inside the file.
func inside(size int64, what string, off, n uint64) error {
	if off > uint64(size) || n > uint64(size)-off {
		return fmt.Errorf("%w: the %s at byte %d lies behind its end (%d bytes)", errTruncated, what, off, size)
	}
	return nil
}
