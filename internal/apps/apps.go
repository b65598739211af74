// Package apps lists what is installed in a guest, from the databases of its
// package manager.
//
//	list, warnings := apps.List(fsys, apps.System{Format: "deb"})
//	for _, a := range list {
//		fmt.Println(a.Name, a.Version, a.Release)
//	}
//
// It reads a tree through io/fs and is told what system it is: it does not
// inspect, and runs nothing. The fields and the order are those of libguestfs's
// inspect_list_applications2. Links must be resolved by the fs.FS, within the
// guest.
//
// Where it says something else than libguestfs 1.48:
//   - half-installed packages of dpkg are none, those that wait for triggers are;
//   - a version ends at the last hyphen, not the first;
//   - lines of dpkg beyond 1 KiB, its last package without an empty line behind
//     it, and descriptions of pacman beyond 8 KiB are read;
//   - a field that RPM does not have is empty, not "(none)";
//   - a database that is missing or damaged is a warning, not an error;
//   - status.d of dpkg, portage and xbps are read; programs of Windows have a
//     class, and Defender is one, as in libguestfs 1.56.
//
// The databases are a guest's. What is damaged in one is a warning, and the
// rest is listed. Of each file and each field no more is read than a limit
// says, so one application at a time is all that Each holds in memory.
package apps

import (
	"cmp"
	"fmt"
	"io/fs"
	"iter"
	"slices"
	"strings"
	"unicode/utf8"
)

// Kind is where applications come from.
type Kind string

// Kinds of applications.
const (
	// Packages are those of the system's own package manager, and the programs
	// of Windows: what libguestfs lists.
	Packages Kind = "system"
	Snaps    Kind = "snap"
	Flatpaks Kind = "flatpak"
)

// Known reports whether there is such a kind.
func (k Kind) Known() bool { return k == Packages || k == Snaps || k == Flatpaks }

// System is what List must know of a guest.
type System struct {
	// Kind is what to list; "" means Packages.
	Kind Kind
	// Format is the package format: apk, deb, ebuild, pacman, rpm or xbps.
	// Of another one nothing is listed.
	Format string
	// SoftwareHive is the path of the registry hive of a Windows guest.
	SoftwareHive string
}

// Application is one installed application. Unknown strings are empty.
type Application struct {
	Name        string
	DisplayName string
	Epoch       int32
	Version     string
	Release     string
	Arch        string
	InstallPath string
	Publisher   string
	URL         string
	Source      string // the source package
	Summary     string
	Description string
	Class       string // "antivirus", or nothing
}

// Limits on what one guest can make us read and keep.
const (
	maxApps        = 200_000
	maxTotal       = 128 << 20 // of all fields of all applications
	maxField       = 4 << 10
	maxDescription = 64 << 10
	maxWarnings    = 50
	maxFile        = 128 << 20 // what is read of a file of many packages
	maxSmallFile   = 1 << 20   // and of a file of one package
)

// Each gives the applications one by one, in the order of the database. What
// could not be read goes to warn.
func Each(fsys fs.FS, sys System, warn func(string)) iter.Seq[Application] {
	read := formats[sys.Format]
	switch {
	case sys.Kind == Snaps:
		read = (*lister).snaps
	case sys.Kind == Flatpaks:
		read = (*lister).flatpaks
	case sys.SoftwareHive != "":
		read = func(l *lister) { l.windows(sys.SoftwareHive) }
	}
	return each(fsys, warn, read)
}

// formats are the readers, by package format.
var formats = map[string]func(*lister){
	"apk":    (*lister).apk,
	"deb":    (*lister).dpkg,
	"ebuild": (*lister).portage,
	"pacman": (*lister).pacman,
	"rpm":    (*lister).rpm,
	"xbps":   (*lister).xbps,
}

func each(fsys fs.FS, warn func(string), read func(*lister)) iter.Seq[Application] {
	return func(yield func(Application) bool) {
		if read != nil {
			read(&lister{fsys: fsys, yield: yield, tell: warn})
		}
	}
}

// List returns the applications sorted by name, and warnings about what could
// not be read. Everything is in memory at once.
func List(fsys fs.FS, sys System) (list []Application, warnings []string) {
	list = slices.Collect(Each(fsys, sys, func(w string) { warnings = append(warnings, w) }))
	Sort(list)
	return list, warnings
}

// Sort sorts by name, as libguestfs does: by bytes, and what has the same name
// stays in the order of the database.
func Sort(list []Application) {
	slices.SortStableFunc(list, func(a, b Application) int { return cmp.Compare(a.Name, b.Name) })
}

// lister is one reading of a guest.
type lister struct {
	fsys     fs.FS
	yield    func(Application) bool
	tell     func(string)
	warnings int
	count    int
	bytes    int
	stopped  bool // by the receiver, or at a limit
}

// warn tells of something that could not be read. Messages end at a limit,
// since a damaged database can have one for each package.
func (l *lister) warn(format string, args ...any) {
	l.warnings++
	switch {
	case l.warnings < maxWarnings:
		l.tell("applications: " + fmt.Sprintf(format, args...))
	case l.warnings == maxWarnings:
		l.tell("applications: more warnings are not shown")
	}
}

// emit hands an application on and reports whether more are wanted.
func (l *lister) emit(a Application) bool {
	if l.stopped {
		return false
	}
	for _, s := range []*string{
		&a.Name, &a.DisplayName, &a.Version, &a.Release, &a.Arch, &a.InstallPath, &a.Publisher, &a.URL, &a.Source, &a.Summary,
	} {
		*s = clean(*s, maxField)
		l.bytes += len(*s)
	}
	a.Description = clean(a.Description, maxDescription)
	l.bytes += len(a.Description)
	l.count++
	if l.count > maxApps || l.bytes > maxTotal {
		l.warn("too many; those after the first %d are not listed", l.count-1)
		l.stopped = true
		return false
	}
	l.stopped = !l.yield(a)
	return !l.stopped
}

// clean ends a field at a zero byte, as one did not belong to a text, and at a
// limit, between two characters.
func clean(s string, limit int) string {
	s, _, _ = strings.Cut(s, "\x00")
	if len(s) <= limit {
		return s
	}
	for n := limit; n > limit-utf8.UTFMax; n-- {
		if utf8.RuneStart(s[n]) {
			return s[:n]
		}
	}
	return s[:limit]
}
