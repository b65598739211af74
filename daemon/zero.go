package daemon

import (
	"bytes"
	"io"
	"os"
)

const (
	zeroBlock = 4096      // zeroes are written in units of this
	zeroChunk = 1 << 20   // read at once
	zeroHead  = 128 << 10 // what doZero wipes, as libguestfs does
)

// doZero wipes the beginning of a device.
func doZero(c *Call, device string) error { return c.zeroDevice(device, zeroHead) }

// doZeroDevice wipes a device. Blocks that are zero already are not written:
// the image on the host stays sparse.
func doZeroDevice(c *Call, device string) error { return c.zeroDevice(device, -1) }

// zeroDevice wipes the first limit bytes of a device, all if limit is negative.
func (c *Call) zeroDevice(device string, limit int64) error {
	f, err := os.OpenFile(device, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	if limit >= 0 {
		size = min(size, limit)
	}
	buf := make([]byte, zeroChunk)
	zeroes := make([]byte, zeroChunk)
	for pos := int64(0); pos < size; {
		if err := c.Err(); err != nil {
			return err
		}
		chunk := buf[:min(zeroChunk, size-pos)]
		if err := readFull(f, chunk, pos); err != nil {
			return err
		}
		for _, r := range nonZeroRuns(chunk) {
			if _, err := f.WriteAt(zeroes[:r[1]-r[0]], pos+int64(r[0])); err != nil {
				return err
			}
		}
		pos += int64(len(chunk))
		c.progress(uint64(pos), uint64(size))
	}
	return f.Sync()
}

// nonZeroRuns returns the beginnings and ends of runs of blocks with something
// in them.
func nonZeroRuns(p []byte) [][2]int {
	var runs [][2]int
	zero := make([]byte, zeroBlock)
	for at := 0; at < len(p); at += zeroBlock {
		end := min(at+zeroBlock, len(p))
		switch {
		case bytes.Equal(p[at:end], zero[:end-at]):
		case len(runs) > 0 && runs[len(runs)-1][1] == at:
			runs[len(runs)-1][1] = end
		default:
			runs = append(runs, [2]int{at, end})
		}
	}
	return runs
}

// doWipefs forces the removal: wipefs refuses to touch partition tables
// without.
func doWipefs(c *Call, device string) error {
	if _, err := c.run("wipefs", "-a", "--force", device); err != nil {
		return err
	}
	if !isDeviceName(device) {
		return nil // a file, in tests
	}
	return linkDiskLabels()
}
