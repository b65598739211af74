package decompress

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"io"

	"github.com/ulikunitz/xz/lzma"
)

// The kernel's build puts the x86 branch filter before LZMA2, which the xz package does not know; so the container is
// read here, and only the LZMA2 inside is left to it.

const (
	xzHeaderSize  = 12
	xzFilterX86   = 0x04
	xzFilterLZMA2 = 0x21
)

var errXZ = errors.New("damaged")

// xzBlock is what a block's header says.
type xzBlock struct {
	x86   bool
	start uint32 // of the x86 filter: the address of the first byte
	dict  int64
}

// xzCheck returns the hash by which a stream checks its blocks and its size in the file. A check we do not know
// (SHA-256, which Linux itself does not check either) is only skipped.
func xzCheck(id byte) (hash.Hash, int) {
	switch id {
	case 1:
		return crc32.NewIEEE(), 4
	case 4:
		return crc64.New(crc64.MakeTable(crc64.ECMA)), 8
	}
	sizes := [16]int{0, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64}
	return nil, sizes[id&15]
}

func openXZ(data []byte, limit int64) (io.Reader, error) {
	if len(data) < xzHeaderSize || data[6] != 0 || data[7] > 15 ||
		binary.LittleEndian.Uint32(data[8:]) != crc32.ChecksumIEEE(data[6:8]) {
		return nil, fmt.Errorf("stream header: %w", errXZ)
	}
	check := data[7]
	var out []byte
	for at := xzHeaderSize; ; {
		if at >= len(data) {
			return nil, io.ErrUnexpectedEOF
		}
		if data[at] == 0 { // the index: no more blocks
			return bytes.NewReader(out), nil
		}
		block, size, err := xzBlockHeader(data[at:])
		if err != nil {
			return nil, err
		}
		plain, used, err := xzData(block, data[at+size:], limit-int64(len(out)))
		if err != nil {
			return nil, err
		}
		sum, sumSize := xzCheck(check)
		at += size + (used+3)&^3
		if at+sumSize > len(data) {
			return nil, io.ErrUnexpectedEOF
		}
		if sum != nil {
			sum.Write(plain)
			want := bytes.Clone(data[at : at+sumSize])
			reverse(want)
			if !bytes.Equal(sum.Sum(nil), want) {
				return nil, fmt.Errorf("checksum: %w", errXZ)
			}
		}
		at += sumSize
		if out == nil {
			out = plain
		} else {
			out = append(out, plain...)
		}
	}
}

// xzBlockHeader reads the header of a block and returns its size, too.
func xzBlockHeader(data []byte) (xzBlock, int, error) {
	var b xzBlock
	bad := fmt.Errorf("block header: %w", errXZ)
	size := (int(data[0]) + 1) * 4
	if size > len(data) {
		return b, 0, io.ErrUnexpectedEOF
	}
	body := data[:size-4]
	if binary.LittleEndian.Uint32(data[size-4:]) != crc32.ChecksumIEEE(body) {
		return b, 0, bad
	}
	flags, r := body[1], bytes.NewReader(body[2:])
	for bit := byte(0x40); bit != 0; bit <<= 1 { // compressed and uncompressed size, which we do not need
		if flags&bit != 0 {
			if _, err := binary.ReadUvarint(r); err != nil {
				return b, 0, bad
			}
		}
	}
	filters := int(flags&3) + 1
	for i := range filters {
		id, err1 := binary.ReadUvarint(r)
		n, err2 := binary.ReadUvarint(r)
		if err1 != nil || err2 != nil || n > uint64(r.Len()) {
			return b, 0, bad
		}
		props := make([]byte, n)
		r.Read(props)
		last := i == filters-1
		switch {
		case id == xzFilterLZMA2 && last && n == 1 && props[0] < 40:
			b.dict = int64(2|props[0]&1) << (props[0]/2 + 11)
		case id == xzFilterX86 && !last && !b.x86 && (n == 0 || n == 4):
			b.x86 = true
			if n == 4 {
				b.start = binary.LittleEndian.Uint32(props)
			}
		default:
			return b, 0, fmt.Errorf("filter %#x is not one we can undo", id)
		}
	}
	if b.dict > maxWindow {
		return b, 0, fmt.Errorf("a dictionary of %d bytes", b.dict)
	}
	return b, size, nil
}

// xzData undoes one block and returns how many bytes of data it took.
func xzData(b xzBlock, data []byte, limit int64) ([]byte, int, error) {
	in := bytes.NewReader(data)
	r, err := lzma.Reader2Config{DictCap: int(max(b.dict, lzma.MinDictCap))}.NewReader2(in)
	if err != nil {
		return nil, 0, err
	}
	out, err := readLimited(r, len(data), limit)
	if err != nil {
		return nil, 0, err
	}
	if b.x86 {
		undoX86(out, b.start)
	}
	return out, len(data) - in.Len(), nil
}

func reverse(b []byte) {
	for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
		b[i], b[j] = b[j], b[i]
	}
}
