package main

import (
	"context"
	"errors"
	"fmt"
	"math/bits"

	"virt-tools/internal/cli"
	"virt-tools/pkg/guestfs"
)

// Alignments that matter, in bytes, and the exit statuses for partitions below them.
const (
	pageBytes    = 4 << 10  // many disks have sectors of that size inside
	stripeBytes  = 64 << 10 // storage on the network has blocks of that size
	statusStripe = 2
	statusPage   = 3
)

// partition is one of a guest.
type partition struct {
	device    string
	start     int64
	alignment int64 // the largest power of two that start is a multiple of; 0 when start is 0
}

func newPartition(device guestfs.Device, p guestfs.Partition) partition {
	return partition{
		device: partitionName(device, p.PartNum),
		start:  p.PartStart,
		// The lowest bit that is set.
		alignment: int64(1) << bits.TrailingZeros64(uint64(p.PartStart)) & p.PartStart,
	}
}

func partitionName(device guestfs.Device, n int32) string {
	if last := device[len(device)-1]; last >= '0' && last <= '9' { // /dev/md0p1
		return fmt.Sprintf("%sp%d", device, n)
	}
	return fmt.Sprintf("%s%d", device, n)
}

// below tells whether the partition is aligned worse than to so many bytes.
func (p partition) below(bytes int64) bool { return p.start != 0 && p.alignment < bytes }

// status is what the partition does to the exit status.
func (p partition) status() int {
	switch {
	case p.below(pageBytes):
		return statusPage
	case p.below(stripeBytes):
		return statusStripe
	}
	return cli.StatusOK
}

// asker is what is asked of a launched guest: a *guestfs.Handle.
type asker interface {
	ListDevices(ctx context.Context) ([]guestfs.Device, error)
	PartGetParttype(ctx context.Context, device guestfs.Device) (string, error)
	PartList(ctx context.Context, device guestfs.Device) ([]guestfs.Partition, error)
}

// ask lists the partitions of each disk that has a partition table.
func ask(ctx context.Context, g asker) ([]partition, error) {
	devices, err := g.ListDevices(ctx)
	if err != nil {
		return nil, err
	}
	var all []partition
	for _, device := range devices {
		if _, err := g.PartGetParttype(ctx, device); err != nil {
			if ctx.Err() != nil || !answered(err) {
				return all, err
			}
			continue // no partition table
		}
		list, err := g.PartList(ctx, device)
		if err != nil {
			return all, fmt.Errorf("%s: %w", device, err)
		}
		for _, p := range list {
			all = append(all, newPartition(device, p))
		}
	}
	return all, nil
}

// answered tells an error of the daemon from one in reaching it.
func answered(err error) bool {
	var e *guestfs.Error
	return errors.As(err, &e)
}

func scan(ctx context.Context, guest *cli.Guest, console *cli.Console) (found []partition, err error) {
	g, err := guest.LaunchReadOnly(ctx, console)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, g.Close()) }()
	return ask(ctx, g)
}

func (o *options) run(ctx context.Context, console *cli.Console) error {
	out := o.printer(console.Out)
	show := func(name string, found []partition) error {
		for _, p := range found {
			console.Found(p.status())
			if err := out.row(name, p); err != nil {
				return err
			}
		}
		return nil
	}
	if len(o.Drives()) > 0 {
		found, err := scan(ctx, &o.Guest, console)
		return errors.Join(show("", found), err, out.end(err))
	}
	work := func(ctx context.Context, d *cli.DomainGuest) ([]partition, error) {
		return scan(ctx, &d.Guest, console)
	}
	each := func(r cli.Result[[]partition]) error {
		if r.Err != nil {
			console.FailDomain(r.Domain, r.Err)
		}
		name := r.Domain.DomainName
		if o.UUID {
			name = r.Domain.UUID
		}
		return show(name, r.Value)
	}
	err := cli.EachDomain(ctx, console, &o.Guest, o.Threads, work, each)
	return errors.Join(err, out.end(err))
}
