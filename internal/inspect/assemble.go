package inspect

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Root is an operating system with all its filesystems.
type Root struct {
	Device string // the filesystem that is its /
	System
	Mounts []Mount
	Drives []Drive // of Windows
}

// Assemble joins the filesystems that were found to systems, in their order.
// Filesystems that only look like the root of one are left out.
func Assemble(found []Filesystem, d Devices) ([]Root, []string) {
	a := assembly{found: found, devices: d}
	for i := range found {
		a.add(&found[i])
	}
	a.joinCoreOS()
	for i := range a.roots {
		a.joinUsr(&a.roots[i])
	}
	var roots []Root
	for _, r := range a.roots {
		if !a.isShadow(r) && !a.isSnapshot(r) {
			roots = append(roots, r)
		}
	}
	return roots, a.warnings
}

type assembly struct {
	found    []Filesystem
	devices  Devices
	roots    []Root
	warnings []string
}

// maxWarnings are told of one filesystem.
const maxWarnings = 20

func (a *assembly) warn(device string, list ...string) {
	if more := len(list) - maxWarnings; more > 0 {
		list = append(list[:maxWarnings:maxWarnings], fmt.Sprintf("and %d warnings more", more))
	}
	for _, w := range list {
		a.warnings = append(a.warnings, device+": "+w)
	}
}

func (a *assembly) add(f *Filesystem) {
	a.warn(f.Device, f.Warnings...)
	if f.Role != RoleRoot {
		return
	}
	r := Root{Device: f.Device, System: f.System}
	var warnings []string
	r.Mounts, warnings = f.mounts(a.devices)
	a.warn(f.Device, warnings...)
	for _, drive := range f.drives {
		// A letter of a disk that is not here, or of a CD drive, stands for nothing.
		if dev, ok := a.devices.Find(drive.tag, drive.value); ok {
			r.Drives = append(r.Drives, Drive{drive.letter, dev})
		}
	}
	slices.SortFunc(r.Drives, func(a, b Drive) int { return strings.Compare(a.Letter, b.Letter) })
	a.roots = append(a.roots, r)
}

// on returns the filesystem of a system on a directory.
func (r *Root) on(dir string) string {
	for _, m := range r.Mounts {
		if m.Dir == dir {
			return m.Device
		}
	}
	return ""
}

// fill takes over what is not known of a system from its /usr.
func (r *Root) fill(usr *System) {
	for _, f := range []struct{ to, from *string }{
		{&r.Distro, &usr.Distro}, {&r.ProductName, &usr.ProductName}, {&r.ProductVariant, &usr.ProductVariant}, {&r.BuildID, &usr.BuildID},
		{&r.Arch, &usr.Arch}, {&r.Hostname, &usr.Hostname}, {&r.PackageFormat, &usr.PackageFormat},
	} {
		if *f.to == "" {
			*f.to = *f.from
		}
	}
	if r.Major == 0 && r.Minor == 0 {
		r.Major, r.Minor = usr.Major, usr.Minor
	}
	// The program that installs packages lies there.
	if r.Distro == usr.Distro && usr.PackageManagement != "" {
		r.PackageManagement = usr.PackageManagement
	}
}

// joinUsr joins a Linux with the /usr in its fstab.
func (a *assembly) joinUsr(r *Root) {
	for i := range a.found {
		if f := &a.found[i]; f.Role == RoleUsr && r.on("/usr") == f.Device && !isContainerLinux(r.Distro) {
			r.fill(&f.System)
			return
		}
	}
}

// isContainerLinux knows the systems whose /usr is one of two partitions: an
// update goes to the other one.
func isContainerLinux(distro string) bool { return distro == "coreos" || distro == "flatcar" }

// joinCoreOS joins a Container Linux with its /usr. Only the boot loader knows
// which of the two is used; the higher version is likely.
func (a *assembly) joinCoreOS() {
	var root *Root
	for i := range a.roots {
		if !isContainerLinux(a.roots[i].Distro) {
			continue
		}
		if root != nil {
			a.warnings = append(a.warnings, fmt.Sprintf("%s and %s are both the root of a CoreOS: which /usr is whose is not known", root.Device, a.roots[i].Device))
			return
		}
		root = &a.roots[i]
	}
	if root == nil {
		return
	}
	var usr *Filesystem
	for i := range a.found {
		f := &a.found[i]
		if f.Role == RoleUsr && isContainerLinux(f.System.Distro) && (usr == nil || newer(&f.System, &usr.System)) {
			usr = f
		}
	}
	if usr != nil {
		root.fill(&usr.System)
		root.Distro = usr.System.Distro
		root.Mounts = append(root.Mounts, Mount{usr.Device, "/usr"})
	}
}

func newer(a, b *System) bool {
	return a.Major > b.Major || a.Major == b.Major && a.Minor > b.Minor
}

var primaryPartition = regexp.MustCompile(`^(/dev/sd[a-z]+)[1-4]$`)

// isShadow reports whether the root of a BSD is the partition around the real
// one: that of the MBR begins where the first one of the BSD label in it does.
func (a *assembly) isShadow(r Root) bool {
	m := primaryPartition.FindStringSubmatch(r.Device)
	if m == nil || !slices.Contains([]string{"freebsd", "netbsd", "openbsd"}, r.Type) {
		return false
	}
	return slices.ContainsFunc(a.roots, func(other Root) bool {
		return strings.HasPrefix(other.Device, m[1]) && !primaryPartition.MatchString(other.Device) && other.System == r.System
	})
}

// isSnapshot reports whether a btrfs subvolume is a copy of a root: its fstab
// says that the / is another one, and that one's says the same.
func (a *assembly) isSnapshot(r Root) bool {
	slash := r.on("/")
	if !strings.HasPrefix(r.Device, btrfsVolume) || slash == r.Device {
		return false
	}
	return slices.ContainsFunc(a.roots, func(other Root) bool {
		// Of the subvolume that is the default the device is listed.
		itself := other.Device == slash || strings.HasPrefix(slash, btrfsVolume+other.Device+"/")
		return itself && other.Device != r.Device && other.Type == r.Type && other.on("/") == slash
	})
}
