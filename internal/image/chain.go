package image

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
)

// maxLayers bounds the depth of a chain. QEMU itself walks chains recursively.
const maxLayers = 200

// Options say how an image is to be opened. The zero value detects the format and
// opens read-only.
type Options struct {
	Format   string // as given by the user; empty means: detect
	Writable bool   // open the image itself (never its backing files) for writing
	Key      bool   // there is a key for the image, should QEMU have encrypted it
}

// Layer is one image of a chain.
type Layer struct {
	*File
	Info
	Data *File // qcow2: the external data file
}

// Chain is an image and the images below it, all open. Layers[0] is the image itself.
type Chain struct {
	Layers   []*Layer
	Detected bool // the format was detected, so there is one layer only
}

// Close closes every file of the chain. It is safe to call twice.
func (c *Chain) Close() {
	for _, l := range c.Layers {
		l.Close()
	}
}

// Open opens an image and, when its format was given, all that it needs.
// See the package comment for which files may be opened.
func Open(path string, o Options) (_ *Chain, err error) {
	c := &Chain{Detected: o.Format == ""}
	defer func() {
		if err != nil {
			c.Close()
		}
	}()
	format := Format("")
	if !c.Detected {
		if format, err = ParseFormat(o.Format); err != nil {
			return nil, refuse("known formats: "+strings.Join(Formats(), ", "), "%s: %w", path, err)
		}
		if format == LUKS {
			return nil, refuse("give the format raw: the appliance opens LUKS itself",
				"%s: format luks: the key cannot be handed to QEMU", path)
		}
	}
	top, err := openLayer(path, format, o.Writable)
	if err != nil {
		return nil, err
	}
	c.Layers = append(c.Layers, top)
	if err := top.checkKey(o.Key); err != nil {
		return nil, err
	}
	if c.Detected {
		return c, refuseReferences(path, &top.Info,
			fmt.Sprintf("if you trust the image, give its format: --format=%s", top.Format))
	}
	if err := openReferences(top, o.Writable); err != nil {
		return nil, err
	}
	return c, c.openBacking()
}

// openBacking follows the backing files from the top down.
func (c *Chain) openBacking() error {
	seen := map[fileID]bool{c.Layers[0].id: true}
	for upper := c.Layers[0]; upper.Backing != ""; {
		if len(c.Layers) == maxLayers {
			return refuse("", "%s: more than %d backing files", c.Layers[0].Path, maxLayers)
		}
		path, err := upper.sibling(upper.Backing)
		if err != nil {
			return refuse("copy the backing file to this machine first", "%s: backing file: %w", upper.Path, err)
		}
		format, err := backingFormat(upper)
		if err != nil {
			return err
		}
		lower, err := openLayer(path, format, false)
		if err != nil {
			return refuse("the image needs its backing file; if that was moved, correct its name with qemu-img rebase -u",
				"%s: backing file: %w", upper.Path, err)
		}
		c.Layers = append(c.Layers, lower)
		if err := lower.checkKey(false); err != nil {
			return err
		}
		if seen[lower.id] {
			return refuse("", "%s: backing file: %s is in the chain twice", upper.Path, lower.Path)
		}
		seen[lower.id] = true
		if format == "" {
			return refuseReferences(lower.Path, &lower.Info, fmt.Sprintf(
				"its format was guessed; if you trust it, run: qemu-img rebase -u -F %s -b %s %s", lower.Format, upper.Backing, upper.Path))
		}
		if err := openReferences(lower, false); err != nil {
			return err
		}
		upper = lower
	}
	return nil
}

func backingFormat(upper *Layer) (Format, error) {
	if upper.BackingFormat == "" {
		return "", nil
	}
	f, err := ParseFormat(upper.BackingFormat)
	if err != nil {
		return "", refuse("", "%s: backing file: %w", upper.Path, err)
	}
	return f, nil
}

// OpenLayer opens an image alone, with its data file and extents: the caller knows what
// lies below it, whatever its header says.
func OpenLayer(path string, o Options) (_ *Layer, err error) {
	format := Format("")
	if o.Format != "" {
		if format, err = ParseFormat(o.Format); err != nil {
			return nil, refuse("known formats: "+strings.Join(Formats(), ", "), "%s: %w", path, err)
		}
	}
	l, err := openLayer(path, format, o.Writable)
	if err != nil {
		return nil, err
	}
	if err = l.checkKey(o.Key); err == nil && (o.Format != "" || l.DataFile == "" && !l.HasDataFile && len(l.Extents) == 0) {
		err = openReferences(l, o.Writable)
	} else if err == nil {
		err = refuseReferences(path, &l.Info, "the format was detected; if you trust the image, give it: "+string(l.Format))
	}
	if err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}

// Close closes the files of a layer. It is safe to call twice.
func (l *Layer) Close() {
	l.File.Close()
	if l.Data != nil {
		l.Data.Close()
	}
}

func (l *Layer) checkKey(have bool) error {
	if l.Encryption != "" && !have {
		return refuse("libvirt keeps the key as a secret: name its domain with -d", "%s: %w", l.Path, errEncrypted)
	}
	return nil
}

// openLayer opens one file and reads its header. An empty format is detected.
func openLayer(path string, format Format, writable bool) (_ *Layer, err error) {
	f, err := OpenFile(path, writable)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			f.Close()
		}
	}()
	if f.Size == 0 {
		return nil, refuse("a disk has at least one sector; was the copy interrupted?", "%s: the file is empty", path)
	}
	if format == "" {
		if format, err = Detect(f, f.Size); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	info, err := Inspect(f, f.Size, format)
	if err != nil {
		hint := ""
		switch {
		case errors.Is(err, errTruncated):
			hint = "was the copy interrupted?"
		case errors.Is(err, errNot):
			hint = "leave the format out to have it detected"
		}
		return nil, refuse(hint, "%s: %w", path, err)
	}
	return &Layer{File: f, Info: info}, nil
}

// openReferences opens the data file and checks the extents of a layer.
func openReferences(l *Layer, writable bool) error {
	if l.HasDataFile {
		path, err := l.sibling(l.DataFile)
		if err == nil {
			l.Data, err = OpenFile(path, writable)
		}
		if err != nil {
			return refuse("", "%s: data file: %w", l.Path, err)
		}
	}
	for _, name := range l.Extents {
		path, err := l.sibling(name)
		if err != nil {
			return refuse("", "%s: extent: %w", l.Path, err)
		}
		f, err := OpenFile(path, writable)
		if err != nil {
			return refuse("a vmdk of several files needs all of them in one folder", "%s: extent: %w", l.Path, err)
		}
		f.Close() // QEMU opens extents itself, by name
	}
	return nil
}

// sibling makes a path of a name that an image gives, relative to the image's folder.
func (l *Layer) sibling(name string) (string, error) {
	name = strings.TrimPrefix(name, "file:")
	if name == "" || strings.ContainsRune(name, 0) {
		return "", fmt.Errorf("%q is not a file name", name)
	}
	// A colon before the first slash makes it a protocol (nbd:, json:, https:) for QEMU.
	if i := strings.IndexAny(name, ":/"); i >= 0 && name[i] == ':' {
		return "", fmt.Errorf("%q is not a plain file; protocol %q is not supported here", name, name[:i])
	}
	if filepath.IsAbs(name) {
		return name, nil
	}
	return filepath.Join(filepath.Dir(l.Path), name), nil
}

func refuseReferences(path string, info *Info, hint string) error {
	refs := info.References()
	if len(refs) == 0 {
		return nil
	}
	more := ""
	if len(refs) > 1 {
		more = fmt.Sprintf(" and %d more", len(refs)-1)
	}
	return refuse(hint, "%s: the image names another file of this machine: %.200s%s", path, refs[0], more)
}
