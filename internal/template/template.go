// Package template keeps saved machines, so that later ones start where those were saved
// instead of booting.
//
//	s, err := template.Open(dir)
//	t, err := s.Get(identity)          // fs.ErrNotExist: make one
//	defer t.Close()
//	go t.Verify()                      // beside the start of QEMU
//	m, err := qemu.Restore(ctx, config, t.Saved())
//
// A template is one file: the guest's memory, sparse, then the device state, checksums and
// a description. One file appears with one rename, has one owner and one mode, and stays
// usable for those who have it open when it is removed. What is truncated, flipped, foreign
// or open to others' writing is never used; in a store of our own it is removed.
//
// The package does not start machines: package guestfs decides when one is made,
// restored or given up.
package template

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"virt-tools/internal/qemu"
)

// Names in a store.
const (
	filePrefix    = "template-"
	refusedPrefix = "refused-"
	tempPrefix    = "tmp-" // being written; whoever holds the lock may remove it
	lockName      = "lock"
)

// SystemDir is where the templates are that an administrator made for everybody.
const SystemDir = "/var/lib/virt-tools/templates"

// touchEvery bounds how often the time of the last use is noted.
const touchEvery = time.Minute

// Store is a folder of templates. Its methods may be called by several programs at once,
// but those that say so need the lock.
type Store struct {
	dir   string
	owner int // user id that folder and files must have
}

// Template is a saved machine, open and ready to be restored.
type Template struct {
	Info  Info
	state []byte
	ram   *os.File
	sums  []uint32 // of the memory, by block
	bytes int64    // of the memory
	whole bool     // verified
}

// Info describes a template.
type Info struct {
	Identity string    // everything that the machine depends on
	QEMU     string    // path of the program
	Accel    string    // kvm or tcg
	Kernel   string    // version, where it is known
	MemoryMB int       // of the guest
	Made     time.Time // when it was saved
}

// DamagedError is a template, or a store, that must not be used.
type DamagedError struct {
	Path string
	Why  string
}

func (e *DamagedError) Error() string { return e.Path + ": " + e.Why }

// IsDamage tells whether an error of Get or Verify says that the template must not be used.
func IsDamage(err error) bool {
	var damaged *DamagedError
	return errors.As(err, &damaged)
}

// Open opens the user's own store, and makes it when there is none.
func Open(dir string) (*Store, error) {
	s := &Store{dir: dir, owner: os.Geteuid()}
	err := os.Mkdir(dir, 0o700)
	if err != nil && !errors.Is(err, fs.ErrExist) && !errors.Is(err, syscall.EROFS) {
		return nil, fmt.Errorf("template store: %w", err)
	}
	return s, s.check()
}

// OpenSystem opens the store for all users, which only root may write to. It is
// fs.ErrNotExist when there is none.
func OpenSystem(dir string) (*Store, error) {
	s := &Store{dir: dir}
	return s, s.check()
}

// Dir is the store's folder.
func (s *Store) Dir() string { return s.dir }

// check refuses a folder into which somebody else can put templates.
func (s *Store) check() error {
	info, err := os.Lstat(s.dir)
	if err != nil {
		return fmt.Errorf("template store: %w", err)
	}
	if !info.IsDir() {
		return &DamagedError{s.dir, "not a directory"}
	}
	return s.checkOwner(s.dir, info)
}

func (s *Store) checkOwner(path string, info fs.FileInfo) error {
	st, ok := info.Sys().(*syscall.Stat_t)
	switch {
	case !ok || int(st.Uid) != s.owner:
		return &DamagedError{path, "it belongs to another user"}
	case info.Mode().Perm()&0o022 != 0:
		return &DamagedError{path, "others may write to it"}
	}
	return nil
}

func key(identity string) string {
	sum := sha256.Sum256([]byte(identity))
	return hex.EncodeToString(sum[:8])
}

func (s *Store) file(identity string) string {
	return filepath.Join(s.dir, filePrefix+key(identity))
}

// Get opens the template of a machine. It is fs.ErrNotExist when there is none, and a
// DamagedError when it must not be used; the memory is only checked by Verify.
func (s *Store) Get(identity string) (*Template, error) {
	path := s.file(identity)
	f, writable, err := openFile(path)
	if err != nil {
		return nil, err
	}
	t, err := s.read(f, path)
	if err == nil && t.Info.Identity != identity {
		err = &DamagedError{path, "it is of another machine"}
	}
	if err == nil && !writable {
		err = t.detach()
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	if info, err := f.Stat(); err == nil && time.Since(info.ModTime()) > touchEvery {
		now := time.Now()
		os.Chtimes(path, now, now) // only keeps it from being pruned early
	}
	return t, nil
}

// openFile opens a template for writing where that can be: QEMU before 8.2 opens memory
// so even when it only reads it. A fifo in its place must not make us wait.
func openFile(path string) (f *os.File, writable bool, err error) {
	const flags = syscall.O_NOFOLLOW | syscall.O_NONBLOCK
	f, err = os.OpenFile(path, os.O_RDWR|flags, 0)
	if err == nil {
		return f, true, nil
	}
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS) {
		f, err = os.OpenFile(path, os.O_RDONLY|flags, 0)
	}
	if errors.Is(err, syscall.ELOOP) {
		err = &DamagedError{path, "a symbolic link"}
	}
	return f, false, err
}

// read checks and reads all but the memory.
func (s *Store) read(f *os.File, path string) (*Template, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, &DamagedError{path, "not a regular file"}
	}
	if err := s.checkOwner(path, info); err != nil {
		return nil, err
	}
	return readFile(f, info.Size(), path)
}

// Saved is the machine for qemu.Restore. It is closed with the template.
func (t *Template) Saved() *qemu.Saved { return &qemu.Saved{RAM: t.ram, State: t.state} }

// Close gives the template back. Machines restored from it do not mind.
func (t *Template) Close() error { return t.ram.Close() }

// Verify reads the memory and compares it with its checksums. A machine whose template is
// damaged must not run.
func (t *Template) Verify() error {
	if t.whole {
		return nil
	}
	if err := verifyRAM(t.ram, t.bytes, t.sums); err != nil {
		return &DamagedError{t.ram.Name(), err.Error()}
	}
	t.whole = true
	return nil
}

// detach moves the memory of a file that can only be read into one of our own.
func (t *Template) detach() error {
	own, err := anonymousFile(t.bytes)
	if err != nil {
		return err
	}
	sums, err := copyRAM(own, t.ram, t.bytes)
	if err == nil {
		err = compareSums(sums, t.sums)
	}
	if err != nil {
		own.Close()
		return &DamagedError{t.ram.Name(), err.Error()}
	}
	t.ram.Close()
	t.ram, t.whole = own, true
	return nil
}
