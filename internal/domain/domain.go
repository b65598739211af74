// Package domain reads which disks a libvirt domain has from its XML.
//
//	disks, left, err := domain.Disks(ctx, xml, domain.Lookups{Volume: ..., Secret: ...})
//	for _, d := range disks {
//		fmt.Println(d.Target, d.Image.File, d.Image.Format)
//	}
//
// It asks for volumes and secrets through functions, and opens no disk. Domains come from
// the administrator of the host, so their XML is trusted to name disks; what the images
// themselves say is not.
package domain

import (
	"context"
	"errors"
	"fmt"
	"regexp"

	"libvirt.org/go/libvirtxml"

	"virt-tools/internal/netdisk"
)

// Image is one file, device or disk on the network.
type Image struct {
	File   string
	Remote *netdisk.Disk // or this
	Format string        // "" where the domain does not say
	Key    string        // of an image that QEMU encrypted
}

// Disk is one of a domain's disks.
type Disk struct {
	Target    string // vda
	ReadOnly  bool
	Serial    string
	BlockSize int // of a sector; 0: the default
	Image     Image
	Chain     bool    // Backing is all that lies below
	Backing   []Image // the next first
}

// LocalFile is a file that some of its images need on the host of libvirt, or "". A server on that
// very host is meant as well.
func (d *Disk) LocalFile() string {
	for _, i := range append([]Image{d.Image}, d.Backing...) {
		switch {
		case i.File != "":
			return i.File
		case i.Remote == nil:
		default:
			for _, s := range i.Remote.Servers {
				switch {
				case s.Socket != "":
					return s.Socket
				case s.Host == "localhost" || s.Host == "127.0.0.1" || s.Host == "::1":
					return i.Remote.String()
				}
			}
		}
	}
	return ""
}

// Left is a disk that cannot be used, and why.
type Left struct {
	Target string
	Reason error
}

// Volume is a disk in a storage pool, as libvirt describes it.
type Volume struct {
	Path    string
	XML     string
	PoolXML string
}

// Secret names a secret: by UUID, or by type and usage.
type Secret struct{ UUID, Type, Usage string }

// Lookups ask libvirt for what the XML of a domain refers to. One that is nil makes disks that
// need it fail.
type Lookups struct {
	Volume func(ctx context.Context, pool, name string) (*Volume, error)
	Secret func(ctx context.Context, s Secret) ([]byte, error)
}

// ErrNone is the cause when there is no disk that could be used.
var ErrNone = errors.New("it has no disks")

// reader reads one domain.
type reader struct {
	ctx  context.Context
	look Lookups
}

// Disks lists a domain's disks in its order, and those whose kind cannot be used. Drives
// without a medium are in neither.
func Disks(ctx context.Context, xml string, look Lookups) (disks []Disk, left []Left, err error) {
	var d libvirtxml.Domain
	if err := d.Unmarshal(xml); err != nil {
		return nil, nil, fmt.Errorf("domain XML: %w", err)
	}
	r := &reader{ctx, look}
	if d.Devices != nil {
		for i := range d.Devices.Disks {
			xmlDisk := &d.Devices.Disks[i]
			if empty(xmlDisk.Source) {
				continue
			}
			disk, err := r.disk(xmlDisk)
			var u *unsupported
			switch {
			case errors.As(err, &u):
				left = append(left, Left{target(xmlDisk), u})
			case err != nil:
				return nil, nil, fmt.Errorf("disk %s: %w", target(xmlDisk), err)
			default:
				disks = append(disks, *disk)
			}
		}
	}
	if len(disks) == 0 {
		err = ErrNone
		for _, l := range left {
			err = fmt.Errorf("%w that could be used: disk %s: %w", ErrNone, l.Target, l.Reason)
		}
	}
	return disks, left, err
}

// unsupported is the error for a disk of a kind that cannot be used.
type unsupported struct{ reason string }

func (u *unsupported) Error() string { return u.reason }

func cannot(format string, args ...any) error { return &unsupported{fmt.Sprintf(format, args...)} }

func target(d *libvirtxml.DomainDisk) string {
	if d.Target != nil {
		return d.Target.Dev
	}
	return "without a target"
}

// empty tells whether there is no medium: a CD-ROM's or floppy's drive with its tray open.
func empty(s *libvirtxml.DomainDiskSource) bool {
	return s == nil || s.File != nil && s.File.File == "" || s.Block != nil && s.Block.Dev == "" || s.Volume != nil && s.Volume.Volume == "" ||
		s.File == nil && s.Block == nil && s.Dir == nil && s.Network == nil && s.Volume == nil && s.NVME == nil && s.VHostUser == nil && s.VHostVDPA == nil
}

// serialForm is what the appliance can give a disk as its serial number.
var serialForm = regexp.MustCompile(`^[A-Za-z0-9_-]{1,20}$`)

func (r *reader) disk(d *libvirtxml.DomainDisk) (*Disk, error) {
	disk := &Disk{Target: target(d), ReadOnly: d.ReadOnly != nil || d.Device == "cdrom"}
	if serialForm.MatchString(d.Serial) {
		disk.Serial = d.Serial
	}
	if d.BlockIO != nil {
		switch d.BlockIO.LogicalBlockSize {
		case 0, 512, 4096:
			disk.BlockSize = int(d.BlockIO.LogicalBlockSize)
		default:
			return nil, cannot("sectors of %d bytes are not possible; 512 and 4096 are", d.BlockIO.LogicalBlockSize)
		}
	}
	format := ""
	if d.Driver != nil {
		format = d.Driver.Type
	}
	encryption := d.Encryption
	if encryption == nil {
		encryption = d.Source.Encryption
	}
	image, err := r.image(d.Source, d.Auth, format, encryption)
	if err != nil {
		return nil, err
	}
	disk.Image = *image
	disk.Backing, disk.Chain, err = r.backing(d.BackingStore)
	return disk, err
}

// backing reads the images below. It is complete when its end is marked, as it is for
// a running domain; what the administrator only began counts no more than the images' headers.
func (r *reader) backing(b *libvirtxml.DomainDiskBackingStore) (images []Image, complete bool, err error) {
	for ; b != nil; b = b.BackingStore {
		if empty(b.Source) {
			return images, true, nil
		}
		format := ""
		if b.Format != nil {
			format = b.Format.Type
		}
		image, err := r.image(b.Source, nil, format, b.Source.Encryption)
		if err != nil {
			return nil, false, fmt.Errorf("backing file: %w", err)
		}
		images = append(images, *image)
	}
	if n := len(images); n > 0 && images[n-1].Format == "raw" {
		return images, true, nil // nothing lies below a raw image
	}
	return nil, false, nil
}
