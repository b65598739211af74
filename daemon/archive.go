package daemon

import (
	"bufio"
	"compress/bzip2"
	"fmt"
	"io"
	"syscall"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
	"github.com/ulikunitz/xz/lzma"
)

// compression is a way in which a tar archive is packed. A nil function means
// that it would need a program, and the appliance has none of them.
type compression struct {
	name   string
	magic  string
	reader func(io.Reader) (io.Reader, error)
	writer func(io.Writer) (io.WriteCloser, error)
}

const windowMax = 128 << 20 // bytes of history an archive may ask for: zstd --long does

var compressions = []compression{
	{name: "gzip", magic: "\x1f\x8b",
		reader: func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) },
		writer: func(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriter(w), nil }},
	{name: "bzip2", magic: "BZh",
		reader: func(r io.Reader) (io.Reader, error) { return bzip2.NewReader(r), nil }},
	{name: "xz", magic: "\xfd7zXZ\x00",
		reader: func(r io.Reader) (io.Reader, error) { return xz.NewReader(r) },
		writer: func(w io.Writer) (io.WriteCloser, error) { return xz.NewWriter(w) }},
	{name: "zstd", magic: "\x28\xb5\x2f\xfd",
		reader: func(r io.Reader) (io.Reader, error) {
			d, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(windowMax))
			if err != nil {
				return nil, err
			}
			return d.IOReadCloser(), nil
		},
		writer: func(w io.Writer) (io.WriteCloser, error) {
			return zstd.NewWriter(w, zstd.WithEncoderConcurrency(1))
		}},
	{name: "lzma", magic: "\x5d\x00\x00",
		reader: func(r io.Reader) (io.Reader, error) { return lzma.ReaderConfig{DictCap: windowMax}.NewReader(r) },
		writer: func(w io.Writer) (io.WriteCloser, error) { return lzma.NewWriter(w) }},
	{name: "lzop", magic: "\x89LZO"},
	{name: "compress", magic: "\x1f\x9d"},
}

func findCompression(name string) (*compression, error) {
	for i := range compressions {
		if compressions[i].name == name {
			return &compressions[i], nil
		}
	}
	return nil, withErrno(syscall.EINVAL, "unknown compression type: %s", name)
}

// unpackedReader returns the tar archive in a file. The type is nil when it is
// not compressed.
func unpackedReader(name *string, file *bufio.Reader) (io.Reader, error) {
	if name == nil {
		return file, nil
	}
	z, err := findCompression(*name)
	if err != nil {
		return nil, err
	}
	if name := packedAs(file); z.name == "lzma" && name == "xz" {
		// The program lzma takes both, and some write xz under that name.
		if z, err = findCompression(name); err != nil {
			return nil, err
		}
	}
	if z.reader == nil {
		return nil, withErrno(syscall.ENOTSUP, "compression type %s is not in this appliance", z.name)
	}
	r, err := z.reader(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", z.name, err)
	}
	return r, nil
}

// packingWriter returns what takes a tar archive and packs it. Its Close does
// not close w.
func packingWriter(name *string, w io.Writer) (io.WriteCloser, error) {
	if name == nil {
		return plainWriter{w}, nil
	}
	z, err := findCompression(*name)
	if err != nil {
		return nil, err
	}
	if z.writer == nil {
		return nil, withErrno(syscall.ENOTSUP, "compression type %s cannot be written in this appliance", z.name)
	}
	return z.writer(w)
}

type plainWriter struct{ io.Writer }

func (plainWriter) Close() error { return nil }

// packedAs names the compression of a file by its first bytes, or "".
func packedAs(file *bufio.Reader) string {
	for _, z := range compressions {
		if start, err := file.Peek(len(z.magic)); err == nil && string(start) == z.magic {
			return z.name
		}
	}
	return ""
}
