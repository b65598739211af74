package inspect

import (
	"fmt"
	"path"
	"strconv"
	"strings"
)

// Devices tells which devices there are, by the names the caller uses.
type Devices interface {
	// Find returns the device with a tag.
	Find(tag Tag, value string) (device string, ok bool)
	// Exists reports whether there is a device of that name.
	Exists(device string) bool
	// Disks returns the whole disks in the order they were added.
	Disks() []string
	// Subvolume returns the path of a subvolume of the btrfs on a device.
	Subvolume(device string, id uint64) (path string, ok bool)
}

// Tag is what a device is looked for by.
type Tag string

// Tags. The first four are those of fstab.
const (
	UUID      Tag = "UUID"
	Label     Tag = "LABEL"
	PartUUID  Tag = "PARTUUID"
	PartLabel Tag = "PARTLABEL"
	Mapper    Tag = "mapper"   // the name in /dev/mapper
	Volume    Tag = "volume"   // the UUIDs of volume group and volume, without hyphens
	MD        Tag = "md"       // the UUID of an array, digits alone
	MDName    Tag = "mdname"   // the name of an array
	Opened    Tag = "opened"   // the UUID of an encrypted device that is open
	MBRStart  Tag = "mbrstart" // the number of a disk with an MBR, @, the start of the partition in bytes
	OpenedOn  Tag = "openedon" // the name of an encrypted device that is open
)

// Mount is a filesystem of a system and the directory that it belongs on.
type Mount struct {
	Device string
	Dir    string // empty for swap space and the like
}

// mounts returns the filesystems that fstab names, in its order, and a warning
// for each line that names none. The directory / is always there: the
// filesystem with the fstab, where that does not say better.
func (f *Filesystem) mounts(d Devices) ([]Mount, []string) {
	r := resolver{Devices: d, f: f}
	var list []Mount
	var warnings []string
	at := map[string]string{}
	seen := map[Mount]bool{}
	for _, e := range f.Fstab {
		dir := path.Clean(e.Dir)
		if ignored(e, dir) {
			continue
		}
		dev, ok := r.entry(e, dir)
		if !ok {
			if _, _, tagged := tagOf(e.Spec); tagged {
				warnings = append(warnings, fmt.Sprintf("fstab: %s: no device %q", dir, e.Spec))
			}
			continue
		}
		if !path.IsAbs(dir) || e.Type == "swap" {
			dir = ""
		}
		if was, twice := at[dir]; twice && dir != "" {
			if was != dev {
				warnings = append(warnings, fmt.Sprintf("fstab: %s is both %q and %q; the first counts", dir, was, dev))
			}
			continue
		}
		at[dir] = dev
		if m := (Mount{dev, dir}); !seen[m] {
			seen[m] = true
			list = append(list, m)
		}
	}
	if at["/"] == "" {
		list = append([]Mount{{f.Device, "/"}}, list...)
	}
	return list, warnings
}

// entry returns what an entry mounts, with its subvolume.
func (r *resolver) entry(e Entry, dir string) (string, bool) {
	if dir == "/" && r.f.isBSD() && !strings.Contains(e.Spec, "=") {
		return r.f.Device, true // what there is at /dev/ada0s1a is not always known
	}
	dev, ok := r.resolve(e.Spec)
	if !ok || e.Type != "btrfs" || strings.HasPrefix(dev, btrfsVolume) {
		return dev, ok
	}
	for _, o := range e.Options {
		if vol, found := strings.CutPrefix(o, "subvol="); found {
			return subvolume(dev, vol), true
		}
	}
	for _, o := range e.Options {
		text, found := strings.CutPrefix(o, "subvolid=")
		if id, err := strconv.ParseUint(text, 0, 64); found && err == nil {
			if vol, ok := r.Subvolume(dev, id); ok {
				return subvolume(dev, vol), true
			}
		}
	}
	return dev, true
}

// btrfsVolume begins the name of a subvolume: btrfsvol:DEVICE/SUBVOLUME.
const btrfsVolume = "btrfsvol:"

// subvolume names a subvolume. The top of the filesystem, subvol=/, is the
// device itself.
func subvolume(dev, vol string) string {
	if vol = strings.Trim(vol, "/"); vol == "" {
		return dev
	}
	return btrfsVolume + dev + "/" + vol
}

// ignored reports whether an entry is no filesystem of a disk of the guest.
func ignored(e Entry, dir string) bool {
	if e.Type == "iso9660" || e.Type == "cd9660" {
		return true
	}
	for _, name := range []string{"/dev/fd", "/dev/cd", "/dev/acd", "/dev/sr"} {
		if rest, ok := strings.CutPrefix(e.Spec, name); ok && rest != "" && rest[0] >= '0' && rest[0] <= '9' {
			return true
		}
	}
	if e.Spec == "/dev/floppy" || strings.HasPrefix(e.Spec, "/dev/cdrom") || strings.HasPrefix(e.Spec, "/dev/iso9660/") {
		return true
	}
	for _, top := range []string{"/dev", "/media", "/proc", "/selinux", "/sys"} {
		if dir == top || strings.HasPrefix(dir, top+"/") {
			return true
		}
	}
	return false
}
