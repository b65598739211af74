package daemon

import (
	"bufio"
	"io"
	"os"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"virt-tools/internal/wire"
)

// An initial RAM disk is a cpio archive, mostly packed. Before it may lie
// others that are not packed, with microcode for the processor: these are
// passed over when something follows.

func doInitrdList(c *Call, path string) ([]string, error) {
	names, size := []string{}, messageBudget{}
	err := c.readInitrd(path, func(e *cpioEntry) error {
		names = append(names, e.name)
		return size.add(len(e.name))
	})
	return names, err
}

// doInitrdCat returns the content of a file in an initial RAM disk. Of several
// with the name the last counts, as when the archive is unpacked. A file with
// several names may have its content under another of them.
func doInitrdCat(c *Call, initrdpath, filename string) ([]byte, error) {
	var entry *cpioEntry
	var content []byte
	take := func(wanted func(*cpioEntry) bool) error {
		return c.readInitrd(initrdpath, func(e *cpioEntry) error {
			if !wanted(e) {
				return nil
			}
			if e.size >= wire.MessageMax {
				return withErrno(syscall.EFBIG, "%s:%s: file is too large for the protocol", initrdpath, filename)
			}
			var err error
			entry = e
			content, err = io.ReadAll(e.content)
			if err == nil && int64(len(content)) < e.size {
				err = errCpio
			}
			return err
		})
	}
	want := initrdName(filename)
	if err := take(func(e *cpioEntry) bool { return initrdName(e.name) == want }); err != nil {
		return nil, err
	}
	if entry == nil {
		return nil, withErrno(syscall.ENOENT, "%s:%s: no such file", initrdpath, filename)
	}
	if entry.mode&unix.S_IFMT != unix.S_IFREG {
		return nil, withErrno(syscall.EINVAL, "%s:%s: not a regular file", initrdpath, filename)
	}
	if ino := entry.ino; entry.size == 0 && entry.nlink > 1 {
		err := take(func(e *cpioEntry) bool { return e.ino == ino && e.size > 0 && e.mode&unix.S_IFMT == unix.S_IFREG })
		if err != nil {
			return nil, err
		}
	}
	return content, nil
}

// initrdName is a name without what archives may put in front of it.
func initrdName(name string) string { return strings.TrimLeft(strings.TrimPrefix(name, "./"), "/") }

// readInitrd calls fn for each file in the last archive of an initial RAM disk.
func (c *Call) readInitrd(path string, fn func(*cpioEntry) error) error {
	f, err := c.openRegular(path, unix.O_RDONLY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	start, err := c.lastArchive(f)
	if err != nil {
		return err
	}
	if _, err := f.Seek(start, io.SeekStart); err != nil {
		return err
	}
	plain, err := unpackedText(f)
	if err != nil {
		return err
	}
	archive := newCpioReader(plain)
	for {
		if err := c.Err(); err != nil {
			return err
		}
		e, err := archive.next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return &os.PathError{Op: "read", Path: path, Err: err}
		}
		if err := fn(e); err != nil {
			return err
		}
	}
}

// lastArchive returns where the last archive begins: behind those that are not
// packed, and the zeroes after them.
func (c *Call) lastArchive(f *os.File) (int64, error) {
	start := int64(0)
	for {
		if err := c.Err(); err != nil {
			return 0, err
		}
		r := bufio.NewReaderSize(io.NewSectionReader(f, start, 1<<62), copyBytes)
		magic, err := r.Peek(len(cpioNewc))
		if err != nil || string(magic) != cpioNewc && string(magic) != cpioCRC {
			return start, nil
		}
		archive := newCpioReader(r)
		for err == nil {
			if err = c.Err(); err == nil {
				_, err = archive.next()
			}
		}
		if err != io.EOF {
			return start, c.Err() // damaged: the error comes when it is read
		}
		zeroes := int64(0)
		for {
			b, err := r.ReadByte()
			if err != nil {
				return start, nil // nothing follows
			}
			if b != 0 {
				break
			}
			zeroes++
		}
		start += archive.n + zeroes
	}
}
