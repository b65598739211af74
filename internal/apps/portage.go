package apps

import (
	"errors"
	"io/fs"
	"path"
	"regexp"
	"strings"
)

const portageFolder = "var/db/pkg"

// portageName takes apart a name, a version and a revision, as
// app-shells/bash-5.2_p26-r6.
var portageName = regexp.MustCompile(`^(.+?)-([0-9]+(?:\.[0-9]+)*[a-z]?(?:_(?:alpha|beta|pre|rc|p)[0-9]*)*)(?:-r([0-9]+))?$`)

// portage reads a folder for each package, in one for each category, with a
// file for each field.
func (l *lister) portage() {
	if !l.isDir(portageFolder) {
		l.warn("%s: no database of Portage", portageFolder)
	}
	for _, category := range l.names(portageFolder) {
		if category[0] == '.' || !l.isDir(path.Join(portageFolder, category)) {
			continue
		}
		for _, name := range l.names(path.Join(portageFolder, category)) {
			dir := path.Join(portageFolder, category, name)
			// A package that is being merged begins with -MERGING-.
			m := portageName.FindStringSubmatch(name)
			if m == nil || name[0] == '-' || !l.isDir(dir) {
				continue
			}
			field := func(name string) string {
				text, err := l.small(path.Join(dir, name))
				if err != nil && !errors.Is(err, fs.ErrNotExist) {
					l.warn("%v", err)
				}
				line, _, _ := strings.Cut(text, "\n")
				return strings.TrimSpace(line)
			}
			a := Application{Name: category + "/" + m[1], Version: m[2], Release: m[3], Summary: field("DESCRIPTION")}
			a.Arch, _, _ = strings.Cut(field("CHOST"), "-")
			a.URL, _, _ = strings.Cut(field("HOMEPAGE"), " ")
			if !l.emit(a) {
				return
			}
		}
	}
}
