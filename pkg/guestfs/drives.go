package guestfs

import (
	"context"
	"fmt"
	"strconv"
	"syscall"

	"virt-tools/internal/qemu"
)

// maxDrives is how many targets the appliance's SCSI controller has.
const maxDrives = 255

// AddDriveOpts are the optional arguments of AddDrive.
type AddDriveOpts struct {
	ReadOnly   bool   // never write to the image: writes go to an overlay that is thrown away
	Format     string // raw, qcow2, ...; "" detects it, and then no file that the image names is opened
	Label      string // serial number of the drive in the appliance, at most 20 letters and digits
	BlockSize  int    // sector size in bytes: 512 or 4096; 0 means 512
	CacheMode  string // "writeback" or "unsafe"; "" means writeback
	Discard    string // "disable", "enable" or "besteffort"; "" means disable
	CopyOnRead bool   // copy what is read from a backing file into the image
}

// drive is a drive that was added.
type drive struct {
	spec qemu.Drive
}

// AddDrive adds an image file or a block device of the host. The first one is
// /dev/sda, the next /dev/sdb. Before Launch it only takes note of the drive;
// after it, it plugs the drive in.
func (g *Handle) AddDrive(file string, opts *AddDriveOpts) error {
	if opts == nil {
		opts = &AddDriveOpts{}
	}
	if file == "" {
		return invalid("add_drive", "the name of the image is empty")
	}
	return g.addDrive("add_drive", qemu.Drive{
		File: file, ReadOnly: opts.ReadOnly, Format: opts.Format, Label: opts.Label, BlockSize: opts.BlockSize,
		CacheMode: opts.CacheMode, Discard: opts.Discard, CopyOnRead: opts.CopyOnRead,
	})
}

// AddDriveScratch adds an empty drive of size bytes that is gone when the
// handle is closed.
func (g *Handle) AddDriveScratch(size int64, opts *AddDriveOpts) error {
	if opts == nil {
		opts = &AddDriveOpts{}
	}
	if size <= 0 {
		return invalid("add_drive_scratch", "size %d is not positive", size)
	}
	return g.addDrive("add_drive_scratch", qemu.Drive{ScratchBytes: size, Label: opts.Label, BlockSize: opts.BlockSize})
}

func invalid(op, format string, args ...any) error {
	return &Error{Op: op, Errno: "EINVAL", Msg: fmt.Sprintf(format, args...), cause: syscall.EINVAL}
}

func (g *Handle) addDrive(op string, d qemu.Drive) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case len(g.drives) >= maxDrives:
		return invalid(op, "an appliance takes at most %d drives", maxDrives)
	case g.state != configuring:
		return invalid(op, "drives are added before Launch")
	}
	d.Index = len(g.drives)
	g.drives = append(g.drives, drive{d})
	return nil
}

// MaxDrives returns how many drives can be added.
func (g *Handle) MaxDrives() int { return maxDrives }

// attach tells the daemon to take the drives that are plugged in.
func (g *Handle) attach(ctx context.Context, drives []drive) error {
	targets := make([]string, len(drives))
	for i, d := range drives {
		targets[i] = strconv.Itoa(d.spec.Index)
	}
	_, err := g.internalAttach(ctx, targets)
	return err
}
