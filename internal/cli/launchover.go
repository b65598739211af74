package cli

import (
	"context"
	"errors"
	"fmt"

	"virt-tools/internal/domain"
	"virt-tools/internal/libvirt"
	"virt-tools/pkg/guestfs"
)

// FilesOnly puts the files of its disks in the place of a domain, for a tool that works with
// files: what Drives returns from then on has a File. A domain that is not shut off, a
// disk on the network and an encrypted image are errors. Disks that the domain only
// reads, such as CD-ROMs, are left out.
func (g *Guest) FilesOnly(ctx context.Context) error {
	var files []Drive
	for _, drive := range g.drives {
		switch {
		case drive.Domain != "":
			found, err := g.domainFiles(ctx, drive)
			if err != nil {
				return drive.explain(err)
			}
			files = append(files, found...)
		case drive.File == "":
			return Hint(fmt.Errorf("%s is on the network, and only files of this computer can be worked on", drive.displayName()), "copy the disk here first")
		default:
			files = append(files, drive)
		}
	}
	g.drives = files
	return nil
}

func (g *Guest) domainFiles(ctx context.Context, drive Drive) ([]Drive, error) {
	conn, err := libvirt.Open(ctx, g.Connect)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	d, err := conn.Domain(ctx, drive.Domain)
	if err != nil {
		return nil, err
	}
	if d.Active() {
		return nil, Hint(fmt.Errorf("libvirt domain %s is %s", d.Name, d.State), "shut it down first (virsh shutdown)")
	}
	if d.Saved {
		return nil, Hint(fmt.Errorf("libvirt domain %s has its memory saved", d.Name), "start it and shut it down, or give the saved memory up: virsh managedsave-remove")
	}
	if host := conn.FileHost(); host != "" {
		return nil, fmt.Errorf("libvirt domain %s has its disks on the host %s: run this there", d.Name, host)
	}
	disks, left, err := domain.Disks(ctx, d.XML, domain.Lookups{
		Volume: func(ctx context.Context, pool, name string) (*domain.Volume, error) {
			path, volumeXML, poolXML, err := conn.Volume(ctx, pool, name)
			return &domain.Volume{Path: path, XML: volumeXML, PoolXML: poolXML}, err
		},
	})
	if err != nil {
		return nil, err
	}
	if len(left) > 0 {
		return nil, fmt.Errorf("libvirt domain %s: disk %s: %w", d.Name, left[0].Target, left[0].Reason)
	}
	var files []Drive
	for _, disk := range disks {
		switch {
		case disk.ReadOnly:
		case disk.Image.File == "" || disk.Image.Key != "":
			return nil, fmt.Errorf("libvirt domain %s: disk %s is on the network or encrypted by QEMU, and only plain files can be worked on", d.Name, disk.Target)
		default:
			files = append(files, Drive{File: disk.Image.File, Format: disk.Image.Format, Blocksize: disk.BlockSize})
		}
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("libvirt domain %s has no disks", d.Name)
	}
	return files, nil
}

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
