package daemon

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// doVfsMinimumSize tells to how many bytes a filesystem can be shrunk. xfs and
// btrfs have to be mounted for that.
func doVfsMinimumSize(c *Call, m mountable) (int64, error) {
	kind, err := c.vfsType(m.Device)
	if err != nil {
		return 0, err
	}
	switch kind {
	case "ext2", "ext3", "ext4":
		return c.extMinimumSize(m.Device)
	case "ntfs":
		return c.ntfsMinimumSize(m.Device)
	case "btrfs", "xfs":
	default:
		return 0, withErrno(syscall.ENOTSUP, "don't know how to get minimum size of '%s' filesystems", kind)
	}
	dir := mountedAt(m.Device)
	if dir == "" {
		return 0, withErrno(syscall.EINVAL, "device not mounted: %s", m.Device)
	}
	if kind == "xfs" {
		return xfsSize(dir)
	}
	out, err := c.run("btrfs", "inspect-internal", "min-dev-size", dir)
	if err != nil {
		return 0, err
	}
	return leadingNumber(out)
}

// leadingNumber reads "12345 bytes (12.06KiB)".
func leadingNumber(s string) (int64, error) {
	word, _, _ := strings.Cut(strings.TrimSpace(s), " ")
	n, err := strconv.ParseInt(word, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%q does not begin with a size", s)
	}
	return n, nil
}

// product multiplies counts that a program or the guest gave.
func product(blocks, size int64) (int64, error) {
	if blocks < 0 || size <= 0 || blocks > math.MaxInt64/size {
		return 0, withErrno(syscall.EOVERFLOW, "%d blocks of %d bytes: no such size", blocks, size)
	}
	return blocks * size, nil
}

func (c *Call) extMinimumSize(device string) (int64, error) {
	out, err := c.run("resize2fs", "-P", "-f", device)
	if err != nil {
		return 0, err
	}
	_, after, ok := strings.Cut(out, "minimum size of the filesystem: ")
	if !ok {
		return 0, fmt.Errorf("resize2fs: no minimum size in %q", out)
	}
	blocks, err := leadingNumber(strings.SplitN(after, "\n", 2)[0])
	if err != nil {
		return 0, err
	}
	f, err := os.Open(device)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	var exponent [4]byte // block size is 1024 << this
	if _, err := f.ReadAt(exponent[:], 1024+24); err != nil {
		return 0, err
	}
	shift := binary.LittleEndian.Uint32(exponent[:])
	if shift > 20 {
		return 0, withErrno(syscall.EINVAL, "%s: block size out of range", device)
	}
	return product(blocks, 1024<<shift)
}

// ntfsSizes are the lines of ntfsresize with numbers in them.
var ntfsSizes = map[string]*regexp.Regexp{
	"minimum": regexp.MustCompile(`(?m)^You might resize at (\d+) bytes`),
	"cluster": regexp.MustCompile(`(?m)^Cluster size\s*: (\d+) bytes`),
	"volume":  regexp.MustCompile(`(?m)^Current volume size: (\d+) bytes`),
}

// ntfsMinimumSize has ntfsresize work also on a filesystem that is to be
// checked. On a full one it fails, and what there is is the minimum.
func (c *Call) ntfsMinimumSize(device string) (int64, error) {
	out, err := c.run("ntfsresize", "--info", "-ff", device)
	var failed *programError
	full := errors.As(err, &failed) && strings.Contains(out+failed.stderr, "Volume is full")
	if err != nil && !full {
		return 0, err
	}
	return parseNTFSSize(out, full)
}

func parseNTFSSize(out string, full bool) (int64, error) {
	number := func(name string) (int64, error) {
		m := ntfsSizes[name].FindStringSubmatch(out)
		if m == nil {
			return 0, fmt.Errorf("ntfsresize: no %s size in %q", name, out)
		}
		return strconv.ParseInt(m[1], 10, 64)
	}
	if !full {
		return number("minimum")
	}
	volume, err := number("volume")
	if err != nil {
		return 0, err
	}
	cluster, err := number("cluster")
	if err != nil || cluster == 0 {
		return 0, errors.Join(err, errors.New("ntfsresize: bad cluster size"))
	}
	return product((volume+cluster-1)/cluster, cluster)
}

// xfsSize is the size of a mounted xfs, which cannot be shrunk.
func xfsSize(dir string) (int64, error) {
	const fsGeometry = 0x80705864 // XFS_IOC_FSGEOMETRY_V1
	f, err := os.Open(dir)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	var geometry [112]byte
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, f.Fd(), fsGeometry, uintptr(unsafe.Pointer(&geometry))); errno != 0 {
		return 0, &os.PathError{Op: "geometry", Path: dir, Err: errno}
	}
	blocks, size := binary.NativeEndian.Uint64(geometry[32:]), binary.NativeEndian.Uint32(geometry[:])
	return product(int64(blocks), int64(size))
}
