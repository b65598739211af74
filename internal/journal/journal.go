// Package journal reads the journal of systemd: the files of a directory, as
// one list of entries in the order of time.
//
//	j, err := journal.Open(os.DirFS("/mnt"), "var/log/journal")
//	for j.Next() {
//		for field := range j.Fields() {
//			fmt.Printf("%s\n", field) // MESSAGE=hello
//		}
//	}
//
// Files may be damaged or hostile: what can be read is read, Damage says what
// could not. It does not write, follow a journal that grows, match fields, or
// verify the seals of a journal.
package journal

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"path"
	"regexp"
	"slices"
	"strings"
)

// Threshold is how much of a compressed field is read unless SetThreshold says
// otherwise.
const Threshold = 64 << 10

const (
	maxFiles     = 7168      // that systemd opens
	maxDamage    = 100       // errors that are kept
	maxEntryData = 256 << 20 // bytes of fields that one entry gives
)

// ErrDamaged is the kind of error that Damage gives for what breaks the format.
var ErrDamaged = errors.New("the journal is damaged")

// Journal is an open journal and a place in it, which at first is before the
// first entry. It is for one goroutine.
type Journal struct {
	files     []*file
	current   *file // that the current entry is in; nil before the first
	entry     entryObject
	threshold int
	damage    []error
}

// Open opens the files of a directory and of those in it that are named after
// a machine. A directory without journals is an empty journal.
func Open(fsys fs.FS, dir string) (*Journal, error) {
	j := &Journal{threshold: Threshold}
	entries, err := fs.ReadDir(fsys, dir)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		name := path.Join(dir, e.Name())
		if !isMachine(e.Name()) {
			j.add(fsys, name)
			continue
		}
		if st, err := fs.Stat(fsys, name); err != nil || !st.IsDir() {
			continue
		}
		sub, err := fs.ReadDir(fsys, name)
		if err != nil {
			j.note(err)
			continue
		}
		for _, e := range sub {
			j.add(fsys, path.Join(name, e.Name()))
		}
	}
	return j, nil
}

// OpenFile opens one file of a journal.
func OpenFile(fsys fs.FS, name string) (*Journal, error) {
	f, err := openFile(fsys, name)
	if err != nil {
		return nil, err
	}
	j := &Journal{threshold: Threshold, files: []*file{f}}
	f.note = j.note
	f.index()
	return j, nil
}

var machineID = regexp.MustCompile(`^([0-9a-fA-F]{32}|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})$`)

func isMachine(name string) bool { return machineID.MatchString(name) }

// add opens a file if its name is that of a journal.
func (j *Journal) add(fsys fs.FS, name string) {
	if !strings.HasSuffix(name, ".journal") && !strings.HasSuffix(name, ".journal~") {
		return
	}
	if len(j.files) >= maxFiles {
		j.note(fmt.Errorf("%s: more than %d files", name, maxFiles))
		return
	}
	f, err := openFile(fsys, name)
	if err != nil {
		j.note(err)
		return
	}
	f.note = j.note
	f.index()
	j.files = append(j.files, f)
}

func (j *Journal) note(err error) {
	if len(j.damage) < maxDamage {
		j.damage = append(j.damage, err)
	}
}

// Damage gives what could not be read until now, at most the first hundred.
func (j *Journal) Damage() []error { return slices.Clone(j.damage) }

// Close closes the files.
func (j *Journal) Close() error {
	var errs []error
	for _, f := range j.files {
		errs = append(errs, f.close())
	}
	j.files, j.current = nil, nil
	return errors.Join(errs...)
}

// SetThreshold sets to how many bytes a compressed field is cut; with 0 it is
// whole, up to 64 MiB. A field that is not compressed is always whole.
func (j *Journal) SetThreshold(bytes int) { j.threshold = bytes }

// Entry is the current entry without its fields; ok is false before the first
// Next.
func (j *Journal) Entry() (e Entry, ok bool) {
	if j.current == nil {
		return Entry{}, false
	}
	return j.entry.Entry, true
}

// Fields gives the fields of the current entry as NAME=value, in the order of
// the file. What cannot be read is left out. A field is valid until the next.
func (j *Journal) Fields() iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		if j.current == nil {
			return
		}
		total := 0
		for at := range j.current.items(&j.entry) {
			b, err := j.current.data(at, j.threshold)
			if err == nil && bytes.IndexByte(b, '=') < 1 {
				err = j.current.damaged(at, "the field has no name")
			}
			if err != nil {
				j.note(err)
				continue
			}
			if total += len(b); total > maxEntryData {
				j.note(j.current.damaged(j.entry.at, "the entry has more than %d MiB of fields", maxEntryData>>20))
				return
			}
			if !yield(b) {
				return
			}
		}
	}
}
