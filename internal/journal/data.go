package journal

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
	"github.com/ulikunitz/xz/lzma"
)

const (
	maxField  = 64 << 20 // bytes of a field, uncompressed
	maxWindow = 64 << 20 // bytes that a decompressor keeps
)

// Flags of an object.
const (
	objectXZ   = 1
	objectLZ4  = 2
	objectZstd = 4
)

// data reads the field at an offset; of a compressed one no more than limit
// bytes if that is not 0.
func (f *file) data(at uint64, limit int) ([]byte, error) {
	start := uint64(dataHeader)
	if f.compact() {
		start = compactData
	}
	var h [compactData]byte
	size, err := f.object(at, objectData, h[:start])
	if err != nil {
		return nil, err
	}
	size -= start
	if size > maxField {
		return nil, f.damaged(at, "the field has more than %d MiB", maxField>>20)
	}
	if at+start+size > f.size { // before memory is taken for it
		return nil, f.damaged(at, "the field goes beyond the end of the file")
	}
	b := make([]byte, size)
	if err := f.read(b, at+start); err != nil {
		return nil, err
	}
	if limit <= 0 || limit > maxField {
		limit = maxField
	}
	switch flags := h[1]; flags {
	case 0:
		return b, nil
	case objectXZ:
		b, err = unxz(b, limit)
	case objectLZ4:
		b, err = unlz4(b, limit)
	case objectZstd:
		b, err = f.unzstd(b, limit)
	default:
		return nil, f.damaged(at, "compressed in a way that is not known (%#x)", flags)
	}
	if err != nil {
		return nil, f.damaged(at, "%v", err)
	}
	return b, nil
}

// unxz unpacks a stream of one block without checksum, as systemd makes them:
// the header of the stream (12 bytes), that of the block, LZMA2. The library's
// reader of streams would take as much memory as the block asks for.
func unxz(b []byte, limit int) ([]byte, error) {
	const streamHeader, lzma2 = 12, 0x21
	if len(b) < streamHeader+12 || string(b[:6]) != "\xfd7zXZ\x00" {
		return nil, fmt.Errorf("not an xz stream")
	}
	size := (int(b[streamHeader]) + 1) * 4
	if b[streamHeader] == 0 || streamHeader+size > len(b) {
		return nil, fmt.Errorf("the xz block has no header")
	}
	block := b[streamHeader+1 : streamHeader+size]
	flags, filter := block[0], block[1:]
	if flags&0x3f != 0 {
		return nil, fmt.Errorf("the xz block has filters that are not known")
	}
	for _, present := range []bool{flags&0x40 != 0, flags&0x80 != 0} { // its sizes
		if !present {
			continue
		}
		_, n := binary.Uvarint(filter)
		if n <= 0 {
			return nil, fmt.Errorf("the xz block has a wrong size")
		}
		filter = filter[n:]
	}
	if len(filter) < 3 || filter[0] != lzma2 || filter[1] != 1 {
		return nil, fmt.Errorf("the xz block has filters that are not known")
	}
	window, err := lzma.DecodeDictCap(filter[2])
	if err != nil {
		return nil, err
	}
	if window > maxWindow {
		return nil, fmt.Errorf("the xz block needs %d bytes of memory", window)
	}
	// No more than what will be read is ever looked back at.
	window = max(min(window, int64(limit)), lzma.MinDictCap)
	r, err := lzma.Reader2Config{DictCap: int(window)}.NewReader2(bytes.NewReader(b[streamHeader+size:]))
	if err != nil {
		return nil, err
	}
	return readUpTo(r, limit)
}

// unlz4 unpacks one block behind its length.
func unlz4(b []byte, limit int) ([]byte, error) {
	if len(b) < 8 {
		return nil, fmt.Errorf("no length before the lz4 block")
	}
	length := binary.LittleEndian.Uint64(b)
	// A byte of the block makes 255 at most.
	if length > maxField || length > 255*uint64(len(b)) {
		return nil, fmt.Errorf("an lz4 block of %d bytes cannot have %d", len(b)-8, length)
	}
	out := make([]byte, length)
	n, err := lz4.UncompressBlock(b[8:], out)
	if err != nil {
		return nil, err
	}
	if uint64(n) != length {
		return nil, fmt.Errorf("the lz4 block has %d bytes; must be %d", n, length)
	}
	return out[:min(n, limit)], nil
}

// unzstd keeps its decompressor: to make one takes longer than most fields.
func (f *file) unzstd(b []byte, limit int) ([]byte, error) {
	if f.zstd == nil {
		d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, err
		}
		f.zstd = d
	}
	if err := f.zstd.Reset(bytes.NewReader(b)); err != nil {
		return nil, err
	}
	return readUpTo(f.zstd, limit)
}

// readUpTo reads until the end or the limit; what is beyond is not looked at.
func readUpTo(r io.Reader, limit int) ([]byte, error) {
	var buf bytes.Buffer
	_, err := io.CopyN(&buf, r, int64(limit))
	if err == io.EOF {
		err = nil
	}
	return buf.Bytes(), err
}
