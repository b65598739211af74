package guestfs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"virt-tools/internal/api"
	"virt-tools/internal/qemu"
	"virt-tools/internal/wire"
)

// request is a call on its way to the daemon.
type request struct {
	name    string
	proc    uint32
	args    *wire.Encoder
	optargs uint64
	hint    uint64 // expected size of in, bytes
	in      io.Reader
	out     io.Writer
	trace   []any
}

// finish checks that a result was read whole.
func (r *request) finish(d *wire.Decoder) error {
	if err := d.Finish(); err != nil {
		return &Error{Op: r.name, Msg: "cannot decode the result: " + err.Error(), cause: err}
	}
	return nil
}

// errCancelled stands for the error of the context that ended a transfer.
var errCancelled = errors.New("cancelled")

// cancelGrace is how long the daemon may take to answer a cancelled call before
// the appliance is ended.
const cancelGrace = 10 * time.Second

// call sends a request and returns its result. When ctx ends the daemon is
// told to stop; the handle can be used again afterwards.
func (g *Handle) call(ctx context.Context, r *request) (*wire.Decoder, error) {
	g.calls.Lock()
	defer g.calls.Unlock()
	g.traceCall(r)
	d, err := g.exchange(ctx, r)
	g.traceResult(r, err)
	return d, err
}

// exchange does the work of call; the caller holds g.calls.
func (g *Handle) exchange(ctx context.Context, r *request) (*wire.Decoder, error) {
	g.mu.Lock()
	l, own, st, foreign := g.link, g.own != nil, g.state, g.foreign
	g.mu.Unlock()
	if l == nil {
		msg := "call Launch before this"
		if st == stopped {
			msg = "the appliance has been stopped"
		}
		return nil, &Error{Op: r.name, Errno: "EINVAL", Msg: msg}
	}
	if foreign && r.proc >= api.ProcOwn {
		return nil, &Error{Op: r.name, Errno: "ENOTSUP", Msg: "libguestfs's appliance does not have this call", hint: "unset LIBGUESTFS_PATH"}
	}
	if err := r.args.Err(); err != nil {
		return nil, &Error{Op: r.name, Errno: "EINVAL", Msg: err.Error(), cause: err}
	}
	if n := len(r.args.Bytes()); n > wire.BodyMax {
		return nil, &Error{Op: r.name, Errno: "E2BIG", Msg: fmt.Sprintf("the arguments have %d bytes; a call can have %d", n, wire.BodyMax)}
	}
	if err := ctx.Err(); err != nil {
		return nil, &Error{Op: r.name, Errno: "EINTR", Msg: err.Error(), cause: err}
	}
	if r.in != nil {
		r.hint = sizeOf(r.in)
	}
	stop := g.watch(ctx, l, r, own)
	defer stop()
	started := time.Now()

	gaveUp, err, broken := l.send(r, ctx.Done())
	if broken != nil {
		return nil, g.lost(ctx, r, broken)
	}
	h, body, broken := l.reply(r)
	if broken != nil {
		return nil, g.lost(ctx, r, broken)
	}
	if err != nil {
		return nil, g.stopped(ctx, r, err)
	}
	if h.Status == wire.Failed {
		return nil, g.remote(ctx, r, body, started)
	}
	if gaveUp {
		return nil, g.lost(ctx, r, fmt.Errorf("%w: the daemon gave an upload up and says that all is well", errLost))
	}
	if r.out != nil {
		err, broken := l.receive(r.out, ctx.Done())
		if broken != nil {
			return nil, g.lost(ctx, r, broken)
		}
		if err == errGivenUp && own {
			return nil, g.failure(ctx, r, err)
		}
		if err != nil {
			return nil, g.stopped(ctx, r, err)
		}
	}
	// The daemon of our own counts its warnings in a field that replies
	// otherwise leave empty (PROTOCOL.md).
	if own && h.ProgressHint > 0 && r.proc != procInternalWarnings {
		g.fetchWarnings(ctx, r.name)
	}
	return wire.NewDecoder(body), nil
}

// sizeOf is how many bytes a reader has left, for progress messages; 0 when it
// does not tell.
func sizeOf(in io.Reader) uint64 {
	switch in := in.(type) {
	case interface{ Len() int }: // of packages bytes and strings
		return uint64(in.Len())
	case *os.File:
		st, err := in.Stat()
		if err != nil || !st.Mode().IsRegular() {
			return 0
		}
		at, err := in.Seek(0, io.SeekCurrent)
		if err != nil {
			return 0
		}
		return uint64(max(0, st.Size()-at))
	}
	return 0
}

// watch tells the daemon when ctx ends in the middle of a call, and ends the
// appliance when that does not help. libguestfs's own daemon knows no
// cancellation but that of transfers, which link sees to.
func (g *Handle) watch(ctx context.Context, l *link, r *request, own bool) (stop func()) {
	finished := make(chan struct{})
	unhook := context.AfterFunc(ctx, func() {
		if own && r.in == nil && r.out == nil {
			l.wire.WriteFlag(wire.CancelFlag)
		}
		select {
		case <-finished:
		case <-time.After(cancelGrace):
			g.kill()
		}
	})
	return func() { unhook(); close(finished) }
}

// fetchWarnings passes on what the daemon passed over.
func (g *Handle) fetchWarnings(ctx context.Context, op string) {
	var e wire.Encoder
	d, err := g.exchange(ctx, &request{name: "internal_warnings", proc: procInternalWarnings, args: &e})
	if err != nil {
		g.debugf("warnings: %v", err)
		return
	}
	for _, text := range d.Strings() {
		g.emit(Event{Kind: EventWarning, Op: op, Text: text})
	}
}

// failure asks the daemon why it broke a download off.
func (g *Handle) failure(ctx context.Context, r *request, err error) error {
	var e wire.Encoder
	d, failed := g.exchange(ctx, &request{name: "internal_failure", proc: procInternalFailure, args: &e})
	if failed != nil {
		g.debugf("%s: %v", r.name, failed)
		return g.stopped(ctx, r, err)
	}
	words := d.Strings()
	if d.Finish() != nil || len(words) != 2 {
		return g.stopped(ctx, r, err)
	}
	full := &Error{Op: r.name, Errno: words[0], Msg: words[1], Path: subject(r)}
	g.explainIO(ctx, full, time.Now())
	return full
}

// remote turns an error reply into an error.
func (g *Handle) remote(ctx context.Context, r *request, body []byte, started time.Time) error {
	re, err := wire.DecodeError(body)
	if err != nil {
		return g.lost(ctx, r, fmt.Errorf("%w: %w", errLost, err))
	}
	e := &Error{Op: r.name, Errno: re.Errno, Msg: re.Message, Path: subject(r)}
	if ctx.Err() != nil {
		e.cause = ctx.Err()
	} else {
		g.explainIO(ctx, e, started)
	}
	return e
}

// explainIO adds to an error what the host knows of it: that its disk is full,
// mostly. The guest's kernel knows less, and programs that fail on their device
// often say nothing; of those only what came after the start of the call counts.
func (g *Handle) explainIO(ctx context.Context, e *Error, started time.Time) {
	m := g.running()
	if m == nil || e.Errno != "" && e.Errno != "EIO" {
		return
	}
	at, why := m.TakeIOError(ctx)
	if why == nil || e.Errno == "" && at.Before(started) {
		return
	}
	e.Msg += ": " + why.Error()
	e.hint = qemu.HintOf(why)
	if n, ok := errnos[e.Errno]; ok {
		e.cause = errors.Join(n, why)
	} else {
		e.cause = why
	}
}

// subject is what a call is about: its first path or device.
func subject(r *request) string {
	for _, a := range r.trace {
		switch a := a.(type) {
		case Path:
			return string(a)
		case Device:
			return string(a)
		case Mountable:
			return string(a)
		}
	}
	return ""
}

// stopped is the error of a transfer that the caller's side gave up.
func (g *Handle) stopped(ctx context.Context, r *request, err error) error {
	if errors.Is(err, errCancelled) {
		err = ctx.Err()
		return &Error{Op: r.name, Errno: "EINTR", Msg: "stopped: " + err.Error(), cause: err, Path: subject(r)}
	}
	return &Error{Op: r.name, Msg: err.Error(), cause: err, Path: subject(r)}
}

// lost is the error of a call whose appliance is gone. It says how QEMU ended
// and what the appliance said last.
func (g *Handle) lost(ctx context.Context, r *request, err error) error {
	g.mu.Lock()
	m := g.machine
	g.mu.Unlock()
	g.kill()
	e := &Error{Op: r.name, Msg: err.Error(), cause: err, hint: "run again with -v -x to see what the appliance says"}
	if ctx.Err() != nil {
		e.Errno, e.Msg, e.cause = "EINTR", "stopped: "+ctx.Err().Error(), ctx.Err()
		return e
	}
	if m != nil {
		if why := m.Err(); why != nil {
			e.Msg += ": " + why.Error()
			e.cause = errors.Join(err, why)
		}
	}
	if last := g.console.lines(5); last != "" {
		e.Msg += "; its last words: " + last
	}
	return e
}
