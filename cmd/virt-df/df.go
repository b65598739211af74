package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"virt-tools/internal/cli"
	"virt-tools/pkg/guestfs"
)

// guest is what virt-df asks of a launched guest: a *guestfs.Handle, or in tests fixed answers.
type guest interface {
	ListFilesystems(ctx context.Context) (guestfs.Pairs, error)
	MountRo(ctx context.Context, mountable guestfs.Mountable, mountpoint string) error
	Statvfs(ctx context.Context, path guestfs.Path) (*guestfs.StatVFS, error)
	UmountAll(ctx context.Context) error
}

// filesystem is one that could be looked at.
type filesystem struct {
	device string // or btrfsvol:device/subvolume
	kind   string // ext4
	stat   *guestfs.StatVFS
}

// guestReport is what could be found out about one guest.
type guestReport struct {
	rows     []filesystem
	warnings []error // filesystems that are left out
}

// df prints the filesystems, once or, with --watch, again and again.
func (o *options) df(ctx context.Context, console *cli.Console) error {
	if o.Watch == 0 {
		return o.once(ctx, console)
	}
	tick := time.NewTicker(time.Duration(o.Watch) * time.Second)
	defer tick.Stop()
	for {
		// What goes wrong now may be well the next time.
		if err := o.once(ctx, console); err != nil && ctx.Err() == nil {
			console.Fail(err)
		}
		if err := console.Flush(); err != nil {
			return fmt.Errorf("write the output: %w", err)
		}
		select {
		case <-tick.C:
			fmt.Fprintln(console.Out) // an error shows at the next Flush
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func (o *options) once(ctx context.Context, console *cli.Console) error {
	out := o.printer(console.Out)
	if len(o.Drives()) > 0 {
		report, err := measure(ctx, &o.Guest, console)
		if printErr := print(o.Name(), "", report, err == nil, console, out); err == nil {
			err = printErr
		}
		if err == nil {
			err = out.end()
		}
		return err
	}
	work := func(ctx context.Context, d *cli.DomainGuest) (guestReport, error) {
		return measure(ctx, &d.Guest, console)
	}
	show := func(r cli.Result[guestReport]) error {
		name := r.Domain.DomainName
		if o.UUID {
			name = r.Domain.UUID
		}
		if r.Err != nil {
			console.FailDomain(r.Domain, r.Err)
		}
		return print(name, r.Domain.UUID, r.Value, r.Err == nil, console, out)
	}
	if err := cli.EachDomain(ctx, console, &o.Guest, o.Threads, work, show); err != nil {
		return err
	}
	return out.end()
}

// print prints what is known of a guest, also of one that failed half-way.
func print(name, uuid string, report guestReport, complete bool, console *cli.Console, out printer) error {
	for _, warning := range report.warnings {
		console.Warn(fmt.Errorf("%s: %w", name, warning))
	}
	for _, fs := range report.rows {
		if err := out.row(name, fs); err != nil {
			return err
		}
	}
	return out.guest(name, uuid, complete)
}

// measure launches a guest and asks for its filesystems.
func measure(ctx context.Context, guest *cli.Guest, console *cli.Console) (report guestReport, err error) {
	g, err := guest.LaunchReadOnly(ctx, console)
	if err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, g.Close()) }()
	return ask(ctx, g)
}

// ask looks at each filesystem of g, in the order in which they are listed. One that
// cannot be mounted makes a warning; the rest is still looked at.
func ask(ctx context.Context, g guest) (report guestReport, err error) {
	all, err := g.ListFilesystems(ctx)
	if err != nil {
		return report, err
	}
	for _, pair := range all {
		switch pair.Value {
		case "", "swap", "unknown":
			continue // nothing that could be mounted
		}
		stat, lookErr := look(ctx, g, guestfs.Mountable(pair.Key))
		if err := g.UmountAll(ctx); err != nil {
			// Not about this filesystem: the user stopped the tool or the
			// appliance died. The first error is the one that says which.
			return report, cmp.Or(lookErr, err)
		}
		if lookErr != nil {
			report.warnings = append(report.warnings, fmt.Errorf("%s (%s) is skipped: %w", pair.Key, pair.Value, lookErr))
			continue
		}
		report.rows = append(report.rows, filesystem{pair.Key, pair.Value, stat})
	}
	return report, nil
}

// look mounts one filesystem and asks for its numbers.
func look(ctx context.Context, g guest, mountable guestfs.Mountable) (*guestfs.StatVFS, error) {
	if err := g.MountRo(ctx, mountable, "/"); err != nil {
		return nil, err
	}
	return g.Statvfs(ctx, "/")
}
