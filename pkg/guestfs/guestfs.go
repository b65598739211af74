// Package guestfs looks into and changes guest disk images without booting the
// guest: it starts a small Linux in QEMU, plugs the images in and asks a daemon
// inside to do the work. Calls have libguestfs's names, arguments and results.
//
//	g := guestfs.New(nil)
//	defer g.Close()
//	g.AddDrive("disk.qcow2", &guestfs.AddDriveOpts{ReadOnly: true})
//	err := g.Launch(ctx)
//	filesystems, err := g.ListFilesystems(ctx)
//
// Most calls are generated from a table and lie in files named after their
// group: partitions_gen.go, mount_gen.go. A call that fails returns an *Error,
// which errors.Is compares with fs.ErrNotExist, syscall.ENOSPC and the like.
//
// Guests are hostile. No filesystem of theirs is ever mounted by the host, a
// read-only drive is never written to, and one Handle should hold the disks of
// one guest only: guests in one appliance can attack each other.
//
// The package does not look domains up and has no command line; the tools
// under cmd/ do that with internal/cli.
package guestfs

import (
	"sync"

	"virt-tools/internal/qemu"
	"virt-tools/internal/wire"
)

// Types keep apart what must not be mixed up. Paths on the host are plain
// strings.
type (
	// Device is a block device in the appliance: /dev/sda1, /dev/VG/LV.
	Device string
	// Mountable is a Device, or a btrfs subvolume written
	// btrfsvol:DEVICE/SUBVOLUME.
	Mountable string
	// Path is an absolute path in the guest.
	Path string
)

// Pair is an entry of a hash table that a call returns.
type Pair struct {
	Key, Value string
}

// Pairs is a hash table in the order in which the call returned it.
type Pairs []Pair

// Value returns the value of a key, or an empty string.
func (p Pairs) Value(key string) string {
	for _, e := range p {
		if e.Key == key {
			return e.Value
		}
	}
	return ""
}

// state is where a handle is in its life.
type state int

const (
	configuring state = iota
	launching
	ready
	stopped
)

// Handle is one appliance and the drives in it. Its methods may be called from
// several goroutines; calls are done one after the other.
type Handle struct {
	opts Options

	calls sync.Mutex // held during a call on the wire

	mu       sync.Mutex // guards what follows
	state    state
	drives   []drive
	machine  *qemu.Machine
	link     *link
	own      map[string]bool // calls of our own that the daemon knows
	foreign  bool            // the appliance is one of libguestfs
	onEvent  func(Event)
	console  tail
	timings  Timings
	accel    string
	accelWhy string
	closed   bool // Close was called
	onClose  []func()
	local    *localMount // of MountLocal
}

// New returns a handle that is configured and not launched. nil means the
// default options, with what the LIBGUESTFS_ environment variables say.
func New(opts *Options) *Handle {
	g := &Handle{}
	if opts != nil {
		g.opts = *opts
	}
	g.opts.fill()
	return g
}

func texts[T ~string](list []T) []string {
	r := make([]string, len(list))
	for i, s := range list {
		r[i] = string(s)
	}
	return r
}

func named[T ~string](list []string) []T {
	r := make([]T, len(list))
	for i, s := range list {
		r[i] = T(s)
	}
	return r
}

func pairs(list []wire.Pair) Pairs {
	r := make(Pairs, len(list))
	for i, p := range list {
		r[i] = Pair(p)
	}
	return r
}

// given returns the bit of an optional argument when it is there.
func given(is bool, bit int) uint64 {
	if is {
		return 1 << bit
	}
	return 0
}

// value returns what p points to, or the zero value.
func value[T any](p *T) T {
	var zero T
	if p == nil {
		return zero
	}
	return *p
}

// blob takes bytes out of a message, whose buffer is used again.
func blob(d *wire.Decoder) []byte { return append([]byte{}, d.Opaque()...) }
