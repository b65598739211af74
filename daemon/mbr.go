package daemon

import (
	"encoding/binary"
	"fmt"
	"io"
)

// The sector of an MBR or of a link in the chain of logical partitions:
//
//	440  disk identifier, 4 bytes
//	446  four entries of 16 bytes: indicator, CHS, type at 4, CHS, start at 8, length at 12
//	510  55 aa
const (
	mbrDiskID    = 440
	mbrEntries   = 446
	mbrEntrySize = 16
	mbrSignature = 510
	logicalMax   = 256 // links followed; the kernel follows 100
)

// mbrEntry is an entry as it stands on the disk.
type mbrEntry struct {
	indicator, kind byte
	start, length   int64 // sectors; start counts from the table or the extended partition
}

func parseMBREntry(sector []byte, i int) mbrEntry {
	b := sector[mbrEntries+i*mbrEntrySize:]
	return mbrEntry{b[0], b[4], int64(binary.LittleEndian.Uint32(b[8:])), int64(binary.LittleEndian.Uint32(b[12:]))}
}

func (e mbrEntry) extended() bool { return e.kind == 0x05 || e.kind == 0x0f || e.kind == 0x85 }
func (e mbrEntry) empty() bool    { return e.kind == 0 || e.length == 0 }

func hasMBRSignature(sector []byte) bool {
	return sector[mbrSignature] == 0x55 && sector[mbrSignature+1] == 0xaa
}

const typeProtective = 0xee

// isProtective tells whether a sector is the MBR that guards a GPT.
func isProtective(sector []byte) bool {
	for i := range 4 {
		if parseMBREntry(sector, i).kind == typeProtective {
			return true
		}
	}
	return false
}

// mayBeFilesystem tells whether the first sector may be that of FAT, exFAT or
// NTFS, which end with the signature of an MBR too.
func mayBeFilesystem(sector []byte) bool {
	switch sector[21] {
	case 0xf0, 0xf8, 0xf9, 0xfa, 0xfb, 0xfc, 0xfd, 0xfe, 0xff:
		if size := binary.LittleEndian.Uint16(sector[11:]); size >= 128 && size&(size-1) == 0 {
			return true
		}
	}
	return string(sector[0x36:0x39]) == "FAT" || string(sector[0x52:0x55]) == "FAT" ||
		string(sector[3:7]) == "NTFS" || string(sector[3:8]) == "EXFAT"
}

// readMBR reads the entries of the first sector and the logical partitions.
func (t *partTable) readMBR(r io.ReaderAt, sector []byte) error {
	if mayBeFilesystem(sector) {
		return errNoTable
	}
	for i := range 4 {
		if ind := parseMBREntry(sector, i).indicator; ind != 0 && ind != 0x80 {
			return errNoTable // boot code of a filesystem, as the kernel sees it too
		}
	}
	t.kind = "msdos"
	t.diskID = fmt.Sprintf("0x%08x", binary.LittleEndian.Uint32(sector[mbrDiskID:]))
	next := 5
	for i := range 4 {
		e := parseMBREntry(sector, i)
		if e.empty() {
			continue
		}
		p := partition{num: i + 1, start: e.start, end: e.start + e.length - 1, role: "primary", mbrType: e.kind, active: e.indicator != 0}
		if e.extended() {
			p.role = "extended"
		}
		t.parts = append(t.parts, p)
		if e.extended() {
			if err := t.readLogical(r, e.start, &next); err != nil {
				return err
			}
		}
	}
	return nil
}

// readLogical follows the chain of tables in an extended partition. Each holds
// the entry of one logical partition, as a rule, and a link to the next table.
func (t *partTable) readLogical(r io.ReaderAt, first int64, next *int) error {
	seen := map[int64]bool{}
	pending := []int64{first}
	sector := make([]byte, t.sectorSize)
	for len(pending) > 0 {
		at := pending[0]
		pending = pending[1:]
		if at < 1 || at >= t.sectors || seen[at] || len(seen) >= logicalMax {
			t.setOdd("the chain of logical partitions is broken at sector %d", at)
			return nil
		}
		seen[at] = true
		if err := readFull(r, sector, at*t.sectorSize); err != nil {
			return err
		}
		if binary.LittleEndian.Uint16(sector[mbrSignature:]) == 0xf6f6 {
			continue // PartitionMagic's filling of an extended partition without any
		}
		if !hasMBRSignature(sector) {
			t.setOdd("no table of logical partitions at sector %d", at)
			return nil
		}
		var links []int64
		for i := range 4 {
			e := parseMBREntry(sector, i)
			switch {
			case e.extended():
				if link := first + e.start; link != at {
					links = append(links, link)
				}
			case e.empty():
			case e.start == 0:
				t.setOdd("logical partition at the sector of its table, %d", at)
			default:
				start := at + e.start
				t.parts = append(t.parts, partition{num: *next, start: start, end: start + e.length - 1, role: "logical", mbrType: e.kind, active: e.indicator != 0})
				*next++
			}
		}
		pending = append(links, pending...)
	}
	return nil
}
