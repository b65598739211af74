package daemon

import (
	"bufio"
	"io"
	"syscall"
)

// uncompressor reads what the program compress has packed: two bytes of magic,
// a byte of flags, then codes of 9 to 16 bits, least significant bit first.
//
//	flags: bits 0-4 the widest code, bit 7 code 256 empties the table
//
// Codes come in groups of eight. Where the width changes, or the table is
// emptied, the rest of the group is not used.
type uncompressor struct {
	r       *bufio.Reader
	widest  uint
	clears  bool
	width   uint
	free    int // next code to be given out
	before  int // code before this one, or -1
	first   byte
	group   []byte // the group under way
	at      uint   // bit in it
	prefix  [1 << compressWidest]uint16
	suffix  [1 << compressWidest]byte
	pending []byte // of a code, in reverse
	out     []byte // what is to be read next
}

const (
	compressNarrowest = 9
	compressWidest    = 16
	compressClear     = 256
)

var errCompressed = withErrno(syscall.EINVAL, "compress: the file is damaged")

func newUncompressor(r io.Reader) (*uncompressor, error) {
	var head [3]byte
	u := &uncompressor{r: bufio.NewReaderSize(r, copyBytes), width: compressNarrowest, before: -1, free: compressClear}
	if _, err := io.ReadFull(u.r, head[:]); err != nil || head[0] != 0x1f || head[1] != 0x9d {
		return nil, withErrno(syscall.EINVAL, "compress: not in compress format")
	}
	u.widest, u.clears = uint(head[2]&0x1f), head[2]&0x80 != 0
	if u.widest < compressNarrowest || u.widest > compressWidest {
		return nil, withErrno(syscall.EINVAL, "compress: codes of %d bits", u.widest)
	}
	if u.clears {
		u.free++
	}
	for i := range 256 {
		u.suffix[i] = byte(i)
	}
	return u, nil
}

func (u *uncompressor) Read(p []byte) (int, error) {
	for len(u.out) == 0 {
		code, err := u.code()
		if err != nil {
			return 0, err
		}
		if code == compressClear && u.clears {
			u.free, u.before, u.width, u.group = compressClear+1, -1, compressNarrowest, nil
			continue
		}
		if err := u.expand(code); err != nil {
			return 0, err
		}
	}
	n := copy(p, u.out)
	u.out = u.out[n:]
	return n, nil
}

// code reads the next code; the width grows when the table is full.
func (u *uncompressor) code() (int, error) {
	if u.free >= 1<<u.width && u.width < u.widest {
		u.width++
		u.group = nil
	}
	if u.at+u.width > uint(len(u.group))*8 || u.group == nil {
		group := make([]byte, u.width) // eight codes
		n, err := io.ReadFull(u.r, group)
		if err == io.ErrUnexpectedEOF {
			err = nil
		}
		if err != nil {
			return 0, err
		}
		u.group, u.at = group[:n], 0
		if u.width > uint(n)*8 {
			return 0, io.EOF // bits that fill up the last byte
		}
	}
	code := 0
	for bit := range u.width {
		at := u.at + bit
		code |= int(u.group[at/8]>>(at%8)&1) << bit
	}
	u.at += u.width
	return code, nil
}

func (u *uncompressor) expand(code int) error {
	if u.before < 0 {
		if code > 255 {
			return errCompressed
		}
		u.before, u.first = code, byte(code)
		u.out = append(u.out[:0], u.first)
		return nil
	}
	u.pending = u.pending[:0]
	at := code
	if code >= u.free { // the code that is given out just now
		if code > u.free {
			return errCompressed
		}
		u.pending = append(u.pending, u.first)
		at = u.before
	}
	for at > 255 {
		u.pending = append(u.pending, u.suffix[at])
		at = int(u.prefix[at])
	}
	u.first = u.suffix[at]
	u.out = append(u.out[:0], u.first)
	for i := len(u.pending) - 1; i >= 0; i-- {
		u.out = append(u.out, u.pending[i])
	}
	if u.free < 1<<u.widest {
		u.prefix[u.free], u.suffix[u.free] = uint16(u.before), u.first
		u.free++
	}
	u.before = code
	return nil
}
