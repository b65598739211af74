package daemon

import (
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"path"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// fitrim is FITRIM of linux/fs.h.
const fitrim = 0xc0185879

// doFstrim writes everything to the disks before and after: what was deleted
// just before counts as free, and the discards have come through.
func doFstrim(c *Call, mountpoint string, opts *fstrimOpts) error {
	area := struct{ start, length, minlen uint64 }{0, math.MaxUint64, 0}
	for _, o := range []struct {
		name  string
		from  *int64
		to    *uint64
		least int64
	}{{"offset", opts.Offset, &area.start, 0}, {"length", opts.Length, &area.length, 1}, {"minimumfreeextent", opts.Minimumfreeextent, &area.minlen, 1}} {
		if o.from == nil {
			continue
		}
		if *o.from < o.least {
			return withErrno(syscall.EINVAL, "%s < %d", o.name, o.least)
		}
		*o.to = uint64(*o.from)
	}
	unix.Sync()
	f, err := c.openDir(mountpoint)
	if err != nil {
		return err
	}
	defer f.Close()
	defer c.pulse()()
	// The kernel writes into it how much it has trimmed.
	if err := ioctlPtr(f, fitrim, unsafe.Pointer(&area)); err != nil {
		if errors.Is(err, syscall.EOPNOTSUPP) || errors.Is(err, syscall.ENOTTY) {
			return withErrno(syscall.ENOTSUP, "%s: the discard operation is not supported", mountpoint)
		}
		return &os.PathError{Op: "fstrim", Path: mountpoint, Err: err}
	}
	unix.Sync()
	return flushDisks()
}

// doZeroFreeSpace fills a file with zeroes until there is no room left, and
// removes it. Its name fits on any filesystem.
func doZeroFreeSpace(c *Call, directory string) error {
	name := randomDOSName()
	var f *os.File
	err := c.inGuest(func() (err error) {
		f, err = os.OpenFile(path.Join(directory, name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		return err
	})
	if err != nil {
		return err
	}
	unix.Sync() // ext4 gives out what was deleted only when that is on the disk
	err = c.fillUp(f)
	unix.Sync() // not Close: what it has to say is that the disk is full
	f.Close()
	return errors.Join(err, c.inGuest(func() error { return os.Remove(path.Join(directory, name)) }))
}

func (c *Call) fillUp(f *os.File) error {
	var st unix.Statfs_t
	if err := unix.Fstatfs(int(f.Fd()), &st); err != nil {
		return err
	}
	total := st.Bfree * uint64(st.Bsize)
	zeroes := make([]byte, copyBytes)
	for written := uint64(0); len(zeroes) > 0; {
		if err := c.Err(); err != nil {
			return err
		}
		n, err := f.Write(zeroes)
		written += uint64(n)
		switch {
		case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EFBIG):
			zeroes = zeroes[:len(zeroes)/2] // the last blocks take less
		case err != nil:
			return err
		}
		c.progress(min(written, total), total)
	}
	c.progress(total, total)
	return nil
}

// randomDOSName is a name of 8 and 3 characters.
func randomDOSName() string {
	const letters = "abcdefghijklmnopqrstuvwxyz0123456789"
	b := []byte("xxxxxxxx.xxx")
	for i := range b {
		if b[i] != '.' {
			b[i] = letters[rand.IntN(len(letters))]
		}
	}
	return string(b)
}
