package guestfs

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"virt-tools/appliance"
	"virt-tools/internal/api"
	"virt-tools/internal/qemu"
	"virt-tools/internal/wire"
)

const (
	launchTimeout        = 5 * time.Minute
	shutdownTimeout      = 2 * time.Minute
	entropyBytes         = 64
	clockError           = 250 * time.Millisecond
	clockTries           = 4
	featureOwn           = "virt_tools" // the group that only our daemon has
	laneName             = "lane"       // in the answer to internal_hello: files can go through shared memory
	procInternalWarnings = api.ProcOwn + 2
	procInternalFailure  = api.ProcOwn + 6
)

// Origin is where the machine of a launch came from.
type Origin string

// The origins of a machine.
const (
	FromTemplate Origin = "template" // restored
	FromBoot     Origin = "boot"     // booted; where Timings.Save is not 0, a template was saved on the way
)

// Timings says where the time of a launch went.
type Timings struct {
	From      Origin
	Appliance time.Duration // finding or building the appliance
	QEMU      time.Duration // until QEMU answers, and has loaded the template
	Boot      time.Duration // until the daemon answers
	Save      time.Duration // saving a template
	Plug      time.Duration // plugging the drives in, beside the boot
	Attach    time.Duration // finding the drives in the appliance, RAID and LVM included
}

// Timings returns where the time of the last launch went.
func (g *Handle) Timings() Timings {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.timings
}

// Accelerator returns "kvm" or "tcg" and why, after Launch.
func (g *Handle) Accelerator() (name, why string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.accel, g.accelWhy
}

// PrivateMemory returns how many bytes of the host's memory the running appliance has to
// itself: what it shares with others that started from the same template is not in it.
func (g *Handle) PrivateMemory() (int64, error) {
	m := g.running()
	if m == nil {
		return 0, invalid("private_memory", "the appliance does not run")
	}
	return m.PrivateBytes()
}

// Launch starts the appliance with the drives that were added. After an error,
// or when ctx ends, nothing of it is left and the handle is stopped.
func (g *Handle) Launch(ctx context.Context) error {
	g.calls.Lock()
	g.mu.Lock()
	st := g.state
	if st == configuring {
		g.state = launching
	}
	g.mu.Unlock()
	g.calls.Unlock()
	if st != configuring {
		return invalid("launch", "the handle has been launched before")
	}
	ctx, cancel := context.WithTimeoutCause(ctx, launchTimeout, fmt.Errorf("the appliance was not ready after %s", launchTimeout))
	defer cancel()
	alive := g.aliveAfter(launchQuiet)
	err := g.launch(ctx)
	alive()
	if err == nil {
		return nil
	}
	g.kill()
	return g.launchError(ctx, err)
}

// Signs of life come from launches that take this long, and so often.
const (
	launchQuiet = 5 * time.Second
	launchPulse = time.Second / 3
)

// aliveAfter reports signs of life, if it takes that long until they are
// stopped, and then that all is done.
func (g *Handle) aliveAfter(quiet time.Duration) (stop func()) {
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		next := time.NewTimer(quiet)
		defer next.Stop()
		for last := uint64(0); ; {
			select {
			case <-next.C:
				g.emit(Event{Kind: EventProgress, Op: "launch", Position: 0, Total: 1})
				last = 1
				next.Reset(launchPulse)
			case <-done:
				if last > 0 {
					g.emit(Event{Kind: EventProgress, Op: "launch", Position: last, Total: 1})
				}
				return
			}
		}
	}()
	return func() { close(done); <-ended }
}

// launchError words the error of a launch. An *Error of the first calls stays
// itself.
func (g *Handle) launchError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	e := &Error{Op: "launch", Msg: err.Error(), cause: err}
	var hint interface{ Hint() string }
	if errors.As(err, &hint) {
		e.hint = hint.Hint()
	}
	if last := g.console.lines(5); last != "" && errors.Is(err, errLost) && !strings.Contains(e.Msg, last) {
		e.Msg += "; the appliance's last words: " + last
	}
	if e.hint == "" {
		e.hint = "run virt-appliance check to see what is wrong with the appliance"
	}
	return e
}

// advised is an error with what the user can do about it.
type advised struct {
	error
	hint string
}

func (a *advised) Unwrap() error { return a.error }

// Hint returns the advice.
func (a *advised) Hint() string { return a.hint }

func (g *Handle) launch(ctx context.Context) error {
	if g.opts.settingError != nil {
		return &advised{g.opts.settingError, "correct the environment variable or unset it"}
	}
	start := time.Now()
	a, err := g.findAppliance(ctx)
	if err != nil {
		return err
	}
	g.setTiming(func(t *Timings) { t.Appliance = time.Since(start) })
	if err := g.bootAny(ctx, a); err != nil {
		return err
	}
	start = time.Now()
	if len(g.drives) > 0 && a.Root == "" {
		if err := g.attach(ctx, g.drives); err != nil {
			return err
		}
	}
	g.setTiming(func(t *Timings) { t.Attach = time.Since(start) })
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return errClosed
	}
	g.state = ready
	return nil
}

var errClosed = errors.New("the handle was closed")

// begin starts a machine whose daemon has been greeted and whose drives are plugged in:
// from a template, or by booting.
func (g *Handle) begin(ctx context.Context, a *appliance.Appliance, accel, why string) error {
	g.debugf("accelerator %s: %s", accel, why)
	config, err := g.config(a, accel)
	if err != nil {
		return err
	}
	g.mu.Lock()
	g.accel, g.accelWhy = accel, why
	g.mu.Unlock()
	if a.Root != "" {
		return g.bootForeign(ctx, a, config)
	}
	if g.opts.Template == templateOff {
		return g.boot(ctx, config)
	}
	w, err := g.newWarm(a, config)
	if err == nil {
		err = w.start(ctx)
	}
	if err == nil || final(ctx, err) {
		return err
	}
	if g.opts.Template == templateOnly {
		return fmt.Errorf("no template can be used: %w", err)
	}
	g.debugf("starting without a template: %v", err)
	if err := g.again(); err != nil {
		return err
	}
	return g.boot(ctx, config)
}

// again makes the handle ready for another machine after one that failed.
func (g *Handle) again() error {
	g.discardMachine()
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return errClosed
	}
	g.state = launching
	return nil
}

// boot boots a machine, plugs the drives in meanwhile and greets its daemon.
func (g *Handle) boot(ctx context.Context, config *qemu.Config) error {
	m, err := g.startMachine(ctx, config)
	if err != nil {
		return err
	}
	start := time.Now()
	plugged := make(chan error, 1)
	go func() { plugged <- g.plugAll(ctx, m) }()
	if err := g.waitReady(ctx, m, plugged); err != nil {
		return err
	}
	if err := g.checkDaemon(ctx); err != nil {
		return err
	}
	err = g.hello(ctx)
	g.setTiming(func(t *Timings) { t.Boot, t.From = time.Since(start), FromBoot })
	return err
}

// bootEmpty boots a machine without drives, up to where it can be saved: its daemon has not
// yet been greeted.
func (g *Handle) bootEmpty(ctx context.Context, config *qemu.Config) error {
	m, err := g.startMachine(ctx, config)
	if err != nil {
		return err
	}
	start := time.Now()
	if err := g.waitReady(ctx, m, nil); err != nil {
		return err
	}
	err = g.checkDaemon(ctx)
	g.setTiming(func(t *Timings) { t.Boot = time.Since(start) })
	return err
}

func (g *Handle) setTiming(set func(*Timings)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	set(&g.timings)
}

// findAppliance returns the appliance of LIBGUESTFS_PATH, or the one that is
// made from this host's files.
func (g *Handle) findAppliance(ctx context.Context) (*appliance.Appliance, error) {
	if g.opts.Path != "" {
		for _, dir := range filepath.SplitList(g.opts.Path) {
			a, err := appliance.Fixed(dir)
			if err == nil || !errors.Is(err, appliance.ErrNotFixed) {
				return a, err
			}
		}
		return nil, &advised{
			fmt.Errorf("no appliance in LIBGUESTFS_PATH=%s: no folder there holds the files kernel, initrd and README.fixed", g.opts.Path),
			"virt-appliance build makes one; without the variable it is found or made by itself",
		}
	}
	return appliance.Find(ctx, &appliance.Options{CacheDir: g.opts.CacheDir, Log: g.debugf})
}

// config describes the machine. Its drives come later.
func (g *Handle) config(a *appliance.Appliance, accel string) (*qemu.Config, error) {
	appendix := "guestfs_hotplug=1"
	if g.opts.Append != "" {
		appendix += " " + g.opts.Append
	}
	binary := g.opts.Hypervisor
	if binary == "" {
		var err error
		if binary, err = qemu.Binary(); err != nil {
			return nil, err
		}
	}
	return &qemu.Config{
		Binary: binary, Accel: accel, MemoryMB: g.opts.MemoryMB, CPUs: g.opts.CPUs,
		Kernel: a.Kernel, Initrd: a.Initrd, Append: appendix, Verbose: g.opts.Verbose, TempDir: g.opts.TmpDir,
		Console: consoleWriter{g}, Log: g.debugf,
	}, nil
}

func (g *Handle) startMachine(ctx context.Context, config *qemu.Config) (*qemu.Machine, error) {
	start := time.Now()
	m, err := qemu.Start(ctx, config)
	if err != nil {
		return nil, err
	}
	g.use(m)
	g.setTiming(func(t *Timings) { t.QEMU = time.Since(start) })
	return m, nil
}

// use makes a machine that of the handle, which ends it from now on.
func (g *Handle) use(m *qemu.Machine) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.machine, g.link = m, newLink(m.Channel(), g.progress)
}

// running returns the machine, or nil when it has been ended.
func (g *Handle) running() *qemu.Machine {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.machine
}

func (g *Handle) progress(p wire.Progress) {
	g.emit(Event{Kind: EventProgress, Position: p.Position, Total: p.Total})
}

// plugAll plugs the drives in.
func (g *Handle) plugAll(ctx context.Context, m *qemu.Machine) error {
	start := time.Now()
	defer func() { g.setTiming(func(t *Timings) { t.Plug = time.Since(start) }) }()
	drives := make([]qemu.Drive, len(g.drives))
	for i, d := range g.drives {
		drives[i] = d.spec
	}
	if err := m.Plug(ctx, drives...); err != nil {
		return &plugError{err}
	}
	return nil
}

// waitReady waits for the daemon and, unless plugged is nil, for the drives. It ends early when QEMU
// does, when a drive cannot be plugged in, or with ctx.
func (g *Handle) waitReady(ctx context.Context, m *qemu.Machine, plugged <-chan error) error {
	frames := g.link.frames
	for frames != nil || plugged != nil {
		select {
		case err := <-plugged:
			if err != nil {
				return err
			}
			plugged = nil
		case f, ok := <-frames:
			if !ok {
				return g.goneError(m)
			}
			if f.Kind != wire.LaunchFrame {
				return fmt.Errorf("%w: the appliance did not begin with the launch flag", errLost)
			}
			frames = nil
		case <-m.Done():
			return g.goneError(m)
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// goneError is why the machine ended before the daemon was ready.
func (g *Handle) goneError(m *qemu.Machine) error {
	<-m.Done()
	if err := m.Err(); err != nil {
		return fmt.Errorf("%w: %w", errLost, err)
	}
	return fmt.Errorf("%w: it stopped before it was ready", errLost)
}
