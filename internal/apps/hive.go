package apps

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"runtime/debug"

	"golang.org/x/sys/unix"

	"virt-tools/internal/regf"
)

// hiveReader is a hive whose file is mapped, where it is one of the kernel's:
// hives have a hundred megabytes, of which we read little. What the disk does
// not give then faults, which guard makes an error.
type hiveReader struct {
	name   string
	hive   *regf.Hive
	mapped []byte
	work   int // values and bytes that were read
}

const (
	// maxRead bounds a hive that cannot be mapped, as in tests.
	maxRead = 64 << 20
	// maxValue bounds a value, in bytes of UTF-16.
	maxValue = 32 << 10
	// maxWork bounds what is read in all: many keys of a hostile hive can share
	// one long list of values, or one long value.
	maxWork = 64 << 20
	// valueWork is what a value costs that turns out not to be wanted.
	valueWork = 16
)

func (l *lister) openHive(name string) (*hiveReader, error) {
	f, size, err := l.open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r := &hiveReader{name: name}
	content, err := r.content(f, size)
	if err == nil {
		err = r.guard(func() error { r.hive, err = regf.Salvage(content); return err })
	}
	if err != nil {
		r.close()
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	return r, nil
}

func (r *hiveReader) content(f fs.File, size int64) (b []byte, err error) {
	file, ok := f.(*os.File)
	if !ok {
		return io.ReadAll(io.LimitReader(f, maxRead))
	}
	if size == 0 || size > regf.MaxBytes {
		return nil, regf.ErrNotHive
	}
	r.mapped, err = unix.Mmap(int(file.Fd()), 0, int(size), unix.PROT_READ, unix.MAP_PRIVATE)
	return r.mapped, err
}

func (r *hiveReader) close() {
	if r.mapped != nil {
		unix.Munmap(r.mapped)
		r.mapped = nil
	}
}

// guard runs fn, in which a page of the file may turn out to be unreadable.
func (r *hiveReader) guard(fn func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		switch fault := recover().(type) {
		case nil:
		case interface {
			runtime.Error
			Addr() uintptr
		}:
			err = fmt.Errorf("%s: cannot be read at %#x", r.name, fault.Addr())
		default:
			panic(fault)
		}
	}()
	return fn()
}
