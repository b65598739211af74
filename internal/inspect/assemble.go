package inspect

import "fmt"

// Root is an operating system with all its filesystems.
type Root struct {
	Device string // the filesystem that is its /
	System
	Mounts []Mount
	Drives []Drive // of Windows
}

// Assemble joins the filesystems that were found to systems, in their order.
func Assemble(found []Filesystem, d Devices) ([]Root, []string) {
	var roots []Root
	var warnings []string
	for i := range found {
		f := &found[i]
		for _, w := range f.Warnings {
			warnings = append(warnings, fmt.Sprintf("%s: %s", f.Device, w))
		}
		if f.Role != RoleRoot {
			continue
		}
		r := Root{Device: f.Device, System: f.System}
		var w []string
		r.Mounts, w = f.mounts(d)
		for _, w := range w {
			warnings = append(warnings, fmt.Sprintf("%s: %s", f.Device, w))
		}
		roots = append(roots, r)
	}
	return roots, warnings
}
