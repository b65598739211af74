package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"

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

// df launches the guest and prints its filesystems.
func (o *options) df(ctx context.Context, console *cli.Console) (err error) {
	g, err := o.LaunchReadOnly(ctx, console)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, g.Close()) }()
	out := o.printer(console.Out)
	if err := measure(ctx, g, o.Name(), console, out); err != nil {
		return err
	}
	return out.end()
}

// measure prints a row for each filesystem of g, in the order in which they are listed.
// One that cannot be mounted makes a warning; the rest is still shown.
func measure(ctx context.Context, g guest, name string, console *cli.Console, out printer) error {
	all, err := g.ListFilesystems(ctx)
	if err != nil {
		return err
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
			return cmp.Or(lookErr, err)
		}
		if lookErr != nil {
			console.Warn(fmt.Errorf("%s: %s (%s) is skipped: %w", name, pair.Key, pair.Value, lookErr))
			continue
		}
		if err := out.row(name, filesystem{pair.Key, pair.Value, stat}); err != nil {
			return err
		}
	}
	return nil
}

// look mounts one filesystem and asks for its numbers.
func look(ctx context.Context, g guest, mountable guestfs.Mountable) (*guestfs.StatVFS, error) {
	if err := g.MountRo(ctx, mountable, "/"); err != nil {
		return nil, err
	}
	return g.Statvfs(ctx, "/")
}
