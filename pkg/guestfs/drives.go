package guestfs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"virt-tools/internal/netdisk"
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

	// For a disk on the network. The name of the drive is then an export of nbd, a path, TARGET/LUN
	// of iscsi or POOL/IMAGE of rbd.
	Protocol string   // "nbd", "http", "https", "ftp", "ftps", "ssh", "iscsi", "rbd"; "" or "file" for a file
	Server   []string // HOST, tcp:HOST:PORT or unix:SOCKET; one, but for rbd
	Username string
	Secret   string // password, or the key of rbd in base64
}

// drive is a drive that was added. Its place in the list is its target, and so its name
// in the appliance; one that was removed leaves a gap for the next.
type drive struct {
	spec    qemu.Drive
	removed bool
}

// plugTimeout bounds plugging in and out after the launch.
const plugTimeout = time.Minute

// AddDrive adds an image file or a block device of the host, or a disk on the network.
// The first one is /dev/sda, the next /dev/sdb. Before Launch it only takes note of
// the drive; after it, it plugs the drive in, and assembles arrays and volume
// groups that are whole with it.
func (g *Handle) AddDrive(file string, opts *AddDriveOpts) error {
	const op = "add_drive"
	opts = opts.orNone()
	d := opts.spec()
	switch opts.Protocol {
	case "", "file":
		if file == "" {
			return invalid(op, "the name of the image is empty")
		}
		if len(opts.Server) > 0 || opts.Username != "" || opts.Secret != "" {
			return invalid(op, "%s: server, user name and secret need a protocol of the network", file)
		}
		d.File = file
	default:
		var err error
		if d.Remote, err = netdisk.New(opts.Protocol, file, opts.Server, opts.Username, opts.Secret); err != nil {
			return unusable(op, err)
		}
	}
	return g.addDrive(op, d)
}

// AddDriveURI adds a drive as option -a of the tools does: a file named by file://, or a
// disk on the network. It is not a call of libguestfs. The fields of opts for
// disks on the network are not looked at.
func (g *Handle) AddDriveURI(uri string, opts *AddDriveOpts) error {
	const op = "add_drive_uri"
	d := opts.orNone().spec()
	var err error
	if strings.HasPrefix(uri, "file://") {
		d.File, err = netdisk.FilePath(uri)
	} else {
		d.Remote, err = netdisk.Parse(uri)
	}
	if err != nil {
		return unusable(op, err)
	}
	return g.addDrive(op, d)
}

func (o *AddDriveOpts) orNone() *AddDriveOpts {
	if o == nil {
		return &AddDriveOpts{}
	}
	return o
}

// spec is a drive with these options, without its place.
func (o *AddDriveOpts) spec() qemu.Drive {
	return qemu.Drive{
		ReadOnly: o.ReadOnly, Format: o.Format, Label: o.Label, BlockSize: o.BlockSize,
		CacheMode: o.CacheMode, Discard: o.Discard, CopyOnRead: o.CopyOnRead,
	}
}

// unusable is the error for a disk on the network that cannot be used.
func unusable(op string, err error) error {
	return &Error{Op: op, Errno: "EINVAL", Msg: err.Error(), cause: errors.Join(syscall.EINVAL, err), hint: qemu.HintOf(err)}
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
	return g.addDrives(op, []qemu.Drive{d})
}

// addDrives adds all drives or none.
func (g *Handle) addDrives(op string, drives []qemu.Drive) error {
	running, err := g.noteDrives(op, drives)
	if err != nil || !running {
		return err
	}
	for i, d := range drives {
		ctx, cancel := context.WithTimeout(context.Background(), plugTimeout)
		err := g.plugLate(ctx, d)
		for j := 0; err != nil && j < i; j++ {
			err = errors.Join(err, g.takeOut(ctx, drives[j].Index))
		}
		cancel()
		if err != nil {
			for _, d := range drives {
				g.forgetDrive(d.Index)
			}
			return &Error{Op: op, Msg: err.Error(), cause: err, hint: qemu.HintOf(err)}
		}
	}
	return nil
}

// noteDrives gives drives their targets. It tells whether the machine runs already.
func (g *Handle) noteDrives(op string, drives []qemu.Drive) (running bool, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.state != configuring && g.state != ready {
		return false, invalid(op, "drives are added before Launch or after it")
	}
	used := 0
	for _, d := range g.drives {
		if !d.removed {
			used++
		}
	}
	if used+len(drives) > maxDrives {
		return false, invalid(op, "an appliance takes at most %d drives", maxDrives)
	}
	for i := range drives {
		d := &drives[i]
		if d.Index = slices.IndexFunc(g.drives, func(o drive) bool { return o.removed }); d.Index < 0 {
			d.Index = len(g.drives)
			g.drives = append(g.drives, drive{})
		}
		g.drives[d.Index] = drive{spec: *d}
	}
	return g.state == ready, nil
}

func (g *Handle) forgetDrive(index int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.drives[index] = drive{removed: true}
}

// plugLate plugs a drive into the running appliance.
func (g *Handle) plugLate(ctx context.Context, d qemu.Drive) error {
	m := g.running()
	if m == nil {
		return errLost
	}
	if g.foreign {
		return errForeignDrives
	}
	if err := m.Plug(ctx, d); err != nil {
		return err
	}
	if err := g.attach(ctx, []drive{{spec: d}}); err != nil {
		return errors.Join(err, m.Unplug(ctx, d.Index))
	}
	return nil
}

// errForeignDrives is what adding a drive late gives on libguestfs's appliance.
var errForeignDrives = errors.New("libguestfs's appliance takes drives before Launch only")

// RemoveDrive calls remove_drive: it takes out the drive with a label. After
// Launch nothing in the appliance may use the drive; its changes are on disk then.
func (g *Handle) RemoveDrive(ctx context.Context, label string) error {
	const op = "remove_drive"
	g.mu.Lock()
	index := slices.IndexFunc(g.drives, func(d drive) bool { return !d.removed && d.spec.Label == label })
	state, m := g.state, g.machine
	if index >= 0 && label != "" && state == configuring {
		g.drives = slices.Delete(g.drives, index, index+1)
		for i := range g.drives {
			g.drives[i].spec.Index = i
		}
	}
	g.mu.Unlock()
	switch {
	case index < 0 || label == "":
		return &Error{Op: op, Errno: "ENOENT", Msg: fmt.Sprintf("no drive has the label %q", label)}
	case state == configuring:
		return nil
	case state != ready || m == nil:
		return invalid(op, "the appliance does not run")
	}
	if err := g.takeOut(ctx, index); err != nil {
		var e *Error
		if errors.As(err, &e) {
			return err
		}
		return &Error{Op: op, Msg: err.Error(), cause: err, hint: qemu.HintOf(err)}
	}
	g.forgetDrive(index)
	return nil
}

// takeOut takes a drive out of the running appliance.
func (g *Handle) takeOut(ctx context.Context, index int) error {
	if err := g.internalDetach(ctx, index); err != nil {
		return err
	}
	m := g.running()
	if m == nil {
		return errLost
	}
	return m.Unplug(ctx, index)
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
