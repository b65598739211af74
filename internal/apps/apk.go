package apps

import (
	"errors"
	"io/fs"
	"strings"
)

// Newer releases have the database below /usr.
var apkDatabases = []string{"lib/apk/db/installed", "usr/lib/apk/db/installed"}

// apk reads packages of lines with one letter, a colon and a value.
func (l *lister) apk() {
	err := error(fs.ErrNotExist)
	for _, name := range apkDatabases {
		if err = l.apkFile(name); !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	if err != nil {
		l.warn("%v", err)
	}
}

func (l *lister) apkFile(name string) error {
	var a Application
	strange := 0
	finish := func() bool {
		was := a
		a = Application{}
		return was.Name == "" || was.Version == "" || l.emit(was)
	}
	err := l.lines(name, func(line string) bool {
		if line == "" {
			return finish()
		}
		if len(line) < 2 || line[1] != ':' {
			strange++
			return true
		}
		value := line[2:]
		switch line[0] {
		case 'P':
			a.Name = value
		case 'V':
			a.setVersion(value)
			a.Release = strings.TrimPrefix(a.Release, "r")
		case 'A':
			a.Arch = value
		case 'U':
			a.URL = value
		case 'T':
			a.Description = value
		}
		return true
	})
	if strange > 0 {
		l.warn("%s: %d lines are none of apk's", name, strange)
	}
	finish()
	return err
}
