// Package rpmdb reads the packages in the databases of RPM: the hash of
// Berkeley DB (Packages), ndb (Packages.db) and SQLite (rpmdb.sqlite).
//
//	for p := range rpmdb.Packages(file, log, damaged) { // log: that of SQLite, or nil
//		fmt.Println(p.Name, p.Version, p.Release)
//	}
//
// It reads through io.ReaderAt, so that nothing needs a path, and holds one
// package at a time: of a header, which may have megabytes of file names, only
// the index and the fields of Package. It checks no signatures or digests, looks
// nothing up, and writes nothing. The database is a guest's: references are
// checked, nothing is read twice, and what is damaged is told and passed over.
package rpmdb

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"

	"virt-tools/internal/sqlite"
)

// Package is what is read of a package's header. Unknown strings are empty.
type Package struct {
	Name, Version, Release string
	Epoch                  int32
	Arch                   string
	URL                    string
	Summary, Description   string
}

// Errors that callers tell apart.
var (
	ErrNotDatabase = errors.New("not a database of RPM")
	ErrDamaged     = errors.New("the database of RPM is damaged")
)

// maxRead bounds what is read of one database. The largest have some 300 MB.
const maxRead = 1 << 30

// source gives the headers of a database to use, until that returns false.
// With an error, the headers that could be reached have been given.
type source func(use func(header io.Reader, size int64) bool) error

// Packages gives the packages of a database. What is wrong goes to damaged.
func Packages(file, log *io.SectionReader, damaged func(error)) iter.Seq[Package] {
	return func(yield func(Package) bool) {
		src, err := open(file, log, damaged)
		if err == nil {
			var r reader
			err = src(func(header io.Reader, size int64) bool {
				p, err := r.read(header, size)
				if err != nil {
					damaged(err)
					return true
				}
				return yield(p)
			})
		}
		if err != nil {
			damaged(err)
		}
	}
}

// open tells the kinds of databases apart by their first bytes.
func open(file, log *io.SectionReader, damaged func(error)) (source, error) {
	var head [16]byte
	if _, err := file.ReadAt(head[:], 0); err == io.EOF {
		return nil, fmt.Errorf("%w: it has %d bytes", ErrNotDatabase, file.Size())
	} else if err != nil {
		return nil, err
	}
	switch {
	case string(head[:4]) == ndbMagic:
		return ndb{file, damaged}.each, nil
	case binary.LittleEndian.Uint32(head[12:]) == hashMagic:
		return openHash(file, binary.LittleEndian, damaged)
	case binary.BigEndian.Uint32(head[12:]) == hashMagic:
		return openHash(file, binary.BigEndian, damaged)
	}
	db, err := sqlite.Open(file, log)
	if errors.Is(err, sqlite.ErrNotDatabase) {
		err = ErrNotDatabase
	}
	return rows{db, damaged}.each, err
}

// rows are the rows of SQLite's table, whose columns are a number and a header.
type rows struct {
	db      *sqlite.Database
	damaged func(error)
}

func (s rows) each(use func(io.Reader, int64) bool) error {
	return s.db.Scan("Packages", func(row *sqlite.Row) bool {
		header, size, err := row.Column(1)
		if err != nil {
			s.damaged(err)
			return true
		}
		return use(header, size)
	})
}
