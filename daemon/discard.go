package daemon

import (
	"errors"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// doBlkdiscard tells the device that nothing on it is needed any more.
func doBlkdiscard(c *Call, device string) error {
	size, err := doBlockdevGetsize64(c, device)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(device, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	area := [2]uint64{0, uint64(size)}
	if err := ioctlPtr(f, unix.BLKDISCARD, unsafe.Pointer(&area)); err != nil {
		return &os.PathError{Op: "discard", Path: device, Err: err}
	}
	return nil
}

// doBlkdiscardzeroes asks the kernel, which has not known since Linux 4.12 and
// says no.
func doBlkdiscardzeroes(_ *Call, device string) (bool, error) {
	n, err := getDevice(device, "discard zeroes", unix.BLKDISCARDZEROES)
	return n != 0, err
}

func doIsZeroDevice(c *Call, device string) (bool, error) {
	f, err := os.Open(device)
	if err != nil {
		return false, err
	}
	defer f.Close()
	_, err = c.copyFile(zeroSink{}, f, 0)
	if err == errNotZeroes {
		return false, nil
	}
	return err == nil, err
}

var errNotZeroes = errors.New("a byte that is not zero")

// zeroSink takes zero bytes only.
type zeroSink struct{}

func (zeroSink) Write(p []byte) (int, error) {
	if !isZero(p) {
		return 0, errNotZeroes
	}
	return len(p), nil
}

// doScrubDevice overwrites a device several times.
func doScrubDevice(c *Call, device string) error {
	defer c.pulse()()
	return c.runOnly("scrub", device)
}

// doBlockdevSetbsz does nothing, as in libguestfs: the kernel forgets the size
// when the device is closed.
func doBlockdevSetbsz(*Call, string, int) error { return nil }
