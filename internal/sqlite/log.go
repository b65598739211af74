package sqlite

import (
	"encoding/binary"
	"fmt"
	"io"
)

// A write-ahead log is a header and frames: a header with the number of a page,
// and the page. A frame counts when it has the salt of the log, the running
// checksum is right, and it or one that follows ends a transaction.
const (
	logMagic    = 0x377f0682 // plus 1 when checksums are of words in big endian
	logVersion  = 3007000
	logHeader   = 32
	frameHeader = 24
	// maxLog bounds what is read of a log. SQLite empties it at 4 MiB.
	maxLog = 64 << 20
)

// readLog finds the pages in the log that are committed. A log that is not one
// is left out: SQLite does the same.
func (db *Database) readLog() error {
	var h [logHeader]byte
	if _, err := db.log.ReadAt(h[:], 0); err == io.EOF {
		return nil
	} else if err != nil {
		return err
	}
	be := binary.BigEndian
	if m := be.Uint32(h[:]); m&^1 != logMagic || be.Uint32(h[4:]) != logVersion || int(be.Uint32(h[8:])) != db.page {
		return nil
	}
	sum := checksum{order: binary.LittleEndian}
	if h[3]&1 != 0 {
		sum.order = be
	}
	sum.add(h[:24])
	if !sum.is(h[24:]) {
		return nil
	}
	frame := make([]byte, frameHeader+db.page)
	pages, open := map[uint32]int64{}, map[uint32]int64{}
	for at := int64(logHeader); at+int64(len(frame)) <= min(db.log.Size(), maxLog); at += int64(len(frame)) {
		if _, err := db.log.ReadAt(frame, at); err != nil {
			return fmt.Errorf("the log of the database: %w", err)
		}
		sum.add(frame[:8])
		sum.add(frame[frameHeader:])
		if string(frame[8:16]) != string(h[16:24]) || !sum.is(frame[16:]) {
			break
		}
		open[be.Uint32(frame)] = at + frameHeader
		if total := be.Uint32(frame[4:]); total != 0 { // the end of a transaction
			for page, at := range open {
				pages[page] = at
			}
			clear(open)
			db.last = total
		}
	}
	db.frames = pages
	return nil
}

// checksum is the running checksum of a log.
type checksum struct {
	order  binary.ByteOrder
	s0, s1 uint32
}

func (c *checksum) add(b []byte) {
	for ; len(b) >= 8; b = b[8:] {
		c.s0 += c.order.Uint32(b) + c.s1
		c.s1 += c.order.Uint32(b[4:]) + c.s0
	}
}

func (c *checksum) is(b []byte) bool {
	return c.s0 == binary.BigEndian.Uint32(b) && c.s1 == binary.BigEndian.Uint32(b[4:])
}
