package inspect

import (
	"fmt"
	"path"
	"regexp"
	"strconv"
	"strings"
)

// Devices tells which devices there are, by the names the caller uses.
type Devices interface {
	// Find returns the device with a UUID, LABEL, PARTUUID or PARTLABEL.
	Find(tag, value string) (device string, ok bool)
	// Exists reports whether there is a device of that name.
	Exists(device string) bool
	// Disks returns the whole disks in the order they were added.
	Disks() []string
}

var (
	diskName = regexp.MustCompile(`^/dev/(?:h|s|v|xv)d([a-z]{1,2})([0-9]{1,4})?$`)
	slotName = regexp.MustCompile(`^/dev/(?:nvme([0-9]{1,4})n[0-9]+|mmcblk([0-9]{1,4}))(?:p([0-9]{1,4}))?$`)
	byIDName = regexp.MustCompile(`^/dev/disk/by-(?:id|path)/.*-part([0-9]{1,4})$`)
)

// Mountpoints returns the device to mount on each directory, and a warning for
// each entry that names none. The directory / is always there: root is what
// was looked at, if the entries do not say better.
func Mountpoints(root string, entries []Entry, d Devices) (map[string]string, []string) {
	points := map[string]string{}
	var warnings []string
	for _, e := range entries {
		dir := path.Clean(e.Dir)
		if !path.IsAbs(dir) || ignored(e, dir) {
			continue
		}
		dev, ok := resolve(e.Spec, root, d)
		if !ok {
			if tagged(e.Spec) {
				warnings = append(warnings, fmt.Sprintf("fstab: %s: no device %q", dir, e.Spec))
			}
			continue
		}
		for _, o := range e.Options {
			vol, found := strings.CutPrefix(o, "subvol=")
			// The top of the filesystem, subvol=/, is the device itself.
			if vol = strings.Trim(vol, "/"); found && vol != "" && e.Type == "btrfs" {
				dev = "btrfsvol:" + dev + "/" + vol
				break
			}
		}
		if was, twice := points[dir]; twice {
			if was != dev {
				warnings = append(warnings, fmt.Sprintf("fstab: %s is both %q and %q; the first counts", dir, was, dev))
			}
			continue
		}
		points[dir] = dev
	}
	if points["/"] == "" {
		points["/"] = root
	}
	return points, warnings
}

// ignored reports whether an entry is no filesystem of a disk of the guest.
func ignored(e Entry, dir string) bool {
	if e.Type == "swap" || e.Type == "iso9660" || strings.HasPrefix(e.Spec, "/dev/fd") || strings.HasPrefix(e.Spec, "/dev/cdrom") {
		return true
	}
	for _, top := range []string{"/dev", "/media", "/proc", "/selinux", "/sys"} {
		if dir == top || strings.HasPrefix(dir, top+"/") {
			return true
		}
	}
	return false
}

// tag splits UUID=x, and /dev/disk/by-uuid/x which says the same.
func tag(spec string) (name, value string, ok bool) {
	for _, name := range []string{"UUID", "LABEL", "PARTUUID", "PARTLABEL"} {
		if v, found := strings.CutPrefix(spec, name+"="); found {
			return name, strings.Trim(v, `"'`), true
		}
		if v, found := strings.CutPrefix(spec, "/dev/disk/by-"+strings.ToLower(name)+"/"); found {
			return name, v, true
		}
	}
	return "", "", false
}

func tagged(spec string) bool {
	_, _, ok := tag(spec)
	return ok
}

// resolve returns the device a spec names in the guest. A name under /dev that
// nothing is known of is left as it is.
func resolve(spec, root string, d Devices) (string, bool) {
	if name, value, ok := tag(spec); ok {
		return d.Find(name, value)
	}
	if !strings.HasPrefix(spec, "/dev/") {
		return "", false
	}
	if spec == "/dev/root" {
		return root, true
	}
	disks := d.Disks()
	index, part := -1, ""
	if m := diskName.FindStringSubmatch(spec); m != nil {
		index, part = letters(m[1]), m[2]
	} else if m := slotName.FindStringSubmatch(spec); m != nil {
		// One of the two numbers is there; ten thousand fit an int.
		index, _ = strconv.Atoi(m[1] + m[2])
		part = m[3]
	} else if m := byIDName.FindStringSubmatch(spec); m != nil && len(disks) == 1 {
		index, part = 0, m[1]
	}
	if index >= 0 && index < len(disks) {
		if dev := disks[index] + part; d.Exists(dev) {
			return dev, true
		}
	}
	if name, ok := strings.CutPrefix(spec, "/dev/mapper/"); ok {
		if lv, ok := volume(name); ok && d.Exists(lv) {
			return lv, true
		}
	}
	return spec, true
}

// letters returns the number of disk a, b, ... z, aa, ...
func letters(s string) int {
	n := 0
	for _, c := range s {
		n = n*26 + int(c-'a') + 1
	}
	return n - 1
}

// volume turns the mapper's name of a logical volume, where a hyphen that
// is part of a name is doubled, into /dev/VG/LV.
func volume(name string) (string, bool) {
	parts := strings.Split(strings.ReplaceAll(name, "--", "\x00"), "-")
	if len(parts) != 2 || parts[0] == "" || parts[1] == "" {
		return "", false
	}
	return "/dev/" + strings.ReplaceAll(parts[0]+"/"+parts[1], "\x00", "-"), true
}
