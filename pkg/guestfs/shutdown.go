package guestfs

import (
	"context"
	"errors"
	"slices"
)

// Shutdown unmounts the guest's filesystems, flushes its disks and stops the
// appliance. An error means that what was written may not be on the disks.
func (g *Handle) Shutdown(ctx context.Context) error {
	g.detachLocal()
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
	g.mu.Lock()
	g.closed = true
	after := g.onClose
	g.onClose = nil
	g.mu.Unlock()
	g.detachLocal()
	g.kill()
	for _, f := range slices.Backward(after) {
		f()
	}
	return nil
}

// OnClose has f called by Close, when the appliance has ended and uses no disk any more. The
// function given last is called first.
func (g *Handle) OnClose(f func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.onClose = append(g.onClose, f)
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
