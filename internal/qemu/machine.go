// Package qemu starts the virtual machine in which the appliance runs, talks to QEMU
// and plugs guests' disks in and out.
//
//	m, err := qemu.Start(ctx, &qemu.Config{Kernel: "vmlinux", Initrd: "initrd"})
//	if err != nil { ... }
//	defer m.Kill()
//	err = m.Plug(ctx, qemu.Drive{Index: 0, File: "disk.qcow2", ReadOnly: true})
//	daemon := m.Channel() // speak with the daemon
//	err = m.Quit(ctx)
//
// Nothing of a machine is ever in the file system: QEMU's ends of all connections
// are inherited socket pairs, disk images are opened here and handed over, overlays
// live in files without a name. So nothing can be left behind. QEMU ends when this
// process does, also when that is killed.
//
// The package knows nothing of the protocol on the channel (internal/wire) and builds no
// appliance (package appliance).
package qemu

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"time"

	"github.com/digitalocean/go-qemu/qmp"
)

// Config describes a machine. Only Kernel is needed to boot something.
type Config struct {
	Binary   string // QEMU; empty: the one that Binary finds
	Accel    string // "kvm" or "tcg"; empty: kvm where it works
	MemoryMB int    // 0: 1280, as libguestfs
	CPUs     int    // 0: 1
	Kernel   string // a file; empty: no operating system is started
	Initrd   string
	Append   string   // added to the kernel's command line
	Args     []string // added to QEMU's arguments
	Verbose  bool     // the kernel and the daemon tell all on the console
	TempDir  string   // for overlays; empty: $LIBGUESTFS_TMPDIR, $TMPDIR or /var/tmp
	Keep     bool     // hold the memory so that Save can be used

	// OpenTimeout is for connecting to the server of one drive and reading the image's
	// header there; 0: 45 seconds. QEMU does nothing else meanwhile, not even answer us.
	OpenTimeout time.Duration

	Console io.Writer                        // gets the console's output; may be nil
	Log     func(format string, args ...any) // notes and QEMU's warnings; may be nil
}

// Machine is a running QEMU. Its methods may be called from any goroutine. Either
// Quit or Kill must be called in the end, also when QEMU ended by itself.
type Machine struct {
	config  Config
	proc    *process
	monitor *Monitor
	channel *net.UnixConn
	console *tail
	readers sync.WaitGroup // console and events
	done    chan struct{}  // closed after proc.done, when the readers have ended
	ram     *os.File       // the guest's memory, where Config.Keep asked for it
	lane    *lane          // memory shared with the guest's daemon
	events  *subscription  // of the machine itself

	mu     sync.Mutex
	drives map[int]*plugged
	fdset  int64 // last number used for add-fd
	ioErr  error // first failed write
	ending bool  // we asked for the end
	fatal  error // why we ended it

	lastIOErr ioError // last one that nobody was told of

	remotes sync.Once // reading from servers has begun
}

// Start starts a machine and returns when QEMU answers; the guest boots meanwhile.
// The context is for starting only. On an error nothing is left.
func Start(ctx context.Context, c *Config) (*Machine, error) {
	config, err := c.complete()
	if err != nil {
		return nil, err
	}
	if !config.Keep {
		return start(ctx, config, memory{})
	}
	ram, err := newRAM(config.MemoryMB)
	if err != nil {
		return nil, err
	}
	m, err := start(ctx, config, memory{file: ram, share: true})
	if err != nil {
		ram.Close()
		return nil, err
	}
	m.ram = ram
	return m, nil
}

// complete fills in defaults and checks what QEMU would report less clearly.
func (c *Config) complete() (Config, error) {
	full := *c
	if full.Binary == "" {
		path, err := Binary()
		if err != nil {
			return full, err
		}
		full.Binary = path
	}
	if full.MemoryMB == 0 {
		full.MemoryMB = 1280
	}
	if full.CPUs == 0 {
		full.CPUs = 1
	}
	if full.OpenTimeout == 0 {
		full.OpenTimeout = 45 * time.Second
	}
	if full.Log == nil {
		full.Log = func(string, ...any) {}
	}
	if full.Console == nil {
		full.Console = io.Discard
	}
	for _, file := range []string{full.Kernel, full.Initrd} {
		if file == "" {
			continue
		}
		f, err := os.Open(file)
		if err != nil {
			return full, fmt.Errorf("appliance: %w", err)
		}
		f.Close()
	}
	if full.Accel == "kvm" {
		if err := probeKVM("/dev/kvm", "/proc/cpuinfo"); err != nil {
			return full, err
		}
	}
	var why string
	full.Accel, why = Accelerator(full.Accel)
	full.Log("accelerator %s: %s", full.Accel, why)
	return full, nil
}

// start runs QEMU with some memory and connects everything. It is the common part of
// booting and of restoring.
func start(ctx context.Context, c Config, mem memory, extra ...string) (*Machine, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	pairs, err := newPairs(3)
	if err != nil {
		return nil, err
	}
	defer pairs.closeTheirs()
	shared, err := newLane()
	if err != nil {
		pairs.closeOurs()
		return nil, err
	}
	stderr := &tail{each: func(line string) { c.Log("%s", line) }}
	m := &Machine{
		config:  c,
		monitor: NewMonitor(pairs.ours[monitorFD-3]),
		channel: pairs.ours[channelFD-3],
		console: &tail{},
		done:    make(chan struct{}),
		drives:  make(map[int]*plugged),
		lane:    shared,
	}
	files := append(pairs.theirs, shared.file)
	if mem.file != nil {
		files = append(files, mem.file)
	}
	m.proc, err = startProcess(c.Binary, arguments(&c, mem, extra...), files, stderr)
	if err != nil {
		pairs.closeOurs()
		shared.close()
		return nil, err
	}
	pairs.closeTheirs()
	opened := make(chan struct{})
	m.watch(pairs.ours[consoleFD-3], opened)
	err = m.monitor.Open(ctx)
	close(opened)
	if err != nil {
		return nil, m.failedStart(ctx, err)
	}
	return m, nil
}

// watch starts the goroutines that live as long as QEMU. opened is closed when
// the monitor has been opened, or could not be.
func (m *Machine) watch(console *net.UnixConn, opened <-chan struct{}) {
	m.readers.Go(func() {
		defer console.Close()
		// Reading goes on when the caller's writer fails: QEMU must not block on us.
		if _, err := io.Copy(io.MultiWriter(m.console, m.config.Console), console); err != nil {
			io.Copy(m.console, console)
		}
	})
	m.events = m.monitor.subscribe()
	m.readers.Go(func() {
		defer m.monitor.unsubscribe(m.events)
		for {
			e, ok := m.events.next(context.Background())
			if !ok {
				return
			}
			m.handle(e)
		}
	})
	go func() {
		<-m.proc.done
		m.monitor.endOfInput() // what it said last can still be read
		<-opened
		m.monitor.Disconnect()
		m.readers.Wait()
		m.ram.Close() // of nil too
		m.lane.file.Close()
		close(m.done)
	}()
}

// failedStart ends what was started and finds the reason.
func (m *Machine) failedStart(ctx context.Context, err error) error {
	if ctx.Err() == nil {
		// QEMU closed the monitor: it is about to end and says why on its way.
		select {
		case <-m.proc.done:
		case <-time.After(5 * time.Second):
		}
	}
	ended := false
	select {
	case <-m.proc.done:
		ended = true
	default:
	}
	m.Kill()
	if cause := ctx.Err(); cause != nil {
		return fmt.Errorf("start qemu: %w", cause)
	}
	if exit := m.proc.exitError(); ended && exit != nil {
		return exit
	}
	return explain(fmt.Errorf("start qemu: %w%s", err, colon(m.proc.stderr.String())))
}

// Channel is the connection to the daemon: virtio-serial port org.libguestfs.channel.0.
// The machine closes it in Quit and Kill.
func (m *Machine) Channel() net.Conn { return m.channel }

// Monitor gives access to QEMU for what this package has no method for.
func (m *Machine) Monitor() *Monitor { return m.monitor }

// PID is QEMU's process id.
func (m *Machine) PID() int { return m.proc.pid }

// Accel is the accelerator in use, "kvm" or "tcg".
func (m *Machine) Accel() string { return m.config.Accel }

// Done is closed when QEMU has ended and all its output has been read.
func (m *Machine) Done() <-chan struct{} { return m.done }

// Err says why QEMU ended without being asked to. It is nil while QEMU runs, and after
// Quit and Kill if there was nothing else.
func (m *Machine) Err() error {
	select {
	case <-m.done:
	default:
		return nil
	}
	m.mu.Lock()
	asked, fatal := m.ending, m.fatal
	m.mu.Unlock()
	switch {
	case fatal != nil:
		return fatal
	case asked:
		return nil
	}
	if err := m.proc.exitError(); err != nil {
		return err
	}
	words := m.console.String()
	if words == "" {
		words = m.proc.stderr.String()
	}
	return told("run again with LIBGUESTFS_DEBUG=1 to see the whole console",
		"the appliance stopped unexpectedly%s", colon(words))
}

// Quit asks QEMU to end and waits for it; when the context ends first, QEMU is killed.
// What the guest flushed is on disk then. The error is a write to a read-write drive
// that failed, or the reason why QEMU ended earlier. It is safe to call twice.
func (m *Machine) Quit(ctx context.Context) error {
	defer m.channel.Close()
	if died := m.Err(); died != nil {
		return died
	}
	again := m.markEnding()
	if !again {
		err := m.monitor.Execute(ctx, "quit", nil, nil)
		if err != nil && !errors.Is(err, errMonitorClosed) { // the answer can be lost as QEMU exits
			m.Kill()
			return err
		}
	}
	select {
	case <-m.done:
	case <-ctx.Done():
		m.Kill()
		return fmt.Errorf("quit qemu: %w", ctx.Err())
	}
	if err := m.proc.exitError(); err != nil && !again {
		return err
	}
	return m.WriteError()
}

// Kill ends QEMU at once and waits until it is gone. It is safe to call twice.
func (m *Machine) Kill() {
	m.markEnding()
	m.proc.kill() // an error means that it has ended
	m.channel.Close()
	select {
	case <-m.done:
	case <-time.After(10 * time.Second):
		// In an uninterruptible read of a dead network disk, say. It ends with that.
	}
}

// markEnding notes that the end of QEMU is wanted, and tells whether it was already.
func (m *Machine) markEnding() (again bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	select {
	case <-m.done: // it ended by itself: too late
		return true
	default:
	}
	again, m.ending = m.ending, true
	return again
}

// handle acts on one event of QEMU.
func (m *Machine) handle(e qmp.Event) {
	switch e.Event {
	case "BLOCK_IO_ERROR":
		m.noteIOError(e.Data)
	case reached:
		close(e.Data["mark"].(chan struct{}))
	case "BLOCK_IMAGE_CORRUPTED", "GUEST_PANICKED", "MEMORY_FAILURE":
		m.config.Log("qemu: %s: %v", e.Event, e.Data)
	}
}
