package wire

import (
	"encoding/hex"
	"testing"
)

func TestLaneBytes(t *testing.T) {
	var s stream
	c := NewConn(&s)
	if err := c.WriteChunk(Chunk{InLane: true, Slot: Slot{3, 0x12345}}); err != nil {
		t.Fatal(err)
	}
	if err := c.WriteSlot(5); err != nil {
		t.Fatal(err)
	}
	want := "00000010" + "00000002" + "00000008" + "00000003" + "00012345" + "ffff3333" + "00000005"
	if got := hex.EncodeToString(s.Bytes()); got != want {
		t.Errorf("lane chunk and slot = %s; want %s", got, want)
	}
	f, err := c.ReadFrame()
	if err != nil {
		t.Fatal(err)
	}
	chunk, err := DecodeChunk(f.Data)
	if err != nil || !chunk.InLane || chunk.Slot != (Slot{3, 0x12345}) {
		t.Errorf("chunk = %+v, %v", chunk, err)
	}
	if f, err := c.ReadFrame(); err != nil || f.Kind != SlotFrame || f.Slot != 5 {
		t.Errorf("frame = %+v, %v; want slot 5", f, err)
	}
}

func TestLaneRefuses(t *testing.T) {
	for name, msg := range map[string]string{
		"slot too high": "00000002" + "00000008" + "00000008" + "00000001",
		"no bytes":      "00000002" + "00000008" + "00000000" + "00000000",
		"too many":      "00000002" + "00000008" + "00000000" + "00100001",
		"short":         "00000002" + "00000004" + "00000000",
		"mark 3":        "00000003" + "00000000",
	} {
		t.Run(name, func(t *testing.T) {
			b, err := hex.DecodeString(msg)
			if err != nil {
				t.Fatal(err)
			}
			if c, err := DecodeChunk(b); err == nil {
				t.Errorf("DecodeChunk = %+v; want an error", c)
			}
		})
	}
	var s stream
	s.Write([]byte{0xff, 0xff, 0x33, 0x33, 0, 0, 0, LaneSlots})
	if _, err := NewConn(&s).ReadFrame(); err == nil {
		t.Error("a slot that is not there gave no error")
	}
}

func TestRows(t *testing.T) {
	memory := make([]byte, LaneBytes)
	down, up := Rows(memory)
	for range LaneSlots {
		slot := <-down.Free()
		down.Bytes(slot)[SlotBytes-1] = byte(slot + 1)
	}
	select {
	case slot := <-down.Free():
		t.Errorf("slot %d is free though all were taken", slot)
	default:
	}
	if err := down.Release(2); err != nil {
		t.Error(err)
	}
	if err := up.Release(0); err == nil {
		t.Error("a slot given back twice gave no error")
	}
	for i := range LaneSlots {
		if got := memory[(i+1)*SlotBytes-1]; got != byte(i+1) {
			t.Errorf("slot %d ends with %d; want %d", i, got, i+1)
		}
	}
}
