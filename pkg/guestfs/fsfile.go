package guestfs

import (
	"errors"
	"io"
	"io/fs"
)

// readChunk is how much of a file one message brings.
const readChunk = 1 << 20

// openFile is a file of the guest that was opened through FS. Nothing of it is
// open in the guest: it is named anew by each read.
type openFile struct {
	fs     *guestFS
	name   string
	path   Path
	info   fs.FileInfo
	offset int64
	closed bool
}

func (f *openFile) fail(op string, err error) error {
	return &fs.PathError{Op: op, Path: f.name, Err: err}
}

func (f *openFile) Stat() (fs.FileInfo, error) {
	if f.closed {
		return nil, f.fail("stat", fs.ErrClosed)
	}
	return f.info, nil
}

func (f *openFile) Close() error {
	if f.closed {
		return f.fail("close", fs.ErrClosed)
	}
	f.closed = true
	return nil
}

// Read reads on from where the last one ended.
func (f *openFile) Read(b []byte) (int, error) {
	n, err := f.readOnce(b, f.offset)
	f.offset += int64(n)
	return n, err
}

// ReadAt reads len(b) bytes, or fewer with the reason.
func (f *openFile) ReadAt(b []byte, offset int64) (int, error) {
	if offset < 0 {
		return 0, f.fail("read", fs.ErrInvalid)
	}
	total := 0
	for total < len(b) {
		n, err := f.readOnce(b[total:], offset+int64(total))
		total += n
		if err != nil {
			return total, err
		}
	}
	return total, nil
}

// Seek moves to where Read goes on.
func (f *openFile) Seek(offset int64, whence int) (int64, error) {
	if f.closed {
		return 0, f.fail("seek", fs.ErrClosed)
	}
	switch whence {
	case io.SeekStart:
	case io.SeekCurrent:
		offset += f.offset
	case io.SeekEnd:
		offset += f.info.Size()
	default:
		return 0, f.fail("seek", errors.New("unknown whence"))
	}
	if offset < 0 {
		return 0, f.fail("seek", fs.ErrInvalid)
	}
	f.offset = offset
	return offset, nil
}

// readOnce reads what one message brings, at the end nothing and io.EOF.
func (f *openFile) readOnce(b []byte, offset int64) (int, error) {
	if f.closed {
		return 0, f.fail("read", fs.ErrClosed)
	}
	if len(b) == 0 {
		return 0, nil
	}
	content, err := f.fs.g.Pread(f.fs.ctx, f.path, min(len(b), readChunk), offset)
	if err != nil {
		return 0, f.fail("read", err)
	}
	if len(content) == 0 {
		return 0, io.EOF
	}
	return copy(b, content), nil
}
