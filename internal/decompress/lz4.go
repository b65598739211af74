package decompress

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/pierrec/lz4/v4"
)

// lz4Block is the uncompressed size of every block of a legacy frame but the last.
const lz4Block = 8 << 20

// openLZ4 undoes a legacy frame: the magic, then blocks, each behind its compressed size.
func openLZ4(data []byte, limit int64) (io.Reader, error) {
	var out []byte
	block := make([]byte, lz4Block)
	for data = data[4:]; len(data) >= 4; {
		size := int64(binary.LittleEndian.Uint32(data))
		data = data[4:]
		if size > int64(len(data)) {
			return nil, fmt.Errorf("a block of %d bytes in %d: %w", size, len(data), io.ErrUnexpectedEOF)
		}
		n, err := lz4.UncompressBlock(data[:size], block)
		if err != nil {
			return nil, err
		}
		if int64(len(out)+n) > limit {
			return nil, errTooLarge
		}
		out = append(out, block[:n]...)
		data = data[size:]
		if n < lz4Block {
			break
		}
	}
	return bytes.NewReader(out), nil
}
