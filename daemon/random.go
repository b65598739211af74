package daemon

import (
	"encoding/binary"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// stirRandomPool adds bytes from the host to the kernel's random pool, credits
// them and makes the generator reseed at once (random(4)).
func stirRandomPool(entropy []byte) error {
	f, err := os.OpenFile("/dev/urandom", os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	// struct rand_pool_info: entropy in bits, size in bytes, the bytes.
	info := make([]byte, 8+len(entropy))
	binary.NativeEndian.PutUint32(info, uint32(8*len(entropy)))
	binary.NativeEndian.PutUint32(info[4:], uint32(len(entropy)))
	copy(info[8:], entropy)
	if err := ioctlPtr(f, unix.RNDADDENTROPY, unsafe.Pointer(&info[0])); err != nil {
		return err
	}
	return ioctlPtr(f, unix.RNDRESEEDCRNG, nil)
}

func ioctlPtr(f *os.File, request uintptr, arg unsafe.Pointer) error {
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, f.Fd(), request, uintptr(arg))
	if errno != 0 {
		return os.NewSyscallError("ioctl", errno)
	}
	return nil
}
