package apps

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"

	"virt-tools/internal/rpmdb"
)

// rpmFolders are where distributions keep the database, the last where ostree
// has it.
var rpmFolders = []string{"var/lib/rpm", "usr/lib/sysimage/rpm", "usr/share/rpm"}

// rpmFiles are the databases, the newest kind first: after a change of kind an
// empty or old one may be left.
var rpmFiles = []string{"rpmdb.sqlite", "Packages.db", "Packages"}

var errNotAt = errors.New("cannot be read at any place")

// rpm lists the first database that has packages.
func (l *lister) rpm() {
	found := false
	for _, folder := range rpmFolders {
		for _, name := range rpmFiles {
			name = path.Join(folder, name)
			err := l.rpmFile(name)
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if err != nil {
				l.warn("%v", err)
			}
			found = true
			if l.count > 0 {
				return
			}
		}
	}
	if !found {
		l.warn("no database of RPM")
	}
}

func (l *lister) rpmFile(name string) error {
	main, err := l.section(name)
	if err != nil {
		return err
	}
	defer main.Close()
	var log *io.SectionReader
	if path.Base(name) == "rpmdb.sqlite" {
		if l, err := l.section(name + "-wal"); err == nil {
			defer l.Close()
			log = l.SectionReader
		} else if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	damaged := func(err error) { l.warn("%s: %v", name, err) }
	for p := range rpmdb.Packages(main.SectionReader, log, damaged) {
		a := Application{
			Name: p.Name, Epoch: p.Epoch, Version: p.Version, Release: p.Release, Arch: p.Arch,
			URL: p.URL, Summary: p.Summary, Description: p.Description,
		}
		if !l.emit(a) {
			break
		}
	}
	return nil
}

// section is an open file that can be read at any place.
type section struct {
	*io.SectionReader
	io.Closer
}

func (l *lister) section(name string) (*section, error) {
	f, size, err := l.open(name)
	if err != nil {
		return nil, err
	}
	at, ok := f.(io.ReaderAt)
	if !ok {
		return nil, errors.Join(fmt.Errorf("%s: %w", name, errNotAt), f.Close())
	}
	return &section{io.NewSectionReader(at, 0, size), f}, nil
}
