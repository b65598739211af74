package qemu

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"

	"virt-tools/internal/image"
)

// errSilent is the cause when a server takes a connection and then says nothing.
var errSilent = errors.New("the server does not answer")

// remote describes the nodes of a disk on the network. Its header is read by the rules of
// package image, as that of a file is: QEMU never finds out a format by itself.
func (g *graph) remote(l *Layer, below any, writable bool) (_ options, size int64, err error) {
	if writable && l.Remote.IsWeb() {
		return nil, 0, told("add the disk read-only", "%s: a disk on a web or FTP server cannot be written to", l.Remote)
	}
	id := fmt.Sprintf("p%d-%d", g.drive.Index, len(g.nodes))
	node, secrets := l.Remote.Blockdev(id)
	for name, value := range secrets {
		if err := g.secret(name, value); err != nil {
			return nil, 0, err
		}
	}
	maps.Copy(node, g.options(writable))
	if err := g.addNode(id, node); err != nil {
		return nil, 0, err
	}
	if g.remotes == nil {
		g.remotes = make(map[string]string)
	}
	g.remotes[id] = l.Remote.String()
	bytes, err := g.exactSize(id)
	if err != nil {
		return nil, 0, err
	}
	info, err := g.readHeader(l, id, bytes)
	if err != nil {
		return nil, 0, err
	}
	o := g.options(writable)
	o["file"] = id
	return o, sizeOf(&info, l.Key), g.finish(o, l, &info, below)
}

// readHeader finds the format where none was given, and what the header says.
func (g *graph) readHeader(l *Layer, node string, size int64) (info image.Info, err error) {
	format := image.Format(l.Format)
	if l.Format != "" {
		if format, err = image.ParseFormat(l.Format); err != nil {
			return info, fmt.Errorf("%s: %w", l.Remote, err)
		}
	}
	if size == 0 {
		return info, told("a disk has at least one sector", "%s: the disk is empty", l.Remote)
	}
	r := &nodeReader{g: g, node: node, size: size}
	if format == "" {
		if format, err = image.Detect(r, size); err != nil {
			return info, fmt.Errorf("%s: %w", l.Remote, err)
		}
	}
	if info, err = image.Inspect(r, size, format); err != nil {
		return info, fmt.Errorf("%s: %w", l.Remote, err)
	}
	if refs := info.References(); len(refs) > 0 && !g.drive.Chain {
		return info, told("copy both to this machine, or give the whole chain as a libvirt domain does",
			"%s: the image names another file, which is not looked for on the network: %.200s", l.Remote, refs[0])
	}
	return info, nil
}

// secret hands QEMU a password; not in the clear, so that it does not stand in a log.
func (g *graph) secret(id, value string) error {
	o := options{"qom-type": "secret", "id": id, "format": "base64", "data": base64.StdEncoding.EncodeToString([]byte(value))}
	if err := g.m.monitor.Execute(g.ctx, "object-add", o, nil); err != nil {
		return err
	}
	g.secrets = append(g.secrets, id)
	return nil
}

// nodeReader reads from a block node of QEMU: a job copies the piece that is wanted into
// a file without a name. A piece takes two milliseconds and the server's time.
type nodeReader struct {
	g      *graph
	node   string
	size   int64
	pieces int
	last   []byte // the piece read last, at offset
	offset int64
}

const pieceBytes = 64 << 10

func (r *nodeReader) ReadAt(p []byte, off int64) (n int, err error) {
	for n < len(p) {
		at := off + int64(n)
		if at >= r.size {
			return n, io.EOF
		}
		if r.last == nil || at < r.offset || at >= r.offset+int64(len(r.last)) {
			if err := r.fetch(at &^ (pieceBytes - 1)); err != nil {
				return n, err
			}
		}
		n += copy(p[n:], r.last[at-r.offset:])
	}
	return n, nil
}

func (r *nodeReader) fetch(off int64) error {
	length := min(pieceBytes, r.size-off)
	f, err := unnamedFile(r.g.m.config.tempDir())
	if err != nil {
		return err
	}
	defer f.Close()
	r.pieces++
	name := fmt.Sprintf("%s-%d", r.node, r.pieces)
	if err := r.g.m.copyOut(r.g, name, r.node, off, length, f); err != nil {
		return err
	}
	piece := make([]byte, length)
	if _, err := f.ReadAt(piece, 0); err != nil {
		return fmt.Errorf("temporary file: %w", err)
	}
	r.last, r.offset = piece, off
	return nil
}

// copyOut copies a part of a node into a file, which it makes as long. The nodes that it
// makes for that are called name and a letter, and are gone when it returns.
func (m *Machine) copyOut(g *graph, name, node string, off, length int64, f *os.File) error {
	padded := (length + 511) &^ 511 // a job copies whole sectors
	if err := f.Truncate(padded); err != nil {
		return explainTemp(err)
	}
	target, err := g.throwAway(f)
	if err != nil {
		return err
	}
	target["node-name"] = name + "t"
	source := options{"driver": "raw", "node-name": name + "s", "file": node, "read-only": true}
	if padded == length {
		source["offset"], source["size"] = off, length
	} else {
		source["offset"] = off // to the end, which QEMU rounds as well
	}
	for _, o := range []options{target, source} {
		if err := m.monitor.Execute(g.ctx, "blockdev-add", o, nil); err != nil {
			return err
		}
		defer m.dropNode(g, o["node-name"].(string))
	}
	events := m.monitor.subscribe()
	defer m.monitor.unsubscribe(events)
	job := options{"job-id": name, "device": name + "s", "target": name + "t", "sync": "full"}
	if err := m.monitor.Execute(g.ctx, "blockdev-backup", job, nil); err != nil {
		return err
	}
	return awaitJob(g.ctx, events, name)
}

func awaitJob(ctx context.Context, events *subscription, name string) error {
	for {
		e, ok := events.next(ctx)
		switch {
		case !ok && ctx.Err() != nil:
			return context.Cause(ctx)
		case !ok:
			return errMonitorClosed
		case e.Event != "BLOCK_JOB_COMPLETED" || e.Data["device"] != name:
			continue
		}
		if text, failed := e.Data["error"].(string); failed {
			return fmt.Errorf("read: %w", errnoOf(text))
		}
		return nil
	}
}

func (m *Machine) dropNode(g *graph, name string) {
	ctx, cancel := g.cleaning()
	defer cancel()
	// It fails only when QEMU is gone, or so stuck that it must be killed.
	m.monitor.Execute(ctx, "blockdev-del", options{"node-name": name}, nil)
}

// explainRemote adds the server's name, and ends a QEMU that hangs on a server.
func (g *graph) explainRemote(err error) error {
	if !g.drive.networked() {
		return err
	}
	if errors.Is(context.Cause(g.ctx), errSilent) {
		g.m.Kill()
		return told("check the server, and what is between: a firewall often just drops packets", "%s: %w within %s", g.drive.name(), errSilent, g.m.config.OpenTimeout)
	}
	return err
}

// networked tells whether any layer of a drive is on the network.
func (d *Drive) networked() bool {
	for _, l := range d.layers() {
		if l.Remote != nil {
			return true
		}
	}
	return false
}
