package wire

import (
	"encoding/binary"
	"fmt"
	"io"
	"sync"
)

// FrameKind tells what ReadFrame found.
type FrameKind int

// The kinds of frames.
const (
	MessageFrame  FrameKind = iota // Data is a message or a chunk: the call under way decides which
	LaunchFrame                    // the daemon is ready
	CancelFrame                    // the other side wants the transfer to stop
	ProgressFrame                  // Progress is set
	SlotFrame                      // Slot is free again
)

// Frame is one unit on the stream.
type Frame struct {
	Kind     FrameKind
	Data     []byte // valid until the next ReadFrame
	Progress Progress
	Slot     int
}

// Conn frames messages on a byte stream. One goroutine may read while any
// number of others write: each Write method sends its frame whole.
type Conn struct {
	r   io.Reader
	buf []byte

	mu sync.Mutex // held while a frame is written
	w  io.Writer
}

// NewConn returns a Conn over a stream. It does not buffer, so that a reader
// can stop between two frames and hand the stream on.
func NewConn(stream io.ReadWriter) *Conn { return &Conn{r: stream, w: stream} }

// ReadFrame reads the next frame. io.EOF means that the other side closed the
// stream between two frames; within a frame that is io.ErrUnexpectedEOF.
func (c *Conn) ReadFrame() (Frame, error) {
	var word [4]byte
	if _, err := io.ReadFull(c.r, word[:]); err != nil {
		return Frame{}, err
	}
	switch n := binary.BigEndian.Uint32(word[:]); {
	case n == LaunchFlag:
		return Frame{Kind: LaunchFrame}, nil
	case n == CancelFlag:
		return Frame{Kind: CancelFrame}, nil
	case n == ProgressFlag:
		data, err := c.readBody(progressSize)
		if err != nil {
			return Frame{}, err
		}
		p, err := DecodeProgress(data)
		return Frame{Kind: ProgressFrame, Progress: p}, err
	case n == SlotFlag:
		data, err := c.readBody(4)
		if err != nil {
			return Frame{}, err
		}
		slot := binary.BigEndian.Uint32(data)
		if slot >= LaneSlots {
			return Frame{}, fmt.Errorf("slot %d of the lane: there are %d", slot, LaneSlots)
		}
		return Frame{Kind: SlotFrame, Slot: int(slot)}, nil
	case n > MessageMax:
		return Frame{}, fmt.Errorf("incoming message has %d bytes; the limit is %d", n, MessageMax)
	default:
		data, err := c.readBody(int(n))
		return Frame{Kind: MessageFrame, Data: data}, err
	}
}

func (c *Conn) readBody(n int) ([]byte, error) {
	if cap(c.buf) < n {
		c.buf = make([]byte, n)
	}
	_, err := io.ReadFull(c.r, c.buf[:n])
	if err == io.EOF && n > 0 {
		err = io.ErrUnexpectedEOF
	}
	return c.buf[:n], err
}

// WriteMessage sends a header and a body. A message over MessageMax is refused
// before anything is sent.
func (c *Conn) WriteMessage(h *Header, body []byte) error {
	n := headerBytes + len(body)
	if n > MessageMax {
		return fmt.Errorf("message has %d bytes; the limit of the protocol is %d", n, MessageMax)
	}
	e := Encoder{buf: make([]byte, 0, 4+n)}
	e.Uint32(uint32(n))
	h.encode(&e)
	e.buf = append(e.buf, body...)
	return c.write(e.buf)
}

// WriteChunk sends a piece of a file of at most ChunkMax bytes.
func (c *Conn) WriteChunk(chunk Chunk) error {
	if len(chunk.Data) > ChunkMax {
		return fmt.Errorf("chunk has %d bytes; the limit is %d", len(chunk.Data), ChunkMax)
	}
	var mark uint32
	switch {
	case chunk.Cancel:
		mark = 1
	case chunk.InLane:
		mark = inLane
		chunk.Data = chunk.Slot.encode()
	}
	e := Encoder{buf: make([]byte, 0, 16+len(chunk.Data))}
	e.Uint32(uint32(8 + (len(chunk.Data)+3)&^3))
	e.Uint32(mark)
	e.Opaque(chunk.Data)
	return c.write(e.buf)
}

// WriteSlot gives a slot of the lane back to the sender.
func (c *Conn) WriteSlot(slot int) error {
	b := binary.BigEndian.AppendUint32(nil, SlotFlag)
	return c.write(binary.BigEndian.AppendUint32(b, uint32(slot)))
}

// WriteProgress sends a progress message.
func (c *Conn) WriteProgress(p Progress) error {
	var e Encoder
	e.Uint32(ProgressFlag)
	p.encode(&e)
	return c.write(e.Bytes())
}

// WriteFlag sends LaunchFlag or CancelFlag.
func (c *Conn) WriteFlag(flag uint32) error {
	return c.write(binary.BigEndian.AppendUint32(nil, flag))
}

func (c *Conn) write(b []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, err := c.w.Write(b)
	return err
}
