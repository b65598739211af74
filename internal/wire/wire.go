// Package wire is libguestfs's protocol between library and daemon: messages
// in XDR over a byte stream, files in chunks, progress and cancellation.
//
//	c := wire.NewConn(stream)
//	err := c.WriteMessage(&wire.Header{Proc: 30, Direction: wire.Call, Serial: 1}, args.Bytes())
//	frame, err := c.ReadFrame()
//
// PROTOCOL.md beside this file has the layout of every byte. The package knows
// no calls (internal/api) and starts nothing: pkg/guestfs and daemon/ own the
// two ends.
package wire

import (
	"errors"
	"fmt"
)

// The constants of the protocol.
const (
	Program         = 0x2000F5F5
	ProtocolVersion = 4
	LaunchFlag      = 0xf5f55ff5 // daemon to library: ready for calls
	CancelFlag      = 0xffffeeee // either way: stop the transfer
	ProgressFlag    = 0xffff5555 // daemon to library: a Progress follows
	SlotFlag        = 0xffff3333 // either way, with our own daemon: a slot of the lane is free again

	MessageMax   = 4 << 20                  // bytes of header and body together
	BodyMax      = MessageMax - headerBytes // bytes of a body
	ChunkMax     = 8192                     // bytes of file data in a chunk
	ErrorMax     = 64 << 10
	ErrnoMax     = 32
	headerBytes  = 40
	progressSize = 24
)

// Direction tells calls from replies.
type Direction uint32

// The directions of a message.
const (
	Call  Direction = 0
	Reply Direction = 1
)

// Status tells whether a reply holds a result or an error.
type Status uint32

// The states of a message.
const (
	OK     Status = 0
	Failed Status = 1
)

// Header begins every message.
type Header struct {
	Proc         uint32
	Direction    Direction
	Serial       uint32
	ProgressHint uint64 // expected size of an uploaded file in bytes, 0 when unknown
	OptArgs      uint64 // bit n is set when optional argument n is given
	Status       Status
}

func (h *Header) encode(e *Encoder) {
	e.Uint32(Program)
	e.Uint32(ProtocolVersion)
	e.Uint32(h.Proc)
	e.Uint32(uint32(h.Direction))
	e.Uint32(h.Serial)
	e.Uint64(h.ProgressHint)
	e.Uint64(h.OptArgs)
	e.Uint32(uint32(h.Status))
}

// DecodeHeader splits a message into its header and its body. The header is
// returned also when only the program, version, direction or status is wrong,
// so that the error can be sent back to the caller of that serial number.
func DecodeHeader(msg []byte) (h Header, body []byte, err error) {
	if len(msg) < headerBytes {
		return h, nil, ErrTruncated
	}
	d := NewDecoder(msg[:headerBytes])
	prog, vers := d.Uint32(), d.Uint32()
	h.Proc = d.Uint32()
	h.Direction = Direction(d.Uint32())
	h.Serial = d.Uint32()
	h.ProgressHint = d.Uint64()
	h.OptArgs = d.Uint64()
	h.Status = Status(d.Uint32())
	switch {
	case prog != Program:
		err = fmt.Errorf("wrong program (%#x)", prog)
	case vers != ProtocolVersion:
		err = fmt.Errorf("wrong protocol version (%d)", vers)
	case h.Direction > Reply:
		err = fmt.Errorf("unexpected message direction (%d)", h.Direction)
	case h.Status > Failed:
		err = fmt.Errorf("unexpected message status (%d)", h.Status)
	}
	return h, msg[headerBytes:], err
}

// RemoteError is the body of a reply whose status is Failed. Errno is the
// name of the error number ("ENOENT"), or empty: numbers differ between
// systems.
type RemoteError struct {
	Errno   string
	Message string
}

// Encode returns the body; what is longer than the protocol allows is cut.
func (r *RemoteError) Encode() []byte {
	var e Encoder
	e.String(r.Errno[:min(len(r.Errno), ErrnoMax)])
	e.String(r.Message[:min(len(r.Message), ErrorMax)])
	return e.Bytes()
}

// DecodeError reads the body of a failed reply.
func DecodeError(body []byte) (*RemoteError, error) {
	d := NewDecoder(body)
	r := &RemoteError{Errno: d.String(), Message: d.String()}
	if err := d.Finish(); err != nil {
		return nil, err
	}
	if len(r.Errno) > ErrnoMax || len(r.Message) > ErrorMax {
		return nil, errors.New("error reply is too long")
	}
	return r, nil
}

// Chunk is a piece of a file. One without data ends the file; one with Cancel
// ends it as a failure. One with InLane has its data in a slot of the lane.
type Chunk struct {
	Cancel bool
	Data   []byte
	InLane bool
	Slot   Slot
}

// inLane stands in the cancel mark of a chunk whose data is in the lane.
const inLane = 2

// DecodeChunk reads a chunk. Data points into the message; the data of a chunk
// in the lane is for the receiver to fetch.
func DecodeChunk(msg []byte) (Chunk, error) {
	d := NewDecoder(msg)
	mark := d.Uint32()
	c := Chunk{Cancel: mark == 1, InLane: mark == inLane, Data: d.Opaque()}
	if err := d.Finish(); err != nil {
		return Chunk{}, err
	}
	if mark > inLane {
		return Chunk{}, fmt.Errorf("chunk has cancel mark %d", mark)
	}
	if c.InLane {
		slot, err := decodeSlot(c.Data)
		return Chunk{InLane: true, Slot: slot}, err
	}
	if len(c.Data) > ChunkMax {
		return Chunk{}, fmt.Errorf("chunk has %d bytes; the limit is %d", len(c.Data), ChunkMax)
	}
	return c, nil
}

// Progress says how far a long call has come: 0 <= Position <= Total, in units
// of the call's own. Position 0 of Total 1, again and again, means that the
// daemon works but cannot tell how far it is.
type Progress struct {
	Proc     uint32
	Serial   uint32
	Position uint64
	Total    uint64
}

func (p *Progress) encode(e *Encoder) {
	e.Uint32(p.Proc)
	e.Uint32(p.Serial)
	e.Uint64(p.Position)
	e.Uint64(p.Total)
}

// DecodeProgress reads the bytes that follow a ProgressFlag.
func DecodeProgress(msg []byte) (Progress, error) {
	d := NewDecoder(msg)
	p := Progress{Proc: d.Uint32(), Serial: d.Uint32(), Position: d.Uint64(), Total: d.Uint64()}
	return p, d.Finish()
}
