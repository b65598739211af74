package guestfs

import (
	"bytes"
	"context"
	"encoding/binary"
)

// JournalGet calls journal_get: the fields of the current entry, names and
// values.
func (g *Handle) JournalGet(ctx context.Context) ([]XAttr, error) {
	var buf bytes.Buffer
	if err := g.internalJournalGet(ctx, &limitWriter{op: "journal_get", w: &buf, left: readMax}); err != nil {
		return nil, err
	}
	return journalFields(buf.Bytes())
}

// journalFields takes apart what internal_journal_get sends: for each field a
// length of 64 bits in big endian, and NAME=value.
func journalFields(b []byte) ([]XAttr, error) {
	fields := []XAttr{}
	for len(b) > 0 {
		const header = 8
		if len(b) < header || binary.BigEndian.Uint64(b) > uint64(len(b)-header) {
			return nil, invalid("journal_get", "the daemon sent half a field")
		}
		end := header + int(binary.BigEndian.Uint64(b))
		name, value, ok := bytes.Cut(b[header:end], []byte("="))
		if !ok {
			return nil, invalid("journal_get", "the daemon sent a field without a name")
		}
		fields = append(fields, XAttr{Attrname: string(name), Attrval: value})
		b = b[end:]
	}
	return fields, nil
}
