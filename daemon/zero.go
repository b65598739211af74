package daemon

import (
	"encoding/binary"
	"io"
	"os"

	"golang.org/x/sys/unix"
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
	f, err := openDirect(device)
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
	// Memory that is mapped is aligned, as direct access asks for.
	mem, err := unix.Mmap(-1, 0, 2*zeroChunk, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		return err
	}
	defer unix.Munmap(mem)
	buf, zeroes := mem[:zeroChunk], mem[zeroChunk:]
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

// openDirect opens a device without the kernel's cache, which would cost more
// than the reading: emulated, it is the copying that takes the time.
func openDirect(device string) (*os.File, error) {
	st, err := os.Stat(device)
	if err != nil {
		return nil, err
	}
	flags := os.O_RDWR
	if st.Mode()&os.ModeDevice != 0 {
		flags |= unix.O_DIRECT
	}
	return os.OpenFile(device, flags, 0)
}

// nonZeroRuns returns the beginnings and ends of runs of blocks with something
// in them.
func nonZeroRuns(p []byte) [][2]int {
	var runs [][2]int
	for at := 0; at < len(p); at += zeroBlock {
		end := min(at+zeroBlock, len(p))
		switch {
		case isZero(p[at:end]):
		case len(runs) > 0 && runs[len(runs)-1][1] == at:
			runs[len(runs)-1][1] = end
		default:
			runs = append(runs, [2]int{at, end})
		}
	}
	return runs
}

// isZero goes by words, which an emulated processor does faster than by the
// vectors of bytes.Equal.
func isZero(p []byte) bool {
	for ; len(p) >= 64; p = p[64:] {
		le, w := binary.LittleEndian, p[:64] // one load each, once compiled
		if le.Uint64(w)|le.Uint64(w[8:])|le.Uint64(w[16:])|le.Uint64(w[24:])|le.Uint64(w[32:])|le.Uint64(w[40:])|le.Uint64(w[48:])|le.Uint64(w[56:]) != 0 {
			return false
		}
	}
	for _, b := range p {
		if b != 0 {
			return false
		}
	}
	return true
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
