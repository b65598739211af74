package daemon

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
	"strings"
	"unicode/utf16"
)

// A GPT is there twice: the header in sector 1 with the entries after it, and
// the entries before the header in the last sector. Bytes of a header:
//
//	 0 "EFI PART"     8 revision        12 its size    16 its CRC
//	24 own sector    32 other header's  40 first and 48 last sector for partitions
//	56 disk GUID     72 entries' sector 80 how many    84 size of one, 88 CRC of all
//
// and of an entry: 0 type GUID, 16 GUID, 32 first and 40 last sector, 48
// attributes, 56 name in 36 units of UTF-16.
const (
	gptHeaderMin   = 92
	gptEntryMin    = 128
	gptNameUnits   = 36
	gptEntriesMax  = 8192    // parted's limit, and ours
	gptBytesMax    = 8 << 20 // of all entries
	gptReserve     = 16 << 10
	gptRevisionMax = 0x00010200
)

// gptHeader is one of the two headers, checked.
type gptHeader []byte

func (h gptHeader) u32(at int) int64      { return int64(binary.LittleEndian.Uint32(h[at:])) }
func (h gptHeader) u64(at int) int64      { return int64(binary.LittleEndian.Uint64(h[at:])) }
func (h gptHeader) set64(at int, v int64) { binary.LittleEndian.PutUint64(h[at:], uint64(v)) }

func (h gptHeader) self() int64        { return h.u64(24) }
func (h gptHeader) other() int64       { return h.u64(32) }
func (h gptHeader) firstUsable() int64 { return h.u64(40) }
func (h gptHeader) lastUsable() int64  { return h.u64(48) }
func (h gptHeader) entriesAt() int64   { return h.u64(72) }
func (h gptHeader) entryCount() int64  { return h.u32(80) }
func (h gptHeader) entrySize() int64   { return h.u32(84) }

// gpt is a GPT in memory: the headers that are sound, and the entries.
type gpt struct {
	primary, backup gptHeader // nil if damaged; not both
	entries         []byte
	sectorSize      int64
	sectors         int64
}

// main is the header that counts.
func (g *gpt) main() gptHeader {
	if g.primary != nil {
		return g.primary
	}
	return g.backup
}

// entry returns the bytes of entry num, counted from 1.
func (g *gpt) entry(num int) []byte {
	size := int(g.main().entrySize())
	return g.entries[(num-1)*size : num*size]
}

// entrySectors is how many sectors the entries take.
func (g *gpt) entrySectors() int64 {
	return (int64(len(g.entries)) + g.sectorSize - 1) / g.sectorSize
}

var errBadGPT = errors.New("damaged GPT")

// readHeader reads the header in a sector and its entries and checks both.
func (g *gpt) readHeader(r io.ReaderAt, at int64) (gptHeader, []byte, error) {
	if at < 1 || at >= g.sectors {
		return nil, nil, errBadGPT
	}
	h := make(gptHeader, g.sectorSize)
	if err := readFull(r, h, at*g.sectorSize); err != nil {
		return nil, nil, err
	}
	size := h.u32(12)
	if string(h[:8]) != "EFI PART" || size < gptHeaderMin || size > g.sectorSize || h.self() != at || h.other() == at {
		return nil, nil, errBadGPT
	}
	if h.headerCRC() != binary.LittleEndian.Uint32(h[16:]) {
		return nil, nil, errBadGPT
	}
	n, each := h.entryCount(), h.entrySize()
	if n < 1 || n > gptEntriesMax || each < gptEntryMin || each%8 != 0 || each > gptBytesMax/n {
		return nil, nil, errBadGPT
	}
	if h.firstUsable() < 2 || h.lastUsable() < h.firstUsable() || h.entriesAt() < 1 || h.entriesAt() >= g.sectors {
		return nil, nil, errBadGPT
	}
	entries := make([]byte, n*each)
	if int64(len(entries)) > (g.sectors-h.entriesAt())*g.sectorSize {
		return nil, nil, errBadGPT
	}
	if err := readFull(r, entries, h.entriesAt()*g.sectorSize); err != nil {
		return nil, nil, err
	}
	if crc32.ChecksumIEEE(entries) != binary.LittleEndian.Uint32(h[88:]) {
		return nil, nil, errBadGPT
	}
	return h, entries, nil
}

// headerCRC computes the checksum of a header, in which its own field is zero.
func (h gptHeader) headerCRC() uint32 {
	b := slices.Clone(h[:h.u32(12)])
	clear(b[16:20])
	return crc32.ChecksumIEEE(b)
}

// readGPT reads the first sound copy. The second is taken from where the first
// says that it is, else from the last sector.
func (t *partTable) readGPT(r io.ReaderAt) error {
	g := &gpt{sectorSize: t.sectorSize, sectors: t.sectors}
	var backupEntries []byte
	var err error
	g.primary, g.entries, err = g.readHeader(r, 1)
	if err != nil && !errors.Is(err, errBadGPT) {
		return err
	}
	backupAt := t.sectors - 1
	if g.primary != nil {
		backupAt = g.primary.other()
	}
	g.backup, backupEntries, err = g.readHeader(r, backupAt)
	if err != nil && !errors.Is(err, errBadGPT) {
		return err
	}
	switch {
	case g.primary == nil && g.backup == nil:
		return errNoTable // parted words it
	case g.primary == nil:
		g.entries = backupEntries
	case g.backup != nil && g.backup.other() != 1:
		g.backup = nil
	}
	t.kind, t.gpt = "gpt", g
	h := g.main()
	t.diskID = formatGUID(h[56:72])
	if backupAt >= t.sectors || h.u32(8) > gptRevisionMax || h.firstUsable() < 3 || h.lastUsable() <= h.firstUsable() || h.lastUsable() > t.sectors {
		t.setOdd("the GPT was not made for a disk of this size")
	}
	for num := 1; num <= int(h.entryCount()); num++ {
		e := g.entry(num)
		if bytes.Equal(e[:16], make([]byte, 16)) {
			continue
		}
		p := parseGPTEntry(e)
		p.num = num
		if p.start < h.firstUsable() || p.end > h.lastUsable() {
			t.setOdd("partition %d is not within the space for partitions", num)
		}
		t.parts = append(t.parts, p)
	}
	return nil
}

func parseGPTEntry(e []byte) partition {
	return partition{
		start:      int64(binary.LittleEndian.Uint64(e[32:])),
		end:        int64(binary.LittleEndian.Uint64(e[40:])),
		role:       "primary",
		typeGUID:   formatGUID(e[:16]),
		guid:       formatGUID(e[16:32]),
		attributes: binary.LittleEndian.Uint64(e[48:]),
		name:       parseGPTName(e[56 : 56+2*gptNameUnits]),
	}
}

func parseGPTName(b []byte) string {
	var units []uint16
	for ; len(b) > 1; b = b[2:] {
		u := binary.LittleEndian.Uint16(b)
		if u == 0 {
			break
		}
		units = append(units, u)
	}
	return string(utf16.Decode(units))
}

// formatGUID writes a GUID the way sfdisk does. The first three groups are
// little-endian numbers.
func formatGUID(b []byte) string {
	s := fmt.Sprintf("%08x-%04x-%04x-%x-%x", binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint16(b[4:]), binary.LittleEndian.Uint16(b[6:]), b[8:10], b[10:16])
	return strings.ToUpper(s)
}

// parseGUID reads a GUID, with or without braces and hyphens.
func parseGUID(s string) ([]byte, error) {
	b, err := hex.DecodeString(strings.NewReplacer("{", "", "}", "", "-", "").Replace(s))
	if err != nil || len(b) != 16 {
		return nil, fmt.Errorf("%q is not a GUID", s)
	}
	slices.Reverse(b[:4])
	slices.Reverse(b[4:6])
	slices.Reverse(b[6:8])
	return b, nil
}
