package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"
)

// Exit statuses of all tools. A program stopped by a signal exits with 128 and the
// signal's number, as shells count it: 130 for an interrupt.
const (
	StatusOK      = 0
	StatusFailed  = 1 // also for a wrong command line, as in libguestfs
	statusSignals = 128
)

// Stopped is the cause of a context that a signal ended.
type Stopped struct{ Signal syscall.Signal }

func (s *Stopped) Error() string { return "stopped: " + s.Signal.String() }

// Signals returns a context that SIGINT, SIGTERM or SIGHUP ends, so that the program can
// shut its appliance down. A later one ends the program at once, but not what comes within
// a second of the first: timeout(1) and sudo send a signal to the program and to
// its group. Signals that the parent had ignored, as nohup does, stay ignored.
// Call stop when done.
func Signals(parent context.Context) (ctx context.Context, stop func()) {
	left := new(atomic.Int32)
	ctx, cancel := context.WithCancelCause(context.WithValue(parent, leftKey{}, left))
	received := make(chan os.Signal, 3) // one of each can wait
	for _, sig := range []os.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		if !signal.Ignored(sig) {
			signal.Notify(received, sig)
		}
	}
	go func() {
		for {
			select {
			case sig := <-received:
				if sig == syscall.SIGINT && left.Load() > 0 {
					continue
				}
				time.AfterFunc(time.Second, func() { signal.Stop(received) })
				cancel(&Stopped{sig.(syscall.Signal)})
			case <-ctx.Done():
				signal.Stop(received)
			}
			return
		}
	}()
	return ctx, func() { cancel(context.Canceled) }
}

// leftKey is the key of the number of those who have SIGINT to themselves, in a context
// of Signals.
type leftKey struct{}

// LeaveInterrupts leaves Ctrl-C, which the terminal sends to all its programs, to another
// one, such as an editor, until end is called. ctx is one of Signals or from it.
func LeaveInterrupts(ctx context.Context) (end func()) {
	left, ok := ctx.Value(leftKey{}).(*atomic.Int32)
	if !ok {
		return func() {}
	}
	left.Add(1)
	return func() { left.Add(-1) }
}

// statusOf is the exit status for a program that ended with err.
func statusOf(err error) int {
	var stopped *Stopped
	switch {
	case err == nil:
		return StatusOK
	case errors.As(err, &stopped):
		return statusSignals + int(stopped.Signal)
	}
	return StatusFailed
}

// advised is an error that says what the user can do about it. guestfs.Error is one.
type advised interface {
	error
	Hint() string
}

// Hint returns err with advice for the user, which is printed on a line of its own.
func Hint(err error, format string, args ...any) error {
	return &hinted{err, fmt.Sprintf(format, args...)}
}

type hinted struct {
	error
	hint string
}

func (h *hinted) Unwrap() error { return h.error }
func (h *hinted) Hint() string  { return h.hint }
