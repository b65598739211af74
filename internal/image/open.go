package image

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

// File is an open image file or block device.
type File struct {
	*os.File
	Path   string // absolute
	Size   int64  // bytes of the file, not of the disk inside
	Device bool   // a block device of the host
	id     fileID
}

type fileID struct{ dev, ino uint64 }

// OpenFile opens the file of an image. It refuses what cannot be one, and it never
// blocks on a fifo or a device without medium.
func OpenFile(path string, writable bool) (*File, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	flags := unix.O_RDONLY
	if writable {
		flags = unix.O_RDWR
	}
	fd, err := openRetry(abs, flags|unix.O_NONBLOCK|unix.O_CLOEXEC|unix.O_NOCTTY)
	if err != nil {
		return nil, explainOpen(path, writable, err)
	}
	f := os.NewFile(uintptr(fd), abs)
	file, err := checkFile(f, path)
	if err != nil {
		f.Close()
		return nil, err
	}
	file.Path = abs
	return file, nil
}

func openRetry(path string, flags int) (int, error) {
	for {
		fd, err := unix.Open(path, flags, 0)
		if err != unix.EINTR {
			return fd, err
		}
	}
}

func checkFile(f *os.File, path string) (*File, error) {
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		return nil, &fs.PathError{Op: "stat", Path: path, Err: err}
	}
	file := &File{File: f, Size: st.Size, id: fileID{uint64(st.Dev), st.Ino}}
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFREG:
	case unix.S_IFBLK:
		size, err := f.Seek(0, io.SeekEnd)
		if err != nil {
			return nil, &fs.PathError{Op: "size", Path: path, Err: err}
		}
		file.Size, file.Device = size, true
		file.id = fileID{^uint64(0), uint64(st.Rdev)}
	case unix.S_IFDIR:
		return nil, notAnImage(path, "a directory", syscall.EISDIR)
	case unix.S_IFCHR:
		return nil, notAnImage(path, "a character device", syscall.ENOTBLK)
	default:
		return nil, notAnImage(path, "a fifo or socket", syscall.ENOTBLK)
	}
	// QEMU shares the open file: give it back the flags that it expects.
	if err := unix.SetNonblock(int(f.Fd()), false); err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	return file, nil
}

func notAnImage(path, what string, errno syscall.Errno) error {
	return &Error{
		Err:  &fs.PathError{Op: "open", Path: path, Err: &kindError{what, errno}},
		hint: "a disk image is a file or a block device",
	}
}

// kindError reads better than the errno that it stands for.
type kindError struct {
	what  string
	errno syscall.Errno
}

func (e *kindError) Error() string { return "this is " + e.what + ", not a disk image" }
func (e *kindError) Unwrap() error { return e.errno }

func explainOpen(path string, writable bool, err error) error {
	e := &Error{Err: &fs.PathError{Op: "open", Path: path, Err: err}}
	switch {
	case errors.Is(err, syscall.EISDIR): // writable and a directory
		return notAnImage(path, "a directory", syscall.EISDIR)
	case errors.Is(err, syscall.ENXIO): // a socket, or a fifo without reader
		return notAnImage(path, "a fifo, socket or missing device", syscall.ENXIO)
	case errors.Is(err, fs.ErrPermission) && writable, errors.Is(err, syscall.EROFS):
		e.hint = "the image cannot be opened for writing: add it read-only, or change its permissions"
	case errors.Is(err, fs.ErrPermission):
		e.hint = fmt.Sprintf("user %d may not read the image: check its permissions and those of the folders above it", os.Geteuid())
	case errors.Is(err, fs.ErrNotExist):
		e.hint = "check the name of the disk image"
	}
	return e
}
