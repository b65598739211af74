package wire

import (
	"encoding/binary"
	"fmt"
)

// The lane is memory that library and daemon share. Files between our own two
// ends go through it, because a virtio-serial port carries a tenth of what
// memory does. It is two rows of slots, the first for files on their way to the
// daemon, the second for those to the library. PROTOCOL.md has the rules.
const (
	LaneSlots = 8       // in each direction
	SlotBytes = 1 << 20 // in each slot
	LaneBytes = 2 * LaneSlots * SlotBytes

	// LaneMin is the least that is worth a slot; smaller pieces go inline.
	LaneMin = 4 * ChunkMax
)

// Slot is a filled slot: its number and how many bytes of it count.
type Slot struct {
	Number int
	Length int
}

func (s Slot) encode() []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(s.Number))
	return binary.BigEndian.AppendUint32(b, uint32(s.Length))
}

func decodeSlot(data []byte) (Slot, error) {
	if len(data) != 8 {
		return Slot{}, fmt.Errorf("chunk in the lane has %d bytes; want 8", len(data))
	}
	number, length := binary.BigEndian.Uint32(data), binary.BigEndian.Uint32(data[4:])
	if number >= LaneSlots || length == 0 || length > SlotBytes {
		return Slot{}, fmt.Errorf("slot %d of the lane with %d bytes: there are %d of %d", number, length, LaneSlots, SlotBytes)
	}
	return Slot{int(number), int(length)}, nil
}

// A Row is one direction of the lane. The sender takes free slots and fills
// them; the receiver reads and returns them.
type Row struct {
	memory []byte
	free   chan int
}

// Rows divides the memory of the lane into its two rows. All slots are free.
func Rows(lane []byte) (toDaemon, toLibrary *Row) {
	return newRow(lane[:LaneBytes/2]), newRow(lane[LaneBytes/2 : LaneBytes])
}

func newRow(memory []byte) *Row {
	r := &Row{memory: memory, free: make(chan int, LaneSlots)}
	for i := range LaneSlots {
		r.free <- i
	}
	return r
}

// Free yields slots that the sender may fill.
func (r *Row) Free() <-chan int { return r.free }

// Release makes a slot free again. More slots than there are is an error of the
// other side.
func (r *Row) Release(slot int) error {
	select {
	case r.free <- slot:
		return nil
	default:
		return fmt.Errorf("slot %d of the lane was given back twice", slot)
	}
}

// Bytes is the memory of a slot. The other side can change it at any time.
func (r *Row) Bytes(slot int) []byte {
	return r.memory[slot*SlotBytes : (slot+1)*SlotBytes : (slot+1)*SlotBytes]
}
