package daemon

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"virt-tools/internal/lvm2"
)

// lvmUUIDPrefix begins the UUID of every mapped device of LVM. Behind it are
// those of group and volume; what follows these tells a part of a volume.
const (
	lvmUUIDPrefix = "LVM-"
	lvmUUIDLen    = len(lvmUUIDPrefix) + 2*32
)

// These are in the names that LVM keeps for the parts of a volume; it lets
// nobody use them for a volume.
var (
	partInfixes = []string{"_cdata", "_cmeta", "_corig", "_cpool", "_cvol", "_imeta", "_iorig", "_mimage", "_mlog", "_pmspare",
		"_rimage", "_rmeta", "_tdata", "_tmeta", "_vdata", "_vorigin", "_wcorig"}
	partPrefixes = []string{"snapshot", "pvmove"}
)

// isPartOfVolume uses no regular expression: the code of that package is slow
// when it runs for the first time in an emulated processor.
func isPartOfVolume(lv string) bool {
	return slices.ContainsFunc(partInfixes, func(s string) bool { return strings.Contains(lv, s) }) ||
		slices.ContainsFunc(partPrefixes, func(s string) bool { return strings.HasPrefix(lv, s) })
}

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
	if !ok || isPartOfVolume(lv) {
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

// labelled calls fn for each device that has the label of a physical volume,
// with what is wrong with the label. Those within logical volumes do not
// count, for lvm neither: they belong to a guest inside the guest.
func labelled(fn func(device string, pv *lvm2.PV, err error)) error {
	devices, err := blockDevices()
	if err != nil {
		return err
	}
	for _, d := range devices {
		if volume, err := volumeOf(d); err != nil || volume != "" || !lvmSees(d) {
			continue
		}
		f, size, err := openDevice(d)
		if err != nil {
			continue // nothing that lvm could read
		}
		pv, err := lvm2.Read(f, size)
		f.Close()
		if pv != nil || err != nil {
			fn(d, pv, err)
		}
	}
	return nil
}

// anyPhysicalVolume tells whether lvm would find anything at all.
func anyPhysicalVolume() (found bool, err error) {
	err = labelled(func(string, *lvm2.PV, error) { found = true })
	return found, err
}

// plainGroups reads all volume groups, and tells the device of each physical
// volume. It fails when lvm must be asked.
func plainGroups() ([]lvm2.Group, map[*lvm2.PV]string, error) {
	var pvs []*lvm2.PV
	var odd error
	devices := map[*lvm2.PV]string{}
	err := labelled(func(device string, pv *lvm2.PV, err error) {
		kind, unreadable := memberKind(device)
		switch {
		case err != nil:
			odd = err
		case unreadable != nil:
			odd = unreadable
		case kind != "LVM2_member" || hasPartitions(device):
			odd = fmt.Errorf("%s: more than a physical volume", device)
		}
		pvs = append(pvs, pv)
		devices[pv] = device
	})
	if err != nil || odd != nil {
		return nil, nil, errors.Join(err, odd)
	}
	groups, err := lvm2.Groups(pvs)
	if err != nil {
		return nil, nil, err
	}
	for _, g := range groups {
		for _, v := range g.Volumes {
			if isPartOfVolume(v.Name) {
				return nil, nil, fmt.Errorf("%s/%s: %w", g.Name, v.Name, lvm2.ErrNotPlain)
			}
		}
	}
	return groups, devices, nil
}
