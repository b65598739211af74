package cloneprep

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"virt-tools/internal/initramfs"
	"virt-tools/internal/newid"
	"virt-tools/pkg/guestfs"
)

// BlockedError is the answer when what a guest boots by refers to an identifier
// that was changed, and cannot be rewritten.
type BlockedError struct{ Places []string }

func (e *BlockedError) Error() string {
	return "the clone would not boot: " + strings.Join(e.Places, "; ")
}

// Limits on what is read of a guest's files.
const (
	maxReference = 1 << 20   // texts that refer to devices are small
	maxImage     = 512 << 20 // initial RAM disks, EFI programs
)

// rewriting is the rewriting of references in all of a guest.
type rewriting struct {
	*prep
	ids     *newid.Rewriter
	blocked []string
	visited map[guestfs.Mountable]bool
}

// references rewrites what refers to changed identifiers: in texts below /etc and
// /boot, the names of files there, initial RAM disks, EFI programs and the boot
// loader before the first partition.
func (p *prep) references(ctx context.Context) error {
	w := &rewriting{prep: p, ids: newid.New(p.ids.changes), visited: map[guestfs.Mountable]bool{}}
	for _, r := range p.roots {
		if isWindows(r) {
			continue
		}
		if err := w.root(ctx, r); err != nil {
			return fmt.Errorf("%s: references: %w", r.device, err)
		}
	}
	if err := w.bootPartitions(ctx); err != nil {
		return err
	}
	if err := w.bootLoaders(ctx); err != nil {
		return err
	}
	if len(w.blocked) == 0 {
		return nil
	}
	if !p.Force {
		return &BlockedError{w.blocked}
	}
	for _, place := range w.blocked {
		p.warn(place)
	}
	return nil
}

func (w *rewriting) root(ctx context.Context, r *root) (err error) {
	if err := r.mount(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.g.UmountAll(ctx)) }()
	r.operation = "references"
	for _, m := range r.mounts {
		w.visited[m.device] = true
	}
	for _, top := range []string{"/etc", "/boot", "/efi", "/usr/lib/kernel", "/usr/lib/dracut/dracut.conf.d"} {
		is, err := w.g.IsDir(ctx, guestfs.Path(top), nil)
		if err != nil {
			return err
		}
		if !is {
			continue
		}
		if err := w.tree(ctx, r, top); err != nil {
			return err
		}
	}
	return nil
}

// change is what is to be done to a file once its tree has been read.
type change struct {
	name    string
	text    []byte // new content
	more    []byte // or what is added to its end
	target  string // or where a link leads
	renamed string // what else it is to be called
}

// tree reads a directory as one archive, and then changes what is to be changed.
func (w *rewriting) tree(ctx context.Context, r *root, top string) error {
	pipe, out := io.Pipe()
	sent := make(chan error, 1)
	go func() {
		err := w.g.TarOut(ctx, top, out, &guestfs.TarOutOpts{Numericowner: true})
		out.CloseWithError(err)
		sent <- err
	}()
	changes, err := w.scan(r, top, tar.NewReader(pipe))
	if err == nil {
		_, err = io.Copy(io.Discard, pipe)
	}
	pipe.CloseWithError(err)
	if sendErr := <-sent; err == nil || sendErr != nil && ctx.Err() != nil {
		err = sendErr
	}
	if err != nil {
		return fmt.Errorf("%s: %w", top, err)
	}
	for _, c := range changes {
		if err := w.apply(ctx, r, c); err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
	}
	return nil
}

func (w *rewriting) scan(r *root, top string, archive *tar.Reader) ([]change, error) {
	var changes []change
	for {
		h, err := archive.Next()
		if err == io.EOF {
			return changes, nil
		}
		if err != nil {
			return nil, err
		}
		c := change{name: path.Join(top, h.Name)}
		if base, hits := w.ids.Rewrite([]byte(path.Base(c.name))); len(hits) > 0 {
			c.renamed = path.Join(path.Dir(c.name), string(base))
		}
		switch h.Typeflag {
		case tar.TypeReg:
			if err := w.file(r, &c, h.Size, archive); err != nil {
				return nil, fmt.Errorf("%s: %w", c.name, err)
			}
		case tar.TypeSymlink:
			if target, hits := w.ids.Rewrite([]byte(h.Linkname)); len(hits) > 0 {
				c.target = string(target)
			}
		}
		if c.text != nil || c.more != nil || c.target != "" || c.renamed != "" {
			changes = append(changes, c)
		}
	}
}

// file finds out what kind of file it is that may hold references.
func (w *rewriting) file(r *root, c *change, size int64, content io.Reader) error {
	base := strings.ToLower(path.Base(c.name))
	inBoot := strings.HasPrefix(c.name, "/boot/") || strings.HasPrefix(c.name, "/efi/") || strings.HasPrefix(c.name, "/EFI/")
	isRAMDisk := inBoot && (strings.HasPrefix(base, "initrd") || strings.HasPrefix(base, "initramfs"))
	isEFI := inBoot && strings.HasSuffix(base, ".efi")
	switch {
	case size == 0:
		return nil
	case isRAMDisk || isEFI:
		if size > maxImage {
			w.block(c.name, fmt.Sprintf("it has %d bytes, more than are looked through", size))
			return nil
		}
	case size > maxReference:
		return nil // a kernel, or a table of an application
	}
	b, err := io.ReadAll(content)
	if err != nil {
		return err
	}
	switch {
	case isRAMDisk:
		return w.ramDisk(r, c, b)
	case isEFI:
		w.efi(r, c, b)
		return nil
	}
	now, hits := w.ids.Rewrite(b)
	if len(hits) == 0 {
		return nil
	}
	if bytes.IndexByte(b, 0) >= 0 {
		if inBoot && !strings.HasPrefix(path.Base(c.name), "core.") {
			w.block(c.name, "it is not a text, and refers to "+hits[0].Old)
		} else {
			w.keep(Entry{Operation: "references", Root: r.device, Path: c.name, Old: hits[0].Old, Reason: "it is not a text, which could be rewritten"})
		}
		return nil
	}
	c.text = now
	w.note(r, c.name, hits)
	return nil
}

func (w *rewriting) note(r *root, file string, hits []newid.Hit) {
	for _, hit := range hits {
		e := Entry{Operation: "references", Action: "reference", Path: file, Line: hit.Line, Old: hit.Old, New: hit.New}
		if r != nil {
			e.Root = r.device
		}
		w.add(e)
	}
}

// block notes a reference that the guest may need to boot.
func (w *rewriting) block(place, why string) {
	w.blocked = append(w.blocked, place+": "+why)
}

// ramDisk appends the changed files of an initial RAM disk to it.
func (w *rewriting) ramDisk(r *root, c *change, image []byte) error {
	files, err := initramfs.Read(image)
	if errors.Is(err, initramfs.ErrNone) {
		return nil // nothing boots by it
	}
	if err != nil {
		w.block(c.name, "it cannot be looked into: "+err.Error())
		return nil
	}
	var changed []*initramfs.File
	for _, f := range files {
		if bytes.HasPrefix(f.Data, []byte("\x7fELF")) {
			continue
		}
		now, hits := w.ids.Rewrite(f.Data)
		if len(hits) == 0 {
			continue
		}
		f.Data = now
		changed = append(changed, f)
		w.note(r, c.name+":"+f.Name, hits)
	}
	if len(changed) > 0 {
		c.more, err = initramfs.Append(len(image), changed)
	}
	return err
}

// efi rewrites a program of EFI in place: a boot loader with its configuration
// in it, or a kernel with its command line. One that is signed would no longer
// be trusted.
func (w *rewriting) efi(r *root, c *change, b []byte) {
	now, hits := w.ids.Rewrite(b)
	if len(hits) == 0 {
		return
	}
	if isSigned(b) {
		w.block(c.name, "it is signed, and refers to "+hits[0].Old)
		return
	}
	c.text = now
	for i := range hits {
		hits[i].Line = 0
	}
	w.note(r, c.name, hits)
}

// isSigned says whether a PE program has a table of certificates.
func isSigned(b []byte) bool {
	const peAt, optional, certificates = 0x3c, 24, 4
	if len(b) < 0x40 {
		return false
	}
	pe := int(le.Uint32(b[peAt:]))
	if pe < 0 || pe > len(b)-optional-2 || string(b[pe:pe+4]) != "PE\x00\x00" {
		return false
	}
	directories := pe + optional + 96
	if le.Uint16(b[pe+optional:]) == 0x20b { // PE32+
		directories += 16
	}
	entry := directories + 8*certificates
	return entry >= 0 && entry+8 <= len(b) && le.Uint32(b[entry+4:]) != 0
}

func (w *rewriting) apply(ctx context.Context, r *root, c change) error {
	name := guestfs.Path(c.name)
	switch {
	case c.text != nil:
		if err := r.replace(ctx, c.name, c.text); err != nil {
			return err
		}
	case c.more != nil:
		if err := w.g.WriteAppend(ctx, name, c.more); err != nil {
			return err
		}
	case c.target != "":
		if err := w.g.LnSf(ctx, c.target, name); err != nil {
			return err
		}
		w.note(r, c.name, []newid.Hit{{New: c.target}})
	}
	if c.renamed == "" {
		return nil
	}
	w.add(Entry{Operation: "references", Action: "renamed", Root: r.device, Path: c.name, New: c.renamed})
	return w.g.Rename(ctx, name, guestfs.Path(c.renamed))
}

// bootPartitions goes through FAT filesystems that no system mounts: firmware
// reads them, and systemd finds them without being told.
func (w *rewriting) bootPartitions(ctx context.Context) error {
	all, err := w.g.ListFilesystems(ctx)
	if err != nil {
		return err
	}
	for _, pair := range all {
		device := guestfs.Mountable(pair.Key)
		if pair.Value != "vfat" || w.visited[device] {
			continue
		}
		if err := w.bootPartition(ctx, device); err != nil {
			return fmt.Errorf("%s: %w", device, err)
		}
	}
	return nil
}

func (w *rewriting) bootPartition(ctx context.Context, device guestfs.Mountable) (err error) {
	if err := w.g.Mount(ctx, device, "/"); err != nil {
		w.warn(fmt.Sprintf("%s cannot be mounted, what is on it stays as it is: %v", device, err))
		return nil
	}
	defer func() { err = errors.Join(err, w.g.UmountAll(ctx)) }()
	r := &root{prep: w.prep, device: string(device)}
	for _, top := range []string{"/EFI", "/loader"} {
		if is, err := w.g.IsDir(ctx, guestfs.Path(top), nil); err != nil {
			return err
		} else if is {
			if err := w.tree(ctx, r, top); err != nil {
				return err
			}
		}
	}
	return nil
}
