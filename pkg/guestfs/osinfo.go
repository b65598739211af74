package guestfs

import (
	"context"
	"fmt"
	"strconv"
	"strings"
)

// InspectGetOsinfo calls inspect_get_osinfo: the short name of an operating
// system in the osinfo database, or "unknown".
func (g *Handle) InspectGetOsinfo(ctx context.Context, root Mountable) (string, error) {
	var s osinfo
	for _, fact := range []struct {
		to  *string
		get func(context.Context, Mountable) (string, error)
	}{
		{&s.kind, g.InspectGetType}, {&s.distro, g.InspectGetDistro}, {&s.product, g.InspectGetProductName},
		{&s.variant, g.InspectGetProductVariant}, {&s.build, g.InspectGetBuildId},
	} {
		var err error
		if *fact.to, err = fact.get(ctx, root); err != nil {
			return "", err
		}
	}
	var err error
	if s.major, err = g.InspectGetMajorVersion(ctx, root); err != nil {
		return "", err
	}
	if s.minor, err = g.InspectGetMinorVersion(ctx, root); err != nil {
		return "", err
	}
	if id := s.id(); id != "" {
		return id, nil
	}
	return "unknown", nil
}

// osinfo is what the short name of a system depends on.
type osinfo struct {
	kind, distro, product, variant, build string
	major, minor                          int
}

func (s osinfo) id() string {
	switch s.kind {
	case "linux":
		return s.linux()
	case "freebsd", "netbsd", "openbsd":
		if s.major == 0 {
			return ""
		}
		return fmt.Sprintf("%s%d.%d", s.distro, s.major, s.minor)
	case "dos":
		if s.distro == "msdos" {
			return "msdos6.22"
		}
	case "windows":
		return s.windows()
	}
	return ""
}

// firstTumbleweed is the date that is the version of openSUSE's rolling
// release.
const firstTumbleweed = 20140000

// linux has the rules of the distributions; the others have both numbers.
func (s osinfo) linux() string {
	major := fmt.Sprintf("%s%d", s.distro, s.major)
	switch s.distro {
	case "archlinux", "gentoo", "voidlinux", "manjaro":
		return s.distro
	}
	if s.distro == "unknown" || s.major == 0 && s.minor == 0 {
		return ""
	}
	switch s.distro {
	case "fedora", "mageia":
		return major
	case "ubuntu":
		return fmt.Sprintf("ubuntu%d.%02d", s.major, s.minor)
	case "sles":
		base := "sles"
		if s.major >= 15 {
			base = "sle"
		}
		if s.minor == 0 {
			return fmt.Sprintf("%s%d", base, s.major)
		}
		return fmt.Sprintf("%s%dsp%d", base, s.major, s.minor)
	case "altlinux":
		if s.major >= 8 {
			return fmt.Sprintf("alt%d.%d", s.major, s.minor)
		}
	case "centos":
		switch {
		case s.major >= 8:
			return major
		case s.major == 7:
			return major + ".0"
		}
	case "circle", "rocky", "almalinux":
		if s.major >= 8 {
			return major
		}
	case "debian":
		if s.major >= 4 {
			return major
		}
	case "nixos":
		return fmt.Sprintf("nixos-%d.%02d", s.major, s.minor)
	case "pop":
		return fmt.Sprintf("popos%d.%02d", s.major, s.minor)
	case "oraclelinux":
		return fmt.Sprintf("ol%d.%d", s.major, s.minor)
	case "opensuse":
		if s.major >= firstTumbleweed {
			return "opensusetumbleweed"
		}
	}
	return fmt.Sprintf("%s%d.%d", s.distro, s.major, s.minor)
}

// windowsNames are by version number, of those for clients and for servers.
var windowsNames = map[[2]int][2]string{
	{6, 0}: {"winvista", "win2k8"}, {6, 1}: {"win7", "win2k8r2"}, {6, 2}: {"win8", "win2k12"}, {6, 3}: {"win8.1", "win2k12r2"},
}

func (s osinfo) windows() string {
	server := strings.Contains(s.variant, "Server")
	if names, ok := windowsNames[[2]int{s.major, s.minor}]; ok {
		if server {
			return names[1]
		}
		return names[0]
	}
	switch {
	case s.major == 5 && s.minor == 1:
		return "winxp"
	case s.major == 5 && s.minor == 2:
		switch {
		case strings.Contains(s.product, "XP"): // its edition for 64 bits
			return "winxp"
		case strings.Contains(s.product, "R2"):
			return "win2k3r2"
		}
		return "win2k3"
	case s.major != 10 || s.minor != 0:
		return ""
	}
	if server {
		for _, year := range []string{"2025", "2022", "2019"} {
			if strings.Contains(s.product, year) {
				return "win2k" + year[2:]
			}
		}
		return "win2k16"
	}
	// Windows 11 says that it is 10 everywhere but in its build number.
	const firstOf11 = 22000
	if build, err := strconv.Atoi(s.build); err == nil && build >= firstOf11 {
		return "win11"
	}
	return "win10"
}
