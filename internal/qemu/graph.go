package qemu

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"

	"virt-tools/internal/image"
)

// graph builds the block nodes of one drive. For a read-only drive:
//
//	scsi-hd  ->  qcow2 overlay  ->  format  ->  format of the backing file ...
//	                  |               |
//	            unnamed file     the image, read-only, not locked
//
// Every file is opened here and handed to QEMU, which never opens a path: so what was
// checked is what is used, and names with ':' or ',' mean nothing special. (The only
// exception are the extents of a vmdk in several files, which QEMU finds by name.)
//
// All nodes are made by one command where that can be: QEMU reads its monitor byte by
// byte, some 6 microseconds each, so short is fast.
type graph struct {
	m       *Machine
	ctx     context.Context // of the one Plug that the graph lives for
	drive   *Drive
	nodes   []string          // made by name, the topmost last
	files   map[int64]string  // fd sets in use and what is in them
	secrets []string          // objects with passwords
	remotes map[string]string // nodes that are connections, and the servers' names
}

type options map[string]any

// build makes all nodes and returns the virtual size.
func (g *graph) build() (int64, error) {
	o, size, err := g.image()
	// The nodes keep duplicates of the descriptors, so the sets can go in any case.
	// So do they with passwords.
	defer g.dropFiles()
	if err != nil {
		return 0, err
	}
	if g.drive.CopyOnRead {
		o = options{"driver": "copy-on-read", "file": o}
	}
	if err := g.add("d", o); err != nil || size > 0 {
		return size, err
	}
	return g.askSize(g.nodes[len(g.nodes)-1])
}

// image describes the nodes that hold the drive's data. A size of 0 is not known yet.
func (g *graph) image() (options, int64, error) {
	switch {
	case g.drive.ScratchBytes > 0:
		return g.scratch(g.drive.ScratchBytes)
	case g.drive.File == os.DevNull:
		return g.scratch(4096) // libguestfs's way to say "some disk, never mind which"
	}
	o, size, err := g.stack()
	if err != nil || !g.drive.ReadOnly {
		return o, size, err
	}
	var below any = o
	if size == 0 {
		// A format that only QEMU understands: it must be open to tell its size.
		if err := g.add("b", o); err != nil {
			return nil, 0, err
		}
		node := g.nodes[len(g.nodes)-1]
		below = node
		if size, err = g.askSize(node); err != nil {
			return nil, 0, err
		}
	}
	o, err = g.overlay(size, below)
	return o, size, err
}

// stack describes the nodes of the image and of those below it.
func (g *graph) stack() (options, int64, error) {
	if g.drive.Chain || g.drive.Remote != nil {
		return g.knownStack(g.drive.layers())
	}
	chain, err := g.drive.openImage()
	if err != nil {
		return nil, 0, err
	}
	defer chain.Close()
	var o options
	var below any
	for i := len(chain.Layers) - 1; i >= 0; i-- {
		l := Layer{File: g.drive.File}
		if i == 0 {
			l.Key = g.drive.Key
		}
		if o, err = g.layer(&l, chain.Layers[i], below, i == 0 && !g.drive.ReadOnly); err != nil {
			return nil, 0, err
		}
		below = o
	}
	return o, sizeOf(&chain.Layers[0].Info, g.drive.Key), nil
}

// layer describes the nodes of one image above those of its backing file.
func (g *graph) layer(known *Layer, l *image.Layer, below any, writable bool) (options, error) {
	o := g.options(writable)
	if err := g.finish(o, known, &l.Info, below); err != nil {
		return nil, err
	}
	if len(l.Extents) > 0 {
		file := g.options(writable)
		file["driver"], file["filename"] = "file", l.Path
		o["file"], o["force-share"] = file, !writable
		return o, nil
	}
	file, err := g.file(l.File, writable)
	if err != nil {
		return nil, err
	}
	o["file"] = file
	if l.Data != nil {
		o["data-file"], err = g.file(l.Data, writable)
	}
	return o, err
}

// file describes the node of an open file.
func (g *graph) file(f *image.File, writable bool) (options, error) {
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
	var err error
	if o["filename"], err = g.hand(f.File, f.Path); err != nil {
		return nil, err
	}
	return g.logged(f.Path, g.faulty(f.Path, o))
}

// options are common to the image's nodes. They say only what is not QEMU's default.
func (g *graph) options(writable bool) options {
	o := options{}
	if !writable {
		o["read-only"] = true
	}
	if g.drive.Discard == "enable" || g.drive.Discard == "besteffort" {
		o["discard"] = "unmap"
	}
	if g.drive.CacheMode == "unsafe" {
		o["cache"] = options{"no-flush": true}
	}
	return o
}

// overlay describes an empty qcow2 image, in a file without a name, above other nodes.
func (g *graph) overlay(size int64, below any) (options, error) {
	f, err := unnamedFile(g.m.config.tempDir())
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if err := image.WriteQcow2(f, size); err != nil {
		return nil, explainTemp(err)
	}
	file, err := g.throwAway(f)
	// No "no-flush" here: it ends at the file, which is where flushing costs.
	return options{"driver": "qcow2", "discard": "unmap", "file": file, "backing": below}, err
}

// scratch describes an empty disk.
func (g *graph) scratch(size int64) (options, int64, error) {
	size = (size + 511) &^ 511
	f, err := unnamedFile(g.m.config.tempDir())
	if err != nil {
		return nil, 0, err
	}
	defer f.Close()
	if err := f.Truncate(size); err != nil {
		return nil, 0, explainTemp(err)
	}
	o, err := g.throwAway(f)
	return o, size, err
}

// throwAway describes the node of a file without a name: nobody needs flushes.
func (g *graph) throwAway(f *os.File) (options, error) {
	name, err := g.hand(f, "the temporary file in "+g.m.config.tempDir())
	return options{"driver": "file", "filename": name, "locking": "off", "discard": "unmap", "cache": options{"no-flush": true}}, err
}

// hand passes an open file to QEMU, in an fd set of its own, and returns the name that
// QEMU knows it by. The other name is for messages.
func (g *graph) hand(f *os.File, name string) (string, error) {
	g.m.mu.Lock()
	g.m.fdset++
	set := g.m.fdset
	g.m.mu.Unlock()
	if err := g.m.monitor.Execute(g.ctx, "add-fd", options{"fdset-id": set}, nil, f); err != nil {
		return "", err
	}
	if g.files == nil {
		g.files = make(map[int64]string)
	}
	g.files[set] = name
	return fmt.Sprintf("/dev/fdset/%d", set), nil
}

// dropFiles takes the descriptors out of the fd sets, which ends the sets, and the passwords away.
func (g *graph) dropFiles() {
	ctx, cancel := g.cleaning()
	defer cancel()
	for set := range g.files {
		// It fails only when QEMU is gone, or so stuck that it must be killed.
		g.m.monitor.Execute(ctx, "remove-fd", options{"fdset-id": set}, nil)
	}
	for _, id := range g.secrets {
		g.m.monitor.Execute(ctx, "object-del", options{"id": id}, nil)
	}
}

// add makes a node, and those inside it, called kind and the drive's number.
func (g *graph) add(kind string, o options) error {
	return g.addNode(fmt.Sprintf("%s%d", kind, g.drive.Index), o)
}

func (g *graph) addNode(name string, o options) error {
	o["node-name"] = name
	if err := g.m.monitor.Execute(g.ctx, "blockdev-add", o, nil); err != nil {
		return err
	}
	g.nodes = append(g.nodes, name)
	return nil
}

// remove deletes the nodes again, the topmost first.
func (g *graph) remove() error {
	ctx, cancel := g.cleaning()
	defer cancel()
	var errs []error
	for len(g.nodes) > 0 {
		last := len(g.nodes) - 1
		errs = append(errs, g.m.monitor.Execute(ctx, "blockdev-del", options{"node-name": g.nodes[last]}, nil))
		g.nodes = g.nodes[:last]
	}
	return errors.Join(errs...)
}

// cleaning is a context for undoing things, also when that of Plug has ended.
func (g *graph) cleaning() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(g.ctx), 10*time.Second)
}

// askSize asks QEMU for the virtual size of a node, in whole sectors.
func (g *graph) askSize(node string) (int64, error) {
	size, err := g.exactSize(node)
	if err == nil && size == 0 {
		err = told("a disk has at least one sector", "%s: the disk inside the image is empty", g.drive.name())
	}
	return (size + 511) &^ 511, err
}

func (g *graph) exactSize(node string) (int64, error) {
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
		if n.Name == node {
			return n.Image.VirtualSize, nil
		}
	}
	return 0, fmt.Errorf("%s: %w", g.drive.name(), os.ErrNotExist)
}

// fdsetName is how QEMU calls the files that it was handed.
var fdsetName = regexp.MustCompile(`/dev/fdset/([0-9]+)`)

// explain puts the files' names into QEMU's words, and advice to them.
func (g *graph) explain(err error) error {
	var refused *CommandError
	if !errors.As(err, &refused) {
		return err
	}
	words := fdsetName.ReplaceAllStringFunc(refused.Desc, func(s string) string {
		set, _ := strconv.ParseInt(strings.TrimPrefix(s, "/dev/fdset/"), 10, 64)
		return g.files[set]
	})
	return explain(fmt.Errorf("add %s: %w", g.drive.name(), &CommandError{refused.Command, refused.Class, words}))
}
