package guestfs

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// Error is a call that failed.
//
// Errno is the name of the error number ("ENOENT"), empty when there is none.
// errors.Is compares an Error with syscall.ENOENT and so also with
// fs.ErrNotExist and its kind.
type Error struct {
	Op    string // the call: "mount"
	Path  string // what it was about, when one argument says so
	Errno string
	Msg   string
	hint  string
	cause error
}

func (e *Error) Error() string { return e.Op + ": " + e.Msg }

// Hint says what the user can do about the error, or nothing.
func (e *Error) Hint() string { return e.hint }

// Unwrap returns the cause on the host, or the error number in the guest.
func (e *Error) Unwrap() error {
	if e.cause != nil {
		return e.cause
	}
	if n, ok := errnos[e.Errno]; ok {
		return n
	}
	return nil
}

// errnos are the error numbers of this system by name: names travel, numbers
// differ between systems.
var errnos = func() map[string]syscall.Errno {
	const last = 133 // EHWPOISON, the highest that Linux has
	m := map[string]syscall.Errno{}
	for n := syscall.Errno(1); n <= last; n++ {
		if name := unix.ErrnoName(n); name != "" {
			m[name] = n
		}
	}
	m["EWOULDBLOCK"], m["EDEADLOCK"], m["ENOTSUP"] = syscall.EAGAIN, syscall.EDEADLK, syscall.ENOTSUP
	return m
}()
