package guestfs

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"virt-tools/internal/domain"
	"virt-tools/internal/libvirt"
	"virt-tools/internal/qemu"
)

// AddDomainOpts are the optional arguments of AddDomain and AddLibvirtDom.
type AddDomainOpts struct {
	ReadOnly     bool   // never write to any disk; otherwise the domain must be shut off
	ReadOnlyDisk string // disks that the domain only reads: "write" to them (or ""), "read", "ignore" or "error"
	CacheMode    string // as in AddDriveOpts
	Discard      string
	CopyOnRead   bool

	// For AddDomain alone.
	LibvirtURI string // "": libvirt's default
	AllowUUID  bool   // the name may also be a UUID, which counts first
}

// LibvirtDomain is a domain that the caller has looked up. Volume and Secret may be nil
// where its XML refers to none.
type LibvirtDomain struct {
	Name  string
	State string // "shut off", or what it does instead: "running", "paused", ...
	Saved bool   // its memory is saved, and starting it would go on from there
	XML   string
	Host  string // on which its files are, if that is another one

	// Volume looks a storage volume up: its path, its XML and that of its pool.
	Volume func(ctx context.Context, pool, name string) (path, volumeXML, poolXML string, err error)
	// Secret reads the value of a secret, named by UUID or by type and usage.
	Secret func(ctx context.Context, uuid, kind, usage string) ([]byte, error)
}

// AddDomain calls add_domain: it adds the disks of a libvirt domain and returns how many.
// It adds all or none.
func (g *Handle) AddDomain(ctx context.Context, name string, opts *AddDomainOpts) (int, error) {
	const op = "add_domain"
	if opts == nil {
		opts = &AddDomainOpts{}
	}
	conn, err := libvirt.Open(ctx, opts.LibvirtURI)
	if err != nil {
		return 0, domainError(op, err)
	}
	defer conn.Close()
	look := conn.DomainByName
	if opts.AllowUUID {
		look = conn.Domain
	}
	d, err := look(ctx, name)
	if err != nil {
		return 0, domainError(op, err)
	}
	found := &LibvirtDomain{
		Name: d.Name, State: d.State, Saved: d.Saved, XML: d.XML, Host: conn.FileHost(), Volume: conn.Volume, Secret: conn.Secret,
	}
	return g.addLibvirtDom(ctx, op, found, opts)
}

// AddLibvirtDom calls add_libvirt_dom: AddDomain for a domain that was looked up already.
func (g *Handle) AddLibvirtDom(ctx context.Context, d *LibvirtDomain, opts *AddDomainOpts) (int, error) {
	if opts == nil {
		opts = &AddDomainOpts{}
	}
	return g.addLibvirtDom(ctx, "add_libvirt_dom", d, opts)
}

func (g *Handle) addLibvirtDom(ctx context.Context, op string, d *LibvirtDomain, opts *AddDomainOpts) (int, error) {
	drives, left, err := d.drives(ctx, opts)
	if err == nil && len(left) > 0 && !opts.ReadOnly {
		// Half of a volume group or RAID set must not be changed.
		err = fmt.Errorf("libvirt domain %s: disk %s: %w", d.Name, left[0].Target, left[0].Reason)
	}
	if err != nil {
		return 0, domainError(op, err)
	}
	for _, l := range left {
		g.emit(Event{Kind: EventWarning, Op: op, Text: fmt.Sprintf("libvirt domain %s: disk %s is left out: %v", d.Name, l.Target, l.Reason)})
	}
	if err := g.addDrives(op, drives); err != nil {
		return 0, err
	}
	return len(drives), nil
}

// drives are the domain's disks as drives, and those that cannot be used.
func (d *LibvirtDomain) drives(ctx context.Context, opts *AddDomainOpts) ([]qemu.Drive, []domain.Left, error) {
	if !slices.Contains([]string{"", "write", "read", "ignore", "error"}, opts.ReadOnlyDisk) {
		return nil, nil, fmt.Errorf("readonlydisk is %q, and neither error, read, write nor ignore", opts.ReadOnlyDisk)
	}
	if err := d.writable(opts.ReadOnly); err != nil {
		return nil, nil, err
	}
	look := domain.Lookups{}
	if d.Volume != nil {
		look.Volume = func(ctx context.Context, pool, name string) (*domain.Volume, error) {
			path, volumeXML, poolXML, err := d.Volume(ctx, pool, name)
			return &domain.Volume{Path: path, XML: volumeXML, PoolXML: poolXML}, err
		}
	}
	if d.Secret != nil {
		look.Secret = func(ctx context.Context, s domain.Secret) ([]byte, error) {
			return d.Secret(ctx, s.UUID, s.Type, s.Usage)
		}
	}
	disks, left, err := domain.Disks(ctx, d.XML, look)
	if err != nil {
		return nil, nil, fmt.Errorf("libvirt domain %s: %w", d.Name, err)
	}
	var drives []qemu.Drive
	for i := range disks {
		disk := &disks[i]
		if file := disk.LocalFile(); d.Host != "" && file != "" {
			return nil, nil, &advised{
				fmt.Errorf("libvirt domain %s: disk %s: %s is on the host %s", d.Name, disk.Target, file, d.Host),
				fmt.Sprintf("run this on %s, or read the disk through SSH: -a ssh://%s%s", d.Host, d.Host, file),
			}
		}
		drive, err := opts.drive(disk)
		if err != nil {
			return nil, nil, fmt.Errorf("libvirt domain %s: disk %s: %w", d.Name, disk.Target, err)
		}
		if drive != nil {
			drives = append(drives, *drive)
		}
	}
	return drives, left, nil
}

// writable refuses to write to the disks of a domain that may be using them.
func (d *LibvirtDomain) writable(readOnly bool) error {
	switch {
	case readOnly:
		return nil
	case d.State != libvirt.StateShutOff:
		return &advised{
			fmt.Errorf("libvirt domain %s is %s: writing to its disks would damage them", d.Name, d.State),
			"shut it down first (virsh shutdown), or use a tool that only reads",
		}
	case d.Saved:
		return &advised{
			fmt.Errorf("libvirt domain %s has its memory saved: starting it after a change to its disks would damage them", d.Name),
			"start it and shut it down, or give the saved memory up: virsh managedsave-remove",
		}
	}
	return nil
}

// drive is a disk as a drive, or nil for one that is to be ignored.
func (o *AddDomainOpts) drive(disk *domain.Disk) (*qemu.Drive, error) {
	readOnly := o.ReadOnly
	if disk.ReadOnly {
		switch {
		case o.ReadOnlyDisk == "ignore":
			return nil, nil
		case o.ReadOnlyDisk == "error" && !readOnly:
			return nil, errors.New("the domain only reads it")
		case o.ReadOnlyDisk == "read":
			readOnly = true
		}
	}
	var layers []qemu.Layer
	for _, b := range disk.Backing {
		layers = append(layers, qemu.Layer(b))
	}
	return &qemu.Drive{
		File: disk.Image.File, Remote: disk.Image.Remote, Format: disk.Image.Format, Key: disk.Image.Key,
		Chain: disk.Chain, Backing: layers, ReadOnly: readOnly, Label: disk.Serial, BlockSize: disk.BlockSize,
		CacheMode: o.CacheMode, Discard: o.Discard, CopyOnRead: o.CopyOnRead,
	}, nil
}

// domainError words an error about a domain.
func domainError(op string, err error) error {
	return &Error{Op: op, Msg: err.Error(), cause: err, hint: qemu.HintOf(err)}
}
