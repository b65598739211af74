package inspect

import (
	"path"
	"regexp"
	"strconv"
	"strings"
)

// resolver finds the device that a name of the guest stands for.
type resolver struct {
	Devices
	f *Filesystem
}

var (
	diskName    = regexp.MustCompile(`^/dev/(?:h|s|v|xv)d([a-z]{1,2})([0-9]{1,4})?$`)
	slotName    = regexp.MustCompile(`^/dev/(?:nvme([0-9]{1,4})n[0-9]+|mmcblk([0-9]{1,4}))(?:p([0-9]{1,4}))?$`)
	byIDName    = regexp.MustCompile(`^/dev/disk/by-(?:id|path)/.*-part([0-9]{1,4})$`)
	volumeName  = regexp.MustCompile(`^/dev/disk/by-id/dm-uuid-LVM-([0-9a-zA-Z]{64})$`)
	arrayUUID   = regexp.MustCompile(`^/dev/disk/by-id/md-uuid-([0-9a-fA-F:]{32,40})$`)
	cryptUUID   = regexp.MustCompile(`^/dev/disk/by-id/dm-uuid-CRYPT-[A-Z0-9]+-([0-9a-f]{32})-`)
	luksName    = regexp.MustCompile(`^luks-([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$`)
	arrayDevice = regexp.MustCompile(`^/dev/md(?:_?d?[0-9]+(?:p[0-9]+)?|/.+)$`)
)

// tagOf splits UUID=x, and /dev/disk/by-uuid/x which says the same.
func tagOf(spec string) (tag Tag, value string, ok bool) {
	for _, tag := range []Tag{UUID, Label, PartUUID, PartLabel} {
		if v, found := strings.CutPrefix(spec, string(tag)+"="); found {
			return tag, strings.Trim(v, `"'`), true
		}
		if v, found := strings.CutPrefix(spec, "/dev/disk/by-"+strings.ToLower(string(tag))+"/"); found {
			return tag, unhex(v), true
		}
	}
	return "", "", false
}

// unhex undoes the \x20 with which udev writes characters in names.
func unhex(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if i+3 < len(s) && s[i] == '\\' && s[i+1] == 'x' {
			if n, err := strconv.ParseUint(s[i+2:i+4], 16, 8); err == nil {
				b.WriteByte(byte(n))
				i += 3
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// resolve returns the device a spec names in the guest. A name under /dev that
// nothing is known of is left as it is.
func (r *resolver) resolve(spec string) (string, bool) {
	if tag, value, ok := tagOf(spec); ok {
		return r.tagged(tag, value)
	}
	if spec == "/dev/root" {
		return r.f.Device, true
	}
	if r.f.isBSD() || r.f.System.Type == "hurd" {
		if dev, ok := r.foreign(spec); ok {
			return dev, true
		}
	}
	if !strings.HasPrefix(spec, "/dev/") {
		return "", false
	}
	for _, find := range []func(string) (string, bool){r.byNumber, r.byMapper, r.byID, r.byArray} {
		if dev, ok := find(spec); ok {
			return dev, true
		}
	}
	return spec, true
}

// tagged finds UUID=x and the like. A UUID in fstab may be that of a device
// that is encrypted: what is opened from it is meant.
func (r *resolver) tagged(tag Tag, value string) (string, bool) {
	if tag == UUID || tag == PartUUID {
		// Written in upper case by some; FAT and NTFS have theirs in upper case.
		for _, v := range []string{value, strings.ToLower(value), strings.ToUpper(value)} {
			if dev, ok := r.Find(tag, v); ok {
				return dev, true
			}
		}
		return "", false
	}
	return r.Find(tag, value)
}

// byNumber takes the n-th disk, whatever its driver called it in the guest.
func (r *resolver) byNumber(spec string) (string, bool) {
	index, part := -1, ""
	if m := diskName.FindStringSubmatch(spec); m != nil {
		index, part = letters(m[1]), m[2]
	} else if m := slotName.FindStringSubmatch(spec); m != nil {
		// One of the two numbers is there; ten thousand fit an int.
		index, _ = strconv.Atoi(m[1] + m[2])
		part = m[3]
	}
	dev, ok := r.partition(index, part)
	return dev, ok && r.Exists(dev)
}

// partition names a partition of the n-th disk.
func (r *resolver) partition(index int, part string) (string, bool) {
	disks := r.Disks()
	if index < 0 || index >= len(disks) {
		return "", false
	}
	return disks[index] + part, true
}

// byMapper knows names in /dev/mapper: of logical volumes, of opened devices
// in crypttab, and of those that systemd names by their UUID.
func (r *resolver) byMapper(spec string) (string, bool) {
	name, ok := strings.CutPrefix(spec, "/dev/mapper/")
	if !ok {
		return "", false
	}
	for _, c := range r.f.Crypts {
		if c.Name == name {
			if dev, ok := r.opened(c.Device); ok {
				return dev, true
			}
		}
	}
	if m := luksName.FindStringSubmatch(name); m != nil {
		if dev, ok := r.Find(Opened, m[1]); ok {
			return dev, true
		}
	}
	return r.Find(Mapper, name)
}

// opened finds what was opened from an encrypted device.
func (r *resolver) opened(spec string) (string, bool) {
	if tag, value, ok := tagOf(spec); ok && tag == UUID {
		return r.Find(Opened, strings.ToLower(value))
	}
	if strings.HasPrefix(spec, "/dev/mapper/") {
		// An encrypted volume; another line of crypttab could lead round.
		if dev, ok := r.Find(Mapper, strings.TrimPrefix(spec, "/dev/mapper/")); ok {
			return r.Find(OpenedOn, dev)
		}
		return "", false
	}
	if dev, ok := r.resolve(spec); ok {
		return r.Find(OpenedOn, dev)
	}
	return "", false
}

// byID knows the names below /dev/disk that say what they are. Those of the
// hardware are lost in an image: with one disk they can only mean that one.
func (r *resolver) byID(spec string) (string, bool) {
	if m := volumeName.FindStringSubmatch(spec); m != nil {
		return r.Find(Volume, m[1])
	}
	if m := arrayUUID.FindStringSubmatch(spec); m != nil {
		return r.Find(MD, plainUUID(m[1]))
	}
	if m := cryptUUID.FindStringSubmatch(spec); m != nil {
		u := m[1]
		return r.Find(Opened, u[:8]+"-"+u[8:12]+"-"+u[12:16]+"-"+u[16:20]+"-"+u[20:])
	}
	if name, ok := strings.CutPrefix(spec, "/dev/disk/by-id/dm-name-"); ok {
		return r.byMapper("/dev/mapper/" + name)
	}
	if name, ok := strings.CutPrefix(spec, "/dev/disk/by-id/md-name-"); ok {
		return r.Find(MDName, name)
	}
	if m := byIDName.FindStringSubmatch(spec); m != nil && len(r.Disks()) == 1 {
		dev, ok := r.partition(0, m[1])
		return dev, ok && r.Exists(dev)
	}
	return "", false
}

// byArray knows arrays by the UUID in mdadm.conf, else by their name.
func (r *resolver) byArray(spec string) (string, bool) {
	if !arrayDevice.MatchString(spec) {
		return "", false
	}
	for _, a := range r.f.Arrays {
		if a.UUID != "" && (a.Device == spec || sameArray(a.Device, spec)) {
			if dev, ok := r.Find(MD, a.UUID); ok {
				return dev, true
			}
		}
	}
	if name, ok := strings.CutPrefix(spec, "/dev/md/"); ok {
		return r.Find(MDName, name)
	}
	return "", false
}

// sameArray knows that /dev/md0 and /dev/md/0 are one.
func sameArray(a, b string) bool {
	number := func(s string) string { return strings.TrimPrefix(path.Base(s), "md") }
	return number(a) == number(b)
}

// letters returns the number of disk a, b, ... z, aa, ...
func letters(s string) int {
	n := 0
	for _, c := range s {
		n = n*26 + int(c-'a') + 1
	}
	return n - 1
}
