package guestfs

import (
	"context"
	"fmt"
	"time"

	"virt-tools/appliance"
	"virt-tools/internal/qemu"
)

// An appliance that libguestfs-make-fixed-appliance wrote is another one in
// these ways: its programs are in a filesystem, on a disk behind those of the
// guest; it looks for disks once, at its start; its daemon has none of our own
// calls, no lane, and knows no cancellation but that of transfers. It is booted
// each time, and drives come and go before Launch only.

// bootForeign boots an appliance of libguestfs. The machine stands still until
// all disks are in it.
func (g *Handle) bootForeign(ctx context.Context, a *appliance.Appliance, config *qemu.Config) error {
	if len(g.drives) == maxDrives {
		return fmt.Errorf("libguestfs's appliance needs a disk itself: at most %d drives can be added", maxDrives-1)
	}
	g.mu.Lock()
	g.foreign = true
	g.mu.Unlock()
	const stopped = "-S"
	config.Args = append(config.Args, stopped)
	config.Append += " root=UUID=" + a.RootUUID
	m, err := g.startMachine(ctx, config)
	if err != nil {
		return err
	}
	if err := g.plugAll(ctx, m); err != nil {
		return err
	}
	root := qemu.Drive{Index: len(g.drives), File: a.Root, Format: "raw", ReadOnly: true}
	if err := m.Plug(ctx, root); err != nil {
		return err
	}
	start := time.Now()
	if err := m.Continue(ctx); err != nil {
		return err
	}
	if err := g.waitReady(ctx, m, nil); err != nil {
		return err
	}
	err = g.PingDaemon(ctx)
	g.setTiming(func(t *Timings) { t.Boot, t.From = time.Since(start), FromBoot })
	return err
}
