package image

import "fmt"

// Error is an image that cannot be used, with advice for the user.
// errors.Is sees the cause: fs.ErrNotExist, fs.ErrPermission, syscall.EISDIR.
type Error struct {
	Err  error  // names the file
	hint string // may be empty
}

func (e *Error) Error() string { return e.Err.Error() }
func (e *Error) Unwrap() error { return e.Err }

// Hint says what to do about it, or is empty.
func (e *Error) Hint() string { return e.hint }

// refuse makes an Error; the format names the file and wraps the cause.
func refuse(hint, format string, args ...any) *Error {
	return &Error{Err: fmt.Errorf(format, args...), hint: hint}
}
