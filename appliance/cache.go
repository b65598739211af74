package appliance

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// The cache is a folder that only its owner can use:
//
//	lock                  flock: one builder at a time
//	inputs-<request>      what was asked for: which appliance that is, and a stamp of every file it was made from
//	appliance-<key>/      kernel, initrd; never changed once it has that name
//	kernels/<package>/    kernels downloaded
//	tmp-*/                being built; whoever holds the lock may remove them, for their builders are gone
//
// Looking up takes no lock: the files inputs-* are replaced by renaming, and what they point to stays the same.

const (
	lockName       = "lock"
	inputsPrefix   = "inputs-"
	appliancePfx   = "appliance-"
	tempPrefix     = "tmp-"
	inputsMagic    = "virt-tools appliance inputs 1"
	keptAppliances = 4                // beside those used lately
	keptFor        = 30 * time.Minute // a program may be starting QEMU with it
	touchEvery     = time.Minute
	lockPoll       = 20 * time.Millisecond
)

// cache is an open cache folder.
type cache struct{ dir string }

// cacheDir returns the folder for a user who did not name one.
func cacheDir() (string, error) {
	if dir := os.Getenv("LIBGUESTFS_CACHEDIR"); dir != "" {
		// Often a folder for everybody, such as /var/tmp.
		return filepath.Join(dir, fmt.Sprintf("virt-tools-%d", os.Geteuid())), nil
	}
	if dir := os.Getenv("XDG_CACHE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "virt-tools"), nil
	}
	if os.Geteuid() == 0 {
		return "/var/cache/virt-tools", nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", withHint(fmt.Errorf("no place for the appliance: %w", err), "set LIBGUESTFS_CACHEDIR")
	}
	return filepath.Join(home, ".cache", "virt-tools"), nil
}

// openCache makes and checks the folder. One that others may write to is refused: they could have put an appliance there.
func openCache(dir string) (*cache, error) {
	if dir == "" {
		var err error
		if dir, err = cacheDir(); err != nil {
			return nil, err
		}
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	const elsewhere = "set LIBGUESTFS_CACHEDIR to a folder of your own"
	info, err := os.Lstat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		if err = os.MkdirAll(filepath.Dir(dir), 0o755); err == nil {
			if err = os.Mkdir(dir, 0o700); errors.Is(err, fs.ErrExist) {
				err = nil // another program made it just now
			}
		}
		if err == nil {
			info, err = os.Lstat(dir)
		}
	}
	if err != nil {
		return nil, withHint(fmt.Errorf("appliance cache: %w", err), elsewhere)
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	switch {
	case !info.IsDir():
		return nil, withHint(fmt.Errorf("appliance cache: %s is not a directory", dir), elsewhere)
	case !ok || int(owner.Uid) != os.Geteuid():
		return nil, withHint(fmt.Errorf("appliance cache: %s belongs to another user", dir), elsewhere)
	case info.Mode().Perm()&0o022 != 0:
		return nil, withHint(fmt.Errorf("appliance cache: others may write to %s", dir), "remove it, or "+elsewhere)
	}
	return &cache{dir}, nil
}

// lock waits until this program is the only builder.
func (c *cache) lock(ctx context.Context) (unlock func(), err error) {
	f, err := os.OpenFile(filepath.Join(c.dir, lockName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, withHint(fmt.Errorf("appliance cache: %w", err), "set LIBGUESTFS_CACHEDIR to a folder you can write to")
	}
	tick := time.NewTicker(lockPoll)
	defer tick.Stop()
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return func() { f.Close() }, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			f.Close()
			return nil, fmt.Errorf("lock the appliance cache: %w", err)
		}
		select {
		case <-ctx.Done():
			f.Close()
			return nil, fmt.Errorf("wait for another program that builds the appliance: %w", context.Cause(ctx))
		case <-tick.C:
		}
	}
}
