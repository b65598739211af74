package cloneprep

import (
	"context"
	"errors"
	"fmt"
	"io"

	"virt-tools/internal/grubcore"
	"virt-tools/pkg/guestfs"
)

// bootLoaders looks into GRUB where BIOS starts it: before the first partition,
// or in a partition of its own. It holds where its files are, packed.
func (w *rewriting) bootLoaders(ctx context.Context) error {
	disks, err := w.g.ListDevices(ctx)
	if err != nil {
		return err
	}
	for _, disk := range disks {
		core, err := grubcore.Read(deviceReader{ctx, w.g, disk})
		switch {
		case errors.Is(err, grubcore.ErrNone):
			continue
		case err != nil:
			w.warn(fmt.Sprintf("GRUB of %s cannot be looked into: %v", disk, err))
			continue
		}
		now, hits := w.ids.Rewrite(core.Data)
		if len(hits) == 0 {
			continue
		}
		writes, err := core.Replace(now)
		if err != nil {
			w.block("GRUB on "+string(disk), fmt.Sprintf("it refers to %s, and cannot be rewritten: %v", hits[0].Old, err))
			continue
		}
		for _, write := range writes {
			if _, err := w.g.PwriteDevice(ctx, disk, write.Data, write.At); err != nil {
				return err
			}
		}
		for i := range hits {
			hits[i].Line = 0
		}
		w.note(nil, "GRUB on "+string(disk), hits)
	}
	return nil
}

// deviceReader reads a device of the guest.
type deviceReader struct {
	ctx    context.Context
	g      *guestfs.Handle
	device guestfs.Device
}

func (d deviceReader) ReadAt(p []byte, at int64) (int, error) {
	const most = 1 << 20
	for n := 0; n < len(p); {
		b, err := d.g.PreadDevice(d.ctx, d.device, min(len(p)-n, most), at+int64(n))
		if err != nil {
			return n, err
		}
		if len(b) == 0 {
			return n, io.EOF
		}
		n += copy(p[n:], b)
	}
	return len(p), nil
}
