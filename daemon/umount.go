package daemon

import (
	"bytes"
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

func doUmount(c *Call, what target, opts *umountOpts) error {
	find := c.mountAt
	if what.IsDevice {
		find = mountOf
	}
	m, err := find(what.Path)
	if err != nil {
		return err
	}
	flags := 0
	if opts.Force != nil && *opts.Force {
		flags |= unix.MNT_FORCE
	}
	if opts.Lazyunmount != nil && *opts.Lazyunmount {
		flags |= unix.MNT_DETACH
	}
	var lost error
	if flags == 0 {
		if err := syncFilesystem(m.Target); err != nil {
			lost = &os.PathError{Op: "sync", Path: what.Path, Err: err}
		}
	}
	if err := unmount(m, flags); err != nil {
		return &os.PathError{Op: "umount", Path: what.Path, Err: err}
	}
	return lost
}

// mountOf returns what was mounted last of a device.
func mountOf(device string) (mountEntry, error) {
	var want, st unix.Stat_t
	if err := unix.Stat(device, &want); err != nil {
		return mountEntry{}, &os.PathError{Op: "stat", Path: device, Err: err}
	}
	mounts, err := guestMounts(sysroot)
	if err != nil {
		return mountEntry{}, err
	}
	for _, m := range slices.Backward(mounts) {
		if unix.Stat(m.Source, &st) == nil && st.Mode&unix.S_IFMT == unix.S_IFBLK && st.Rdev == want.Rdev {
			return m, nil
		}
	}
	return mountEntry{}, withErrno(syscall.EINVAL, "%s: not mounted", device)
}

// unmount unmounts a filesystem. When it returns the device is free, also when
// a program served it.
func unmount(m mountEntry, flags int) error {
	var helpers []int
	if m.Type == "fuseblk" && flags&unix.MNT_DETACH == 0 {
		helpers = helpersOf(m.Source)
		defer func() {
			for _, fd := range helpers {
				unix.Close(fd)
			}
		}()
	}
	if err := unix.Unmount(m.Target, flags|unix.UMOUNT_NOFOLLOW); err != nil {
		return err
	}
	deadline := time.Now().Add(helperTimeout)
	for _, fd := range helpers {
		ready := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		for wait := time.Until(deadline); wait > 0; wait = time.Until(deadline) {
			if _, err := unix.Poll(ready, int(wait.Milliseconds())+1); err != syscall.EINTR {
				break
			}
		}
	}
	return nil
}

const helperTimeout = 10 * time.Second // ntfs-3g writes its last blocks before it ends

// helpersOf returns a descriptor of each process that serves a device.
func helpersOf(device string) []int {
	files, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	var fds []int
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended
		}
		args := bytes.Split(text, []byte{0})
		if filepath.Base(string(args[0])) != "ntfs-3g" || !slices.ContainsFunc(args[1:], func(a []byte) bool { return string(a) == device }) {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		if err != nil {
			continue
		}
		if fd, err := unix.PidfdOpen(pid, 0); err == nil {
			fds = append(fds, fd)
		}
	}
	return fds
}

func doUmountAll(c *Call) error {
	c.server.closeJournal()
	return unmountEverything()
}

// unmountEverything unmounts all of the guest, the deepest first, and returns
// what went wrong, also in writing the last changes: the kernel does not tell
// that at the unmounting.
func unmountEverything() error {
	var lost, failed []error
	for left := -1; ; {
		mounts, err := guestMounts(sysroot)
		if err != nil {
			return err
		}
		if len(mounts) == 0 || len(mounts) == left {
			return oneError(append(lost, failed...))
		}
		left = len(mounts)
		slices.Reverse(mounts) // of two on one directory, the later first
		slices.SortStableFunc(mounts, func(a, b mountEntry) int { return cmp.Compare(len(b.Target), len(a.Target)) })
		failed = nil
		for _, m := range mounts {
			path, _ := inside(m.Target, sysroot)
			if err := syncFilesystem(m.Target); err != nil {
				lost = append(lost, &os.PathError{Op: "sync", Path: path, Err: err})
			}
			// A mount below another one on its own path shows in the next round.
			if err := unmount(m, 0); err != nil {
				failed = append(failed, &os.PathError{Op: "umount", Path: path, Err: err})
			}
		}
	}
}

// syncFilesystem writes out a filesystem and returns errors of writing that no
// one has been told yet.
func syncFilesystem(dir string) error {
	fd, err := unix.Open(dir, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return unix.Syncfs(fd)
}

// manyErrors is the first of several errors: a line has room for one.
type manyErrors struct {
	first error
	more  int
}

func (e *manyErrors) Error() string {
	return describe(e.first) + " (and " + strconv.Itoa(e.more) + " more)"
}

func (e *manyErrors) Unwrap() error { return e.first }

// oneError returns one error for several, or none for none.
func oneError(errs []error) error {
	errs = slices.DeleteFunc(errs, func(err error) bool { return err == nil })
	switch len(errs) {
	case 0:
		return nil
	case 1:
		return errs[0]
	}
	return &manyErrors{errs[0], len(errs) - 1}
}
