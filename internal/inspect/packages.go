package inspect

import (
	"io/fs"
	"strings"
)

// formats are the package formats of the distributions that leave no doubt.
var formats = map[string]string{
	"debian": "deb", "ubuntu": "deb", "linuxmint": "deb", "raspbian": "deb", "pop": "deb", "kalilinux": "deb",
	"fedora": "rpm", "rhel": "rpm", "centos": "rpm", "rocky": "rpm", "circle": "rpm", "almalinux": "rpm", "oraclelinux": "rpm",
	"scientificlinux": "rpm", "redhat-based": "rpm", "amzn": "rpm", "azurelinux": "rpm", "photon": "rpm", "openeuler": "rpm",
	"opencloudos": "rpm", "tencentos": "rpm", "opensuse": "rpm", "sles": "rpm", "suse-based": "rpm", "mageia": "rpm", "mandriva": "rpm",
	"openmandriva": "rpm", "altlinux": "rpm", "meego": "rpm", "neokylin": "rpm",
	"archlinux": "pacman", "manjaro": "pacman", "endeavouros": "pacman", "cachyos": "pacman",
	"gentoo": "ebuild", "alpinelinux": "apk", "voidlinux": "xbps",
}

// databases are where a package format keeps its database. They decide for a
// distribution that is not known, or has changed its format.
var databases = []struct{ name, format string }{
	{"var/lib/dpkg/status", "deb"}, {"var/lib/dpkg/status.d", "deb"},
	{"var/lib/rpm", "rpm"}, {"usr/lib/sysimage/rpm", "rpm"}, {"usr/share/rpm", "rpm"},
	{"lib/apk/db/installed", "apk"}, {"var/lib/pacman/local", "pacman"}, {"var/db/xbps", "xbps"}, {"var/db/pkg", "ebuild"},
}

// fallback are formats of distributions without a database that is known.
var fallback = map[string]string{"kylin": "rpm", "pardus": "pisi"}

// packages sets the package format and the program that installs packages.
func (s *System) packages(fsys fs.FS) {
	s.PackageFormat = formats[s.Distro]
	for _, db := range databases {
		if s.PackageFormat != "" {
			break
		}
		if _, err := fs.Stat(fsys, db.name); err == nil {
			s.PackageFormat = db.format
		}
	}
	if s.PackageFormat == "" {
		s.PackageFormat = fallback[s.Distro]
	}
	if s.PackageFormat == "" {
		s.PackageFormat = likeFormat(readRelease(fsys)["ID_LIKE"])
	}
	s.PackageManagement = s.manager(fsys)
}

// usrPackages is packages for the filesystem of a separate /usr.
func (s *System) usrPackages(fsys fs.FS) {
	s.PackageFormat = formats[s.Distro]
	s.PackageManagement = s.manager(usrOnly{fsys})
}

// likeFormat returns the format of the first distribution in ID_LIKE whose
// format is known.
func likeFormat(like string) string {
	for id := range strings.FieldsSeq(like) {
		if id == "suse" {
			id = "opensuse"
		}
		if format := formats[distroOf(id)]; format != "" {
			return format
		}
	}
	return ""
}

// manager returns the program that installs packages.
func (s *System) manager(fsys fs.FS) string {
	switch s.Distro {
	case "opensuse", "sles", "suse-based":
		return "zypper"
	case "mageia", "mandriva":
		return "urpmi"
	case "altlinux":
		return "apt"
	case "meego":
		return "yum"
	case "openmandriva", "openeuler", "opencloudos", "tencentos", "neokylin":
		return "dnf"
	case "fedora":
		switch {
		case s.Major >= 22 && isFile(fsys, "usr/bin/dnf"):
			return "dnf"
		case s.Major >= 1:
			return "yum"
		}
		return ""
	case "rhel", "centos", "rocky", "circle", "almalinux", "oraclelinux", "scientificlinux", "redhat-based":
		switch {
		case s.Major >= 8:
			return "dnf"
		case s.Major >= 5:
			return "yum"
		case s.Major >= 2:
			return "up2date"
		}
		return ""
	}
	return formatManager(fsys, s.PackageFormat)
}

// managers are what installs packages of a format. Of rpm's there are many:
// the first that is installed.
var managers = map[string]string{"deb": "apt", "pacman": "pacman", "ebuild": "portage", "apk": "apk", "xbps": "xbps", "pisi": "pisi"}

func formatManager(fsys fs.FS, format string) string {
	if format != "rpm" {
		return managers[format]
	}
	for _, name := range []string{"tdnf", "dnf", "microdnf", "yum", "zypper", "urpmi"} {
		if isFile(fsys, "usr/bin/"+name) || isFile(fsys, "usr/sbin/"+name) {
			return strings.TrimPrefix(name, "micro")
		}
	}
	return ""
}

// usrOnly is a tree of which only what is below usr is there.
type usrOnly struct{ usr fs.FS }

func (u usrOnly) Open(name string) (fs.File, error) {
	below, ok := strings.CutPrefix(name, "usr/")
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return u.usr.Open(below)
}
