package daemon

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// doMountLoop mounts a filesystem that is in a file of the guest. The loop
// device goes when the filesystem is unmounted.
func doMountLoop(c *Call, file, mountpoint string) error {
	loop, err := c.attachLoop(file)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	defer loop.Close() // without a mount this frees it
	return c.mount("", "", mountable{Device: loop.Name()}, mountpoint)
}

// attachLoop puts a loop device over a file, read-only where the file cannot
// be written.
func (c *Call) attachLoop(file string) (*os.File, error) {
	var flags uint32 = unix.LO_FLAGS_AUTOCLEAR
	f, err := c.openRegular(file, unix.O_RDWR, 0)
	if errors.Is(err, syscall.EROFS) || errors.Is(err, syscall.ETXTBSY) || errors.Is(err, syscall.EPERM) {
		flags |= unix.LO_FLAGS_READ_ONLY
		f, err = c.openRegular(file, unix.O_RDONLY, 0)
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if err := probeModule("loop"); err != nil && !errors.Is(err, errNoModule) {
		return nil, err
	}
	control, err := os.OpenFile("/dev/loop-control", os.O_RDWR, 0)
	if err != nil {
		return nil, withErrno(syscall.ENOTSUP, "the kernel has no loop devices: %w", err)
	}
	defer control.Close()
	config := unix.LoopConfig{Fd: uint32(f.Fd())}
	config.Info.Flags = flags
	const tries = 16 // somebody else may take the free one
	for range tries {
		number, err := unix.IoctlRetInt(int(control.Fd()), unix.LOOP_CTL_GET_FREE)
		if err != nil {
			return nil, os.NewSyscallError("LOOP_CTL_GET_FREE", err)
		}
		loop, err := os.OpenFile(fmt.Sprintf("/dev/loop%d", number), os.O_RDWR, 0)
		if err != nil {
			return nil, err
		}
		err = unix.IoctlLoopConfigure(int(loop.Fd()), &config)
		if err == nil {
			return loop, nil
		}
		loop.Close()
		if err != syscall.EBUSY {
			return nil, os.NewSyscallError("LOOP_CONFIGURE", err)
		}
	}
	return nil, syscall.EBUSY
}
