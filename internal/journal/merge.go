package journal

import (
	"bytes"
	"cmp"
)

// Next goes to the next entry. At the end it says false and stays where it is.
func (j *Journal) Next() bool { return j.step(+1) }

// Previous goes to the entry before. At the start it says false and stays.
func (j *Journal) Previous() bool { return j.step(-1) }

// step finds, among the entries of all files that are beyond the current one
// in a direction, the nearest. An entry that is in several files counts once.
func (j *Journal) step(direction int) bool {
	if j.current == nil && direction < 0 {
		return false
	}
	var best *file
	for _, f := range j.files {
		if !f.seek(direction, func(e *entryObject) bool {
			return j.current == nil || direction*compare(e, &j.entry) > 0
		}) {
			continue
		}
		if best == nil || direction*compare(&f.candidate, &best.candidate) < 0 {
			best = f
		}
	}
	if best == nil {
		return false
	}
	j.current, j.entry = best, best.candidate
	return true
}

// seek moves the place of a file in a direction to the first entry that is
// beyond, which becomes its candidate. Below the place are entries that are
// before the current one, or it.
func (f *file) seek(direction int, beyond func(*entryObject) bool) bool {
	for {
		i := f.place
		if direction < 0 {
			i--
		}
		if i < 0 || i >= f.count {
			return false
		}
		if ok := f.load(i); ok && beyond(&f.candidate) {
			return true
		}
		if i >= f.count { // the list ended here
			return false
		}
		f.place += direction
	}
}

// load makes entry i the candidate.
func (f *file) load(i int) bool {
	if f.loaded == i {
		return true
	}
	f.loaded = -1
	if !f.readEntry(i, &f.candidate) {
		return false
	}
	f.loaded = i
	return true
}

// compare orders entries: by the number that their source gave them, by the
// clock of the boot, by the time of day.
func compare(a, b *entryObject) int {
	if a.SeqnumID == b.SeqnumID {
		if n := cmp.Compare(a.Seqnum, b.Seqnum); n != 0 {
			return n
		}
	}
	if a.BootID == b.BootID {
		if n := cmp.Compare(a.Monotonic, b.Monotonic); n != 0 {
			return n
		}
	}
	return cmp.Or(cmp.Compare(a.Realtime, b.Realtime), cmp.Compare(a.xor, b.xor),
		bytes.Compare(a.BootID[:], b.BootID[:]))
}
