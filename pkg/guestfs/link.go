package guestfs

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"sync/atomic"

	"virt-tools/internal/qemu"
	"virt-tools/internal/wire"
)

// link is the connection to the daemon. One goroutine reads frames, so that a
// cancellation by the daemon is seen while an upload is being written.
type link struct {
	conn   net.Conn
	wire   *wire.Conn
	frames chan wire.Frame
	err    error // why frames was closed; valid after that
	serial uint32

	toDaemon  atomic.Pointer[wire.Row] // rows of the lane, nil while it is not open
	toLibrary atomic.Pointer[wire.Row]
	machine   *qemu.Machine // keeps the lane's memory mapped
}

// newLink starts the reading goroutine, which ends when conn is closed.
func newLink(conn net.Conn, progress func(wire.Progress)) *link {
	l := &link{conn: conn, wire: wire.NewConn(conn), frames: make(chan wire.Frame, 32)}
	go l.read(progress)
	return l
}

// close ends the reading goroutine.
func (l *link) close() {
	l.conn.Close()
	for range l.frames { // it may be waiting to hand on a frame
	}
}

// openLane lets files go through the memory that a machine shares with its
// daemon.
func (l *link) openLane(m *qemu.Machine) {
	toDaemon, toLibrary := wire.Rows(m.Lane())
	l.machine = m
	l.toDaemon.Store(toDaemon)
	l.toLibrary.Store(toLibrary)
}

func (l *link) read(progress func(wire.Progress)) {
	defer close(l.frames)
	for {
		f, err := l.wire.ReadFrame()
		if err != nil {
			l.err = err
			return
		}
		if f.Kind == wire.ProgressFrame {
			progress(f.Progress)
			continue
		}
		if f.Kind == wire.SlotFrame {
			if row := l.toDaemon.Load(); row != nil && row.Release(f.Slot) == nil {
				continue
			}
			l.err = fmt.Errorf("the daemon gave slot %d of the lane back, which it does not have", f.Slot)
			return
		}
		f.Data = bytes.Clone(f.Data)
		l.frames <- f
	}
}

// errLost means that the connection to the daemon is of no use any more.
var errLost = errors.New("lost the connection to the appliance")

// next returns the next frame.
func (l *link) next() (wire.Frame, error) {
	f, ok := <-l.frames
	if ok {
		return f, nil
	}
	if errors.Is(l.err, io.EOF) || errors.Is(l.err, net.ErrClosed) || errors.Is(l.err, io.ErrUnexpectedEOF) {
		return f, errLost
	}
	return f, fmt.Errorf("%w: %w", errLost, l.err)
}

// reply reads the reply to a call. Cancel flags that cross the end of an upload
// are dropped.
func (l *link) reply(r *request) (wire.Header, []byte, error) {
	for {
		f, err := l.next()
		if err != nil {
			return wire.Header{}, nil, err
		}
		switch f.Kind {
		case wire.CancelFrame:
			continue
		case wire.LaunchFrame:
			return wire.Header{}, nil, fmt.Errorf("%w: the daemon started again", errLost)
		}
		h, body, err := wire.DecodeHeader(f.Data)
		switch {
		case err != nil:
			return h, nil, fmt.Errorf("%w: bad reply: %w", errLost, err)
		case h.Direction != wire.Reply:
			return h, nil, fmt.Errorf("%w: the daemon sent a call", errLost)
		case h.Serial != l.serial || h.Proc != r.proc:
			return h, nil, fmt.Errorf("%w: reply %d to call %d of procedure %d does not fit call %d of procedure %d", errLost, h.Serial, h.Serial, h.Proc, l.serial, r.proc)
		}
		return h, body, nil
	}
}

// send sends the call and, if it has one, the file. daemonGaveUp means that the
// error reply says why; err is the caller's own reason to stop, after which the
// daemon's reply is of no interest.
func (l *link) send(r *request, done <-chan struct{}) (daemonGaveUp bool, err, broken error) {
	l.serial++
	h := &wire.Header{Proc: r.proc, Direction: wire.Call, Serial: l.serial, OptArgs: r.optargs, ProgressHint: r.hint}
	if broken = l.wire.WriteMessage(h, r.args.Bytes()); broken != nil || r.in == nil {
		return false, nil, broken
	}
	return l.upload(r.in, done)
}

// upload sends the chunks of a file.
func (l *link) upload(in io.Reader, done <-chan struct{}) (daemonGaveUp bool, err, broken error) {
	row := l.toDaemon.Load()
	inline := make([]byte, wire.ChunkMax)
	free := noLane
	if row != nil {
		free = row.Free()
	}
	for {
		slot := noSlot
		select {
		case <-done: // before what else may be ready
			return false, errCancelled, l.wire.WriteChunk(wire.Chunk{Cancel: true})
		default:
		}
		select {
		case <-done:
			return false, errCancelled, l.wire.WriteChunk(wire.Chunk{Cancel: true})
		case f, ok := <-l.frames:
			if !ok {
				return false, nil, errLost
			}
			if f.Kind == wire.CancelFrame {
				return true, nil, l.wire.WriteChunk(wire.Chunk{Cancel: true})
			}
			return false, nil, fmt.Errorf("%w: the daemon replied in the middle of an upload", errLost)
		case n, ok := <-free:
			if ok {
				slot = n
			}
		}
		buf := inline
		if slot != noSlot {
			buf = row.Bytes(slot)
		}
		n, err := io.ReadFull(in, buf)
		if broken := l.sendPiece(row, slot, buf[:n]); broken != nil {
			return false, nil, broken
		}
		switch {
		case err == io.EOF || err == io.ErrUnexpectedEOF:
			return false, nil, l.wire.WriteChunk(wire.Chunk{})
		case err != nil:
			return false, err, l.wire.WriteChunk(wire.Chunk{Cancel: true})
		}
	}
}

const noSlot = -1

// noLane stands for the free slots where there is no lane: one never waits.
var noLane = func() <-chan int {
	c := make(chan int)
	close(c)
	return c
}()

// sendPiece sends what was read into a slot or a buffer. A slot with little in
// it is free again at once, and its content goes inline.
func (l *link) sendPiece(row *wire.Row, slot int, data []byte) error {
	if slot != noSlot {
		if len(data) >= wire.LaneMin {
			return l.wire.WriteChunk(wire.Chunk{InLane: true, Slot: wire.Slot{Number: slot, Length: len(data)}})
		}
		if err := row.Release(slot); err != nil {
			return err
		}
	}
	for len(data) > 0 {
		n := min(len(data), wire.ChunkMax)
		if err := l.wire.WriteChunk(wire.Chunk{Data: data[:n]}); err != nil {
			return err
		}
		data = data[n:]
	}
	return nil
}

// errGivenUp means that the daemon broke a download off, for a reason that is
// not in the protocol.
var errGivenUp = errors.New("the daemon gave the transfer up; the appliance's log (-v) says why")

// receive takes in the file that follows a reply. err is why the file is not
// whole; broken that the connection is.
func (l *link) receive(w io.Writer, done <-chan struct{}) (err, broken error) {
	giveUp := func(why error) {
		if err == nil {
			err = why
			broken = l.wire.WriteFlag(wire.CancelFlag)
		}
	}
	for broken == nil {
		select {
		case <-done:
			giveUp(errCancelled)
			done = nil
			continue
		default:
		}
		var f wire.Frame
		if f, broken = l.next(); broken != nil {
			break
		}
		if f.Kind != wire.MessageFrame {
			return err, fmt.Errorf("%w: a flag in the middle of a file", errLost)
		}
		chunk, bad := wire.DecodeChunk(f.Data)
		row := l.toLibrary.Load()
		if bad == nil && chunk.InLane && row == nil {
			bad = errors.New("a chunk in the lane, which was not opened")
		}
		switch {
		case bad != nil:
			return err, fmt.Errorf("%w: %w", errLost, bad)
		case chunk.InLane:
			if err == nil {
				if _, bad := w.Write(row.Bytes(chunk.Slot.Number)[:chunk.Slot.Length]); bad != nil {
					giveUp(bad)
				}
			}
			if bad := l.wire.WriteSlot(chunk.Slot.Number); bad != nil {
				broken = bad
			}
			continue
		case chunk.Cancel:
			if err == nil {
				err = errGivenUp
			}
			return err, nil
		case len(chunk.Data) == 0:
			return err, nil
		}
		if err == nil {
			if _, bad := w.Write(chunk.Data); bad != nil {
				giveUp(bad)
			}
		}
	}
	return err, broken
}
