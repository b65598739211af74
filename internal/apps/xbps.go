package apps

import (
	"io"
	"strings"
)

const xbpsFolder = "var/db/xbps"

// xbps reads a property list: a dict with a dict for each package, whose fields
// are a key and a value.
func (l *lister) xbps() {
	found := false
	for _, name := range l.names(xbpsFolder) {
		if strings.HasPrefix(name, "pkgdb-") && strings.HasSuffix(name, ".plist") {
			found = true
			if err := l.xbpsFile(xbpsFolder + "/" + name); err != nil {
				l.warn("%v", err)
			}
		}
	}
	if !found {
		l.warn("%s: no database of XBPS", xbpsFolder)
	}
}

func (l *lister) xbpsFile(name string) error {
	f, size, err := l.open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	if size > maxFile {
		l.warn("%s: only the first %d bytes are read", name, maxFile)
	}
	depth, key, pkg, state := 0, "", "", ""
	var a Application
	// The fields of a package are at depth 2; of what is deeper, nothing is used.
	t := newTokens(io.LimitReader(f, maxFile))
	for t.next() {
		switch t.tag {
		case "dict", "array":
			depth++
			if depth == 2 {
				a, pkg, state = Application{Name: key}, "", ""
			}
		case "/dict", "/array":
			depth--
			if depth == 1 && state == "installed" && xbpsVersion(&a, pkg) && !l.emit(a) {
				return nil
			}
		case "/key":
			key = t.text
		case "/string":
			if depth == 2 {
				switch key {
				case "pkgver":
					pkg = t.text
				case "state":
					state = t.text
				case "architecture":
					a.Arch = t.text
				case "short_desc":
					a.Summary = t.text
				case "homepage":
					a.URL = t.text
				}
			}
		}
	}
	if depth != 0 {
		l.warn("%s: it is cut short", name)
	}
	return nil
}

// xbpsVersion takes bash-5.2.21_1 apart.
func xbpsVersion(a *Application, pkg string) bool {
	i := strings.LastIndexByte(pkg, '-')
	if i < 0 {
		return false
	}
	a.Version = pkg[i+1:]
	if k := strings.LastIndexByte(a.Version, '_'); k >= 0 {
		a.Version, a.Release = a.Version[:k], a.Version[k+1:]
	}
	if a.Name == "" {
		a.Name = pkg[:i]
	}
	return true
}
