package daemon

import (
	"fmt"
	"strings"

	"virt-tools/internal/wire"
)

// mountable names a filesystem: a device, or a subvolume of the btrfs on one,
// written btrfsvol:DEVICE/SUBVOLUME.
type mountable struct {
	Device    string
	Subvolume string // without a leading slash; empty for the device itself
}

func (m mountable) String() string {
	if m.Subvolume == "" {
		return m.Device
	}
	return "btrfsvol:" + m.Device + "/" + m.Subvolume
}

// parseMountable splits a mountable. In btrfsvol:/dev/VG/LV/SUB the device has
// as many parts as name a block device.
func parseMountable(s string) (mountable, error) {
	rest, isVolume := strings.CutPrefix(s, "btrfsvol:")
	if !isVolume {
		return mountable{Device: s}, nil
	}
	if !isDeviceName(rest) {
		return mountable{}, fmt.Errorf("%s: no device name follows the colon", s)
	}
	for i := len("/dev/"); i < len(rest); i++ {
		if rest[i] != '/' {
			continue
		}
		if dev, err := resolveDevice(rest[:i]); err == nil {
			return mountable{Device: dev, Subvolume: strings.TrimLeft(rest[i:], "/")}, nil
		}
	}
	return mountable{}, fmt.Errorf("%s: no such device, or no subvolume after it", s)
}

// Types of a mountable, as libguestfs's internal_parse_mountable counts them.
const (
	mountableDevice   = 1
	mountableBtrfsVol = 2
	mountablePath     = 3
)

func doInternalParseMountable(_ *Call, m mountable) (*wire.InternalMountable, error) {
	r := &wire.InternalMountable{ImType: mountableDevice, ImDevice: m.Device, ImVolume: m.Subvolume}
	if m.Subvolume != "" {
		r.ImType = mountableBtrfsVol
	}
	return r, nil
}
