package daemon

import (
	"errors"
	"runtime"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// sysroot is where the guest's root filesystem is mounted.
const sysroot = "/sysroot"

// guestThread is one operating system thread whose root directory is the
// guest's. A path that is used on it, with whatever symbolic links, cannot
// leave the guest. Descriptors opened there are good everywhere.
type guestThread struct {
	start sync.Once
	jobs  chan func()
	home  int    // the daemon's own root directory
	root  string // set by tests; "" means sysroot
}

func (t *guestThread) stop() {
	if t.jobs != nil {
		close(t.jobs)
		unix.Close(t.home)
	}
}

// inGuest runs fn on the guest's thread and returns its error. The root is
// looked up anew each time, since it is another directory after a mount.
func (c *Call) inGuest(fn func() error) error {
	t := &c.server.guest
	var err error
	t.start.Do(func() {
		t.home, err = unix.Open("/", unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		t.jobs = make(chan func())
		go t.run(t.jobs)
	})
	if err != nil {
		return err
	}
	root := sysroot
	if t.root != "" {
		root = t.root
	}
	fd, err := unix.Open(root, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	var fault any
	done := make(chan struct{})
	t.jobs <- func() {
		defer close(done)
		defer func() { fault = recover() }()
		if err = enter(fd); err == nil {
			// A thread that stayed in the guest would keep its filesystem busy.
			defer func() {
				if e := enter(t.home); e != nil {
					err = errors.Join(err, e)
				}
			}()
			err = fn()
		}
	}
	<-done
	if fault != nil {
		panic(fault)
	}
	return err
}

func (t *guestThread) run(jobs chan func()) {
	// The thread is never unlocked: it ends with its goroutine, and no other
	// goroutine can inherit its root.
	runtime.LockOSThread()
	if err := syscall.Unshare(syscall.CLONE_FS); err != nil {
		panic("unshare: " + err.Error()) // without it the daemon's own root would move
	}
	for job := range jobs {
		job()
	}
}

func enter(fd int) error {
	if err := unix.Fchdir(fd); err != nil {
		return err
	}
	return unix.Chroot(".")
}
