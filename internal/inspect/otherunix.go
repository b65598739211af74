package inspect

import (
	"io/fs"
	"regexp"
)

func isHurd(fsys fs.FS) bool {
	return areFiles(fsys, "hurd/console", "hurd/hello", "hurd/null")
}

// hurd sets the facts of a GNU/Hurd, which has distributions as Linux has.
func (f *Filesystem) hurd(fsys fs.FS) {
	f.Role = RoleRoot
	s := &f.System
	s.Type = "hurd"
	s.release(fsys)
	s.Arch = arch(fsys)
	s.Hostname = hostname(fsys)
	s.packages(fsys)
	f.readMounts(fsys)
}

func isMinix(fsys fs.FS) bool {
	return areDirs(fsys, "etc", "bin") && areFiles(fsys, "service/vm", "etc/fstab", "etc/version")
}

var minixVersion = regexp.MustCompile(`^([0-9]{1,9})\.([0-9]{1,9})`)

// minix sets the facts of a Minix. What its device names stand for in an image
// is not known, so its fstab is not read.
func (f *Filesystem) minix(fsys fs.FS) {
	f.Role = RoleRoot
	f.System = System{Type: "minix", Arch: arch(fsys), Hostname: firstHostname(fsys, "etc/hostname.file")}
	f.System.productLine(fsys, "etc/version", minixVersion)
}
