package template

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"os"
)

// The file:
//
//	0             the guest's memory, with holes; QEMU maps it from here
//	memory bytes  device state
//	              checksums of the memory, 4 bytes for each block of blockBytes
//	              description (Info in JSON)
//	end - 64      footer
//
// All numbers are little-endian; checksums are CRC-32C. They find accidents: against
// malice there are owner and mode.

const (
	magic       = "virt-tools tmpl1"
	footerBytes = 64
	maxState    = 64 << 20
	maxInfo     = 1 << 20
	maxMemory   = 1 << 40
)

// footer is the end of the file.
type footer struct {
	Magic     [16]byte
	Memory    uint64 // bytes
	State     uint32 // bytes
	Sums      uint32 // bytes
	Info      uint32 // bytes
	Reserved  [16]byte
	DataCheck uint32 // of state, sums and info
	_         [4]byte
	Check     uint32 // of the footer before this
}

var _ [footerBytes]byte = [16 + 8 + 3*4 + 16 + 4 + 4 + 4]byte{}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// writeTail writes all that follows the memory.
func writeTail(f io.WriterAt, memory int64, state []byte, sums []uint32, info *Info) error {
	text, err := json.Marshal(info)
	if err != nil {
		return err
	}
	tail := append([]byte{}, state...)
	for _, sum := range sums {
		tail = binary.LittleEndian.AppendUint32(tail, sum)
	}
	tail = append(tail, text...)
	foot := footer{
		Memory: uint64(memory), State: uint32(len(state)), Sums: uint32(4 * len(sums)), Info: uint32(len(text)),
		DataCheck: crc32.Checksum(tail, castagnoli),
	}
	copy(foot.Magic[:], magic)
	end, err := binary.Append(nil, binary.LittleEndian, foot)
	if err != nil {
		return err
	}
	binary.LittleEndian.PutUint32(end[footerBytes-4:], crc32.Checksum(end[:footerBytes-4], castagnoli))
	_, err = f.WriteAt(append(tail, end...), memory)
	return err
}

// readFile reads all but the memory of a file of the given size.
func readFile(f *os.File, size int64, path string) (*Template, error) {
	damaged := func(format string, args ...any) (*Template, error) {
		return nil, &DamagedError{path, fmt.Sprintf(format, args...)}
	}
	if size < footerBytes {
		return damaged("it is cut short")
	}
	end := make([]byte, footerBytes)
	if _, err := f.ReadAt(end, size-footerBytes); err != nil {
		return nil, err
	}
	var foot footer
	if _, err := binary.Decode(end, binary.LittleEndian, &foot); err != nil {
		return nil, err
	}
	if string(foot.Magic[:]) != magic || foot.Check != crc32.Checksum(end[:footerBytes-4], castagnoli) {
		return damaged("it has no valid end")
	}
	blocks := (foot.Memory + blockBytes - 1) / blockBytes
	tailBytes := int64(foot.State) + int64(foot.Sums) + int64(foot.Info)
	if foot.Memory > maxMemory || foot.State > maxState || foot.Info > maxInfo || uint64(foot.Sums) != 4*blocks ||
		int64(foot.Memory)+tailBytes+footerBytes != size {
		return damaged("its parts do not fit its size")
	}
	tail := make([]byte, tailBytes)
	if _, err := f.ReadAt(tail, int64(foot.Memory)); err != nil {
		return nil, err
	}
	if crc32.Checksum(tail, castagnoli) != foot.DataCheck {
		return damaged("the checksum of the device state is wrong")
	}
	t := &Template{state: tail[:foot.State], ram: f, bytes: int64(foot.Memory)}
	for b := tail[foot.State : foot.State+foot.Sums]; len(b) > 0; b = b[4:] {
		t.sums = append(t.sums, binary.LittleEndian.Uint32(b))
	}
	if err := json.Unmarshal(tail[foot.State+foot.Sums:], &t.Info); err != nil {
		return damaged("its description cannot be read: %v", err)
	}
	return t, nil
}
