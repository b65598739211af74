package inspect

import (
	"io/fs"
	"regexp"
	"strconv"
	"strings"
)

// distros maps the ID of os-release to the distro where they differ.
var distros = map[string]string{
	"arch":       "archlinux",
	"mariner":    "azurelinux",
	"ol":         "oraclelinux",
	"openEuler":  "openeuler",
	"pld":        "pldlinux",
	"scientific": "scientificlinux",
	"void":       "voidlinux",
	"sled":       "sles",
	"archarm":    "archlinux",
}

// releaseFiles are read, in order, where os-release does not settle it.
// Its pattern tells the systems that share one file apart.
var releaseFiles = []struct {
	name, distro string
	pattern      *regexp.Regexp
}{
	{"etc/oracle-release", "oraclelinux", nil},
	{"etc/centos-release", "centos", regexp.MustCompile(`^CentOS`)},
	{"etc/circle-release", "circle", nil},
	{"etc/rocky-release", "rocky", nil},
	{"etc/almalinux-release", "almalinux", nil},
	{"etc/altlinux-release", "altlinux", nil},
	{"etc/redhat-release", "fedora", regexp.MustCompile(`^Fedora`)},
	{"etc/redhat-release", "rhel", regexp.MustCompile(`^Red Hat`)},
	{"etc/redhat-release", "centos", regexp.MustCompile(`^CentOS`)},
	{"etc/redhat-release", "circle", regexp.MustCompile(`^Circle`)},
	{"etc/redhat-release", "rocky", regexp.MustCompile(`^Rocky`)},
	{"etc/redhat-release", "scientificlinux", regexp.MustCompile(`^Scientific`)},
	{"etc/redhat-release", "redhat-based", nil},
	{"etc/debian_version", "debian", nil},
	{"etc/arch-release", "archlinux", nil},
	{"etc/gentoo-release", "gentoo", nil},
	{"etc/slackware-version", "slackware", nil},
	{"etc/alpine-release", "alpine", nil},
}

// release sets the distro, the product name and the version.
func (s *System) release(fsys fs.FS) {
	rel := readRelease(fsys)
	id := rel["ID"]
	major, minor, hasMinor := version(rel["VERSION_ID"])
	distro := distroOf(id)
	if id != "" && (hasMinor || !wantsMinor(distro)) {
		s.Distro, s.ProductName, s.Major, s.Minor = distro, rel["PRETTY_NAME"], major, minor
		s.BuildID = rel["BUILD_ID"]
		return
	}
	if s.lsbRelease(fsys) {
		return
	}
	for _, f := range releaseFiles {
		if !isFile(fsys, f.name) {
			continue
		}
		line := firstLine(fsys, f.name)
		if f.pattern != nil && !f.pattern.MatchString(line) {
			continue
		}
		s.Distro, s.ProductName = f.distro, line
		s.Major, s.Minor, _ = version(line)
		return
	}
	if id != "" {
		s.Distro, s.ProductName, s.Major, s.Minor = distro, rel["PRETTY_NAME"], major, minor
		s.BuildID = rel["BUILD_ID"]
	}
}

// lsbRelease sets the facts of derivatives of Debian older than os-release,
// whose debian_version is that of Debian.
func (s *System) lsbRelease(fsys fs.FS) bool {
	b, err := readSmall(fsys, "etc/lsb-release")
	if err != nil {
		return false
	}
	vars := parseRelease(string(b))
	switch vars["DISTRIB_ID"] {
	case "Ubuntu":
		s.Distro = "ubuntu"
	case "LinuxMint":
		s.Distro = "linuxmint"
	default:
		return false
	}
	s.ProductName = vars["DISTRIB_DESCRIPTION"]
	s.Major, s.Minor, _ = version(vars["DISTRIB_RELEASE"])
	return true
}

// wantsMinor reports whether os-release of the distro lacks the minor number
// that another file of it has, as debian_version does.
func wantsMinor(distro string) bool {
	return distro == "debian" || distro == "centos" || distro == "circle" || distro == "rocky"
}

func distroOf(id string) string {
	if d, ok := distros[id]; ok {
		return d
	}
	if id == "opensuse" || strings.HasPrefix(id, "opensuse-") {
		return "opensuse"
	}
	return id
}

func readRelease(fsys fs.FS) map[string]string {
	for _, name := range []string{"etc/os-release", "usr/lib/os-release"} {
		if b, err := readSmall(fsys, name); err == nil {
			return parseRelease(string(b))
		}
	}
	return nil
}

// parseRelease reads the assignments of an os-release file. The last of two
// for one name counts, as in a shell.
func parseRelease(text string) map[string]string {
	vars := map[string]string{}
	for line := range strings.Lines(text) {
		name, value, ok := strings.Cut(strings.TrimSpace(line), "=")
		if !ok || name == "" || strings.HasPrefix(name, "#") {
			continue
		}
		vars[name] = unquote(value)
	}
	return vars
}

// unquote removes the quotes of a shell word and, except within single ones,
// its backslashes.
func unquote(v string) string {
	if len(v) >= 2 && v[0] == '\'' && v[len(v)-1] == '\'' {
		return v[1 : len(v)-1]
	}
	if len(v) >= 2 && v[0] == '"' && v[len(v)-1] == '"' {
		v = v[1 : len(v)-1]
	}
	var b strings.Builder
	for i := 0; i < len(v); i++ {
		if v[i] == '\\' && i+1 < len(v) {
			i++
		}
		b.WriteByte(v[i])
	}
	return b.String()
}

var versionNumber = regexp.MustCompile(`([0-9]{1,9})(?:\.([0-9]{1,9}))?`)

// version returns the first number of text and the one after its dot.
func version(text string) (major, minor int, hasMinor bool) {
	m := versionNumber.FindStringSubmatch(text)
	if m == nil {
		return 0, 0, false
	}
	// At most nine digits always fit.
	major, _ = strconv.Atoi(m[1])
	minor, _ = strconv.Atoi(m[2])
	return major, minor, m[2] != ""
}
