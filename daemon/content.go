package daemon

import (
	"bytes"
	"errors"
	"io"

	"golang.org/x/sys/unix"
)

// doEqual compares the content of two files.
func doEqual(c *Call, file1, file2 string) (bool, error) {
	a, err := c.openRegular(file1, unix.O_RDONLY, 0)
	if err != nil {
		return false, err
	}
	defer a.Close()
	b, err := c.openRegular(file2, unix.O_RDONLY, 0)
	if err != nil {
		return false, err
	}
	defer b.Close()
	x, y := make([]byte, copyBytes), make([]byte, copyBytes)
	for {
		if err := c.Err(); err != nil {
			return false, err
		}
		n, errA := io.ReadFull(a, x)
		m, errB := io.ReadFull(b, y)
		for _, err := range []error{errA, errB} {
			if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
				return false, err
			}
		}
		if !bytes.Equal(x[:n], y[:m]) {
			return false, nil
		}
		if errA != nil {
			return true, nil
		}
	}
}

// doIsZero tells whether a file has only zero bytes, or none.
func doIsZero(c *Call, path string) (bool, error) {
	f, err := c.openRegular(path, unix.O_RDONLY, 0)
	if err != nil {
		return false, err
	}
	defer f.Close()
	_, err = c.copyFile(zeroWriter{}, f, 0)
	if err == errNotZero {
		return false, nil
	}
	return err == nil, err
}

var errNotZero = errors.New("not zero")

// zeroWriter takes zero bytes only.
type zeroWriter struct{}

func (zeroWriter) Write(p []byte) (int, error) {
	if !isZero(p) {
		return 0, errNotZero
	}
	return len(p), nil
}
