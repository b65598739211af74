package daemon

import (
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"virt-tools/internal/wire"
)

// laneName is what the answer to internal_hello says when files can go through
// the lane.
const laneName = "lane"

// The lane is the memory of QEMU's ivshmem-plain device (ivshmem-spec), its
// third resource.
const (
	laneVendor   = "0x1af4"
	laneDevice   = "0x1110"
	laneResource = "resource2_wc"
)

// mapLane maps the memory shared with the library. Without the device, as when
// libguestfs started the appliance, there is none.
func mapLane() []byte {
	devices, err := filepath.Glob("/sys/bus/pci/devices/*/device")
	if err != nil {
		return nil
	}
	for _, file := range devices {
		dir := filepath.Dir(file)
		if sysfsText(file) != laneDevice || sysfsText(dir+"/vendor") != laneVendor {
			continue
		}
		memory, err := mapResource(dir)
		if err != nil {
			log.Printf("warning: lane: %v", err)
			return nil
		}
		return memory
	}
	return nil
}

func sysfsText(file string) string {
	text, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}

func mapResource(dir string) ([]byte, error) {
	if err := os.WriteFile(dir+"/enable", []byte("1"), 0); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(filepath.Join(dir, laneResource), os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if st.Size() != wire.LaneBytes {
		return nil, fmt.Errorf("%s has %d bytes; want %d", f.Name(), st.Size(), wire.LaneBytes)
	}
	return unix.Mmap(int(f.Fd()), 0, wire.LaneBytes, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
}

// openLane makes all slots free, for a library that begins.
func (s *Server) openLane() bool {
	if s.lane == nil {
		return false
	}
	toDaemon, toLibrary := wire.Rows(s.lane)
	s.toDaemon = toDaemon
	s.toLibrary.Store(toLibrary)
	return true
}
