package facts

import (
	"encoding/binary"
	"io"
	"io/fs"
	"path"
	"strings"
	"time"
)

// A record of wtmp, as glibc writes it on every machine with 64 bits:
//
//	type (2), 2 free, pid (4), line (32), id (4), user (32), host (256), exit (4), session (4),
//	seconds (4), microseconds (4), ...
const (
	recordBytes   = 384
	recordUser    = 44
	recordSeconds = 340
	runLevel      = 1
	bootTime      = 2
	maxTail       = recordBytes << 13 // what is read of the end of wtmp, 3 MiB
)

// The header of a journal, as far as the times of its last entry.
const (
	journalBytes     = 208
	journalState     = 16
	journalLast      = 192 // microseconds since 1970
	journalSinceBoot = 200 // microseconds since the boot of that entry
	journalOnline    = 1
	maxJournals      = 500
)

// boots finds the last boot and shutdown: in wtmp, else in the headers of the journals.
func (r *reader) boots() {
	r.wtmp("var/log/wtmp")
	if r.f.LastBoot == nil {
		r.journals("var/log/journal")
	}
}

// wtmp reads the last records.
func (r *reader) wtmp(name string) {
	b, err := r.tail(name)
	if err != nil {
		r.failed(name, plain(err))
		return
	}
	for ; len(b) >= recordBytes; b = b[recordBytes:] {
		at := binary.LittleEndian.Uint32(b[recordSeconds:])
		if at == 0 {
			continue
		}
		when := time.Unix(int64(at), 0).UTC()
		user, _, _ := strings.Cut(string(b[recordUser:recordUser+32]), "\x00")
		switch kind := binary.LittleEndian.Uint16(b); {
		case kind == bootTime:
			r.f.LastBoot = &when
		case kind == runLevel && user == "shutdown":
			r.f.LastShutdown = &when
		}
	}
}

// tail returns whole records from the end of a file.
func (r *reader) tail(name string) ([]byte, error) {
	st, err := fs.Stat(r.fsys, name)
	if err != nil {
		return nil, err
	}
	if !st.Mode().IsRegular() {
		return nil, errNotFile
	}
	f, err := r.fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if skip := st.Size()/recordBytes*recordBytes - maxTail; skip > 0 {
		seeker, ok := f.(io.Seeker)
		if !ok {
			return nil, errNotFile
		}
		if _, err := seeker.Seek(skip, io.SeekStart); err != nil {
			return nil, err
		}
	}
	return io.ReadAll(io.LimitReader(f, maxTail))
}

// journals looks into the header of each: the newest was written to last. It counts
// from its boot. One that was closed in order was closed by a shutdown.
func (r *reader) journals(dir string) {
	var last uint64
	n := 0
	for _, machine := range r.list(dir) {
		for _, name := range r.list(path.Join(dir, machine)) {
			if n++; n > maxJournals {
				r.warn("%s: only %d files are looked at", dir, maxJournals)
				return
			}
			h, ok := r.journalHeader(path.Join(dir, machine, name))
			at := binary.LittleEndian.Uint64(h[journalLast:])
			since := binary.LittleEndian.Uint64(h[journalSinceBoot:])
			const tooLate = 1 << 53 // microseconds: the year 2255
			if !ok || at <= last || at >= tooLate || since > at {
				continue
			}
			last = at
			boot, end := time.UnixMicro(int64(at-since)).UTC(), time.UnixMicro(int64(at)).UTC()
			r.f.LastBoot, r.f.LastShutdown = &boot, nil
			if h[journalState] != journalOnline {
				r.f.LastShutdown = &end
			}
		}
	}
}

func (r *reader) journalHeader(name string) (h [journalBytes]byte, ok bool) {
	st, err := fs.Stat(r.fsys, name)
	if err != nil || !st.Mode().IsRegular() || !strings.HasSuffix(name, ".journal") {
		return h, false
	}
	f, err := r.fsys.Open(name)
	if err != nil {
		return h, false
	}
	defer f.Close()
	if _, err := io.ReadFull(f, h[:]); err != nil {
		return h, false
	}
	return h, string(h[:8]) == "LPKSHHRH"
}
