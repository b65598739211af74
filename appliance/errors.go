package appliance

import "errors"

// hintedError is an error with advice: what to do about it, one line, printed behind the error by the programs.
// Callers ask for it with errors.As and an interface{ Hint() string }.
type hintedError struct {
	error
	hint string
}

func (e *hintedError) Unwrap() error { return e.error }
func (e *hintedError) Hint() string  { return e.hint }

func withHint(err error, hint string) error { return &hintedError{err, hint} }

// ErrNoKernel is wrapped by the error of a host that has no kernel for the appliance and can get none.
var ErrNoKernel = errors.New("no kernel for the appliance")
