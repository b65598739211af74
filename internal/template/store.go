package template

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"virt-tools/internal/qemu"
)

const (
	lockPoll = 20 * time.Millisecond

	// DefaultLimit is how large a user's store may grow, in bytes on disk.
	// A template takes 0.1 to 0.2 GB.
	DefaultLimit = 1 << 30

	// room is what must be free for making one.
	room = 512 << 20
)

// Lock waits, at most for the given time, until this program is the only one that
// makes templates.
func (s *Store) Lock(ctx context.Context, wait time.Duration) (unlock func(), err error) {
	f, err := os.OpenFile(filepath.Join(s.dir, lockName), os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, fmt.Errorf("template store: %w", err)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, wait, fmt.Errorf("another program still makes a template after %s", wait))
	defer cancel()
	tick := time.NewTicker(lockPoll)
	defer tick.Stop()
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return func() { f.Close() }, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			f.Close()
			return nil, fmt.Errorf("template store: lock: %w", err)
		}
		select {
		case <-ctx.Done():
			f.Close()
			return nil, fmt.Errorf("template store: %w", context.Cause(ctx))
		case <-tick.C:
		}
	}
}

// Put stores a machine that stands still. It appears whole or not at all. The lock
// must be held.
func (s *Store) Put(m *qemu.Saved, info Info) (err error) {
	s.clean()
	mode := fs.FileMode(0o600)
	if dir, err := os.Stat(s.dir); err == nil && dir.Mode().Perm()&0o005 != 0 {
		mode = 0o644 // the store for all users
	}
	path := s.file(info.Identity)
	temp := filepath.Join(s.dir, tempPrefix+filepath.Base(path))
	f, err := os.OpenFile(temp, os.O_RDWR|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return fmt.Errorf("template store: %w", err)
	}
	defer func() {
		f.Close()
		if err != nil {
			os.Remove(temp)
			err = fmt.Errorf("template store: %w", err)
		}
	}()
	size := int64(info.MemoryMB) << 20
	if err := f.Truncate(size); err != nil {
		return err
	}
	sums, err := copyRAM(f, m.RAM, size)
	if err != nil {
		return err
	}
	if err := writeTail(f, size, m.State, sums, &info); err != nil {
		return err
	}
	if err := f.Chmod(mode); err != nil { // whatever the umask
		return err
	}
	// Not synced: what a power failure leaves does not have the right checksums.
	return os.Rename(temp, path)
}

// clean removes what killed programs left.
func (s *Store) clean() {
	left, _ := filepath.Glob(filepath.Join(s.dir, tempPrefix+"*"))
	for _, name := range left {
		os.Remove(name) // Put says what is wrong
	}
}

// Room tells whether there is space for one more template.
func (s *Store) Room() error {
	var st syscall.Statfs_t
	if err := syscall.Statfs(s.dir, &st); err != nil {
		return fmt.Errorf("template store: %w", err)
	}
	if free := int64(st.Bavail) * st.Bsize; free < room {
		return fmt.Errorf("template store: %w: %d MB are free in %s, %d MB are needed", syscall.ENOSPC, free>>20, s.dir, room>>20)
	}
	return nil
}

// Drop removes the template of a machine, so that it is made anew.
func (s *Store) Drop(identity string) error { return s.Remove(filepath.Base(s.file(identity))) }

// Remove removes a template by its name. Machines that run from it go on.
func (s *Store) Remove(name string) error {
	if !strings.HasPrefix(name, filePrefix) || filepath.Base(name) != name {
		return fmt.Errorf("template %s: %w", name, fs.ErrNotExist)
	}
	return os.RemoveAll(filepath.Join(s.dir, name))
}
