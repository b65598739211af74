package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"virt-tools/internal/cli"
	"virt-tools/pkg/guestfs"
)

// All changes go into overlays, an image over each disk of the guest, and are
// kept at the end or not at all:
//
//   - a copy is written beside its place and renamed;
//   - an overlay that shall stay is renamed;
//   - changes to the guest itself are written into its disks when all overlays
//     are complete on the disk. A record beside the first one says so, until they
//     are written: when that is interrupted, the next run writes them again. It
//     does not matter that some have been written already.
type disks struct {
	sources  []source
	overlays []string
	targets  []string // of copies; none: the guest itself
	overlay  bool     // the overlays are the copies
	dry      bool     // keep nothing
	locks    []*os.File
	temp     string
}

// source is a disk of the guest.
type source struct {
	Image   string `json:"image"`
	Format  string `json:"format"`
	Overlay string `json:"overlay"`
}

// newDisks makes the overlays.
func newDisks(ctx context.Context, drives []cli.Drive, targets []string, overlay, dry bool, console *cli.Console) (_ *disks, err error) {
	d := &disks{targets: targets, overlay: overlay, dry: dry}
	defer func() {
		if err != nil {
			err = errors.Join(err, d.discard())
		}
	}()
	if dry {
		if d.temp, err = os.MkdirTemp("", "virt-clone-prep-"); err != nil {
			return nil, err
		}
	}
	for i, drive := range drives {
		s, err := newSource(ctx, drive)
		if err != nil {
			return nil, err
		}
		d.sources = append(d.sources, s)
		if d.inPlace() {
			if err := d.lock(s.Image); err != nil {
				return nil, err
			}
		}
		if i == 0 {
			if err := d.finish(ctx, s.Image, console); err != nil {
				return nil, err
			}
		}
	}
	for i := range d.sources {
		if err := d.addOverlay(ctx, i); err != nil {
			return nil, err
		}
	}
	return d, nil
}

func newSource(ctx context.Context, drive cli.Drive) (source, error) {
	image, err := filepath.Abs(drive.File)
	if err == nil {
		image, err = filepath.EvalSymlinks(image)
	}
	if err != nil {
		return source{}, err
	}
	format := drive.Format
	if format == "" {
		format, err = guestfs.New(nil).DiskFormat(ctx, image)
	}
	return source{Image: image, Format: format}, err
}

func (d *disks) inPlace() bool { return len(d.targets) == 0 && !d.dry }

// lock keeps two runs from working on a guest at the same time, and sees to it
// that no QEMU has the disk open for writing.
func (d *disks) lock(image string) error {
	f, err := os.OpenFile(image, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	d.locks = append(d.locks, f)
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); errors.Is(err, syscall.EWOULDBLOCK) {
		return fmt.Errorf("%s is being worked on by another program", image)
	} else if err != nil {
		return &fs.PathError{Op: "lock", Path: image, Err: err}
	}
	return nil
}

// beside is the name of a file that belongs to another, in its folder. What belongs
// to a device cannot be in /dev, which is memory.
func beside(image, suffix string) string {
	dir, base := filepath.Split(image)
	if strings.HasPrefix(image, "/dev/") {
		dir, base = "/var/tmp", strings.ReplaceAll(image[1:], "/", "-")
	}
	return filepath.Join(dir, "."+base+".clone-prep"+suffix)
}

// private makes an empty file with the mode of a disk, for QEMU to fill: a copy must not
// be for more people than the original.
func private(file, like string) error {
	info, err := os.Stat(like)
	if err != nil {
		return err
	}
	mode := info.Mode().Perm() &^ 0o111
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(f.Chmod(mode), f.Close())
}

func (d *disks) addOverlay(ctx context.Context, i int) error {
	s := &d.sources[i]
	switch {
	case d.dry:
		s.Overlay = filepath.Join(d.temp, fmt.Sprintf("disk-%d.qcow2", i+1))
	case len(d.targets) > 0:
		s.Overlay = beside(d.targets[i], ".qcow2")
	default:
		s.Overlay = beside(s.Image, ".qcow2")
	}
	// What a run left that was killed.
	if err := os.Remove(s.Overlay); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := private(s.Overlay, s.Image); err != nil {
		return err
	}
	d.overlays = append(d.overlays, s.Overlay)
	return qemuImg(ctx, "create", "-q", "-f", "qcow2", "-F", s.Format, "-b", s.Image, s.Overlay)
}

// names are what the report calls the disks.
func (d *disks) names() []string {
	if len(d.targets) > 0 {
		return d.targets
	}
	var names []string
	for _, s := range d.sources {
		names = append(names, s.Image)
	}
	return names
}

// keep makes the changes last.
func (d *disks) keep(ctx context.Context) error {
	switch {
	case d.dry:
		return nil
	case d.inPlace():
		return d.commit(ctx)
	}
	for i, target := range d.targets {
		if err := d.copy(ctx, d.sources[i].Overlay, target); err != nil {
			return err
		}
	}
	return nil
}

// copy makes a copy of what an overlay shows, or of the overlay itself.
func (d *disks) copy(ctx context.Context, overlay, target string) error {
	whole := overlay
	if !d.overlay {
		format := "qcow2"
		if ext := filepath.Ext(target); ext == ".raw" || ext == ".img" {
			format = "raw"
		}
		whole = beside(target, ".new")
		if err := os.Remove(whole); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err := private(whole, overlay); err != nil {
			return err
		}
		d.overlays = append(d.overlays, whole) // to be removed when this fails
		if err := qemuImg(ctx, "convert", "-f", "qcow2", "-O", format, overlay, whole); err != nil {
			return err
		}
	}
	if err := sync(whole); err != nil {
		return err
	}
	// Not over a file that appeared meanwhile.
	if err := os.Link(whole, target); err != nil {
		return err
	}
	if err := os.Remove(whole); err != nil {
		return err
	}
	return sync(filepath.Dir(target))
}

// commit writes the overlays into the disks below. From here on a signal does not
// stop it.
func (d *disks) commit(ctx context.Context) error {
	ctx = context.WithoutCancel(ctx)
	for _, s := range d.sources {
		// Fails when a guest runs from the disk.
		if err := qemuImg(ctx, "info", "-f", s.Format, s.Image); err != nil {
			return cli.Hint(fmt.Errorf("nothing was changed: %w", err), "shut the guest down")
		}
		if err := sync(s.Overlay); err != nil {
			return err
		}
	}
	text, err := json.Marshal(d.sources)
	if err != nil {
		return err
	}
	place := beside(d.sources[0].Image, ".json")
	if err := writeWhole(place, text); err != nil {
		return err
	}
	d.overlays = nil // they belong to the record now
	return commitAll(ctx, place, d.sources)
}

func commitAll(ctx context.Context, place string, sources []source) error {
	for _, s := range sources {
		if err := qemuImg(ctx, "commit", "-q", "-f", "qcow2", "-d", s.Overlay); err != nil {
			return cli.Hint(err, "do not start the guest: the changes are in %s, and virt-clone-prep -a %s writes them again", s.Overlay, s.Image)
		}
	}
	if err := errors.Join(os.Remove(place), sync(filepath.Dir(place))); err != nil {
		return err
	}
	var errs []error
	for _, s := range sources {
		errs = append(errs, os.Remove(s.Overlay))
	}
	return errors.Join(errs...)
}

// finish writes what an interrupted run had ready for a guest.
func (d *disks) finish(ctx context.Context, image string, console *cli.Console) error {
	place := beside(image, ".json")
	text, err := os.ReadFile(place)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if !d.inPlace() {
		return cli.Hint(fmt.Errorf("an earlier run was interrupted while it wrote its changes to %s", image), "run it again in the same way, without --copy-to and -n")
	}
	var sources []source
	if err := json.Unmarshal(text, &sources); err != nil {
		return fmt.Errorf("%s: %w", place, err)
	}
	console.Warn(fmt.Errorf("an earlier run was interrupted while it wrote its changes to %s: they are written first", image))
	return commitAll(context.WithoutCancel(ctx), place, sources)
}

// discard removes what is not kept.
func (d *disks) discard() error {
	var errs []error
	for _, overlay := range d.overlays {
		if err := os.Remove(overlay); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	if d.temp != "" {
		errs = append(errs, os.RemoveAll(d.temp))
	}
	for _, f := range d.locks {
		errs = append(errs, f.Close())
	}
	d.overlays, d.locks, d.temp = nil, nil, ""
	return errors.Join(errs...)
}

// writeWhole writes a file that is there wholly or not at all.
func writeWhole(place string, text []byte) error {
	temp := place + ".new"
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(temp))
	}
	if err := os.Rename(temp, place); err != nil {
		return err
	}
	return sync(filepath.Dir(place))
}

// sync writes a file or folder through to the disk.
func sync(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

func qemuImg(ctx context.Context, args ...string) error {
	out, err := exec.CommandContext(ctx, "qemu-img", args...).CombinedOutput()
	if errors.Is(err, exec.ErrNotFound) {
		return cli.Hint(errors.New("qemu-img is not installed"), "it is in the Debian package qemu-utils")
	}
	if err != nil {
		return fmt.Errorf("qemu-img %s: %s", args[0], strings.TrimPrefix(strings.TrimSpace(string(out)), "qemu-img: "))
	}
	return nil
}
