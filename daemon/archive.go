package daemon

import (
	"bufio"
	"compress/bzip2"
	"errors"
	"fmt"
	"io"
	"syscall"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
	"github.com/ulikunitz/xz/lzma"
)

// compression is a way in which a file is packed. Without a reader it cannot be
// read; without a writer it is written by a program, if there is one.
type compression struct {
	name    string
	magic   string
	reader  func(io.Reader) (io.Reader, error)
	writer  func(w io.Writer, level int) (io.WriteCloser, error)
	program string
	levels  [2]int // lowest and highest; both 0 when there are none
}

const defaultLevel = -1

const windowMax = 128 << 20 // bytes of history an archive may ask for: zstd --long does

var compressions = []compression{
	{name: "gzip", magic: "\x1f\x8b",
		reader: func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) },
		writer: func(w io.Writer, level int) (io.WriteCloser, error) { return gzip.NewWriterLevel(w, level) }, levels: [2]int{1, 9}},
	{name: "bzip2", magic: "BZh",
		reader:  func(r io.Reader) (io.Reader, error) { return bzip2.NewReader(r), nil },
		program: "bzip2", levels: [2]int{1, 9}},
	{name: "xz", magic: "\xfd7zXZ\x00",
		reader: func(r io.Reader) (io.Reader, error) { return xz.NewReader(r) },
		writer: xzWriter, levels: [2]int{0, 9}},
	{name: "zstd", magic: "\x28\xb5\x2f\xfd",
		reader: func(r io.Reader) (io.Reader, error) {
			d, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(windowMax))
			if err != nil {
				return nil, err
			}
			return d.IOReadCloser(), nil
		},
		writer: func(w io.Writer, _ int) (io.WriteCloser, error) {
			return zstd.NewWriter(w, zstd.WithEncoderConcurrency(1))
		}},
	{name: "lzma", magic: "\x5d\x00\x00",
		reader: func(r io.Reader) (io.Reader, error) { return lzma.ReaderConfig{DictCap: windowMax}.NewReader(r) },
		writer: func(w io.Writer, _ int) (io.WriteCloser, error) { return lzma.NewWriter(w) }},
	{name: "lzop", magic: "\x89LZO", program: "lzop", levels: [2]int{1, 9}},
	{name: "compress", magic: "\x1f\x9d",
		reader: func(r io.Reader) (io.Reader, error) { return newUncompressor(r) }},
}

// xzWriter takes the size of the dictionary from the level, as xz does.
func xzWriter(w io.Writer, level int) (io.WriteCloser, error) {
	const defaultXZ = 6
	if level == defaultLevel {
		level = defaultXZ
	}
	sizes := [...]int{256 << 10, 1 << 20, 2 << 20, 4 << 20, 4 << 20, 8 << 20, 8 << 20, 16 << 20, 32 << 20, 64 << 20}
	return xz.WriterConfig{DictCap: sizes[level]}.NewWriter(w)
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

// packed writes what fill writes to it, packed, to w. The type is nil when it
// is not packed at all.
func (c *Call) packed(name *string, level int, w io.Writer, fill func(io.Writer) error) error {
	if name == nil {
		return fill(w)
	}
	z, err := findCompression(*name)
	if err != nil {
		return err
	}
	if level != defaultLevel && (level < z.levels[0] || level > z.levels[1] || z.levels[1] == 0) {
		return withErrno(syscall.EINVAL, "%s: incorrect value for level parameter", z.name)
	}
	switch {
	case z.program != "":
		argv := []string{z.program, "-c"}
		if level != defaultLevel {
			argv = append(argv, fmt.Sprintf("-%d", level))
		}
		return c.filter(argv, w, fill)
	case z.writer == nil:
		return withErrno(syscall.ENOTSUP, "compression type %s is not supported in this appliance", z.name)
	}
	packer, err := z.writer(w, level)
	if err != nil {
		return err
	}
	if err := fill(packer); err != nil {
		return err
	}
	return packer.Close()
}

// filter runs a program between what fill writes and w. When it returns,
// nothing writes to w any more.
func (c *Call) filter(argv []string, w io.Writer, fill func(io.Writer) error) error {
	r, pipe := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		_, _, err := c.runProgram(&program{argv: argv, stdin: r, stdout: w})
		r.CloseWithError(errors.Join(err, io.ErrClosedPipe))
		ended <- err
	}()
	err := fill(pipe)
	pipe.CloseWithError(err)
	if programErr := <-ended; programErr != nil {
		return programErr
	}
	return err
}

// packedAs names the compression of a file by its first bytes, or "".
func packedAs(file *bufio.Reader) string {
	for _, z := range compressions {
		if start, err := file.Peek(len(z.magic)); err == nil && string(start) == z.magic {
			return z.name
		}
	}
	return ""
}
