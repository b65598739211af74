package qemu

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"

	"virt-tools/internal/image"
	"virt-tools/internal/netdisk"
)

// MaxDrives is how many drives one machine can have: targets 0 to 254 of its controller.
const MaxDrives = 255

// Drive is a disk for the guest: a file, or a disk on the network, or a scratch disk.
type Drive struct {
	Index        int           // SCSI target; the daemon names disks in this order: 0 is sda
	File         string        // disk image or block device
	Remote       *netdisk.Disk // disk on the network
	ScratchBytes int64         // size of a scratch disk, which starts empty and vanishes
	Format       string        // raw, qcow2, ...; empty: detected, and then no other file is opened
	Key          string        // opens an image that QEMU encrypted; the guest's own encryption is not meant
	Chain        bool          // Backing is all that lies below, whatever the image says
	Backing      []Layer       // images below, the next first; read only where Chain is set
	ReadOnly     bool          // writes go to a throw-away overlay
	Label        string        // serial number of the disk, 1 to 20 letters, digits, '_' or '-'
	BlockSize    int           // 512 or 4096; 0 is 512
	CacheMode    string        // "writeback" (or empty), or "unsafe": flushes are ignored
	Discard      string        // "disable" (or empty), "enable", "besteffort"
	CopyOnRead   bool          // keep in the overlay what was read from below
}

// Layer is one image of a chain that the caller knows.
type Layer struct {
	File   string
	Remote *netdisk.Disk // or this
	Format string        // empty: detected
	Key    string
}

// plugged is a drive in the machine.
type plugged struct {
	Drive
	size    int64             // virtual size; 0 while it is being plugged in
	nodes   []string          // QEMU's block nodes, the topmost last
	remotes map[string]string // those of them that are connections to a server, and their names
}

func (d *Drive) check() error {
	switch {
	case d.Index < 0 || d.Index >= MaxDrives:
		return told(fmt.Sprintf("at most %d drives can be added", MaxDrives), "drive number %d is out of range", d.Index)
	case count(d.File != "", d.Remote != nil, d.ScratchBytes != 0) != 1, d.ScratchBytes < 0:
		return errors.New("a drive needs either a file, a disk on the network or the size of a scratch disk")
	case d.BlockSize != 0 && d.BlockSize != 512 && d.BlockSize != 4096:
		return fmt.Errorf("block size %d: only 512 and 4096 are possible", d.BlockSize)
	case d.CacheMode != "" && d.CacheMode != "writeback" && d.CacheMode != "unsafe":
		return fmt.Errorf("cache mode %q: only writeback and unsafe are possible", d.CacheMode)
	case d.Discard != "" && d.Discard != "disable" && d.Discard != "enable" && d.Discard != "besteffort":
		return fmt.Errorf("discard %q: only disable, enable and besteffort are possible", d.Discard)
	case d.Discard == "enable" && d.ReadOnly:
		return errors.New("discard cannot be enabled on a read-only drive")
	case !labelOK(d.Label):
		return fmt.Errorf("label %q: 1 to 20 letters, digits, '_' or '-' are possible", d.Label)
	}
	return nil
}

func count(all ...bool) (n int) {
	for _, b := range all {
		if b {
			n++
		}
	}
	return n
}

func labelOK(s string) bool {
	return len(s) <= 20 && strings.IndexFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' || r == '-')
	}) < 0
}

// plugAtOnce bounds how many drives are plugged in at the same time: each holds
// a few of our descriptors for a moment.
const plugAtOnce = 16

// Plug plugs drives in, several at a time. The guest may be running. On an error the
// drives that did not fail stay plugged in; the error is that of the first that did.
func (m *Machine) Plug(ctx context.Context, drives ...Drive) error {
	errs := make([]error, len(drives))
	slots := make(chan struct{}, plugAtOnce)
	var all sync.WaitGroup
	for i, d := range drives {
		slots <- struct{}{}
		all.Go(func() {
			errs[i] = m.plug(ctx, d)
			<-slots
		})
	}
	all.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func (m *Machine) plug(ctx context.Context, d Drive) (err error) {
	if err := d.check(); err != nil {
		return err
	}
	p := &plugged{Drive: d}
	m.mu.Lock()
	if m.drives[d.Index] != nil {
		m.mu.Unlock()
		return fmt.Errorf("drive %d is plugged in already", d.Index)
	}
	m.drives[d.Index] = p
	m.mu.Unlock()
	g := &graph{m: m, ctx: ctx, drive: &p.Drive}
	if d.networked() {
		var cancel context.CancelFunc
		g.ctx, cancel = context.WithTimeoutCause(ctx, m.config.OpenTimeout, errSilent)
		defer cancel()
	}
	defer func() {
		if err == nil {
			return
		}
		err = g.explainRemote(err)
		g.remove()
		m.mu.Lock()
		delete(m.drives, d.Index)
		m.mu.Unlock()
	}()
	size, err := g.build()
	if err != nil {
		return g.explain(err)
	}
	if err := m.monitor.Execute(g.ctx, "device_add", d.device(g.nodes[len(g.nodes)-1]), nil); err != nil {
		return g.explain(err)
	}
	m.mu.Lock()
	p.size, p.nodes, p.remotes = size, g.nodes, g.remotes
	m.mu.Unlock()
	if len(g.remotes) > 0 {
		m.watchRemotes()
	}
	return nil
}

// device is the guest's side of a drive.
func (d *Drive) device(node string) map[string]any {
	dev := map[string]any{
		"driver": "scsi-hd", "id": d.deviceID(), "drive": node,
		"bus": "scsi0.0", "scsi-id": d.Index, "lun": 0,
		// The default stops the guest when the host's disk is full, and nobody would
		// ever continue it. The guest gets the error, and we see an event.
		"werror": "report", "rerror": "report",
	}
	if d.Label != "" {
		dev["serial"] = d.Label
	}
	if d.BlockSize != 0 {
		dev["logical_block_size"], dev["physical_block_size"] = d.BlockSize, d.BlockSize
	}
	return dev
}

func (d *Drive) deviceID() string { return fmt.Sprintf("drive%d", d.Index) }

// name is what messages call the drive.
func (d *Drive) name() string {
	switch {
	case d.Remote != nil:
		return d.Remote.String()
	case d.File == "":
		return fmt.Sprintf("scratch disk %d", d.Index)
	}
	return d.File
}

// Size is the virtual size of a drive in bytes, as the guest sees it.
func (m *Machine) Size(index int) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if p := m.drives[index]; p != nil && p.nodes != nil {
		return p.size, nil
	}
	return 0, fmt.Errorf("drive %d: %w", index, os.ErrNotExist)
}

// Unplug takes a drive out. The guest must have stopped using it: what it has not
// flushed is lost.
func (m *Machine) Unplug(ctx context.Context, index int) error {
	m.mu.Lock()
	p := m.drives[index]
	if p == nil || p.nodes == nil {
		m.mu.Unlock()
		return fmt.Errorf("drive %d: %w", index, os.ErrNotExist)
	}
	m.mu.Unlock()
	events := m.monitor.subscribe()
	defer m.monitor.unsubscribe(events)
	if err := m.monitor.Execute(ctx, "device_del", map[string]any{"id": p.deviceID()}, nil); err != nil {
		return explain(err)
	}
	for {
		e, ok := events.next(ctx)
		if !ok {
			return fmt.Errorf("unplug drive %d: %w", index, errors.Join(ctx.Err(), m.Err()))
		}
		if e.Event == "DEVICE_DELETED" && e.Data["device"] == p.deviceID() {
			break
		}
	}
	g := &graph{m: m, ctx: ctx, drive: &p.Drive, nodes: p.nodes}
	err := g.remove()
	m.mu.Lock()
	delete(m.drives, index)
	m.mu.Unlock()
	return err
}

// openImage opens a drive's image by the rules of package image.
func (d *Drive) openImage() (*image.Chain, error) {
	return image.Open(d.File, image.Options{Format: d.Format, Writable: !d.ReadOnly, Key: d.Key != ""})
}
