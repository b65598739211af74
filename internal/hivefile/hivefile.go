// Package hivefile reads registry hives that are files in a guest's tree.
//
//	f, err := hivefile.Open(fsys, "Windows/System32/config/SOFTWARE")
//	defer f.Close()
//	err = f.Read(func(h *regf.Hive) error {
//		n, err := f.Key("Microsoft", "Windows NT", "CurrentVersion")
//		...
//		name, err := f.Text(value)
//	})
//
// Where the file is one of the kernel's it is mapped: a hive has a hundred
// megabytes, of which little is read. What the disk does not give then is an
// error of Read. What is damaged elsewhere in the hive does not matter, and
// what is read in all is bounded. The package does not change hives.
package hivefile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"runtime/debug"

	"golang.org/x/sys/unix"

	"virt-tools/internal/regf"
)

// MaxText bounds a value, in bytes of UTF-16.
const MaxText = 32 << 10

const (
	// maxRead bounds a hive that cannot be mapped, as in tests.
	maxRead = 64 << 20
	// maxWork bounds what is read in all: many keys of a hostile hive can share
	// one long list of values, or one long value.
	maxWork = 64 << 20
	// valueWork is what a value costs that turns out not to be wanted.
	valueWork = 16
)

// Errors that callers tell apart.
var (
	ErrTooMuch  = errors.New("more is in the hive than is read")
	ErrTooLarge = errors.New("unreasonably large")
)

// File is an open hive. It is used from one goroutine.
type File struct {
	name   string
	hive   *regf.Hive
	mapped []byte
	work   int // values and bytes that were read
}

// Open opens a regular file. The type is looked at first, as opening a fifo
// would wait for ever.
func Open(fsys fs.FS, name string) (*File, error) {
	fi, err := fs.Stat(fsys, name)
	if err != nil {
		return nil, err
	}
	if !fi.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "open", Path: name, Err: errors.New("not a regular file")}
	}
	file, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	f := &File{name: name}
	content, err := f.content(file, fi.Size())
	if err == nil {
		err = f.Read(func(*regf.Hive) error { f.hive, err = regf.Salvage(content); return err })
	}
	if err != nil {
		f.Close()
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	return f, nil
}

func (f *File) content(file fs.File, size int64) (b []byte, err error) {
	kernels, ok := file.(*os.File)
	if !ok {
		return io.ReadAll(io.LimitReader(file, maxRead))
	}
	if size == 0 || size > regf.MaxBytes {
		return nil, regf.ErrNotHive
	}
	f.mapped, err = unix.Mmap(int(kernels.Fd()), 0, int(size), unix.PROT_READ, unix.MAP_PRIVATE)
	return f.mapped, err
}

// Close gives the file back. What was read stays valid.
func (f *File) Close() {
	if f.mapped != nil {
		unix.Munmap(f.mapped)
		f.mapped, f.hive = nil, nil
	}
}

// Read runs fn, in which a page of the file may turn out to be unreadable. All
// that reads the hive is called within.
func (f *File) Read(fn func(h *regf.Hive) error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		switch fault := recover().(type) {
		case nil:
		case interface {
			runtime.Error
			Addr() uintptr
		}:
			err = fmt.Errorf("%s: cannot be read at %#x", f.name, fault.Addr())
		default:
			panic(fault)
		}
	}()
	return fn(f.hive)
}

// Key returns the key of a path, or 0.
func (f *File) Key(path ...string) (regf.Node, error) {
	n := f.hive.Root()
	for _, name := range path {
		child, err := f.hive.Child(n, name)
		if child == 0 || err != nil {
			return 0, err
		}
		n = child
	}
	return n, nil
}

// Values returns the values of a key.
func (f *File) Values(n regf.Node) ([]regf.Value, error) {
	values, err := f.hive.Values(n)
	return values, errors.Join(err, f.spend(valueWork*len(values)))
}

// Text returns a value of text, and nothing if it is a number.
func (f *File) Text(v regf.Value) (string, error) {
	if err := f.charge(v); err != nil {
		return "", err
	}
	s, err := f.hive.Text(v)
	if errors.Is(err, regf.ErrArgument) {
		return "", nil
	}
	return s, err
}

// Data returns the bytes of a value.
func (f *File) Data(v regf.Value) ([]byte, error) {
	if err := f.charge(v); err != nil {
		return nil, err
	}
	return f.hive.Data(v)
}

func (f *File) charge(v regf.Value) error {
	n, err := f.hive.Len(v)
	if err != nil {
		return err
	}
	if n > MaxText {
		return ErrTooLarge
	}
	return f.spend(n)
}

func (f *File) spend(n int) error {
	if f.work += n; f.work > maxWork {
		return ErrTooMuch
	}
	return nil
}
