package daemon

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"virt-tools/internal/api"
)

// The kernel names SCSI disks in the order in which their driver is bound to
// them, and binds many at once. So the daemon turns the automatic binding off
// and binds them itself, in the order of their target numbers: the first drive
// is sda, always.

const (
	scsiBus       = "/sys/bus/scsi"
	attachTimeout = 60 * time.Second
)

// bindDisksOurselves turns automatic binding off, if the bus is there yet.
func bindDisksOurselves() error {
	err := os.WriteFile(scsiBus+"/drivers_autoprobe", []byte("0"), 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// scsiDisk is a disk on the bus; name is HOST:CHANNEL:TARGET:LUN.
type scsiDisk struct {
	name   string
	target int
}

// unboundDisks lists the disks that have no driver yet, by target number.
func unboundDisks() ([]scsiDisk, error) {
	entries, err := os.ReadDir(scsiBus + "/devices")
	if err != nil {
		return nil, err
	}
	var disks []scsiDisk
	for _, e := range entries {
		part := strings.Split(e.Name(), ":")
		if len(part) != 4 {
			continue // a host or a target, not a disk
		}
		dir := filepath.Join(scsiBus, "devices", e.Name())
		if _, err := os.Stat(dir + "/driver"); err == nil {
			continue
		}
		target, err := strconv.Atoi(part[2])
		if err != nil {
			continue
		}
		disks = append(disks, scsiDisk{e.Name(), target})
	}
	slices.SortFunc(disks, func(a, b scsiDisk) int { return a.target - b.target })
	return disks, nil
}

// bind gives a disk its driver and returns the name of the device. Writing to
// sysfs returns when the disk and its partitions are there.
func bind(d scsiDisk) (string, error) {
	if err := os.WriteFile(scsiBus+"/drivers/sd/bind", []byte(d.name), 0); err != nil {
		return "", fmt.Errorf("bind disk at %s: %w", d.name, err)
	}
	names, err := filepath.Glob(filepath.Join(scsiBus, "devices", d.name, "block/*"))
	if err != nil || len(names) != 1 {
		return "", fmt.Errorf("disk at %s has no block device", d.name)
	}
	return "/dev/" + filepath.Base(names[0]), nil
}

// doInternalAttach waits until the drives at the given targets are on the bus,
// binds them in order and assembles what lies on them.
func doInternalAttach(c *Call, targets []string) ([]string, error) {
	want := map[int]bool{}
	for _, s := range targets {
		n, err := strconv.Atoi(s)
		if err != nil {
			return nil, fmt.Errorf("target %q is not a number", s)
		}
		want[n] = true
	}
	var found []scsiDisk
	for deadline := time.Now().Add(attachTimeout); ; time.Sleep(time.Millisecond) {
		disks, err := unboundDisks()
		if err != nil {
			return nil, err
		}
		found = slices.DeleteFunc(disks, func(d scsiDisk) bool { return !want[d.target] })
		if len(found) >= len(want) {
			break
		}
		if time.Now().After(deadline) || c.Err() != nil {
			return nil, fmt.Errorf("%d of %d drives did not show up on the bus", len(want)-len(found), len(want))
		}
	}
	var devices []string
	for _, d := range found {
		dev, err := bind(d)
		if err != nil {
			return nil, err
		}
		devices = append(devices, dev)
	}
	return devices, assemble(c, devices)
}

// attachPresent binds the disks that were there when the appliance started.
func attachPresent(ctx context.Context) error {
	disks, err := unboundDisks()
	if err != nil {
		return err
	}
	var devices []string
	var errs []error
	for _, d := range disks {
		dev, err := bind(d)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		devices = append(devices, dev)
	}
	if n := len(devices); n > 0 && cmdline.rootUUID != "" && extUUID(devices[n-1]) == cmdline.rootUUID {
		applianceRoot = devices[n-1]
		devices = devices[:n-1]
	}
	c := newCall(ctx, New(nowhere{}), noHeader)
	defer c.end()
	return errors.Join(append(errs, assemble(c, devices))...)
}

// applianceRoot is the disk that libguestfs adds for its own appliance; it is
// none of the guest's.
var applianceRoot string

// doInternalHello sets the clock and stirs the random pool: an appliance that
// was restored from a saved state has those of the moment of saving.
func doInternalHello(c *Call, clock int64, entropy []byte) ([]string, error) {
	now := unix.NsecToTimespec(clock)
	if err := unix.ClockSettime(unix.CLOCK_REALTIME, &now); err != nil {
		log.Printf("warning: set clock: %v", err)
	}
	if err := stirRandomPool(entropy); err != nil {
		return nil, fmt.Errorf("random pool: %w", err)
	}
	names := ownCalls()
	if c.server.openLane() {
		names = append(names, laneName)
	}
	return names, nil
}

// ownCalls are the names of the calls that libguestfs does not have. Going through
// the table takes 5 ms under emulation the first time, so once is enough.
var ownCalls = sync.OnceValue(func() []string {
	var own []string
	for _, call := range api.Calls() {
		if call.Proc >= api.ProcOwn && call.Built() {
			own = append(own, call.Name)
		}
	}
	return own
})

// doInternalDetach lets go of a disk, which then can be pulled out without harm. One that
// is mounted, or part of an array or a volume group in use, stays.
func doInternalDetach(_ *Call, target int) error {
	names, err := filepath.Glob(fmt.Sprintf("%s/devices/*:0:%d:0/block/*", scsiBus, target))
	if err != nil || len(names) != 1 {
		return withErrno(syscall.ENOENT, "no disk at target %d", target)
	}
	device := "/dev/" + filepath.Base(names[0])
	f, err := os.OpenFile(device, os.O_RDWR|syscall.O_EXCL, 0)
	if errors.Is(err, syscall.EROFS) || errors.Is(err, syscall.EACCES) {
		f, err = os.OpenFile(device, os.O_RDONLY|syscall.O_EXCL, 0)
	}
	if errors.Is(err, syscall.EBUSY) {
		return withErrno(syscall.EBUSY, "%s is in use: unmount its filesystems and deactivate its volumes first", device)
	}
	if err != nil {
		return err
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(filepath.Dir(filepath.Dir(names[0])), "delete"), []byte("1"), 0)
}

func doInternalWarnings(c *Call) ([]string, error) {
	s := c.server
	s.mu.Lock()
	defer s.mu.Unlock()
	w := s.warnings
	s.warnings = nil
	return w, nil
}

const warningsMax = 1000 // kept until the library takes them

// warn leaves a message for the library's user: something was passed over and
// the call went on.
func (c *Call) warn(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	log.Printf("%s: warning: %s", c.name, text)
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	if len(c.server.warnings) < warningsMax {
		c.server.warnings = append(c.server.warnings, text)
	}
}
