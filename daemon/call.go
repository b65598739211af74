package daemon

import (
	"context"
	"errors"
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

	// probed keeps what lies on devices, in a call that asks often and changes
	// nothing. In others it is nil.
	probed map[string]probed

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
	if err != nil && c.out != nil {
		if broken := c.out.release(); broken != nil {
			return broken
		}
	}
	if err != nil && c.out != nil && c.out.begun {
		log.Printf("%s: %v", c.name, err)
		c.server.failure = c.remoteError(err)
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
	log.Printf("%s: error: %v", c.name, err)
	return c.server.conn.WriteMessage(c.replyHeader(wire.Failed), c.remoteError(err).Encode())
}

// remoteError is an error as the library gets it.
func (c *Call) remoteError(err error) *wire.RemoteError {
	if c.Err() != nil && !errors.Is(err, context.Canceled) {
		err = withErrno(syscall.EINTR, "cancelled: %w", err)
	}
	return &wire.RemoteError{Errno: errnoName(err), Message: describe(err)}
}

// doInternalFailure tells why the last download broke off: the protocol has no
// place for it once the download has begun.
func doInternalFailure(c *Call) ([]string, error) {
	f := c.server.failure
	c.server.failure = nil
	if f == nil {
		return nil, withErrno(syscall.EINVAL, "no download has broken off")
	}
	return []string{f.Errno, f.Message}, nil
}
