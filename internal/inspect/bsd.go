package inspect

import (
	"io/fs"
	"regexp"
	"strconv"
	"strings"
)

func (f *Filesystem) isBSD() bool {
	t := f.System.Type
	return t == "freebsd" || t == "netbsd" || t == "openbsd"
}

func isFreeBSD(fsys fs.FS) bool {
	return areDirs(fsys, "etc", "bin") && areFiles(fsys, "etc/freebsd-update.conf", "etc/fstab")
}

func isNetBSD(fsys fs.FS) bool {
	return areDirs(fsys, "etc", "bin") && areFiles(fsys, "netbsd", "etc/fstab", "etc/release")
}

func isOpenBSD(fsys fs.FS) bool {
	return areDirs(fsys, "etc", "bin") && areFiles(fsys, "bsd", "etc/fstab", "etc/motd")
}

// freeBSD sets the facts of a FreeBSD. Its programs are the only place with
// the version that no administrator edits; the first line of motd mostly has it.
func (f *Filesystem) freeBSD(fsys fs.FS) {
	f.bsd(fsys, "freebsd")
	s := &f.System
	s.productLine(fsys, "etc/motd", nil)
	if s.ProductName == "" || s.Major == 0 {
		s.productLine(fsys, "etc/motd.template", nil)
	}
	if rel := readRelease(fsys); s.Major == 0 && rel["ID"] == "freebsd" {
		s.ProductName = rel["PRETTY_NAME"]
		s.Major, s.Minor, _ = version(rel["VERSION_ID"])
	}
}

var netBSDVersion = regexp.MustCompile(`^NetBSD ([0-9]{1,9})\.([0-9]{1,9})`)

func (f *Filesystem) netBSD(fsys fs.FS) {
	f.bsd(fsys, "netbsd")
	f.System.PackageFormat = "pkgsrc"
	f.System.productLine(fsys, "etc/release", netBSDVersion)
}

var openBSDVersion = regexp.MustCompile(`^OpenBSD ([0-9]{1,9})\.([0-9]{1,9})`)

// openBSD sets the facts of an OpenBSD. Until it was booted, its motd says
// OpenBSD ?.? (UNKNOWN).
func (f *Filesystem) openBSD(fsys fs.FS) {
	f.bsd(fsys, "openbsd")
	f.System.productLine(fsys, "etc/motd", openBSDVersion)
	if name := firstHostname(fsys, "etc/myname"); name != "" {
		f.System.Hostname = name
	}
}

func (f *Filesystem) bsd(fsys fs.FS, name string) {
	f.Role = RoleRoot
	f.System = System{Type: name, Distro: name, Arch: arch(fsys), Hostname: rcHostname(fsys)}
	f.readMounts(fsys)
}

// productLine takes the product's name and version from the first line of a
// file. With a pattern that does not match, there is only a name.
func (s *System) productLine(fsys fs.FS, name string, pattern *regexp.Regexp) {
	line := firstLine(fsys, name)
	if line == "" {
		return
	}
	s.ProductName = line
	if pattern == nil {
		s.Major, s.Minor, _ = version(line)
	} else if m := pattern.FindStringSubmatch(line); m != nil {
		s.Major, _ = strconv.Atoi(m[1])
		s.Minor, _ = strconv.Atoi(m[2])
	}
}

// rcHostname returns the name in rc.conf, where the last assignment counts.
func rcHostname(fsys fs.FS) string {
	b, err := readSmall(fsys, "etc/rc.conf")
	if err != nil {
		return ""
	}
	return parseRelease(string(b))["hostname"]
}

var (
	freeBSDGPT   = regexp.MustCompile(`^/dev/(?:ada?|da|nda|nvd|vtbd|mmcsd|xbd)([0-9]{1,3})p([0-9]{1,3})$`)
	freeBSDSlice = regexp.MustCompile(`^/dev/(?:ada?|da|nda|nvd|vtbd|mmcsd|xbd)([0-9]{1,3})s([0-9]{1,3})([a-h])?$`)
	bsdPartition = regexp.MustCompile(`^/dev/(?:l|s|w|x|v)b?d([0-9]{1,2})([a-p])$`)
	openBSDDUID  = regexp.MustCompile(`^[0-9a-f]{16}\.([a-p])$`)
	hurdSlice    = regexp.MustCompile(`^/dev/(?:h|s|w)d([0-9]{1,2})s([0-9]{1,3})$`)
)

// bsdLabels are where FreeBSD's GEOM shows devices by what is on them.
var bsdLabels = []struct {
	dir string
	tag Tag
}{
	{"/dev/gpt/", PartLabel}, {"/dev/gptid/", PartUUID}, {"/dev/ufs/", Label}, {"/dev/ufsid/", UUID},
	{"/dev/ext2fs/", Label}, {"/dev/msdosfs/", Label}, {"/dev/ntfs/", Label}, {"NAME=", PartLabel},
}

// foreign resolves names that a kernel other than Linux gives. Linux shows the
// partitions of a BSD label as those from 5 on, without that which stands for
// the whole: c, on NetBSD c and d.
func (r *resolver) foreign(spec string) (string, bool) {
	for _, l := range bsdLabels {
		if name, ok := strings.CutPrefix(spec, l.dir); ok {
			return r.tagged(l.tag, name)
		}
	}
	if m := freeBSDGPT.FindStringSubmatch(spec); m != nil {
		return r.numbered(m[1], m[2])
	}
	if m := freeBSDSlice.FindStringSubmatch(spec); m != nil {
		if m[3] == "" {
			return r.numbered(m[1], m[2])
		}
		if m[2] != "1" {
			return "", false // where those of a second slice are depends on the first
		}
		return r.lettered(m[1], m[3], "c")
	}
	if m := hurdSlice.FindStringSubmatch(spec); m != nil {
		return r.numbered(m[1], m[2])
	}
	whole := "c"
	if r.f.System.Type == "netbsd" {
		whole = "cd"
	}
	if m := bsdPartition.FindStringSubmatch(spec); m != nil && r.f.System.Type != "freebsd" {
		return r.lettered(m[1], m[2], whole)
	}
	// The identifier is in the label, which only OpenBSD reads: one disk is
	// likely.
	if m := openBSDDUID.FindStringSubmatch(spec); m != nil {
		return r.lettered("0", m[1], whole)
	}
	return "", false
}

func (r *resolver) numbered(disk, part string) (string, bool) {
	index, err := strconv.Atoi(disk)
	if err != nil {
		return "", false
	}
	return r.partition(index, part)
}

// lettered finds a partition of a BSD label; whole are the letters that do not
// count.
func (r *resolver) lettered(disk, letter, whole string) (string, bool) {
	const first = 5
	n := int(letter[0] - 'a')
	if strings.Contains(whole, letter) {
		return "", false
	}
	for i := range len(whole) {
		if letter[0] > whole[i] {
			n--
		}
	}
	return r.numbered(disk, strconv.Itoa(first+n))
}
