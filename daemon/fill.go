package daemon

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

func doTruncate(c *Call, path string) error { return doTruncateSize(c, path, 0) }

func doTruncateSize(c *Call, path string, size int64) error {
	if size < 0 {
		return withErrno(syscall.EINVAL, "%s: size is negative", path)
	}
	f, err := c.openRegular(path, unix.O_WRONLY, 0)
	if err != nil {
		return err
	}
	err = f.Truncate(size)
	if e := f.Close(); err == nil {
		err = e
	}
	return err
}

// doFill writes over the start of the file that is there: nothing is cut off.
func doFill(c *Call, char, length int, path string) error {
	if char < 0 || char > 255 {
		return withErrno(syscall.EINVAL, "%d: byte number must be in range 0..255", char)
	}
	return c.fill(path, []byte{byte(char)}, length)
}

func doFillPattern(c *Call, pattern string, length int, path string) error {
	if pattern == "" {
		return withErrno(syscall.EINVAL, "pattern string must be non-empty")
	}
	return c.fill(path, []byte(pattern), length)
}

func (c *Call) fill(path string, pattern []byte, length int) error {
	if length < 0 {
		return withErrno(syscall.EINVAL, "%d: length is < 0", length)
	}
	f, err := c.openRegular(path, unix.O_WRONLY|unix.O_CREAT, 0o666)
	if err != nil {
		return err
	}
	block := bytes.Repeat(pattern, max(1, copyBytes/len(pattern)))
	content := io.LimitReader(&patternReader{block: block}, int64(length))
	_, err = c.copyFile(f, content, uint64(length))
	if e := f.Close(); err == nil {
		err = e
	}
	return err
}

// patternReader reads a block over and over.
type patternReader struct {
	block []byte
	at    int // of the next byte
}

func (r *patternReader) Read(p []byte) (int, error) {
	n := copy(p, r.block[r.at:])
	r.at = (r.at + n) % len(r.block)
	return n, nil
}

// doFillDir makes empty files with numbers for names.
func doFillDir(c *Call, dir string, nr int) error {
	return c.inGuest(func() error {
		for i := range max(nr, 0) {
			if err := c.Err(); err != nil {
				return err
			}
			name := fmt.Sprintf("%s/%08d", strings.TrimRight(dir, "/"), i)
			fd, err := unix.Open(name, unix.O_WRONLY|unix.O_CREAT|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0o666)
			if err != nil {
				return &os.PathError{Op: "create", Path: name, Err: err}
			}
			if err := unix.Close(fd); err != nil {
				return &os.PathError{Op: "close", Path: name, Err: err}
			}
		}
		return nil
	})
}

func doFallocate(c *Call, path string, length int) error {
	return doFallocate64(c, path, int64(length))
}

// doFallocate64 makes a file whose blocks are there; filesystems that cannot
// reserve them get zeroes written.
func doFallocate64(c *Call, path string, length int64) error {
	if length < 0 {
		return withErrno(syscall.EINVAL, "%s: length is negative", path)
	}
	f, err := c.openRegular(path, unix.O_WRONLY|unix.O_CREAT|unix.O_TRUNC, 0o666)
	if err != nil {
		return err
	}
	if length > 0 {
		err = unix.Fallocate(int(f.Fd()), 0, 0, length)
		if err == syscall.EOPNOTSUPP {
			_, err = c.copyFile(f, io.LimitReader(zeroes{}, length), uint64(length))
		}
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if errno, ok := err.(syscall.Errno); ok {
		return &os.PathError{Op: "fallocate", Path: path, Err: errno}
	}
	return err
}

// zeroes reads zero bytes.
type zeroes struct{}

func (zeroes) Read(p []byte) (int, error) { clear(p); return len(p), nil }
