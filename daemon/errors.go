package daemon

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"unicode"

	"golang.org/x/sys/unix"
)

// errnoError is an error that goes to the library under an error number of its
// own choice.
type errnoError struct {
	errno syscall.Errno
	err   error
}

func (e *errnoError) Error() string { return e.err.Error() }
func (e *errnoError) Unwrap() error { return e.err }

// withErrno returns an error that the library sees with the error number.
func withErrno(errno syscall.Errno, format string, args ...any) error {
	return &errnoError{errno, fmt.Errorf(format, args...)}
}

// errnoName is the name of the error number behind an error, or empty.
func errnoName(err error) string {
	var own *errnoError
	if errors.As(err, &own) {
		return unix.ErrnoName(own.errno)
	}
	var errno syscall.Errno
	if errors.As(err, &errno) {
		return unix.ErrnoName(errno)
	}
	var failed *programError
	if errors.As(err, &failed) {
		return unix.ErrnoName(failed.errno())
	}
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, errUploadCancelled):
		return "EINTR"
	case errors.Is(err, context.DeadlineExceeded):
		return "ETIMEDOUT"
	case errors.Is(err, fs.ErrNotExist):
		return "ENOENT"
	case errors.Is(err, fs.ErrExist):
		return "EEXIST"
	}
	return ""
}

// describe words an error the way the library's users know it: the path and
// what the C library says about the error number.
func describe(err error) string {
	switch e := err.(type) {
	case *fs.PathError:
		return e.Path + ": " + sentence(e.Err)
	case *os.LinkError:
		return e.Old + ": " + e.New + ": " + sentence(e.Err)
	case syscall.Errno:
		return sentence(e)
	}
	return strings.TrimSpace(err.Error())
}

func sentence(err error) string {
	r := []rune(err.Error())
	if len(r) > 0 {
		r[0] = unicode.ToUpper(r[0])
	}
	return string(r)
}
