package guestfs

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
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
	featureOwn           = "virt_tools" // the group that only our daemon has
	procInternalWarnings = api.ProcOwn + 2
)

// Timings says where the time of a launch went.
type Timings struct {
	Appliance time.Duration // finding or building the appliance
	QEMU      time.Duration // until QEMU answers
	Boot      time.Duration // until the daemon is ready
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
	err := g.launch(ctx)
	if err == nil {
		return nil
	}
	g.kill()
	return g.launchError(ctx, err)
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

func (g *Handle) launch(ctx context.Context) error {
	if g.opts.settingError != nil {
		return g.opts.settingError
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
	if err := g.greet(ctx); err != nil {
		return err
	}
	start = time.Now()
	if len(g.drives) > 0 {
		if err := g.attach(ctx, g.drives); err != nil {
			return err
		}
	}
	g.setTiming(func(t *Timings) { t.Attach = time.Since(start) })
	g.mu.Lock()
	g.state = ready
	g.mu.Unlock()
	return nil
}

// boot starts a machine and waits until its daemon is ready and its drives are
// plugged in.
func (g *Handle) boot(ctx context.Context, a *appliance.Appliance, accel, why string) error {
	start := time.Now()
	m, err := g.startMachine(ctx, a, accel, why)
	if err != nil {
		return err
	}
	g.setTiming(func(t *Timings) { t.QEMU = time.Since(start) })
	start = time.Now()
	plugged := make(chan error, 1)
	go func() {
		err := g.plugAll(ctx, m)
		g.setTiming(func(t *Timings) { t.Plug = time.Since(start) })
		plugged <- err
	}()
	if err := g.waitReady(ctx, m, plugged); err != nil {
		return err
	}
	g.setTiming(func(t *Timings) { t.Boot = time.Since(start) })
	return nil
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
			if _, err := os.Stat(filepath.Join(dir, "README.fixed")); err == nil {
				return &appliance.Appliance{Dir: dir, Kernel: filepath.Join(dir, "kernel"), Initrd: filepath.Join(dir, "initrd")}, nil
			}
		}
		return nil, fmt.Errorf("no appliance in LIBGUESTFS_PATH=%s: no folder there holds the files kernel, initrd and README.fixed", g.opts.Path)
	}
	return appliance.Find(ctx, &appliance.Options{CacheDir: g.opts.CacheDir, Log: g.debugf})
}

func (g *Handle) startMachine(ctx context.Context, a *appliance.Appliance, accel, why string) (*qemu.Machine, error) {
	g.debugf("accelerator %s: %s", accel, why)
	appendix := "guestfs_hotplug=1"
	if g.opts.Append != "" {
		appendix += " " + g.opts.Append
	}
	m, err := qemu.Start(ctx, &qemu.Config{
		Binary: g.opts.Hypervisor, Accel: accel, MemoryMB: g.opts.MemoryMB, CPUs: g.opts.CPUs,
		Kernel: a.Kernel, Initrd: a.Initrd, Append: appendix, Verbose: g.opts.Verbose, TempDir: g.opts.TmpDir,
		Console: consoleWriter{g}, Log: g.debugf,
	})
	if err != nil {
		return nil, err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.machine, g.accel, g.accelWhy = m, accel, why
	g.link = newLink(m.Channel(), g.progress)
	return m, nil
}

func (g *Handle) progress(p wire.Progress) {
	g.emit(Event{Kind: EventProgress, Position: p.Position, Total: p.Total})
}

// plugAll plugs the drives in while the kernel boots.
func (g *Handle) plugAll(ctx context.Context, m *qemu.Machine) error {
	drives := make([]qemu.Drive, len(g.drives))
	for i, d := range g.drives {
		drives[i] = d.spec
	}
	if err := m.Plug(ctx, drives...); err != nil {
		return &plugError{err}
	}
	return nil
}

// waitReady waits for the daemon and for the drives. It ends early when QEMU
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

// greet finds out whether the daemon is our own, and if so sets its clock and
// gives it entropy.
func (g *Handle) greet(ctx context.Context) error {
	there, err := g.internalFeatureAvailable(ctx, featureOwn)
	if err != nil {
		return err
	}
	if there != 0 {
		return errors.New("the appliance's daemon is not that of virt-tools: it cannot take drives after its start")
	}
	entropy := make([]byte, entropyBytes)
	rand.Read(entropy) // never fails (crypto/rand)
	names, err := g.internalHello(ctx, time.Now().UnixNano(), entropy)
	if err != nil {
		return err
	}
	own := map[string]bool{}
	for _, name := range names {
		own[name] = true
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.own = own
	return nil
}

// Shutdown unmounts the guest's filesystems, flushes its disks and stops the
// appliance. An error means that what was written may not be on the disks.
func (g *Handle) Shutdown(ctx context.Context) error {
	g.mu.Lock()
	m, st := g.machine, g.state
	g.mu.Unlock()
	if st != ready {
		g.kill()
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, shutdownTimeout)
	defer cancel()
	err := g.internalAutosync(ctx)
	g.calls.Lock()
	defer g.calls.Unlock()
	if quitErr := m.Quit(ctx); quitErr != nil {
		err = errors.Join(err, &Error{Op: "shutdown", Msg: quitErr.Error(), cause: quitErr})
	}
	g.kill()
	return err
}

// Close ends the appliance, at once and without a flush unless Shutdown came
// before. It may be called again.
func (g *Handle) Close() error {
	g.kill()
	return nil
}

// kill ends the machine and the handle's use.
func (g *Handle) kill() {
	g.mu.Lock()
	g.state = stopped
	g.mu.Unlock()
	g.discardMachine()
}

// discardMachine ends the machine and waits until nothing of it is left.
func (g *Handle) discardMachine() {
	g.mu.Lock()
	m, l := g.machine, g.link
	g.link, g.machine, g.own = nil, nil, nil
	g.mu.Unlock()
	if l != nil {
		defer l.close()
	}
	if m != nil {
		m.Kill()
		<-m.Done()
	}
}
