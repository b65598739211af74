package guestfs

import (
	"context"
	"errors"
	"io/fs"
	"math/bits"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"virt-tools/internal/image"
)

// DiskCreateOpts are the optional arguments of DiskCreate.
type DiskCreateOpts struct {
	BackingFile   string // qcow2: the image below, relative to the folder of the new one
	BackingFormat string // its format; "" detects it, and then it must name no file itself
	Preallocation string // "off" or "sparse", "full", for qcow2 also "metadata"; "" means off
	Compat        string // qcow2: "0.10" or "1.1"; "" leaves it to QEMU
	ClusterSize   int    // qcow2: a power of two from 512 to 2097152; 0 leaves it to QEMU
}

// DiskCreate calls disk_create: it makes an empty disk image on the host, in
// the format "raw" or "qcow2". A file of that name is replaced once the new one
// is whole. With a backing file the size is -1: it is that of the file below.
func (g *Handle) DiskCreate(ctx context.Context, filename, format string, size int64, opts *DiskCreateOpts) error {
	const op = "disk_create"
	if opts == nil {
		opts = &DiskCreateOpts{}
	}
	if err := opts.check(op, format, size); err != nil {
		return err
	}
	target, err := newImagePath(filename)
	if err != nil {
		return imageError(op, filename, err)
	}
	f, err := os.CreateTemp(filepath.Dir(target), ".new-image-")
	if err != nil {
		var failed *fs.PathError
		if errors.As(err, &failed) {
			failed.Path = filename
		}
		return imageError(op, filename, err)
	}
	defer os.Remove(f.Name()) // fails when it has its name
	fill := opts.fillRaw
	if format == string(image.Qcow2) {
		fill = opts.fillQcow2
	}
	err = errors.Join(fill(ctx, f, target, size), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), target)
	}
	var known *Error
	if err == nil || errors.As(err, &known) {
		return err
	}
	return imageError(op, filename, err)
}

func (o *DiskCreateOpts) check(op, format string, size int64) error {
	preallocations := []string{"", "off", "sparse", "full"}
	switch format {
	case string(image.Raw):
		switch {
		case o.BackingFile != "" || o.BackingFormat != "":
			return invalid(op, "backingfile and backingformat cannot be used with the format raw")
		case o.Compat != "":
			return invalid(op, "compat cannot be used with the format raw")
		case o.ClusterSize != 0:
			return invalid(op, "clustersize cannot be used with the format raw")
		}
	case string(image.Qcow2):
		preallocations = append(preallocations, "metadata")
	default:
		return invalid(op, "format %q: images are made in the formats raw and qcow2", format)
	}
	switch {
	case !slices.Contains(preallocations, o.Preallocation):
		return invalid(op, "preallocation %q is not known for the format %s", o.Preallocation, format)
	case o.Compat != "" && o.Compat != "0.10" && o.Compat != "1.1":
		return invalid(op, "compat is %q; it must be 0.10 or 1.1", o.Compat)
	case o.ClusterSize != 0 && (o.ClusterSize < 512 || o.ClusterSize > 2<<20 || bits.OnesCount(uint(o.ClusterSize)) != 1):
		return invalid(op, "clustersize is %d; it must be a power of two from 512 to 2097152", o.ClusterSize)
	case o.BackingFile != "" && size != -1:
		return invalid(op, "size is %d; with a backing file it must be -1", size)
	case o.BackingFile == "" && o.BackingFormat != "":
		return invalid(op, "backingformat needs a backingfile")
	case o.BackingFile == "" && size < 0:
		return invalid(op, "size %d is negative", size)
	}
	return nil
}

// newImagePath returns where the file is that a name stands for, through
// symbolic links. What is there may only be a plain file.
func newImagePath(filename string) (string, error) {
	path, err := filepath.Abs(filename)
	if err != nil {
		return "", err
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	st, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return path, nil
	}
	if err == nil && !st.Mode().IsRegular() {
		err = &fs.PathError{Op: "create", Path: filename, Err: syscall.EEXIST}
	}
	return path, err
}

// fillRaw makes the file as long as the disk, and with full as large.
func (o *DiskCreateOpts) fillRaw(_ context.Context, f *os.File, _ string, size int64) error {
	if err := f.Chmod(newFileMode()); err != nil {
		return err
	}
	if err := f.Truncate(size); err != nil {
		return err
	}
	if o.Preallocation != "full" || size == 0 {
		return nil
	}
	return unix.Fallocate(int(f.Fd()), 0, 0, size)
}

// fillQcow2 has QEMU write the header. It is told the size, and never to open
// the backing file, which may itself name others.
func (o *DiskCreateOpts) fillQcow2(ctx context.Context, f *os.File, target string, size int64) error {
	const op = "disk_create"
	args := []string{"create", "-q", "-f", "qcow2"}
	if o.BackingFile != "" {
		below, err := o.backing(filepath.Dir(target))
		if err != nil {
			return err
		}
		size = below.VirtualSize
		args = append(args, "-u", "-b", o.BackingFile, "-F", string(below.Format))
	}
	var options []string
	if o.Preallocation != "" && o.Preallocation != "sparse" {
		options = append(options, "preallocation="+o.Preallocation)
	}
	if o.Compat != "" {
		options = append(options, "compat="+o.Compat)
	}
	if o.ClusterSize != 0 {
		options = append(options, "cluster_size="+strconv.Itoa(o.ClusterSize))
	}
	if len(options) > 0 {
		args = append(args, "-o", strings.Join(options, ","))
	}
	if _, err := qemuImg(ctx, op, append(args, f.Name(), strconv.FormatInt(size, 10))...); err != nil {
		return err
	}
	return f.Chmod(newFileMode())
}

// backing reads the header of the backing file, and of no other.
func (o *DiskCreateOpts) backing(dir string) (*image.Info, error) {
	const op = "disk_create"
	path := o.BackingFile
	if i := strings.IndexAny(path, ":/"); i >= 0 && path[i] == ':' {
		return nil, invalid(op, "backing file %q: QEMU takes what stands before the colon for a protocol; write ./ before it", path)
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(dir, path)
	}
	var info image.Info
	if o.BackingFormat == "" {
		chain, err := image.Open(path, image.Options{})
		if err != nil {
			return nil, err
		}
		defer chain.Close()
		info = chain.Layers[0].Info
	} else {
		format, err := image.ParseFormat(o.BackingFormat)
		if err != nil {
			return nil, invalid(op, "backingformat: %v", err)
		}
		f, err := image.OpenFile(path, false)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		if info, err = image.Inspect(f, f.Size, format); err != nil {
			return nil, err
		}
	}
	if info.VirtualSize == 0 {
		return nil, invalid(op, "backing file %q: its size is not known", o.BackingFile)
	}
	info.VirtualSize = (info.VirtualSize + sectorBytes - 1) &^ (sectorBytes - 1)
	return &info, nil
}

// newFileMode is the mode of a new file: what the mask of the process leaves.
// The mask is read where reading does not set it.
func newFileMode() fs.FileMode {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0o600
	}
	_, rest, _ := strings.Cut(string(status), "\nUmask:")
	line, _, _ := strings.Cut(rest, "\n")
	mask, err := strconv.ParseUint(strings.TrimSpace(line), 8, 32)
	if err != nil {
		return 0o600
	}
	return 0o666 &^ fs.FileMode(mask)
}
