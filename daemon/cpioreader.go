package daemon

import (
	"io"
	"strconv"
	"strings"
	"syscall"
)

// cpioEntry is a file in an archive.
type cpioEntry struct {
	name             string
	ino, mode, nlink uint32
	size             int64
	content          io.Reader // of size bytes, until the next entry is read
}

// cpioReader reads an archive.
type cpioReader struct {
	r       io.Reader
	n       int64 // bytes read
	content *io.LimitedReader
}

func newCpioReader(r io.Reader) *cpioReader { return &cpioReader{r: r} }

func (r *cpioReader) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	r.n += int64(n)
	return n, err
}

var errCpio = withErrno(syscall.EINVAL, "cpio archive is damaged")

// next returns the next entry, or io.EOF at the trailer.
func (r *cpioReader) next() (*cpioEntry, error) {
	if r.content != nil {
		if _, err := io.Copy(io.Discard, r.content); err != nil {
			return nil, err
		}
		if r.content.N > 0 {
			return nil, errCpio
		}
		if err := r.align(4); err != nil {
			return nil, err
		}
	}
	var head [cpioHeader]byte
	if err := r.full(head[:]); err != nil {
		return nil, err
	}
	if magic := string(head[:len(cpioNewc)]); magic != cpioNewc && magic != cpioCRC {
		return nil, withErrno(syscall.EINVAL, "not a cpio archive of format newc or crc")
	}
	var number [cpioNumbers]uint32
	for i := range number {
		n, err := strconv.ParseUint(string(head[len(cpioNewc)+8*i:][:8]), 16, 32)
		if err != nil {
			return nil, errCpio
		}
		number[i] = uint32(n)
	}
	nameSize := number[11]
	if nameSize == 0 || nameSize > cpioNameMax {
		return nil, errCpio
	}
	name := make([]byte, nameSize)
	if err := r.full(name); err != nil {
		return nil, err
	}
	if err := r.align(4); err != nil {
		return nil, err
	}
	e := &cpioEntry{name: strings.TrimRight(string(name), "\x00"), ino: number[0], mode: number[1], nlink: number[4], size: int64(number[6])}
	if e.name == cpioTrailer {
		return nil, io.EOF
	}
	r.content = &io.LimitedReader{R: r, N: e.size}
	e.content = r.content
	return e, nil
}

func (r *cpioReader) full(p []byte) error {
	if _, err := io.ReadFull(r, p); err == io.EOF || err == io.ErrUnexpectedEOF {
		return errCpio
	} else if err != nil {
		return err
	}
	return nil
}

func (r *cpioReader) align(multiple int64) error { return r.full(make([]byte, -r.n&(multiple-1))) }
