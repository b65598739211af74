package daemon

import (
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

func doSwaponDevice(c *Call, device string) error { return swapDevice(unix.SYS_SWAPON, device) }

func doSwapoffDevice(c *Call, device string) error { return swapDevice(unix.SYS_SWAPOFF, device) }

func doSwaponFile(c *Call, file string) error { return c.swapFile(unix.SYS_SWAPON, file) }

func doSwapoffFile(c *Call, file string) error { return c.swapFile(unix.SYS_SWAPOFF, file) }

func doSwaponLabel(c *Call, label string) error { return c.swapFound(unix.SYS_SWAPON, "LABEL", label) }

func doSwapoffLabel(c *Call, label string) error {
	return c.swapFound(unix.SYS_SWAPOFF, "LABEL", label)
}

func doSwaponUuid(c *Call, uuid string) error { return c.swapFound(unix.SYS_SWAPON, "UUID", uuid) }

func doSwapoffUuid(c *Call, uuid string) error { return c.swapFound(unix.SYS_SWAPOFF, "UUID", uuid) }

// swap is swapon(2) or swapoff(2).
func swap(call uintptr, path string) error {
	name, err := unix.BytePtrFromString(path)
	if err != nil {
		return err
	}
	if _, _, errno := unix.Syscall(call, uintptr(unsafe.Pointer(name)), 0, 0); errno != 0 {
		return errno
	}
	return nil
}

func swapDevice(call uintptr, device string) error {
	if err := swap(call, device); err != nil {
		return &os.PathError{Op: "swap", Path: device, Err: err}
	}
	return nil
}

// swapFile refuses device nodes of the guest, which lead to the appliance's own
// devices, and pipes.
func (c *Call) swapFile(call uintptr, file string) error {
	return c.onPath("swap", file, func() error {
		var st unix.Stat_t
		if err := unix.Stat(file, &st); err != nil {
			return err
		}
		if st.Mode&unix.S_IFMT != unix.S_IFREG {
			return syscall.EINVAL
		}
		return swap(call, file)
	})
}

func (c *Call) swapFound(call uintptr, tag, value string) error {
	device, err := c.findContent(tag, value)
	if err != nil {
		return err
	}
	return swapDevice(call, device)
}

func doMkswapFile(c *Call, path string) error {
	st, err := c.statGuest(path, true)
	if err != nil {
		return err
	}
	if err := checkRegular(path, &st); err != nil {
		return err
	}
	real, err := c.resolve(path)
	if err != nil {
		return err
	}
	return c.runOnly("mkswap", "-f", real)
}
