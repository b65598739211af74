package apps

import (
	"errors"
	"io/fs"
	"path"
	"strings"
)

// Of dpkg, status has the packages of the system. Images without dpkg itself
// (distroless) have a file for each package in status.d, without a status.
const (
	dpkgStatus = "var/lib/dpkg/status"
	dpkgFolder = "var/lib/dpkg/status.d"
)

func (l *lister) dpkg() {
	names := l.names(dpkgFolder)
	if err := l.stanzas(dpkgStatus, false); err != nil && (len(names) == 0 || !errors.Is(err, fs.ErrNotExist)) {
		l.warn("%v", err)
	}
	for _, name := range names {
		if l.stopped {
			return
		}
		if strings.HasSuffix(name, ".md5sums") {
			continue
		}
		if err := l.stanzas(path.Join(dpkgFolder, name), true); err != nil {
			l.warn("%v", err)
		}
	}
}

// stanza is one package of a file that dpkg writes.
type stanza struct {
	app         Application
	status      string
	description strings.Builder
	inside      bool // the lines that follow belong to the description
}

// stanzas lists the installed packages of a file, all when it has no Status.
func (l *lister) stanzas(name string, all bool) error {
	s, strange := &stanza{}, 0
	finish := func() bool {
		was := s
		s = &stanza{}
		if was.app.Name == "" || was.app.Version == "" || !all && !installed(was.status) {
			return true
		}
		was.app.Description = was.description.String()
		return l.emit(was.app)
	}
	err := l.lines(name, func(line string) bool {
		if line == "" {
			return finish()
		}
		if !s.add(line) {
			strange++
		}
		return true
	})
	if strange > 0 {
		l.warn("%s: %d lines are none of dpkg's", name, strange)
	}
	finish()
	return err
}

// installed reads "install ok installed". A package that waits for triggers
// is installed; one that is half installed or was removed is not.
func installed(status string) bool {
	f := strings.Fields(status)
	if len(f) != 3 {
		return false
	}
	return f[2] == "installed" || f[2] == "triggers-awaited" || f[2] == "triggers-pending"
}

// add takes a line and reports whether it was one.
func (s *stanza) add(line string) bool {
	if line[0] == ' ' || line[0] == '\t' {
		if s.inside && s.description.Len() < maxDescription {
			if s.description.Len() > 0 {
				s.description.WriteByte('\n')
			}
			s.description.WriteString(line[1:])
		}
		return true
	}
	field, value, ok := strings.Cut(line, ":")
	value = strings.TrimSpace(value)
	s.inside = field == "Description"
	switch field {
	case "Package":
		s.app.Name = value
	case "Status":
		s.status = value
	case "Version":
		s.app.setVersion(value)
	case "Architecture":
		s.app.Arch = value
	case "Homepage":
		s.app.URL = value
	case "Source": // may have the version behind it, in brackets
		s.app.Source, _, _ = strings.Cut(value, " ")
	case "Description":
		s.app.Summary = value
		s.description.Reset()
	}
	return ok
}
