package daemon

import (
	"errors"
	"io"
	"math"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// copyJob is a copy of bytes between devices and files of the guest.
type copyJob struct {
	src, dest       target
	srcOff, destOff int64
	size            int64 // -1: to the end of the source
	sparse          bool  // zeroes are not written
	append          bool
	truncate        bool // an existing file loses what it held
	unlink          bool // a file is removed when the copy fails
}

func doCopyDeviceToDevice(c *Call, src, dest string, o *copyDeviceToDeviceOpts) error {
	return c.copyWith(&copyJob{src: target{true, src}, dest: target{true, dest}}, o.Srcoffset, o.Destoffset, o.Size, o.Sparse, o.Append)
}

func doCopyDeviceToFile(c *Call, src, dest string, o *copyDeviceToFileOpts) error {
	return c.copyWith(&copyJob{src: target{true, src}, dest: target{false, dest}}, o.Srcoffset, o.Destoffset, o.Size, o.Sparse, o.Append)
}

func doCopyFileToDevice(c *Call, src, dest string, o *copyFileToDeviceOpts) error {
	return c.copyWith(&copyJob{src: target{false, src}, dest: target{true, dest}}, o.Srcoffset, o.Destoffset, o.Size, o.Sparse, o.Append)
}

func doCopyFileToFile(c *Call, src, dest string, o *copyFileToFileOpts) error {
	return c.copyWith(&copyJob{src: target{false, src}, dest: target{false, dest}, unlink: true}, o.Srcoffset, o.Destoffset, o.Size, o.Sparse, o.Append)
}

func (c *Call) copyWith(j *copyJob, srcOff, destOff, size *int64, sparse, app *bool) error {
	j.size = -1
	for _, n := range []struct {
		name string
		to   *int64
		from *int64
	}{{"srcoffset", &j.srcOff, srcOff}, {"destoffset", &j.destOff, destOff}, {"size", &j.size, size}} {
		if n.from == nil {
			continue
		}
		if *n.from < 0 {
			return withErrno(syscall.EINVAL, "%s is negative", n.name)
		}
		*n.to = *n.from
	}
	j.sparse, j.append = sparse != nil && *sparse, app != nil && *app
	if j.append && j.dest.IsDevice {
		return withErrno(syscall.EINVAL, "the append flag cannot be set for this call")
	}
	j.truncate = !j.append
	return c.copyBytes(j)
}

// doDd copies a whole file or device.
func doDd(c *Call, src, dest target) error {
	return c.copyBytes(&copyJob{src: src, dest: dest, size: -1, truncate: true})
}

func doCopySize(c *Call, src, dest target, size int64) error {
	if size < 0 {
		return withErrno(syscall.EINVAL, "size is negative")
	}
	return c.copyBytes(&copyJob{src: src, dest: dest, size: size, truncate: true})
}

func (c *Call) copyBytes(j *copyJob) (err error) {
	in, err := c.openTarget(j.src, unix.O_RDONLY, 0)
	if err != nil {
		return err
	}
	defer in.Close()
	flags := unix.O_WRONLY | unix.O_CREAT
	if j.append {
		flags |= unix.O_APPEND
	} else if same, err := c.sameFile(in, j.dest); err != nil || same {
		return errors.Join(err, withErrno(syscall.EINVAL, "%s: source and destination are the same file", j.src.Path))
	}
	if j.truncate {
		flags |= unix.O_TRUNC
	}
	out, err := c.openTarget(j.dest, flags, 0o666)
	if err != nil {
		return err
	}
	defer func() {
		if e := out.Close(); err == nil {
			err = e
		}
		if err != nil && j.unlink {
			err = errors.Join(err, doRmF(c, j.dest.Path))
		}
	}()
	if _, err := in.Seek(j.srcOff, io.SeekStart); err != nil {
		return err
	}
	if _, err := out.Seek(j.destOff, io.SeekStart); err != nil {
		return err
	}
	total := uint64(max(j.size, 0))
	var from io.Reader = in
	if j.size >= 0 {
		from = io.LimitReader(in, j.size)
	} else if all, err := fileSize(in); err == nil && all < math.MaxInt64 {
		total = uint64(max(int64(all)-j.srcOff, 0))
	}
	to := io.Writer(out)
	if j.sparse {
		to = &holeWriter{out}
	}
	n, err := c.copyFile(to, from, total)
	if err == nil && n < j.size {
		err = withErrno(syscall.EINVAL, "%s: input too short", j.src.Path)
	}
	if err == nil && j.sparse && !j.dest.IsDevice {
		err = growTo(out) // a hole at the end makes no file longer
	}
	if err == nil && j.dest.IsDevice {
		err = syncFile(out) // what goes wrong on the disk must not come after the reply
	}
	return err
}

// sameFile tells whether a destination that is to be truncated is the source.
func (c *Call) sameFile(in *os.File, dest target) (bool, error) {
	a, err := in.Stat()
	if err != nil || dest.IsDevice {
		return false, err
	}
	out, err := c.openRegular(dest.Path, unix.O_RDONLY, 0)
	if err != nil {
		return false, nil // the copy meets the error, if it is one
	}
	defer out.Close()
	b, err := out.Stat()
	return err == nil && os.SameFile(a, b), err
}

// holeWriter leaves out what is zero: on a new file that makes holes.
type holeWriter struct{ f *os.File }

func (w *holeWriter) Write(p []byte) (int, error) {
	if isZero(p) {
		_, err := w.f.Seek(int64(len(p)), io.SeekCurrent)
		return len(p), err
	}
	return w.f.Write(p)
}

// growTo makes a file as long as the position in it.
func growTo(f *os.File) error {
	end, err := f.Seek(0, io.SeekCurrent)
	if err != nil {
		return err
	}
	st, err := f.Stat()
	if err != nil || st.Size() >= end {
		return err
	}
	return f.Truncate(end)
}
