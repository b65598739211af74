package daemon

import (
	"io"
	"math"
	"os"
	"syscall"

	"golang.org/x/sys/unix"

	"virt-tools/internal/wire"
)

// onDevice opens a device for reading and runs a call on its descriptor. The
// error names the device.
func onDevice(device, op string, fn func(fd int) error) error {
	f, err := os.Open(device)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := fn(int(f.Fd())); err != nil {
		return &os.PathError{Op: op, Path: device, Err: err}
	}
	return nil
}

// getDevice asks the kernel for a number. The kernel writes 4 bytes for some
// requests and 8 for others.
func getDevice(device, op string, request uint) (n int, err error) {
	err = onDevice(device, op, func(fd int) (err error) {
		n, err = unix.IoctlGetInt(fd, request)
		return err
	})
	return n, err
}

// sectorSizeOf is the logical sector size of a device; of a file it is 512.
func sectorSizeOf(f *os.File) (int64, error) {
	st, err := f.Stat()
	if err != nil {
		return 0, err
	}
	if st.Mode()&os.ModeDevice == 0 {
		return 512, nil
	}
	n, err := unix.IoctlGetInt(int(f.Fd()), unix.BLKSSZGET)
	if err != nil {
		return 0, &os.PathError{Op: "sector size", Path: f.Name(), Err: err}
	}
	return int64(n), nil
}

func doBlockdevSetro(_ *Call, device string) error { return setReadOnly(device, 1) }
func doBlockdevSetrw(_ *Call, device string) error { return setReadOnly(device, 0) }

func setReadOnly(device string, on int) error {
	return onDevice(device, "set read-only", func(fd int) error { return unix.IoctlSetPointerInt(fd, unix.BLKROSET, on) })
}

func doBlockdevGetro(_ *Call, device string) (bool, error) {
	n, err := getDevice(device, "get read-only", unix.BLKROGET)
	return n != 0, err
}

func doBlockdevGetss(_ *Call, device string) (int, error) {
	return getDevice(device, "sector size", unix.BLKSSZGET)
}

func doBlockdevGetbsz(_ *Call, device string) (int, error) {
	return getDevice(device, "block size", unix.BLKBSZGET)
}

// doBlockdevGetsz counts in units of 512 bytes, whatever the sector size.
func doBlockdevGetsz(_ *Call, device string) (int64, error) {
	n, err := getDevice(device, "size", unix.BLKGETSIZE64)
	return int64(n) / 512, err
}

func doBlockdevGetsize64(_ *Call, device string) (int64, error) {
	n, err := getDevice(device, "size", unix.BLKGETSIZE64)
	return int64(n), err
}

func doBlockdevFlushbufs(_ *Call, device string) error {
	return onDevice(device, "flush buffers", func(fd int) error { return unix.IoctlSetInt(fd, unix.BLKFLSBUF, 0) })
}

func doBlockdevSetra(_ *Call, device string, sectors int) error {
	if sectors < 0 {
		return withErrno(syscall.EINVAL, "readahead sectors must be >= 0")
	}
	return onDevice(device, "set readahead", func(fd int) error { return unix.IoctlSetInt(fd, unix.BLKRASET, sectors) })
}

// doPreadDevice returns less than it is asked for at the end of the device.
func doPreadDevice(_ *Call, device string, count int, offset int64) ([]byte, error) {
	switch {
	case count < 0:
		return nil, withErrno(syscall.EINVAL, "count is negative")
	case offset < 0:
		return nil, withErrno(syscall.EINVAL, "offset is negative")
	case count >= wire.MessageMax:
		return nil, withErrno(syscall.EINVAL, "%s: count is too large for the protocol, use smaller reads", device)
	}
	f, err := os.Open(device)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	buf := make([]byte, count)
	n, err := f.ReadAt(buf, offset)
	if err == io.EOF {
		err = nil
	}
	return buf[:n], err
}

func doPwriteDevice(_ *Call, device string, content []byte, offset int64) (int, error) {
	if offset < 0 || offset > math.MaxInt64-int64(len(content)) {
		return 0, withErrno(syscall.EINVAL, "offset is negative")
	}
	f, err := os.OpenFile(device, os.O_WRONLY, 0)
	if err != nil {
		return 0, err
	}
	n, err := f.WriteAt(content, offset)
	if err == nil {
		err = syncFile(f)
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	return n, err
}
