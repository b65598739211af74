package decompress

import "encoding/binary"

// undoX86 turns the absolute targets of x86 calls and jumps back into relative ones, in place. The filter made them
// absolute because the same target then always has the same bytes.
//
// A 32-bit target is only taken for one when its top byte is 0 or 255; the mask remembers which of the last three
// bytes were opcodes, since the encoder was careful not to convert what may overlap with another instruction.
func undoX86(code []byte, start uint32) {
	allowed := [8]bool{true, true, true, false, true, false, false, false}
	bitOf := [8]uint32{0, 1, 2, 2, 3, 3, 3, 3}
	top := func(b byte) bool { return b == 0 || b == 0xff }

	mask, last := uint32(0), -1
	for i := 0; i+4 < len(code); i++ {
		if code[i]&0xfe != 0xe8 { // call or jmp with a 32-bit target
			continue
		}
		if gap := i - last; gap > 3 {
			mask = 0
		} else {
			mask = mask << (gap - 1) & 7
			if mask != 0 && (!allowed[mask] || top(code[i+4-int(bitOf[mask])])) {
				last = i
				mask = mask<<1 | 1
				continue
			}
		}
		last = i
		if !top(code[i+4]) {
			mask = mask<<1 | 1
			continue
		}
		target := binary.LittleEndian.Uint32(code[i+1:])
		here := start + uint32(i) + 5
		for {
			relative := target - here
			if mask == 0 {
				target = relative
				break
			}
			shift := bitOf[mask] * 8
			if !top(byte(relative >> (24 - shift))) {
				target = relative
				break
			}
			target = relative ^ (1<<(32-shift) - 1)
		}
		target &= 0x01ffffff
		target |= -(target & 0x01000000)
		binary.LittleEndian.PutUint32(code[i+1:], target)
		i += 4
	}
}
