// Package decompress undoes the compressions that kernels and kernel modules come in.
//
//	if decompress.Format(data) != "" {
//		data, err = decompress.All(data, 1<<30)
//	}
//
// Everything is done in memory: the largest thing there is, a kernel, has 70 MB. It is not a general reader of these
// formats: one stream only, what follows it is ignored, and of xz only the filters that Linux itself can undo.
package decompress

import (
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz/lzma"
)

// maxWindow bounds the history that a stream may ask for. The kernel's build asks for 128 MiB at most (zstd -22).
const maxWindow = 128 << 20

// errTooLarge is the answer to a stream that holds more than the caller allows.
var errTooLarge = errors.New("more data than allowed")

// formats lists what can be undone, by the bytes a stream starts with. All readers may stop early: the limit is
// checked by the caller of open.
var formats = []struct {
	name, magic string
	open        func(data []byte, limit int64) (io.Reader, error)
}{
	{"gzip", "\x1f\x8b\x08", openGzip},
	{"xz", "\xfd7zXZ\x00", openXZ},
	{"zstd", "\x28\xb5\x2f\xfd", openZstd},
	{"lz4", "\x02\x21\x4c\x18", openLZ4}, // the "legacy frame", the only one the kernel knows
	{"bzip2", "BZh", openBzip2},
	{"lzma", "\x5d\x00\x00", openLZMA},
}

// Format returns the name of the compression that data starts with, "" for none known.
func Format(data []byte) string {
	for _, f := range formats {
		if bytes.HasPrefix(data, []byte(f.magic)) {
			return f.name
		}
	}
	return ""
}

// All returns what data holds, at most limit bytes.
func All(data []byte, limit int64) ([]byte, error) {
	for _, f := range formats {
		if !bytes.HasPrefix(data, []byte(f.magic)) {
			continue
		}
		out, err := readAll(f.open, data, limit)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.name, err)
		}
		return out, nil
	}
	return nil, errors.New("not a compression known here")
}

func readAll(open func([]byte, int64) (io.Reader, error), data []byte, limit int64) ([]byte, error) {
	r, err := open(data, limit)
	if err != nil {
		return nil, err
	}
	if b, ok := r.(*bytes.Reader); ok { // already all in memory
		out := make([]byte, b.Len())
		_, err := io.ReadFull(b, out)
		return out, err
	}
	if c, ok := r.(io.Closer); ok {
		defer c.Close()
	}
	return readLimited(r, len(data), limit)
}

// readLimited reads r to its end. Memory is set aside for what size compressed bytes usually hold, so that a kernel is
// not moved seven times while it grows, and a small hostile file does not cost more than it deserves.
func readLimited(r io.Reader, size int, limit int64) ([]byte, error) {
	const usualRatio = 16
	var out bytes.Buffer
	out.Grow(int(min(limit, usualRatio*int64(size))) + bytes.MinRead)
	n, err := out.ReadFrom(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, err
	}
	if n > limit {
		return nil, errTooLarge
	}
	return out.Bytes(), nil
}

func openGzip(data []byte, _ int64) (io.Reader, error) {
	r, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	r.Multistream(false)
	return r, nil
}

func openBzip2(data []byte, _ int64) (io.Reader, error) {
	return bzip2.NewReader(bytes.NewReader(data)), nil
}

func openLZMA(data []byte, _ int64) (io.Reader, error) {
	return lzma.ReaderConfig{DictCap: maxWindow}.NewReader(bytes.NewReader(data))
}

func openZstd(data []byte, _ int64) (io.Reader, error) {
	// WithDecoderMaxMemory would refuse windows larger than the data, which zstd makes when it does not know the size.
	d, err := zstd.NewReader(bytes.NewReader(data), zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow))
	if err != nil {
		return nil, err
	}
	return d.IOReadCloser(), nil
}
