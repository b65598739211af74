// Package devmapper makes mapped devices: block devices whose sectors lie on
// others, as a table says.
//
//	dm, err := devmapper.Open()
//	defer dm.Close()
//	dev, err := dm.Create("vg-root", uuid, table, readOnly) // active from now on
//	err = dm.Remove("vg-root")
//
// It talks to the kernel as lvm and dmsetup do, so that these take the devices
// for their own. It makes no nodes or links, and knows nothing of what the
// devices are for.
package devmapper

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

const controlPath = "/dev/mapper/control"

// Target is a line of a table.
type Target struct {
	Start, Sectors uint64
	Kind           string // "linear", "striped"
	Params         string // what the target's documentation in the kernel says
}

// Control is the device by which the others are made.
type Control struct{ f *os.File }

// Open opens the control device. The kernel's module must be there.
func Open() (*Control, error) {
	f, err := os.OpenFile(controlPath, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	return &Control{f}, nil
}

// Close closes the control device; mapped devices stay.
func (c *Control) Close() error { return c.f.Close() }

// Status is what the kernel knows of a mapped device.
type Status struct {
	Name, UUID string
	Device     uint64 // its number, as in stat
	Active     bool   // has a table and is not suspended
}

// Lookup finds a device by its UUID. The error is ENXIO when there is none.
func (c *Control) Lookup(uuid string) (*Status, error) {
	b, err := newRequest("", uuid, nil, 0)
	if err != nil {
		return nil, err
	}
	if err := c.do(cmdStatus, b); err != nil {
		return nil, fmt.Errorf("mapped device %s: %w", uuid, err)
	}
	h := b.header()
	return &Status{
		Name: text(h.name[:]), UUID: text(h.uuid[:]), Device: h.dev,
		Active: h.flags&flagActive != 0 && h.flags&flagSuspend == 0,
	}, nil
}

// Create makes a device with a table and makes it active. The error is EBUSY
// when the name or the UUID is taken. When it fails nothing is left.
func (c *Control) Create(name, uuid string, table []Target, readOnly bool) (device uint64, err error) {
	var mode uint32
	if readOnly {
		mode = flagReadOnly
	}
	create, err := newRequest(name, uuid, nil, mode)
	if err != nil {
		return 0, err
	}
	load, err := newRequest(name, "", table, mode)
	if err != nil {
		return 0, err
	}
	resume, err := newRequest(name, "", nil, 0)
	if err != nil {
		return 0, err
	}
	if err := c.do(cmdCreate, create); err != nil {
		return 0, fmt.Errorf("create mapped device %s: %w", name, err)
	}
	for _, step := range []struct {
		command uintptr
		request request
		what    string
	}{{cmdLoad, load, "load the table of"}, {cmdSuspend, resume, "activate"}} {
		if err := c.do(step.command, step.request); err != nil {
			return 0, errors.Join(fmt.Errorf("%s mapped device %s: %w", step.what, name, err), c.Remove(name))
		}
	}
	return create.header().dev, nil
}

// Remove removes a device that nobody uses.
func (c *Control) Remove(name string) error {
	b, err := newRequest(name, "", nil, 0)
	if err != nil {
		return err
	}
	if err := c.do(cmdRemove, b); err != nil {
		return fmt.Errorf("remove mapped device %s: %w", name, err)
	}
	return nil
}

func (c *Control) do(command uintptr, b request) error {
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, c.f.Fd(), command, uintptr(unsafe.Pointer(&b[0])))
	runtime.KeepAlive(b)
	if errno != 0 {
		return errno
	}
	return nil
}
