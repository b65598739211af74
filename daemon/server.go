// Package daemon is the program inside the appliance: it owns the guest's
// disks and does what the library asks for.
//
//	daemon.Boot()                         // as process 1: mounts, modules, port; does not return
//	daemon.New(stream).Serve(ctx)         // on any stream, as the tests do
//
// One file holds one group of calls, under the same name as in pkg/guestfs.
// The handler of call x_y is the function doXY; dispatch_gen.go decodes its
// arguments. The package must not import pkg/guestfs: the two meet on the wire.
//
// Guest filesystems are hostile. Handlers reach their files only within
// Call.inGuest, on a thread whose root is the guest's root.
package daemon

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"syscall"

	"virt-tools/internal/wire"
)

// Server answers calls on one stream, one after the other.
type Server struct {
	conn       *wire.Conn
	frames     chan frame // read by the call under way, else by Serve
	guest      guestThread
	watcher    watcher
	hive       *openHive         // nil when none is open
	journal    *openJournal      // likewise
	augeas     *augeasProgram    // nil before aug_init
	inspection *inspection       // nil before inspect_os
	failure    *wire.RemoteError // of the last download that broke off, until the library takes it

	debugVariables []string // of the programs that debug runs

	lane      []byte                   // memory shared with the library, nil when there is none
	toDaemon  *wire.Row                // nil until the library knows of the lane
	toLibrary atomic.Pointer[wire.Row] // likewise; read gives slots back to it

	consumed uint64 // frames taken by next; the index of the last one

	mu       sync.Mutex
	received uint64             // frames handed on by read
	cancelAt uint64             // index of the last frame before the last cancel flag
	current  uint64             // index of the frame with the call under way
	cancel   context.CancelFunc // of the call under way, else nil
	warnings []string
}

// frame is what the reading goroutine hands on.
type frame struct {
	data []byte
	err  error
}

// procedure is an entry of the generated table.
type procedure struct {
	name    string
	stub    func(*Call, *wire.Decoder, *wire.Encoder) error
	feature string // group that must be available, or empty
	optargs int    // number of optional arguments
	fileIn  bool
	fileOut bool
}

// New returns a server on a stream. It starts nothing before Serve.
func New(stream io.ReadWriter) *Server {
	return &Server{conn: wire.NewConn(stream), frames: make(chan frame, 16)}
}

// errExit ends Serve: the library asked the daemon to stop.
var errExit = errors.New("asked to exit")

// Serve tells the library that the daemon is ready and answers calls until the
// stream ends, which is not an error, or breaks.
func (s *Server) Serve(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	if err := s.conn.WriteFlag(wire.LaunchFlag); err != nil {
		return err
	}
	go s.read(ctx)
	defer s.guest.stop()
	defer s.watcher.close()
	defer s.closeJournal()
	defer s.closeAugeas()
	for {
		f, err := s.next(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := s.answer(ctx, f); err != nil {
			if err == errExit {
				return nil
			}
			return err
		}
	}
}

// read takes frames off the stream so that a cancellation is seen while a call
// works. It ends with the stream.
func (s *Server) read(ctx context.Context) {
	for {
		f, err := s.conn.ReadFrame()
		if err == nil && f.Kind == wire.CancelFrame {
			s.cancelCall()
			continue
		}
		if err == nil && f.Kind == wire.SlotFrame {
			if row := s.toLibrary.Load(); row != nil && row.Release(f.Slot) == nil {
				continue
			}
			err = fmt.Errorf("the library gave slot %d of the lane back, which it does not have", f.Slot)
		}
		if err == nil && f.Kind != wire.MessageFrame {
			err = fmt.Errorf("the library sent a frame that only the daemon sends")
		}
		if err != nil {
			s.cancelCall()
		}
		s.mu.Lock()
		s.received++
		s.mu.Unlock()
		select {
		case s.frames <- frame{bytes.Clone(f.Data), err}:
		case <-ctx.Done():
			return
		}
		if err != nil {
			return
		}
	}
}

func (s *Server) next(ctx context.Context) ([]byte, error) {
	select {
	case f := <-s.frames:
		s.consumed++
		return f.data, f.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// cancelCall cancels the call that the library sent last, under way or not
// begun yet. A flag that comes after the end of its call is of no effect.
func (s *Server) cancelCall() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cancelAt = s.received
	if s.cancel != nil && s.cancelAt >= s.current {
		s.cancel()
	}
}

// begin notes the call under way, which may have been cancelled already.
func (s *Server) begin(cancel context.CancelFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.current, s.cancel = s.consumed, cancel
	if s.cancelAt >= s.current {
		cancel()
	}
}

func (s *Server) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cancel = nil
}

// answer works one call off. It returns an error only when the stream cannot
// be used any more: what goes wrong in the call goes to the library.
func (s *Server) answer(ctx context.Context, msg []byte) error {
	h, body, err := wire.DecodeHeader(msg)
	if errors.Is(err, wire.ErrTruncated) {
		return fmt.Errorf("message header: %w", err)
	}
	if err == nil && (h.Direction != wire.Call || h.Status != wire.OK) {
		err = fmt.Errorf("unexpected direction %d or status %d in a call", h.Direction, h.Status)
	}
	c := newCall(ctx, s, h)
	defer c.end()
	s.begin(c.cancel)
	defer s.end()

	p, known := procedures[h.Proc]
	if err == nil && !known {
		err = fmt.Errorf("unknown procedure number %d", h.Proc)
		c.fileIn = unbuiltUploads[h.Proc]
	}
	var result wire.Encoder
	if err == nil {
		c.name, c.fileIn, c.fileOut = p.name, p.fileIn, p.fileOut
		err = c.perform(p, body, &result)
	}
	return c.reply(&result, err)
}

// perform runs the handler. A panic in it is an error of the call: the
// appliance goes on, the stack goes to the log.
func (c *Call) perform(p procedure, body []byte, result *wire.Encoder) (err error) {
	defer func() {
		if r := recover(); r != nil {
			log.Printf("%s: panic: %v\n%s", p.name, r, debug.Stack())
			err = fmt.Errorf("internal error: %v (the appliance's log has the details)", r)
		}
	}()
	if p.feature != "" && !featureAvailable(p.feature) {
		return withErrno(syscall.ENOTSUP, "feature %q is not in this appliance: %s", p.feature, whyUnavailable(p.feature))
	}
	if c.header.OptArgs>>p.optargs != 0 {
		if p.optargs == 0 {
			return withErrno(syscall.EINVAL, "the call takes no optional arguments but the mask is %#x", c.header.OptArgs)
		}
		return withErrno(syscall.EINVAL, "unknown optional argument in mask %#x: the library is newer than the daemon", c.header.OptArgs)
	}
	return p.stub(c, wire.NewDecoder(body), result)
}
