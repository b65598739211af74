package qemu

import (
	"errors"
	"fmt"
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// laneBytes is the size of the memory that this process shares with the
// appliance's daemon: the guest sees it as the memory of a PCI device.
const laneBytes = 16 << 20

// lane is that memory. It takes no room before it is written to.
type lane struct {
	file   *os.File
	memory []byte
}

func newLane() (*lane, error) {
	fd, err := unix.MemfdCreate("lane", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("memory shared with the appliance: %w", os.NewSyscallError("memfd_create", err))
	}
	l := &lane{file: os.NewFile(uintptr(fd), "lane")}
	if err := l.file.Truncate(laneBytes); err != nil {
		return nil, errors.Join(err, l.file.Close())
	}
	l.memory, err = unix.Mmap(fd, 0, laneBytes, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, errors.Join(os.NewSyscallError("mmap", err), l.file.Close())
	}
	// Who uses the memory holds on to the Machine, maybe longer than QEMU lives.
	runtime.SetFinalizer(l, func(l *lane) { unix.Munmap(l.memory) })
	return l, nil
}

func (l *lane) close() { l.file.Close() }

// Lane is memory that the daemon sees too, as the memory of an ivshmem device
// (QEMU's docs/specs/ivshmem-spec). What is in it can change at any time. It is
// mapped as long as the Machine is referred to.
func (m *Machine) Lane() []byte { return m.lane.memory }
