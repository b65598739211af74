package daemon

import (
	"context"
	"errors"
	"fmt"
	"io"

	"virt-tools/internal/wire"
)

// errUploadCancelled means that the library gave the upload up. It discards
// the error reply that follows.
var errUploadCancelled = errors.New("file upload cancelled")

// uploadReader reads the chunks that follow a call.
type uploadReader struct {
	c    *Call
	rest []byte
	slot int   // of the lane, where rest lies in it; else noSlot
	err  error // io.EOF, errUploadCancelled, or the stream is broken
}

const noSlot = -1

// upload returns the file that the library sends with the call.
func (c *Call) upload() *uploadReader {
	if c.in == nil {
		c.in = &uploadReader{c: c, slot: noSlot}
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

// WriteTo spares io.Copy a buffer: what is in the lane is written from there.
func (u *uploadReader) WriteTo(w io.Writer) (total int64, err error) {
	for {
		for len(u.rest) == 0 {
			if u.err == io.EOF {
				return total, nil
			}
			if u.err != nil {
				return total, u.err
			}
			u.fill()
		}
		n, err := w.Write(u.rest)
		total += int64(n)
		u.rest = u.rest[n:]
		if err != nil {
			return total, err
		}
	}
}

// fill takes the next chunk; the one before has been used up or is dropped.
func (u *uploadReader) fill() {
	if u.slot != noSlot {
		if err := u.c.server.conn.WriteSlot(u.slot); err != nil {
			u.err = fmt.Errorf("upload: %w", err)
			return
		}
		u.slot = noSlot
	}
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
	case chunk.InLane:
		row := u.c.server.toDaemon
		if row == nil {
			u.err = errors.New("upload: a chunk in the lane, which was not opened")
			return
		}
		u.slot = chunk.Slot.Number
		u.rest = row.Bytes(u.slot)[:chunk.Slot.Length]
		return
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
	buf   []byte // a slot of the lane, where there is one
	slot  int    // its number, or noSlot
}

// download returns what takes the file that goes to the library.
func (c *Call) download() *downloadWriter {
	if c.out == nil {
		c.out = &downloadWriter{c: c, slot: noSlot}
	}
	return c.out
}

func (w *downloadWriter) Write(p []byte) (int, error) {
	total := len(p)
	for len(p) > 0 {
		if err := w.room(); err != nil {
			return 0, err
		}
		n := min(len(p), cap(w.buf)-len(w.buf))
		w.buf = append(w.buf, p[:n]...)
		p = p[n:]
	}
	return total, nil
}

// ReadFrom spares io.Copy a buffer: what goes into the lane is read there.
func (w *downloadWriter) ReadFrom(r io.Reader) (total int64, err error) {
	for {
		if err := w.room(); err != nil {
			return total, err
		}
		n, err := r.Read(w.buf[len(w.buf):cap(w.buf)])
		total += int64(n)
		w.buf = w.buf[:len(w.buf)+n]
		if err == io.EOF {
			return total, nil
		}
		if err != nil {
			return total, err
		}
	}
}

// room makes sure that something fits into the buffer. It ends with the call.
func (w *downloadWriter) room() error {
	if err := w.c.Err(); err != nil {
		return err
	}
	if len(w.buf) < cap(w.buf) {
		return nil
	}
	if err := w.flush(); err != nil {
		return err
	}
	row := w.c.server.toLibrary.Load()
	if row == nil {
		if w.buf == nil {
			w.buf = make([]byte, 0, wire.ChunkMax)
		}
		return nil
	}
	select {
	case w.slot = <-row.Free():
		w.buf = row.Bytes(w.slot)[:0]
		return nil
	case <-w.c.Done():
		return w.c.Err()
	}
}

func (w *downloadWriter) begin() error {
	if w.begun {
		return nil
	}
	w.begun = true
	return w.c.server.conn.WriteMessage(w.c.replyHeader(wire.OK), nil)
}

// flush sends what is in the buffer. A slot belongs to the library then, or is
// free again when so little was in it that it went inline.
func (w *downloadWriter) flush() error {
	if err := w.begin(); err != nil {
		return err
	}
	conn := w.c.server.conn
	if w.slot != noSlot && len(w.buf) >= wire.LaneMin {
		err := conn.WriteChunk(wire.Chunk{InLane: true, Slot: wire.Slot{Number: w.slot, Length: len(w.buf)}})
		w.slot, w.buf = noSlot, nil
		return err
	}
	for rest := w.buf; len(rest) > 0; {
		n := min(len(rest), wire.ChunkMax)
		if err := conn.WriteChunk(wire.Chunk{Data: rest[:n]}); err != nil {
			return err
		}
		rest = rest[n:]
	}
	w.buf = w.buf[:0]
	return w.release()
}

// release gives a slot that the library has not seen back.
func (w *downloadWriter) release() error {
	if w.slot == noSlot {
		return nil
	}
	slot := w.slot
	w.slot, w.buf = noSlot, nil
	return w.c.server.toLibrary.Load().Release(slot)
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
