package daemon

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"sync"
	"syscall"
	"time"

	"virt-tools/internal/wire"
)

// Call is a call under way. It is a context that ends when the library cancels
// the call or goes away.
type Call struct {
	context.Context
	cancel context.CancelFunc
	server *Server
	header wire.Header
	name   string

	fileIn, fileOut bool
	in              *uploadReader   // set when the handler took it
	out             *downloadWriter // set when the handler took it

	mu       sync.Mutex // guards what follows: a pulse runs beside the handler
	started  time.Time
	lastSent time.Time
	sent     int
}

func newCall(ctx context.Context, s *Server, h wire.Header) *Call {
	ctx, cancel := context.WithCancel(ctx)
	return &Call{Context: ctx, cancel: cancel, server: s, header: h, started: time.Now()}
}

func (c *Call) end() { c.cancel() }

func (c *Call) replyHeader(status wire.Status) *wire.Header {
	h := &wire.Header{Proc: c.header.Proc, Direction: wire.Reply, Serial: c.header.Serial, Status: status}
	// A reply has no use for this field; it tells our own library that there
	// are warnings to fetch (PROTOCOL.md).
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	h.ProgressHint = uint64(len(c.server.warnings))
	return h
}

// reply finishes the call on the wire: the rest of an upload is taken in, the
// end of a download or the result is sent.
func (c *Call) reply(result *wire.Encoder, err error) error {
	if err == errExit {
		return errExit
	}
	if c.fileIn {
		if broken := c.upload().finish(err != nil); broken != nil {
			return broken
		}
	}
	if err == nil && c.fileOut {
		err = c.download().close()
	}
	if err != nil && c.out != nil && c.out.begun {
		log.Printf("%s: %v", c.name, err)
		return c.server.conn.WriteChunk(wire.Chunk{Cancel: true})
	}
	if c.fileOut && err == nil {
		return nil
	}
	if err == nil {
		if err = result.Err(); err == nil {
			if err = c.server.conn.WriteMessage(c.replyHeader(wire.OK), result.Bytes()); err == nil {
				return nil
			}
			if len(result.Bytes()) < wire.MessageMax/2 {
				return err // not a matter of size: the stream is broken
			}
			err = withErrno(syscall.EMSGSIZE, "the result is too large for one message: %w", err)
		}
	}
	if c.Err() != nil && !errors.Is(err, context.Canceled) {
		err = withErrno(syscall.EINTR, "cancelled: %w", err)
	}
	log.Printf("%s: error: %v", c.name, err)
	body := (&wire.RemoteError{Errno: errnoName(err), Message: describe(err)}).Encode()
	return c.server.conn.WriteMessage(c.replyHeader(wire.Failed), body)
}

// errUploadCancelled means that the library gave the upload up. It discards
// the error reply that follows.
var errUploadCancelled = errors.New("file upload cancelled")

// uploadReader reads the chunks that follow a call.
type uploadReader struct {
	c    *Call
	rest []byte
	err  error // io.EOF, errUploadCancelled, or the stream is broken
}

// upload returns the file that the library sends with the call.
func (c *Call) upload() *uploadReader {
	if c.in == nil {
		c.in = &uploadReader{c: c}
	}
	return c.in
}

func (u *uploadReader) Read(p []byte) (int, error) {
	for len(u.rest) == 0 {
		if u.err != nil {
			return 0, u.err
		}
		u.fill()
	}
	n := copy(p, u.rest)
	u.rest = u.rest[n:]
	return n, nil
}

func (u *uploadReader) fill() {
	msg, err := u.c.server.next(context.WithoutCancel(u.c))
	if err != nil {
		u.err = fmt.Errorf("upload: %w", err)
		return
	}
	chunk, err := wire.DecodeChunk(msg)
	switch {
	case err != nil:
		u.err = fmt.Errorf("upload: %w", err)
	case chunk.Cancel:
		u.err = errUploadCancelled
	case len(chunk.Data) == 0:
		u.err = io.EOF
	}
	u.rest = chunk.Data
}

// finish takes in what the handler has left over. When the call failed the
// library is told to stop sending. The error means that the stream is broken.
func (u *uploadReader) finish(failed bool) error {
	if failed && u.err == nil {
		if err := u.c.server.conn.WriteFlag(wire.CancelFlag); err != nil {
			return err
		}
	}
	for u.err == nil {
		u.fill()
	}
	if u.err == io.EOF || u.err == errUploadCancelled {
		return nil
	}
	return u.err
}

// downloadWriter sends a file. The reply goes out before its first byte, so
// that a handler which fails earlier still gives an error of its own.
type downloadWriter struct {
	c     *Call
	begun bool
	buf   []byte
}

// download returns what takes the file that goes to the library.
func (c *Call) download() *downloadWriter {
	if c.out == nil {
		c.out = &downloadWriter{c: c, buf: make([]byte, 0, wire.ChunkMax)}
	}
	return c.out
}

func (w *downloadWriter) Write(p []byte) (int, error) {
	total := len(p)
	for len(p) > 0 {
		if err := w.c.Err(); err != nil {
			return 0, err
		}
		n := min(len(p), wire.ChunkMax-len(w.buf))
		w.buf = append(w.buf, p[:n]...)
		p = p[n:]
		if len(w.buf) == wire.ChunkMax {
			if err := w.flush(); err != nil {
				return 0, err
			}
		}
	}
	return total, nil
}

func (w *downloadWriter) begin() error {
	if w.begun {
		return nil
	}
	w.begun = true
	return w.c.server.conn.WriteMessage(w.c.replyHeader(wire.OK), nil)
}

func (w *downloadWriter) flush() error {
	if err := w.begin(); err != nil {
		return err
	}
	if len(w.buf) == 0 {
		return nil
	}
	err := w.c.server.conn.WriteChunk(wire.Chunk{Data: w.buf})
	w.buf = w.buf[:0]
	return err
}

// close sends what is left and the end of the file.
func (w *downloadWriter) close() error {
	if err := w.flush(); err != nil {
		return err
	}
	if w.c.Err() != nil {
		return w.c.Err()
	}
	return w.c.server.conn.WriteChunk(wire.Chunk{})
}
