package apps

import (
	"io/fs"
	"path"
	"strings"
)

// The second is that of Frugalware.
var pacmanFolders = []string{"var/lib/pacman/local", "var/lib/pacman-g2/local"}

// pacman reads a file for each package, in which a value stands below %NAME%.
func (l *lister) pacman() {
	found := false
	for _, folder := range pacmanFolders {
		if !l.isDir(folder) {
			continue
		}
		found = true
		for _, name := range l.names(folder) {
			dir := path.Join(folder, name)
			if !l.isDir(dir) { // ALPM_DB_VERSION stands beside them
				continue
			}
			text, err := l.small(path.Join(dir, "desc"))
			if err != nil {
				l.warn("%v", err)
				continue
			}
			a := pacmanPackage(text)
			if a.Name == "" || a.Version == "" {
				l.warn("%s: no package is described there", dir)
				continue
			}
			if !l.emit(a) {
				return
			}
		}
	}
	if !found {
		l.warn("%v", &fs.PathError{Op: "open", Path: pacmanFolders[0], Err: fs.ErrNotExist})
	}
}

func pacmanPackage(text string) (a Application) {
	key := ""
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		switch key {
		case "":
			key = line
			continue
		case "%NAME%":
			a.Name = line
		case "%VERSION%":
			a.setVersion(line)
		case "%DESC%":
			a.Description = line
		case "%URL%":
			a.URL = line
		case "%ARCH%":
			a.Arch = line
		default:
			if line != "" { // of a list, all values up to the empty line
				continue
			}
		}
		key = ""
	}
	return a
}
