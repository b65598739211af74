package qemu

import (
	"fmt"

	"virt-tools/internal/image"
)

// layers are the image and those below it, as far as the caller has named them.
func (d *Drive) layers() []Layer {
	return append([]Layer{{File: d.File, Remote: d.Remote, Format: d.Format, Key: d.Key}}, d.Backing...)
}

// knownStack describes the nodes of images that the caller has named one by one, as
// libvirt does for a running domain.
func (g *graph) knownStack(layers []Layer) (o options, size int64, err error) {
	var below any
	for i := len(layers) - 1; i >= 0; i-- {
		l, writable := &layers[i], i == 0 && !g.drive.ReadOnly
		if l.Remote != nil {
			o, size, err = g.remote(l, below, writable)
		} else {
			o, size, err = g.local(l, below, writable)
		}
		if err != nil {
			return nil, 0, err
		}
		below = o
		if node, named := o["file"].(string); named && i > 0 {
			// QEMU does not take a node by name inside one that is below another.
			if err := g.addNode(node+"f", o); err != nil {
				return nil, 0, err
			}
			below = node + "f"
		}
	}
	return o, size, nil
}

func (g *graph) local(l *Layer, below any, writable bool) (options, int64, error) {
	opened, err := image.OpenLayer(l.File, image.Options{Format: l.Format, Writable: writable, Key: l.Key != ""})
	if err != nil {
		return nil, 0, err
	}
	defer opened.Close()
	o, err := g.layer(l, opened, below, writable)
	return o, sizeOf(&opened.Info, l.Key), err
}

// sizeOf is the virtual size in whole sectors, 0 where only QEMU can tell.
func sizeOf(info *image.Info, key string) int64 {
	if key != "" && info.Encryption == "" {
		return 0 // of LUKS: a header lies before the disk
	}
	return (info.VirtualSize + 511) &^ 511
}

// finish adds to a format's node its driver, its key and what lies below it.
func (g *graph) finish(o options, l *Layer, info *image.Info, below any) error {
	o["driver"] = info.Format
	if info.Format == image.LUKS {
		o["driver"] = image.Raw // the appliance opens it, as the guest would
	}
	if err := g.encryption(o, l, info); err != nil {
		return err
	}
	switch info.Format {
	case image.Qcow2, image.Qcow, image.QED, image.VMDK:
		// Said in any case: left out, QEMU would open what the header names.
		o["backing"] = nil
		if below != nil {
			o["backing"] = below
		}
	default:
		if below != nil {
			return fmt.Errorf("%s: an image in format %s has none below it", g.drive.name(), info.Format)
		}
	}
	return nil
}

// encryption adds the key of an image that QEMU encrypted.
func (g *graph) encryption(o options, l *Layer, info *image.Info) error {
	if l.Key == "" {
		return nil
	}
	id := fmt.Sprintf("k%d-%d", g.drive.Index, len(g.secrets))
	switch {
	case info.Encryption != "":
		o["encrypt"] = options{"format": info.Encryption, "key-secret": id}
	case info.Format == image.Raw, info.Format == image.LUKS:
		o["driver"], o["key-secret"] = image.LUKS, id
	default:
		return told("the domain says that it is encrypted", "%s: the image is not encrypted", g.drive.name())
	}
	return g.secret(id, l.Key)
}
