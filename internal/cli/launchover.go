package cli

import (
	"context"
	"errors"
	"fmt"

	"virt-tools/pkg/guestfs"
)

// LaunchOver starts an appliance with overlays in the place of the guest's disks: a qcow2
// image for each, in their order. They are written to; the disks below them are only read.
func (g *Guest) LaunchOver(ctx context.Context, console *Console, overlays []string) (*guestfs.Handle, error) {
	if len(overlays) != len(g.drives) {
		return nil, fmt.Errorf("%d overlays for %d disks", len(overlays), len(g.drives))
	}
	h := guestfs.New(&guestfs.Options{Verbose: console.verbose, Trace: console.trace})
	h.OnEvent(console.event)
	for i, overlay := range overlays {
		opts := &guestfs.AddDriveOpts{Format: "qcow2", BlockSize: g.drives[i].Blocksize}
		if err := h.AddDrive(overlay, opts); err != nil {
			return nil, errors.Join(err, h.Close())
		}
	}
	if err := h.Launch(ctx); err != nil {
		return nil, errors.Join(err, h.Close())
	}
	return h, nil
}
