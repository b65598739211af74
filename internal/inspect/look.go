package inspect

import (
	"io/fs"
	"strings"
)

// kinds of filesystems with something of a system on them. The first that
// matches counts. libguestfs asks for a /boot before anything else; a root may
// have a /grub as well.
var kinds = []struct {
	is   func(fs.FS) bool
	look func(*Filesystem, fs.FS)
}{
	{isFreeBSD, (*Filesystem).freeBSD},
	{isNetBSD, (*Filesystem).netBSD},
	{isOpenBSD, (*Filesystem).openBSD},
	{isHurd, (*Filesystem).hurd},
	{isMinix, (*Filesystem).minix},
	{isCoreOSRoot, (*Filesystem).coreOSRoot}, // which is a Linux root without its programs
	{isLinuxRoot, (*Filesystem).linuxRoot},
	{isLinuxLocal, (*Filesystem).other},
	{isLinuxUsr, (*Filesystem).linuxUsr},
	{isOstree, (*Filesystem).ostree},
	{isWindows, (*Filesystem).windowsRoot},
	{isFreeDOS, (*Filesystem).freeDOS},
	{isMSDOS, (*Filesystem).msDOS},
}

// Look says what a filesystem holds.
func Look(fsys fs.FS) Filesystem {
	f := Filesystem{Role: RoleOther}
	for _, k := range kinds {
		if k.is(fsys) {
			k.look(&f, fsys)
			break
		}
	}
	return f
}

func (f *Filesystem) other(fs.FS) {}

// linuxRoot sets the facts of a Linux system.
func (f *Filesystem) linuxRoot(fsys fs.FS) {
	f.Role = RoleRoot
	s := &f.System
	s.Type = "linux"
	s.release(fsys)
	s.Arch = arch(fsys)
	s.Hostname = hostname(fsys)
	s.packages(fsys)
	f.readMounts(fsys)
}

// readMounts keeps what the system says of its devices.
func (f *Filesystem) readMounts(fsys fs.FS) {
	if b, err := readSmall(fsys, "etc/fstab"); err == nil {
		var warnings []string
		f.Fstab, warnings = ParseFstab(string(b))
		f.warn(warnings...)
	} else if isFile(fsys, "etc/fstab") {
		f.warn("fstab: " + errNotSmallFile.Error())
	}
	if b, err := readSmall(fsys, "etc/crypttab"); err == nil {
		f.Crypts = ParseCrypttab(string(b))
	}
	for _, name := range []string{"etc/mdadm.conf", "etc/mdadm/mdadm.conf"} {
		if b, err := readSmall(fsys, name); err == nil {
			f.Arrays = append(f.Arrays, ParseMdadm(string(b))...)
		}
	}
}

// isLinuxRoot also takes a tree without fstab and hosts that has an
// os-release, as made from a container.
func isLinuxRoot(fsys fs.FS) bool {
	if !isDir(fsys, "etc") {
		return false
	}
	// With a separate /usr, bin is a link to what this filesystem lacks.
	if !isDir(fsys, "bin") {
		to, err := fs.ReadLink(fsys, "bin")
		if err != nil || strings.Trim(to, "/") != "usr/bin" {
			return false
		}
	}
	return isFile(fsys, "etc/fstab") || isFile(fsys, "etc/hosts") || isFile(fsys, "etc/os-release")
}

// isCoreOSRoot knows the root of a Container Linux, whose programs lie on
// another filesystem.
func isCoreOSRoot(fsys fs.FS) bool {
	return areDirs(fsys, "etc", "root", "home", "usr") && !isDir(fsys, "usr/bin") &&
		(isFile(fsys, "etc/coreos/update.conf") || isFile(fsys, "etc/flatcar/update.conf"))
}

func (f *Filesystem) coreOSRoot(fsys fs.FS) {
	f.Role = RoleRoot
	f.System = System{Type: "linux", Distro: "coreos", Hostname: hostname(fsys)}
	if isFile(fsys, "etc/flatcar/update.conf") {
		f.System.Distro = "flatcar"
	}
}

func isLinuxLocal(fsys fs.FS) bool {
	return areDirs(fsys, "etc", "bin", "share") && !isDir(fsys, "local") && !isFile(fsys, "etc/fstab") && !isFile(fsys, "lib/os-release")
}

func isLinuxUsr(fsys fs.FS) bool {
	return areDirs(fsys, "bin", "share") && !isFile(fsys, "etc/fstab") &&
		(areDirs(fsys, "local", "src") || areDirs(fsys, "local", "share/coreos") || isFile(fsys, "lib/os-release"))
}

// linuxUsr sets what a separate /usr tells of its system.
func (f *Filesystem) linuxUsr(fsys fs.FS) {
	f.Role = RoleUsr
	s := &f.System
	s.Type = "linux"
	s.usrRelease(fsys)
	s.Arch = arch(fsys)
	s.usrPackages(fsys)
}
