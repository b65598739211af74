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
	"archarm":    "archlinux",
	"mariner":    "azurelinux",
	"ol":         "oraclelinux",
	"openEuler":  "openeuler",
	"pld":        "pldlinux",
	"scientific": "scientificlinux",
	"sled":       "sles",
	"void":       "voidlinux",
	"kali":       "kalilinux",
	"alpine":     "alpinelinux",
}

// releaseFiles are read, in order, where os-release does not settle it. The
// pattern tells the systems that share one file apart.
var releaseFiles = []struct {
	name, distro string
	pattern      *regexp.Regexp
}{
	{"etc/openmandriva-release", "openmandriva", regexp.MustCompile(`OpenMandriva`)},
	{"etc/opencloudos-release", "opencloudos", regexp.MustCompile(`OpenCloudOS`)},
	{"etc/tencentos-release", "tencentos", regexp.MustCompile(`TencentOS`)},
	{"etc/oracle-release", "oraclelinux", regexp.MustCompile(`Oracle Linux`)},
	{"etc/centos-release", "centos", regexp.MustCompile(`CentOS`)},
	{"etc/circle-release", "circle", regexp.MustCompile(`Circle Linux`)},
	{"etc/rocky-release", "rocky", regexp.MustCompile(`Rocky Linux`)},
	{"etc/almalinux-release", "almalinux", nil},
	{"etc/altlinux-release", "altlinux", nil},
	{"etc/redhat-release", "fedora", regexp.MustCompile(`Fedora`)},
	{"etc/redhat-release", "rhel", regexp.MustCompile(`Red Hat`)},
	{"etc/redhat-release", "centos", regexp.MustCompile(`CentOS`)},
	{"etc/redhat-release", "circle", regexp.MustCompile(`Circle Linux`)},
	{"etc/redhat-release", "rocky", regexp.MustCompile(`Rocky Linux`)},
	{"etc/redhat-release", "almalinux", regexp.MustCompile(`AlmaLinux`)},
	{"etc/redhat-release", "scientificlinux", regexp.MustCompile(`Scientific Linux`)},
	{"etc/redhat-release", "redhat-based", nil},
	{"etc/debian_version", "debian", nil},
	{"etc/pardus-release", "pardus", nil},
	{"etc/arch-release", "archlinux", nil},
	{"etc/gentoo-release", "gentoo", nil},
	{"etc/meego-release", "meego", nil},
	{"etc/slackware-version", "slackware", nil},
	{"etc/ttylinux-target", "ttylinux", nil},
	{"etc/SuSE-release", "sles", regexp.MustCompile(`^(SUSE (Linux|LINUX) Enterprise|Novell Linux Desktop) `)},
	{"etc/SuSE-release", "opensuse", regexp.MustCompile(`^(openSUSE|SuSE Linux|SUSE LINUX) `)},
	{"etc/SuSE-release", "suse-based", nil},
	{"etc/cirros/version", "cirros", nil},
	{"etc/br-version", "buildroot", nil},
	{"etc/alpine-release", "alpinelinux", nil},
	{"etc/frugalware-release", "frugalware", regexp.MustCompile(`Frugalware`)},
	{"etc/pld-release", "pldlinux", regexp.MustCompile(`PLD Linux`)},
}

// release sets the distro, the product name and the version of the system
// whose root is fsys.
func (s *System) release(fsys fs.FS) {
	rel := readRelease(fsys)
	if s.osRelease(rel) || s.lsbRelease(fsys, "etc/lsb-release") {
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
		s.Major, s.Minor = releaseVersion(line)
		switch f.name {
		case "etc/SuSE-release":
			s.suseVersion(fsys)
		case "etc/br-version":
			if isFile(fsys, "usr/share/cirros/logo") {
				s.Distro = "cirros"
			}
		}
		return
	}
}

// osRelease sets what os-release says, and reports whether that is all there
// is to know: of some systems the minor number stands elsewhere.
func (s *System) osRelease(rel map[string]string) bool {
	if rel["ID"] == "" {
		return false
	}
	s.Distro, s.ProductName, s.BuildID = distroOf(rel["ID"]), rel["PRETTY_NAME"], rel["BUILD_ID"]
	if s.ProductName == "" {
		s.ProductName = strings.TrimSpace(rel["NAME"] + " " + rel["VERSION"])
	}
	if m := neoKylinVersion.FindStringSubmatch(rel["VERSION_ID"]); m != nil {
		s.Major, _ = strconv.Atoi(m[1])
		s.Minor, _ = strconv.Atoi(m[2])
		return true
	}
	s.Major, s.Minor, _ = version(rel["VERSION_ID"])
	switch s.Distro {
	case "debian", "centos", "circle", "rocky":
		return s.Minor != 0
	}
	return true
}

var neoKylinVersion = regexp.MustCompile(`^V([0-9]{1,9})Update([0-9]{1,9})$`)

// usrRelease sets what a separate /usr says of its system.
func (s *System) usrRelease(fsys fs.FS) {
	if b, err := readSmall(fsys, "lib/os-release"); err == nil {
		s.osRelease(parseRelease(string(b)))
	} else if isDir(fsys, "share/coreos") {
		s.lsbRelease(fsys, "share/coreos/lsb-release")
		s.Distro = "coreos"
	}
}

// lsbDistros are those that lsb-release tells, which is older than os-release.
// Debian's derivatives have Debian's version in debian_version.
var lsbDistros = map[string]string{"Ubuntu": "ubuntu", "LinuxMint": "linuxmint", "Mageia": "mageia", "CoreOS": "coreos"}

func (s *System) lsbRelease(fsys fs.FS, name string) bool {
	b, err := readSmall(fsys, name)
	if err != nil {
		return false
	}
	vars := parseRelease(string(b))
	distro, ok := lsbDistros[vars["DISTRIB_ID"]]
	if !ok {
		return false
	}
	s.Distro, s.ProductName = distro, vars["DISTRIB_DESCRIPTION"]
	s.Major, s.Minor, _ = version(vars["DISTRIB_RELEASE"])
	return true
}

// suseVersion reads lines VERSION = 11 and PATCHLEVEL = 3.
func (s *System) suseVersion(fsys fs.FS) {
	b, err := readSmall(fsys, "etc/SuSE-release")
	if err != nil {
		return
	}
	for line := range strings.Lines(string(b)) {
		key, value, _ := strings.Cut(line, "=")
		switch major, minor, _ := version(value); strings.TrimSpace(key) {
		case "VERSION":
			s.Major, s.Minor = major, minor
		case "PATCHLEVEL":
			s.Minor = major
		}
	}
}

func distroOf(id string) string {
	if d, ok := distros[id]; ok {
		return d
	}
	if strings.HasPrefix(id, "opensuse-") {
		return "opensuse"
	}
	return plainID(id)
}

// plainID keeps what os-release(5) allows in an ID, so that a guest cannot make
// up anything else.
func plainID(id string) string {
	return strings.Map(func(c rune) rune {
		switch {
		case c >= 'A' && c <= 'Z':
			return c + 'a' - 'A'
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '.', c == '_', c == '-':
			return c
		}
		return -1
	}, id)
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
		if !ok || name == "" || len(line) > maxLine || strings.HasPrefix(name, "#") {
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

var (
	versionNumber = regexp.MustCompile(`([0-9]{1,9})(?:\.([0-9]{1,9}))?`)
	updateNumber  = regexp.MustCompile(`release ([0-9]{1,9}).*Update ([0-9]{1,9})`)
)

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

// releaseVersion is version for a release file. Red Hat once wrote
// release 4 (Nahant Update 5).
func releaseVersion(line string) (major, minor int) {
	if m := updateNumber.FindStringSubmatch(line); m != nil {
		major, _ = strconv.Atoi(m[1])
		minor, _ = strconv.Atoi(m[2])
		return major, minor
	}
	major, minor, _ = version(line)
	return major, minor
}
