// Package sqlite reads the rows of tables in SQLite databases.
//
//	db, err := sqlite.Open(file, log) // log: the file beside it with -wal, or nil
//	err = db.Scan("Packages", func(row *sqlite.Row) bool {
//		blob, size, err := row.Column(1)
//		...
//		return true
//	})
//
// It is for files of guests: every reference is checked, a table that leads
// back into itself ends the scan, what is read in all has a limit, and a large
// value is read as a stream and never held in memory. Rows come from the
// table's tree; there is no SQL, no index, and nothing is written. What a
// write-ahead log has committed counts. A rollback journal is not looked at.
package sqlite

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Errors that callers tell apart.
var (
	ErrNotDatabase = errors.New("not an SQLite database")
	ErrDamaged     = errors.New("the SQLite database is damaged")
	ErrNoTable     = errors.New("no such table")
)

const (
	magic      = "SQLite format 3\x00"
	fileHeader = 100
	// minUsable is the least that a page may have for content.
	minUsable = 480
	// maxPages and maxDepth bound a table's tree, without what is in overflow
	// pages. A page has room for 8 rows of large values.
	maxPages = 100_000
	maxDepth = 16
	// maxRead bounds what one scan reads: the rows of a hostile table can share
	// their overflow pages. Less than a page costs as much as a small one.
	maxRead = 1 << 30
	// maxSchema bounds the columns of the schema, which are held in memory.
	maxSchema = 1 << 16
)

// Database is an open database. It is not safe for use from two goroutines.
type Database struct {
	file   *io.SectionReader
	log    *io.SectionReader
	frames map[uint32]int64 // where the log has newer pages
	page   int              // bytes
	usable int              // of them
	last   uint32           // number of the last page
	left   int64            // of maxRead
}

// Open reads the header of the file and, if log is not nil, the log.
func Open(file, log *io.SectionReader) (*Database, error) {
	var h [fileHeader]byte
	if _, err := file.ReadAt(h[:], 0); err != nil {
		if err == io.EOF {
			err = ErrNotDatabase
		}
		return nil, err
	}
	if string(h[:len(magic)]) != magic {
		return nil, ErrNotDatabase
	}
	db := &Database{file: file, log: log, page: int(binary.BigEndian.Uint16(h[16:]))}
	if db.page == 1 {
		db.page = 1 << 16
	}
	db.usable = db.page - int(h[20])
	if db.page < 512 || db.page&(db.page-1) != 0 || db.usable < minUsable {
		return nil, fmt.Errorf("%w: pages of %d bytes", ErrDamaged, db.page)
	}
	db.last = uint32(min(file.Size()/int64(db.page), 1<<32-2))
	if log != nil {
		if err := db.readLog(); err != nil {
			return nil, err
		}
	}
	return db, nil
}

// read fills b from a place in a page.
func (db *Database) read(b []byte, page uint32, at int) error {
	if page == 0 || page > db.last {
		return fmt.Errorf("%w: no page %d", ErrDamaged, page)
	}
	if db.left -= int64(max(len(b), minUsable)); db.left < 0 {
		return fmt.Errorf("%w: it has more than %d bytes to read", ErrDamaged, int64(maxRead))
	}
	src, offset := db.file, int64(page-1)*int64(db.page)
	if frame, ok := db.frames[page]; ok {
		src, offset = db.log, frame
	}
	_, err := src.ReadAt(b, offset+int64(at))
	if err == io.EOF {
		err = fmt.Errorf("%w: it ends within page %d", ErrDamaged, page)
	}
	return err
}

// Scan gives the rows of a table to use, in order, until use returns false.
// With an error, the rows that could be reached have been given.
func (db *Database) Scan(table string, use func(*Row) bool) error {
	root, err := db.root(table)
	if err != nil {
		return err
	}
	return db.scan(root, use)
}

// root finds the first page of a table in the schema, which is a table whose
// columns are type, name, name of the table, page and SQL.
func (db *Database) root(table string) (root uint32, err error) {
	scanErr := db.scan(1, func(r *Row) bool {
		kind, e1 := r.text(0)
		name, e2 := r.text(1)
		page, e3 := r.integer(3)
		if e := errors.Join(e1, e2, e3); e != nil {
			err = e
			return true
		}
		if kind == "table" && strings.EqualFold(name, table) && page > 0 && page < 1<<32 {
			root = uint32(page)
		}
		return root == 0
	})
	switch {
	case root != 0:
		return root, nil
	case scanErr != nil:
		return 0, scanErr
	case err != nil:
		return 0, err
	}
	return 0, fmt.Errorf("%w: %s", ErrNoTable, table)
}

func (db *Database) scan(root uint32, use func(*Row) bool) error {
	db.left = maxRead
	w := &walk{db: db, use: use, seen: map[uint32]bool{}}
	w.page(root, 0)
	return w.damage
}
