package daemon

import (
	"bytes"
	"encoding/binary"
	"maps"
	"os"
	"slices"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"

	"virt-tools/internal/wire"
)

const inotifyLimit = "/proc/sys/fs/inotify/max_queued_events"

// watcher is the inotify handle, of which there is one at a time.
type watcher struct {
	fd   int
	open bool
}

func (w *watcher) close() error {
	if !w.open {
		return withErrno(syscall.EINVAL, "you must call 'inotify_init' first to initialize inotify")
	}
	w.open = false
	return unix.Close(w.fd)
}

// doInotifyInit starts anew when there is a handle already.
func doInotifyInit(c *Call, maxevents int) error {
	if err := requireRoot(); err != nil {
		return err
	}
	if maxevents < 0 {
		return withErrno(syscall.EINVAL, "maxevents is negative")
	}
	if maxevents > 0 {
		if err := os.WriteFile(inotifyLimit, []byte(strconv.Itoa(maxevents)), 0); err != nil {
			return err
		}
	}
	w := &c.server.watcher
	if w.open {
		if err := w.close(); err != nil {
			return err
		}
	}
	fd, err := unix.InotifyInit1(unix.IN_NONBLOCK | unix.IN_CLOEXEC)
	if err != nil {
		return err
	}
	*w = watcher{fd, true}
	return nil
}

// watcher returns the handle that inotify_init has made.
func (c *Call) watcher() (*watcher, error) {
	w := &c.server.watcher
	if !w.open {
		return nil, withErrno(syscall.EINVAL, "you must call 'inotify_init' first to initialize inotify")
	}
	return w, nil
}

func doInotifyAddWatch(c *Call, path string, mask int) (int64, error) {
	w, err := c.watcher()
	if err != nil {
		return 0, err
	}
	var wd int
	err = c.onPath("inotify_add_watch", path, func() (err error) {
		wd, err = unix.InotifyAddWatch(w.fd, path, uint32(mask))
		return err
	})
	return int64(wd), err
}

func doInotifyRmWatch(c *Call, wd int) error {
	w, err := c.watcher()
	if err != nil {
		return err
	}
	_, err = unix.InotifyRmWatch(w.fd, uint32(wd))
	return err
}

// doInotifyRead returns the events that there are, or as many of them as fit
// well into a message.
func doInotifyRead(c *Call) ([]wire.INotifyEvent, error) {
	events := []wire.INotifyEvent{}
	err := c.inotifyEvents(wire.MessageMax/2, func(e wire.INotifyEvent) { events = append(events, e) })
	return events, err
}

// doInotifyFiles returns the names in all events, each once and sorted.
func doInotifyFiles(c *Call) ([]string, error) {
	names := map[string]bool{}
	err := c.inotifyEvents(-1, func(e wire.INotifyEvent) {
		if e.InName != "" {
			names[e.InName] = true
		}
	})
	return slices.Sorted(maps.Keys(names)), err
}

// inotifyEvents takes events off the queue until it is empty or their size in
// a message exceeds most, where that is not negative.
func (c *Call) inotifyEvents(most int, fn func(wire.INotifyEvent)) error {
	w, err := c.watcher()
	if err != nil {
		return err
	}
	buf := make([]byte, 64<<10)
	for size := 0; most < 0 || size < most; {
		if err := c.Err(); err != nil {
			return err
		}
		n, err := unix.Read(w.fd, buf)
		if err == syscall.EAGAIN {
			return nil
		}
		if err != nil {
			return err
		}
		for rest := buf[:n]; len(rest) >= unix.SizeofInotifyEvent; {
			order := binary.NativeEndian
			length := unix.SizeofInotifyEvent + int(order.Uint32(rest[12:]))
			if length > len(rest) {
				return withErrno(syscall.EIO, "inotify: an event is cut off")
			}
			name, _, _ := bytes.Cut(rest[unix.SizeofInotifyEvent:length], []byte{0})
			fn(wire.INotifyEvent{
				InWd: int64(int32(order.Uint32(rest))), InMask: order.Uint32(rest[4:]),
				InCookie: order.Uint32(rest[8:]), InName: string(name),
			})
			size += unix.SizeofInotifyEvent + 8 + len(name)
			rest = rest[length:]
		}
	}
	return nil
}

func doInotifyClose(c *Call) error { return c.server.watcher.close() }
