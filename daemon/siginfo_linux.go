package daemon

import (
	"encoding/binary"
	"unsafe"

	"golang.org/x/sys/unix"
)

// siginfoPid returns si_pid of a siginfo_t that waitid filled: the first field
// of the union, which lies behind three ints and, on 64-bit machines, a hole
// (sigaction(2)).
func siginfoPid(info *unix.Siginfo) int {
	const offset = 12 + (unsafe.Sizeof(uintptr(0))-4)%8
	b := (*[unsafe.Sizeof(*info)]byte)(unsafe.Pointer(info))
	return int(int32(binary.NativeEndian.Uint32(b[offset:])))
}
