package daemon

import (
	"os/exec"
	"slices"
	"strings"

	"virt-tools/internal/api"
)

// feature is a group of calls that is there when what it needs is there:
// programs in the appliance, or filesystems in its kernel.
type feature struct {
	name        string
	programs    []string
	filesystems []string
}

// features are libguestfs's groups (guestfs-availability) and our own, which
// tells our library that it talks to this daemon.
var features = []feature{
	{name: "virt_tools"},
	{name: "acl"},
	{name: "augeas", programs: []string{"guestaug"}},
	{name: "blkdiscard"},
	{name: "blkdiscardzeroes"},
	{name: "btrfs", programs: []string{"btrfs"}, filesystems: []string{"btrfs"}},
	{name: "clevisluks", programs: []string{"clevis-luks-unlock"}},
	{name: "extlinux", programs: []string{"extlinux"}},
	{name: "f2fs", programs: []string{"mkfs.f2fs", "resize.f2fs"}},
	{name: "fstrim"},
	{name: "gdisk"},
	{name: "grub", programs: []string{"grub-install"}},
	{name: "hivex"},
	{name: "inotify"},
	{name: "journal"},
	{name: "ldm", programs: []string{"ldmtool"}},
	{name: "libtsk", programs: []string{"fls"}},
	{name: "libyara", programs: []string{"yara"}},
	{name: "linuxcaps"},
	{name: "linuxfsuuid"},
	{name: "linuxmodules"},
	{name: "linuxxattrs"},
	{name: "luks", programs: []string{"cryptsetup"}},
	{name: "lvm2", programs: []string{"lvm"}},
	{name: "mdadm", programs: []string{"mdadm"}},
	{name: "mknod"},
	{name: "ntfs3g", programs: []string{"ntfs-3g"}},
	{name: "ntfsprogs", programs: []string{"ntfsresize"}},
	{name: "rsync", programs: []string{"rsync"}},
	{name: "scrub", programs: []string{"scrub"}},
	{name: "selinux"},
	{name: "selinuxrelabel", programs: []string{"setfiles"}},
	{name: "sleuthkit", programs: []string{"icat"}},
	{name: "squashfs", programs: []string{"mksquashfs"}},
	{name: "syslinux", programs: []string{"syslinux", "mcopy", "sh"}},
	{name: "wipefs", programs: []string{"wipefs"}},
	{name: "xfs", programs: []string{"mkfs.xfs"}, filesystems: []string{"xfs"}},
	{name: "xz"},
	{name: "zerofree", programs: []string{"zerofree"}},
}

func findFeature(name string) *feature {
	i := slices.IndexFunc(features, func(f feature) bool { return f.name == name })
	if i < 0 {
		return nil
	}
	return &features[i]
}

func featureKnown(name string) bool { return findFeature(name) != nil }

// featureAvailable tells whether the group can be used. A group of whose calls
// none is built is not available, whatever programs there are.
func featureAvailable(name string) bool { return whyUnavailable(name) == "" }

// whyUnavailable says what a group lacks, or nothing.
func whyUnavailable(name string) string {
	f := findFeature(name)
	if f == nil {
		return "unknown group"
	}
	if name != "virt_tools" && !anyBuilt(name) {
		return "its calls are not built yet"
	}
	for _, p := range f.programs {
		if _, err := exec.LookPath(p); err != nil {
			return "program " + p + " is missing"
		}
	}
	for _, fs := range f.filesystems {
		if !filesystemInKernel(fs) {
			return "the kernel has no " + strings.ToUpper(fs)
		}
	}
	return ""
}

func anyBuilt(feature string) bool {
	return slices.ContainsFunc(api.ByProc(), func(c api.Call) bool { return c.Feature == feature })
}
