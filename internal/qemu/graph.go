package qemu

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"virt-tools/internal/image"
)

// graph builds the block nodes of one drive, bottom up. For a read-only drive:
//
//	dN-0f file (read-only, no lock)  <-  dN-0 format  <-  dN-o qcow2 overlay  <-  scsi-hd
//	                                          dN-of file without a name  <---'
//
// Every file is opened here and handed to QEMU, which never opens a path: so what was
// checked is what is used, and names with ':' or ',' mean nothing special. (The only
// exception are the extents of a vmdk in several files, which QEMU finds by name.)
type graph struct {
	m     *Machine
	ctx   context.Context // of the one Plug that the graph lives for
	drive *Drive
	nodes []string
}

type options map[string]any

// node names fit QEMU's limit of 31 bytes.
func (g *graph) node(suffix string) string { return fmt.Sprintf("d%d-%s", g.drive.Index, suffix) }

func (g *graph) top() string { return g.nodes[len(g.nodes)-1] }

// build makes all nodes and returns the virtual size.
func (g *graph) build() (int64, error) {
	size, err := g.buildImage()
	if err != nil {
		return 0, err
	}
	if g.drive.CopyOnRead {
		err = g.add("cor", options{"driver": "copy-on-read", "file": g.top()})
	}
	return size, err
}

func (g *graph) buildImage() (int64, error) {
	if g.drive.File == "" {
		return g.scratch(g.drive.ScratchBytes)
	}
	if g.drive.File == os.DevNull {
		// libguestfs's way to say "some disk, never mind which".
		return g.scratch(4096)
	}
	chain, err := g.drive.openImage()
	if err != nil {
		return 0, err
	}
	defer chain.Close()
	for i := len(chain.Layers) - 1; i >= 0; i-- {
		if err := g.addLayer(chain, i); err != nil {
			return 0, err
		}
	}
	size, err := g.virtualSize(chain.Layers[0])
	if err != nil || !g.drive.ReadOnly {
		return size, err
	}
	return size, g.addOverlay(size)
}

// addLayer adds the nodes of layer i; those of the layers below it exist.
func (g *graph) addLayer(chain *image.Chain, i int) error {
	l := chain.Layers[i]
	writable := i == 0 && !g.drive.ReadOnly
	driver := l.Format
	if driver == image.LUKS {
		driver = image.Raw // the appliance opens it, as the guest would
	}
	o := g.options(writable)
	o["driver"] = driver
	switch driver {
	case image.Qcow2, image.Qcow, image.QED, image.VMDK:
		// Said in any case: left out, QEMU would open what the header names.
		o["backing"] = nil
		if i+1 < len(chain.Layers) {
			o["backing"] = g.node(fmt.Sprint(i + 1))
		}
	}
	name := fmt.Sprint(i)
	if l.Data != nil {
		if err := g.addFile(name+"d", l.Data, writable); err != nil {
			return err
		}
		o["data-file"] = g.top()
	}
	if len(l.Extents) > 0 {
		file := g.options(writable)
		file["driver"], file["filename"] = "file", l.Path
		o["file"], o["force-share"] = file, !writable
		return g.add(name, o)
	}
	if err := g.addFile(name+"f", l.File, writable); err != nil {
		return err
	}
	o["file"] = g.top()
	return g.add(name, o)
}

// addFile hands an open file to QEMU and makes a node of it.
func (g *graph) addFile(suffix string, f *image.File, writable bool) error {
	o := g.options(writable)
	o["driver"] = "file"
	if f.Device {
		o["driver"] = "host_device"
	}
	// A reader takes no lock, so that the disk of a running guest can be read.
	o["locking"] = "off"
	if !g.drive.ReadOnly {
		o["locking"] = "on"
	}
	return g.addFD(suffix, f.File, o)
}

// options are common to the image's nodes.
func (g *graph) options(writable bool) options {
	o := options{"read-only": !writable, "auto-read-only": false, "discard": "ignore"}
	if g.drive.Discard == "enable" || g.drive.Discard == "besteffort" {
		o["discard"] = "unmap"
	}
	if g.drive.CacheMode == "unsafe" {
		o["cache"] = options{"no-flush": true}
	}
	return o
}

// throwAway are the options of nodes over a file without a name: nobody needs flushes.
func throwAway(driver string) options {
	return options{"driver": driver, "discard": "unmap", "cache": options{"no-flush": true}}
}

// addOverlay puts an empty qcow2 image on top, in a file without a name.
func (g *graph) addOverlay(size int64) error {
	f, err := unnamedFile(g.m.config.tempDir())
	if err != nil {
		return err
	}
	defer f.Close()
	if err := image.WriteQcow2(f, size); err != nil {
		return explainTemp(err)
	}
	below := g.top()
	o := throwAway("file")
	o["locking"] = "off"
	if err := g.addFD("of", f, o); err != nil {
		return err
	}
	o = throwAway("qcow2")
	o["file"], o["backing"] = g.top(), below
	return g.add("o", o)
}

// scratch makes an empty disk.
func (g *graph) scratch(size int64) (int64, error) {
	size = (size + 511) &^ 511
	f, err := unnamedFile(g.m.config.tempDir())
	if err != nil {
		return 0, err
	}
	defer f.Close()
	if err := f.Truncate(size); err != nil {
		return 0, explainTemp(err)
	}
	o := throwAway("file")
	o["locking"] = "off"
	return size, g.addFD("s", f, o)
}

// addFD passes an open file in an fd set of its own and adds a node that uses it. The
// node keeps a duplicate, so the set can go.
func (g *graph) addFD(suffix string, f *os.File, o options) error {
	g.m.mu.Lock()
	g.m.fdset++
	set := g.m.fdset
	g.m.mu.Unlock()
	if err := g.m.monitor.Execute(g.ctx, "add-fd", options{"fdset-id": set}, nil, f); err != nil {
		return err
	}
	o["filename"] = fmt.Sprintf("/dev/fdset/%d", set)
	err := g.add(suffix, o)
	if e := g.m.monitor.Execute(g.ctx, "remove-fd", options{"fdset-id": set}, nil); err == nil {
		err = e
	}
	return err
}

func (g *graph) add(suffix string, o options) error {
	name := g.node(suffix)
	o["node-name"] = name
	if err := g.m.monitor.Execute(g.ctx, "blockdev-add", o, nil); err != nil {
		return err
	}
	g.nodes = append(g.nodes, name)
	return nil
}

// remove deletes the nodes again, the topmost first. It runs also when the context of
// Plug has ended.
func (g *graph) remove() error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(g.ctx), 10*time.Second)
	defer cancel()
	var errs []error
	for len(g.nodes) > 0 {
		if err := g.m.monitor.Execute(ctx, "blockdev-del", options{"node-name": g.top()}, nil); err != nil {
			errs = append(errs, err)
		}
		g.nodes = g.nodes[:len(g.nodes)-1]
	}
	return errors.Join(errs...)
}

// virtualSize is what the header says or, for formats that only QEMU understands, what
// QEMU says; in whole sectors.
func (g *graph) virtualSize(l *image.Layer) (int64, error) {
	size := l.VirtualSize
	if size == 0 {
		var nodes []struct {
			Name  string `json:"node-name"`
			Image struct {
				VirtualSize int64 `json:"virtual-size"`
			} `json:"image"`
		}
		if err := g.m.monitor.Execute(g.ctx, "query-named-block-nodes", options{"flat": true}, &nodes); err != nil {
			return 0, err
		}
		for _, n := range nodes {
			if n.Name == g.top() {
				size = n.Image.VirtualSize
			}
		}
	}
	if size == 0 {
		return 0, told("a disk has at least one sector", "%s: the disk inside the image is empty", g.drive.name())
	}
	return (size + 511) &^ 511, nil
}

// explain puts the drive's name into QEMU's words, and advice to them.
func (g *graph) explain(err error) error {
	var refused *CommandError
	if !errors.As(err, &refused) {
		return err
	}
	text := refused.Desc
	for i := strings.Index(text, "/dev/fdset/"); i >= 0; i = strings.Index(text, "/dev/fdset/") {
		end := i + len("/dev/fdset/")
		for end < len(text) && text[end] >= '0' && text[end] <= '9' {
			end++
		}
		text = text[:i] + g.drive.name() + text[end:]
	}
	return explain(fmt.Errorf("add %s: %w", g.drive.name(), &CommandError{refused.Command, refused.Class, text}))
}
