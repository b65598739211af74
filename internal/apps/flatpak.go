package apps

import (
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"
)

const (
	flatpakSystem = "var/lib/flatpak"
	flatpakUser   = ".local/share/flatpak"
)

// flatpaks lists the applications and runtimes that all users have, and those
// of each user. They lie in KIND/ID/ARCH/BRANCH, where active is the one in use.
func (l *lister) flatpaks() {
	folders := []string{flatpakSystem, path.Join("root", flatpakUser)}
	for _, user := range l.names("home") {
		folders = append(folders, path.Join("home", user, flatpakUser))
	}
	for _, folder := range folders {
		for _, kind := range []string{"app", "runtime"} {
			for _, id := range l.names(path.Join(folder, kind)) {
				l.flatpak(path.Join(folder, kind), id)
				if l.stopped {
					return
				}
			}
		}
	}
}

func (l *lister) flatpak(folder, id string) {
	for _, arch := range l.names(path.Join(folder, id)) {
		if arch == "current" { // a link to one of the others
			continue
		}
		for _, branch := range l.names(path.Join(folder, id, arch)) {
			active := path.Join(folder, id, arch, branch, "active")
			if !l.isDir(active) {
				continue
			}
			a := Application{Name: id, Release: branch, Arch: arch, InstallPath: "/" + active}
			l.metainfo(&a, path.Join(active, "files/share"))
			if !l.emit(a) {
				return
			}
		}
	}
}

// metainfo reads what an application says of itself, where it does.
func (l *lister) metainfo(a *Application, share string) {
	for _, name := range []string{"metainfo/" + a.Name + ".metainfo.xml", "metainfo/" + a.Name + ".appdata.xml", "appdata/" + a.Name + ".appdata.xml"} {
		text, err := l.small(path.Join(share, name))
		if err == nil {
			a.describe(text)
			return
		}
		if !errors.Is(err, fs.ErrNotExist) {
			l.warn("%v", err)
		}
	}
}

// describe reads a component of AppStream. Texts that are not in the language
// of the source have an attribute that says so.
func (a *Application) describe(text string) {
	var open []string
	plain, homepage := false, false
	t := newTokens(strings.NewReader(text))
	for t.next() {
		switch {
		case strings.HasPrefix(t.tag, "?"), strings.HasPrefix(t.tag, "!"):
		case strings.HasPrefix(t.tag, "/"):
			if plain && len(open) > 0 {
				a.describeField(open, strings.TrimSpace(t.text), homepage)
			}
			if len(open) > 0 {
				open = open[:len(open)-1]
			}
			plain = false
		default:
			name := strings.TrimSuffix(t.tag, "/")
			if name == "release" && a.Version == "" { // the newest comes first
				a.Version = t.attribute("version")
			}
			if name == t.tag {
				if len(open) > 64 {
					return
				}
				open = append(open, name)
				plain, homepage = t.attribute("xml:lang") == "", t.attribute("type") == "homepage"
			}
		}
	}
}

func (a *Application) describeField(open []string, text string, homepage bool) {
	set := func(s *string) {
		if *s == "" {
			*s = text
		}
	}
	switch {
	case slices.Equal(open, []string{"component", "name"}):
		set(&a.DisplayName)
	case slices.Equal(open, []string{"component", "summary"}):
		set(&a.Summary)
	case slices.Equal(open, []string{"component", "developer_name"}), slices.Equal(open, []string{"component", "developer", "name"}):
		set(&a.Publisher)
	case slices.Equal(open, []string{"component", "url"}) && homepage:
		set(&a.URL)
	}
}
