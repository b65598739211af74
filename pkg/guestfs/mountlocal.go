package guestfs

import (
	"context"
	"errors"
	"io"
	"log"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"
)

// MountLocalOpts are the optional arguments of MountLocal. The zero value
// leaves all of them out.
type MountLocalOpts struct {
	Readonly     bool
	Options      string // of FUSE, set apart by commas: "allow_other"
	Cachetimeout int    // seconds for which the kernel may keep attributes and names; 0 means 60
	Debugcalls   bool   // what the kernel asks goes to the log of Options.Verbose
}

// localMount is a guest that is mounted on a folder of the host.
type localMount struct {
	g        *Handle
	ctx      context.Context // of the calls that the mount makes
	folder   string
	readonly bool
	timeout  time.Duration
	server   *fuse.Server

	mu    sync.Mutex
	ahead map[Path]aheadStat // attributes that a listing brought along
}

const (
	localCacheSeconds = 60
	localTransfer     = 1 << 20 // bytes of one read or write
)

// MountLocal calls mount_local: it mounts the filesystems of the guest, as they
// are mounted in the appliance, on a folder of the host, by FUSE. What is done
// in the folder waits until MountLocalRun is called. ctx does not bound the
// mount's life.
//
// The host needs /dev/fuse, and fusermount unless the program runs as root. As
// with libguestfs a file that is removed while it is open is gone, and hard
// links look like files of their own.
func (g *Handle) MountLocal(ctx context.Context, localmountpoint string, opts *MountLocalOpts) error {
	const op = "mount_local"
	if opts == nil {
		opts = &MountLocalOpts{}
	}
	if opts.Cachetimeout < 0 {
		return invalid(op, "cachetimeout %d is negative", opts.Cachetimeout)
	}
	g.mu.Lock()
	st, mounted := g.state, g.local != nil
	g.mu.Unlock()
	if st != ready {
		return invalid(op, "call Launch before this")
	}
	if mounted {
		return invalid(op, "the guest is mounted on a folder already; one handle has one such mount")
	}
	folder, err := filepath.Abs(localmountpoint)
	if err != nil {
		return &Error{Op: op, Path: localmountpoint, Msg: err.Error(), cause: err}
	}
	if info, err := os.Stat(folder); err != nil {
		return &Error{Op: op, Path: localmountpoint, Msg: err.Error(), cause: err}
	} else if !info.IsDir() {
		return &Error{Op: op, Path: localmountpoint, Errno: "ENOTDIR", Msg: localmountpoint + ": not a directory"}
	}
	if _, err := os.Stat("/dev/fuse"); err != nil {
		return &Error{Op: op, Path: localmountpoint, Msg: err.Error(), cause: err, hint: "the host's kernel needs the module fuse, a container the device /dev/fuse"}
	}
	m := newLocalMount(ctx, g, folder, opts)
	server, err := fuse.NewServer(fs.NewNodeFS(&localNode{m: m}, m.nodeOptions()), folder, m.mountOptions(opts))
	if err != nil {
		return &Error{Op: op, Path: localmountpoint, Msg: localmountpoint + ": " + strings.TrimSpace(err.Error()), cause: err}
	}
	m.server = server
	g.mu.Lock()
	defer g.mu.Unlock()
	g.local = m
	return nil
}

func newLocalMount(ctx context.Context, g *Handle, folder string, opts *MountLocalOpts) *localMount {
	seconds := opts.Cachetimeout
	if seconds == 0 {
		seconds = localCacheSeconds
	}
	return &localMount{
		g: g, ctx: context.WithoutCancel(ctx), folder: folder, readonly: opts.Readonly,
		timeout: time.Duration(seconds) * time.Second, ahead: map[Path]aheadStat{},
	}
}

func (m *localMount) nodeOptions() *fs.Options {
	return &fs.Options{EntryTimeout: &m.timeout, AttrTimeout: &m.timeout, Logger: log.New(io.Discard, "", 0)}
}

func (m *localMount) mountOptions(opts *MountLocalOpts) *fuse.MountOptions {
	o := &fuse.MountOptions{
		FsName: "guestfs", Name: "guestfs", MaxWrite: localTransfer, MaxReadAhead: localTransfer,
		DirectMount: os.Geteuid() == 0, Debug: opts.Debugcalls, Logger: log.New(io.Discard, "", 0),
	}
	if opts.Debugcalls {
		o.Logger = log.New(debugWriter{m.g}, "", 0)
	}
	for option := range strings.SplitSeq(opts.Options, ",") {
		name, value, _ := strings.Cut(option, "=")
		switch name {
		case "", "rw":
		case "ro":
			m.readonly = true
		case "allow_other":
			o.AllowOther = true
		case "fsname":
			o.FsName = value
		case "subtype":
			o.Name = value
		default:
			o.Options = append(o.Options, option)
		}
	}
	if m.readonly {
		o.Options = append(o.Options, "ro")
	}
	if m.readonly && o.DirectMount {
		// mount(2) has flags where fusermount has words.
		o.Options = slices.DeleteFunc(o.Options, func(s string) bool { return s == "ro" })
		o.DirectMountFlags = unix.MS_NOSUID | unix.MS_NODEV | unix.MS_RDONLY
	}
	return o
}

// debugWriter sends what go-fuse logs where the library's own notes go.
type debugWriter struct{ g *Handle }

func (w debugWriter) Write(p []byte) (int, error) {
	w.g.debugf("mount_local: %s", strings.TrimSpace(string(p)))
	return len(p), nil
}

// MountLocalRun calls mount_local_run: it serves the folder of MountLocal until
// that is unmounted, by UmountLocal, by fusermount -u, or because ctx ends,
// which is then the error.
func (g *Handle) MountLocalRun(ctx context.Context) error {
	g.mu.Lock()
	m := g.local
	if m == nil || m.server == nil {
		g.mu.Unlock()
		return invalid("mount_local_run", "call MountLocal before this, once")
	}
	server := m.server
	m.server = nil
	g.mu.Unlock()

	served := make(chan struct{})
	go func() {
		defer close(served)
		server.Serve()
	}()
	// Must not be left out: see pollHack of go-fuse.
	if err := server.WaitMount(); err != nil {
		g.debugf("mount_local_run: %v", err)
	}
	var err error
	select {
	case <-served:
	case <-ctx.Done():
		err = &Error{Op: "mount_local_run", Errno: "EINTR", Msg: "stopped: " + ctx.Err().Error(), cause: ctx.Err()}
		if unmountErr := unmountFolder(m.folder, true); unmountErr != nil {
			err = errors.Join(err, unmountErr)
		}
	}
	g.mu.Lock()
	if g.local == m {
		g.local = nil
	}
	g.mu.Unlock()
	return err
}

// UmountLocalOpts are the optional arguments of UmountLocal. The zero value
// leaves all of them out.
type UmountLocalOpts struct {
	Retry bool // try again for some seconds when the folder is in use
}

// UmountLocal calls umount_local: it unmounts the folder of MountLocal, from
// another goroutine than that in which MountLocalRun runs, which then returns.
func (g *Handle) UmountLocal(ctx context.Context, opts *UmountLocalOpts) error {
	const op, tries = "umount_local", 6
	g.mu.Lock()
	m := g.local
	g.mu.Unlock()
	if m == nil {
		return invalid(op, "the guest is not mounted on a folder")
	}
	pause := 250 * time.Millisecond
	for try := 1; ; try++ {
		err := unmountFolder(m.folder, false)
		if err == nil {
			break
		}
		if opts == nil || !opts.Retry || try == tries {
			return &Error{Op: op, Path: m.folder, Msg: err.Error(), cause: err}
		}
		select {
		case <-ctx.Done():
			return &Error{Op: op, Path: m.folder, Errno: "EINTR", Msg: "stopped: " + ctx.Err().Error(), cause: ctx.Err()}
		case <-time.After(pause):
			pause *= 2
		}
	}
	g.mu.Lock()
	if g.local == m {
		g.local = nil
	}
	g.mu.Unlock()
	m.release()
	return nil
}

// detachLocal takes the folder away from a handle that ends, whoever uses it:
// a mount without its server would make every program hang that looks there.
func (g *Handle) detachLocal() {
	g.mu.Lock()
	m := g.local
	g.local = nil
	g.mu.Unlock()
	if m == nil {
		return
	}
	if err := unmountFolder(m.folder, true); err != nil {
		g.debugf("unmounting %s: %v", m.folder, err)
	}
	m.release()
}

// release lets go of a mount that was never run: its server finds it unmounted.
func (m *localMount) release() {
	m.g.mu.Lock()
	server := m.server
	m.server = nil
	m.g.mu.Unlock()
	if server != nil {
		go server.Serve()
	}
}

// errnoOf is the error number that the kernel gets.
func errnoOf(err error) syscall.Errno {
	if err == nil {
		return 0
	}
	var errno syscall.Errno
	if errors.As(err, &errno) {
		return errno
	}
	return syscall.EIO
}
