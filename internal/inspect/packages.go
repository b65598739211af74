package inspect

import "io/fs"

var formats = map[string]string{
	"debian": "deb", "ubuntu": "deb", "linuxmint": "deb", "raspbian": "deb", "pop": "deb", "kali": "deb", "kylin": "deb", "neokylin": "rpm",
	"fedora": "rpm", "rhel": "rpm", "centos": "rpm", "rocky": "rpm", "circle": "rpm", "almalinux": "rpm", "oraclelinux": "rpm",
	"scientificlinux": "rpm", "redhat-based": "rpm", "amzn": "rpm", "azurelinux": "rpm", "photon": "rpm", "openeuler": "rpm",
	"opencloudos": "rpm", "tencentos": "rpm", "opensuse": "rpm", "sles": "rpm", "mageia": "rpm", "openmandriva": "rpm",
	"altlinux": "rpm", "pldlinux": "rpm", "archlinux": "pacman", "manjaro": "pacman", "endeavouros": "pacman", "cachyos": "pacman",
	"frugalware": "pacman", "gentoo": "ebuild", "alpine": "apk", "voidlinux": "xbps", "pardus": "pisi",
}

func packageFormat(distro string) string { return formats[distro] }

// packageManagement returns the program that installs packages.
func packageManagement(fsys fs.FS, distro string, major int) string {
	switch distro {
	case "opensuse", "sles":
		return "zypper"
	case "mageia", "openmandriva":
		return "urpmi"
	case "altlinux":
		return "apt"
	case "fedora":
		if major >= 22 && isFile(fsys, "usr/bin/dnf") {
			return "dnf"
		}
		return "yum"
	case "rhel", "centos", "rocky", "circle", "almalinux", "oraclelinux", "scientificlinux", "redhat-based":
		switch {
		case major >= 8:
			return "dnf"
		case major >= 5:
			return "yum"
		}
		return "up2date"
	case "openeuler", "opencloudos", "tencentos", "amzn", "azurelinux", "photon", "neokylin":
		switch {
		case isFile(fsys, "usr/bin/tdnf"): // all that photon has, and the default of azurelinux
			return "tdnf"
		case isFile(fsys, "usr/bin/dnf"):
			return "dnf"
		}
		return "yum"
	}
	switch packageFormat(distro) {
	case "deb":
		return "apt"
	case "pacman":
		return "pacman"
	case "ebuild":
		return "portage"
	case "apk":
		return "apk"
	case "xbps":
		return "xbps"
	case "pisi":
		return "pisi"
	}
	return ""
}
