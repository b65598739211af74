package cli

import (
	"context"
	"errors"
	"fmt"
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
	if g.Freeze && !readOnly {
		return nil, errors.New("--freeze is for tools that only read: this one needs the domain to be shut off")
	}
	h := guestfs.New(&guestfs.Options{Verbose: console.verbose, Trace: console.trace})
	h.OnEvent(console.event)
	for _, drive := range g.drives {
		if err := g.addTo(ctx, h, console, drive, readOnly); err != nil {
			return nil, errors.Join(err, h.Close())
		}
	}
	if err := h.Launch(ctx); err != nil {
		if len(g.drives) == 1 && g.drives[0].Domain != "" {
			err = fmt.Errorf("libvirt domain %s: %w", g.drives[0].Domain, err)
		}
		return nil, errors.Join(err, h.Close())
	}
	return h, nil
}

func (g *Guest) addTo(ctx context.Context, h *guestfs.Handle, console *Console, drive Drive, readOnly bool) error {
	opts := &guestfs.AddDriveOpts{ReadOnly: readOnly, Format: drive.Format, BlockSize: drive.Blocksize}
	switch {
	case drive.Domain != "":
		return g.addDomainTo(ctx, h, console, drive, readOnly)
	case drive.URI != "":
		return h.AddDriveURI(drive.URI, opts)
	}
	return h.AddDrive(drive.File, opts)
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
