package daemon

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
)

// lvmUUIDPrefix begins the UUID of every mapped device of LVM. Behind it are
// those of group and volume; what follows these tells a part of a volume.
const (
	lvmUUIDPrefix = "LVM-"
	lvmUUIDLen    = len(lvmUUIDPrefix) + 2*32
)

// partOfVolume matches the names that LVM keeps for the parts of a volume; it
// lets nobody use them for a volume.
var partOfVolume = regexp.MustCompile(`_(cdata|cmeta|corig|cpool|cvol|imeta|iorig|mimage|mlog|pmspare|rimage|rmeta|tdata|tmeta|vdata|vorigin|wcorig)|^(snapshot|pvmove)`)

// volumeOf returns the canonical name /dev/VG/LV of an active logical volume,
// or "" for another device. It asks the kernel: that takes no program.
func volumeOf(device string) (string, error) {
	dir, err := sysDir(device)
	if err != nil {
		return "", err
	}
	id, err := os.ReadFile(filepath.Join(dir, "dm/uuid"))
	if err != nil {
		return "", nil // not a mapped device
	}
	name, err := os.ReadFile(filepath.Join(dir, "dm/name"))
	if err != nil {
		return "", err
	}
	return volumeName(strings.TrimSuffix(string(id), "\n"), strings.TrimSuffix(string(name), "\n")), nil
}

// volumeName is volumeOf for the UUID and the name of a mapped device.
func volumeName(id, name string) string {
	if !strings.HasPrefix(id, lvmUUIDPrefix) || len(id) != lvmUUIDLen {
		return ""
	}
	vg, lv, ok := splitMapperName(name)
	if !ok || partOfVolume.MatchString(lv) {
		return ""
	}
	return "/dev/" + vg + "/" + lv
}

func doIsLv(_ *Call, m mountable) (bool, error) {
	if m.Subvolume != "" {
		return false, nil
	}
	name, err := volumeOf(m.Device)
	return name != "", err
}

// doLvmCanonicalLvName takes a name which need not be that of any device.
func doLvmCanonicalLvName(_ *Call, lvname string) (string, error) {
	device, err := resolveDevice(lvname)
	if err != nil {
		return "", err
	}
	name, err := volumeOf(device)
	if err == nil && name == "" {
		err = withErrno(syscall.EINVAL, "%s: not a logical volume", lvname)
	}
	return name, err
}
