package daemon

import (
	"encoding/binary"
	"io"
	"io/fs"
	"os"
	"path"
	"syscall"

	"golang.org/x/sys/unix"

	"virt-tools/internal/journal"
)

// openJournal is the journal that calls work on. Its files stay open until it
// is closed: their filesystem cannot be unmounted alone, umount_all closes it.
type openJournal struct {
	*journal.Journal
	threshold int64
	reported  int // what is damaged and was said
}

// doJournalOpen takes the place of the journal that was open.
func doJournalOpen(c *Call, directory string) error {
	c.server.closeJournal()
	j, err := journal.Open(guestFiles{c}, directory)
	if err != nil {
		return err
	}
	c.server.journal = &openJournal{Journal: j, threshold: journal.Threshold}
	c.reportDamage()
	return nil
}

// guestFiles are the files of the guest for the journal's reader. It names
// them by absolute paths, which fs.FS does not have.
type guestFiles struct{ c *Call }

func (g guestFiles) Open(name string) (fs.File, error) {
	return g.c.openRegular(path.Clean(name), unix.O_RDONLY, 0)
}

func (g guestFiles) ReadDir(name string) ([]fs.DirEntry, error) {
	d, err := g.c.openDir(name)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	return d.ReadDir(-1)
}

func (g guestFiles) Stat(name string) (st fs.FileInfo, err error) {
	err = g.c.inGuest(func() error { st, err = os.Stat(name); return err })
	return st, err
}

// closeJournal closes the journal if one is open.
func (s *Server) closeJournal() {
	if s.journal != nil {
		s.journal.Close() // what was read is read: nothing can be lost
		s.journal = nil
	}
}

// reportDamage warns of what could not be read since the last time.
func (c *Call) reportDamage() {
	j := c.server.journal
	all := j.Damage()
	for _, err := range all[j.reported:] {
		c.warn("%s", err)
	}
	j.reported = len(all)
}

func (c *Call) journal() (*openJournal, error) {
	if c.server.journal == nil {
		return nil, withErrno(syscall.EINVAL, "%s: you must call 'journal-open' first to initialize the journal handle", c.name)
	}
	return c.server.journal, nil
}

// journalEntry gives the current entry, which there is after a call of
// journal_next or journal_skip.
func (c *Call) journalEntry() (*openJournal, journal.Entry, error) {
	j, err := c.journal()
	if err != nil {
		return nil, journal.Entry{}, err
	}
	e, ok := j.Entry()
	if !ok {
		err = withErrno(syscall.EADDRNOTAVAIL, "%s: you must call 'journal-next' first to go to an entry", c.name)
	}
	return j, e, err
}

func doJournalClose(c *Call) error {
	_, err := c.journal()
	c.server.closeJournal()
	return err
}

func doJournalNext(c *Call) (bool, error) {
	j, err := c.journal()
	if err != nil {
		return false, err
	}
	more := j.Next()
	c.reportDamage()
	return more, nil
}

// doJournalSkip says how many entries it went on or back, fewer at an end.
func doJournalSkip(c *Call, skip int64) (int64, error) {
	j, err := c.journal()
	if err != nil {
		return 0, err
	}
	defer c.reportDamage()
	step, count := j.Next, uint64(skip)
	if skip < 0 {
		step, count = j.Previous, -count
	}
	for n := range count {
		if err := c.Err(); err != nil {
			return 0, err
		}
		if !step() {
			return int64(n), nil
		}
	}
	return max(skip, -skip), nil
}

// doInternalJournalGet sends for each field its length, 64 bits in big endian,
// and the field as NAME=value. Before the first entry there are no fields, which
// is no error in libguestfs.
func doInternalJournalGet(c *Call, filename io.Writer) error {
	j, err := c.journal()
	if err != nil {
		return err
	}
	defer c.reportDamage()
	return writeFields(filename, j, c.Err)
}

func writeFields(w io.Writer, j *openJournal, stopped func() error) error {
	for field := range j.Fields() {
		if err := stopped(); err != nil {
			return err
		}
		length := binary.BigEndian.AppendUint64(nil, uint64(len(field)))
		if _, err := w.Write(length); err != nil {
			return err
		}
		if _, err := w.Write(field); err != nil {
			return err
		}
	}
	return nil
}

func doJournalGetDataThreshold(c *Call) (int64, error) {
	j, err := c.journal()
	if err != nil {
		return 0, err
	}
	return j.threshold, nil
}

func doJournalSetDataThreshold(c *Call, threshold int64) error {
	j, err := c.journal()
	if err != nil {
		return err
	}
	if threshold < 0 {
		return withErrno(syscall.EINVAL, "threshold is negative")
	}
	j.threshold = threshold
	j.SetThreshold(int(threshold))
	return nil
}

func doJournalGetRealtimeUsec(c *Call) (int64, error) {
	_, e, err := c.journalEntry()
	return int64(e.Realtime), err
}
