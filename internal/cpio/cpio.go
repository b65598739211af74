// Package cpio writes and reads archives of the format "newc", from which Linux unpacks its first root filesystem.
//
//	w := cpio.NewWriter(f)
//	err := w.Add(cpio.Header{Name: "init", Mode: cpio.File | 0o755, Size: n}, r)
//	err = w.Close()
//
// Every header is 110 bytes: the magic and thirteen numbers of eight hexadecimal digits; the name with a zero byte and
// the data follow, each padded to four bytes. Times, owners and inode numbers depend on nothing but the order of
// calls, so the same files give the same bytes. No hard links, no checksums, and no compression: the kernel would
// have to undo it under emulation.
package cpio

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
)

// File types, to be joined with permission bits.
const (
	Dir     = 0o040000
	Char    = 0o020000
	File    = 0o100000
	Link    = 0o120000
	typeBit = 0o170000
)

const (
	magic      = "070701"
	headerSize = 110
	trailer    = "TRAILER!!!"
	maxName    = 4096      // PATH_MAX
	maxSize    = 1<<32 - 1 // of one file, by the format
)

// Header describes one entry. A Link's data is its target; Major and Minor are a Char's.
type Header struct {
	Name         string
	Mode         uint32
	Size         int64
	Major, Minor uint32
}

// Writer writes an archive. It is not safe for use from several goroutines.
type Writer struct {
	w       *bufio.Writer
	written int64
	inode   uint32
}

// NewWriter returns a Writer on w; Close must be called at the end.
func NewWriter(w io.Writer) *Writer { return &Writer{w: bufio.NewWriterSize(w, 1<<20)} }

// Add writes one entry with the Size bytes of r. Directories come before what is in them.
func (w *Writer) Add(h Header, r io.Reader) error {
	if h.Name == "" || len(h.Name) >= maxName || strings.ContainsRune(h.Name, 0) || h.Name == trailer {
		return fmt.Errorf("cpio: bad name %q", h.Name)
	}
	if h.Size < 0 || h.Size > maxSize {
		return fmt.Errorf("cpio: %s: %d bytes do not fit the format", h.Name, h.Size)
	}
	w.inode++
	links := 1
	if h.Mode&typeBit == Dir {
		links = 2
	}
	if err := w.header(w.inode, links, h); err != nil {
		return err
	}
	if h.Size == 0 {
		return nil
	}
	n, err := io.CopyN(w.w, r, h.Size)
	w.written += n
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("cpio: %s: %d bytes, %d expected: %w", h.Name, n, h.Size, io.ErrUnexpectedEOF)
	}
	if err != nil {
		return fmt.Errorf("cpio: %s: %w", h.Name, err)
	}
	return w.pad()
}

// Close ends the archive. It does not close what is below.
func (w *Writer) Close() error {
	if err := w.header(0, 1, Header{Name: trailer}); err != nil {
		return err
	}
	return w.w.Flush()
}

func (w *Writer) header(inode uint32, links int, h Header) error {
	const owner, mtime, dev, check = 0, 0, 0, 0
	n, err := fmt.Fprintf(w.w, magic+"%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%s\x00",
		inode, h.Mode, owner, owner, links, mtime, h.Size, dev, dev, h.Major, h.Minor, len(h.Name)+1, check, h.Name)
	w.written += int64(n)
	if err != nil {
		return err
	}
	return w.pad()
}

func (w *Writer) pad() error {
	n, err := w.w.Write(make([]byte, -w.written&3))
	w.written += int64(n)
	return err
}
