package cli

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"virt-tools/internal/libvirt"
	"virt-tools/pkg/guestfs"
)

// connection is the one to libvirt. Several guests may share it, from several goroutines.
type connection struct {
	mu   sync.Mutex
	uri  string
	conn *libvirt.Conn // nil: not yet open
}

// get opens the connection with the first use.
func (c *connection) get(ctx context.Context) (*libvirt.Conn, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var err error
	if c.conn == nil {
		c.conn, err = libvirt.Open(ctx, c.uri)
	}
	return c.conn, err
}

func (c *connection) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.conn != nil {
		c.conn.Close()
	}
	c.conn = nil
}

// addDomainTo adds the disks of a domain.
func (g *Guest) addDomainTo(ctx context.Context, h *guestfs.Handle, console *Console, drive Drive, readOnly bool) error {
	shared := g.libvirt
	if shared == nil {
		shared = &connection{uri: g.Connect}
		h.OnClose(shared.close)
	}
	conn, err := shared.get(ctx)
	if err != nil {
		return drive.explain(err)
	}
	look := conn.Domain
	if drive.listed {
		look = conn.DomainByName
	}
	d, err := look(ctx, drive.Domain)
	if err != nil {
		return drive.explain(err)
	}
	found := &guestfs.LibvirtDomain{
		Name: d.Name, State: d.State, Saved: d.Saved, XML: d.XML, Host: conn.FileHost(), Volume: conn.Volume, Secret: conn.Secret,
	}
	opts := &guestfs.AddDomainOpts{ReadOnly: readOnly, ReadOnlyDisk: "read"}
	if _, err := h.AddLibvirtDom(ctx, found, opts); err != nil {
		return err
	}
	if !d.Active() {
		return nil
	}
	if g.Freeze && g.freeze(ctx, h, console, conn, d) {
		return nil
	}
	console.once.Do(func() {
		console.stderr("note", fmt.Sprintf("domain %s is %s: what is read from a domain in use may be out of date or inconsistent", d.Name, d.State))
	})
	return nil
}

// thawTimeout is for asking libvirt to thaw; the guest is thawed in any case.
const thawTimeout = 30 * time.Second

// freeze freezes a domain until the handle is closed. That it cannot is a warning: what
// is read may be inconsistent then, as it is without --freeze.
func (g *Guest) freeze(ctx context.Context, h *guestfs.Handle, console *Console, conn *libvirt.Conn, d *libvirt.Domain) bool {
	if err := conn.Freeze(ctx, d.UUID); err != nil {
		console.stderr("warning", fmt.Sprintf("domain %s cannot be frozen, so what is read may be inconsistent: %v", d.Name, err))
		return false
	}
	h.OnClose(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), thawTimeout)
		defer cancel()
		if err := conn.Thaw(ctx, d.UUID); err != nil {
			console.stderr("warning", fmt.Sprintf("domain %s: what was read last may be inconsistent: %v", d.Name, err))
		}
	})
	return true
}

// explain adds to an error that an argument was taken for a domain's name.
func (d Drive) explain(err error) error {
	if !d.guessed {
		return err
	}
	return Hint(fmt.Errorf("there is no file %s, and it is no domain either: %w", d.Domain, err), "check the name of the disk image")
}

// A DomainGuest is one of all domains.
type DomainGuest struct {
	Guest
	DomainName, UUID string

	begun chan struct{} // closed when it is its turn
}

// AllDomains lists the domains of the libvirt that -c names, active and not, in the order of
// their names. They share a connection, which the caller closes with done when it has
// closed their handles.
func (g *Guest) AllDomains(ctx context.Context) (all []*DomainGuest, done func(), err error) {
	shared := &connection{uri: g.Connect}
	conn, err := shared.get(ctx)
	if err != nil {
		return nil, nil, err
	}
	domains, err := conn.Domains(ctx)
	if err != nil {
		shared.close()
		return nil, nil, err
	}
	for _, d := range domains {
		guest := &DomainGuest{DomainName: d.Name, UUID: d.UUID, begun: make(chan struct{})}
		guest.Connect, guest.Freeze, guest.libvirt = g.Connect, g.Freeze, shared
		guest.drives = []Drive{{Domain: d.Name, listed: true}}
		all = append(all, guest)
	}
	slices.SortFunc(all, func(a, b *DomainGuest) int { return cmp.Compare(a.DomainName, b.DomainName) })
	return all, shared.close, nil
}
