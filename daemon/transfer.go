package daemon

import (
	"errors"
	"io"
	"math"
	"os"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

const copyBytes = 256 << 10 // read at a time

// copyFile copies to the end of r and reports progress. total is only for that;
// 0 means unknown, and gives signs of life.
func (c *Call) copyFile(w io.Writer, r io.Reader, total uint64) (int64, error) {
	buf := make([]byte, copyBytes)
	var done int64
	for {
		if err := c.Err(); err != nil {
			return done, err
		}
		n, err := io.ReadFull(r, buf) // an upload comes in small pieces
		if n > 0 {
			if _, err := w.Write(buf[:n]); err != nil {
				return done, err
			}
			done += int64(n)
			if total > 0 {
				c.progress(min(uint64(done), total), total)
			} else {
				c.progress(0, 1)
			}
		}
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			if total == 0 {
				c.progress(1, 1)
			}
			return done, nil
		}
		if err != nil {
			return done, err
		}
	}
}

func doUpload(c *Call, file io.Reader, to target) error {
	f, err := c.openTarget(to, unix.O_WRONLY|unix.O_CREAT|unix.O_TRUNC, 0o666)
	if err != nil {
		return err
	}
	return c.receive(f, file, to.IsDevice)
}

func doUploadOffset(c *Call, file io.Reader, to target, offset int64) error {
	if offset < 0 {
		return withErrno(syscall.EINVAL, "%s: offset in file is negative", to.Path)
	}
	f, err := c.openTarget(to, unix.O_WRONLY|unix.O_CREAT, 0o666)
	if err != nil {
		return err
	}
	if _, err := f.Seek(offset, io.SeekStart); err != nil {
		f.Close()
		return err
	}
	return c.receive(f, file, to.IsDevice)
}

// receive writes an uploaded file and closes it. The bytes are on the disk when
// it returns: what goes wrong there must not come after the reply.
func (c *Call) receive(f *os.File, file io.Reader, device bool) error {
	_, err := c.copyFile(f, file, c.header.ProgressHint)
	if err == nil {
		err = syncFile(f)
	}
	if err == nil && device {
		// With a whole disk may have come new partitions. Not every device has
		// some, and what is in use stays as it is.
		_ = unix.IoctlSetInt(int(f.Fd()), unix.BLKRRPART, 0)
	}
	if e := f.Close(); err == nil {
		err = e
	}
	return err
}

// syncFile is fsync(2), which not every filesystem has.
func syncFile(f *os.File) error {
	err := f.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOTSUP) {
		return nil
	}
	return err
}

func doDownload(c *Call, from target, file io.Writer) error {
	f, err := c.openTarget(from, unix.O_RDONLY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	total, err := fileSize(f)
	if err != nil {
		return err
	}
	_, err = c.copyFile(file, f, total)
	return err
}

// doDownloadOffset sends fewer bytes when the file ends earlier.
func doDownloadOffset(c *Call, from target, file io.Writer, offset, size int64) error {
	if offset < 0 {
		return withErrno(syscall.EINVAL, "%s: offset in file is negative", from.Path)
	}
	if size < 0 {
		return withErrno(syscall.EINVAL, "%s: size is negative", from.Path)
	}
	f, err := c.openTarget(from, unix.O_RDONLY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	part := io.NewSectionReader(f, offset, min(size, math.MaxInt64-offset))
	_, err = c.copyFile(file, part, uint64(size))
	return err
}

// doInternalUpload puts a file into /tmp of the appliance, not of the guest.
func doInternalUpload(c *Call, file io.Reader, tmpname string, mode int) error {
	base := strings.TrimPrefix(tmpname, "/tmp/")
	if base == "" || base == "." || base == ".." || strings.Contains(base, "/") {
		return withErrno(syscall.EINVAL, "%q does not name a file in /tmp", tmpname)
	}
	if mode < 0 || mode > 0o7777 {
		return withErrno(syscall.EINVAL, "mode %#o is not one", mode)
	}
	name := "/tmp/" + base
	f, err := os.OpenFile(name, unix.O_WRONLY|unix.O_CREAT|unix.O_TRUNC|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return err
	}
	if _, err := c.copyFile(f, file, c.header.ProgressHint); err != nil {
		f.Close()
		return err
	}
	err = unix.Fchmod(int(f.Fd()), uint32(mode))
	if e := f.Close(); err == nil {
		err = e
	}
	return err
}
