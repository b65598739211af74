package cli

import (
	"context"
	"errors"
	"strings"

	"virt-tools/internal/cli/safe"
	"virt-tools/pkg/guestfs"
)

// LaunchReadOnly starts an appliance with the guest's disks, which cannot be written to
// from it. The caller closes the handle. What -v and -x ask for, and warnings, go to
// the console.
func (g *Guest) LaunchReadOnly(ctx context.Context, console *Console) (*guestfs.Handle, error) {
	return g.launch(ctx, console, true)
}

// LaunchWritable is LaunchReadOnly for a tool that changes the guest. A disk that another
// program has open for writing, such as that of a running guest, is an error.
//
// What was written is on the disk once Shutdown has succeeded; Close alone does not tell.
func (g *Guest) LaunchWritable(ctx context.Context, console *Console) (*guestfs.Handle, error) {
	return g.launch(ctx, console, false)
}

func (g *Guest) launch(ctx context.Context, console *Console, readOnly bool) (*guestfs.Handle, error) {
	h := guestfs.New(&guestfs.Options{Verbose: console.verbose, Trace: console.trace})
	h.OnEvent(console.event)
	for _, drive := range g.drives {
		opts := &guestfs.AddDriveOpts{ReadOnly: readOnly, Format: drive.Format, BlockSize: drive.Blocksize}
		add, name := h.AddDrive, drive.File
		if drive.URI != "" {
			add, name = h.AddDriveURI, drive.URI
		}
		if err := add(name, opts); err != nil {
			return nil, errors.Join(err, h.Close())
		}
	}
	if err := h.Launch(ctx); err != nil {
		return nil, errors.Join(err, h.Close())
	}
	return h, nil
}

// event shows what happens in the library and the appliance. It does not touch Out, which
// belongs to the tool's goroutine.
func (c *Console) event(e guestfs.Event) {
	switch e.Kind {
	case guestfs.EventWarning:
		c.stderr("warning", e.Text)
	case guestfs.EventTrace:
		c.stderr("trace", e.Text)
	case guestfs.EventLibrary:
		c.stderr("debug", e.Text)
	case guestfs.EventAppliance:
		if c.verbose {
			c.appliance(e.Text)
		}
	}
}

// appliance passes on the console of the appliance, which comes in pieces.
func (c *Console) appliance(text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	text = strings.ReplaceAll(text, "\r", "") // a serial console ends lines with both
	_, _ = c.err.Write([]byte(safe.Text(text)))
}
