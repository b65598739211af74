package daemon

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"slices"
	"syscall"
	"unicode/utf16"
)

// editGPT reads the GPT of a disk, lets change work on it and writes both
// copies, the backup first: one of them is sound at any moment. A copy that was
// damaged is made anew.
func editGPT(device string, change func(*partTable) error) error {
	f, err := os.OpenFile(device, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	t, err := gptOf(f)
	if err != nil {
		return fmt.Errorf("%s: %w", device, err)
	}
	if err := change(t); err != nil {
		return err
	}
	if err := t.gpt.write(f); err != nil {
		return fmt.Errorf("%s: %w", device, err)
	}
	return f.Sync()
}

// gptOf reads the GPT of an open disk.
func gptOf(f *os.File) (*partTable, error) {
	sectorSize, err := sectorSizeOf(f)
	if err != nil {
		return nil, err
	}
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, err
	}
	t, err := readTable(f, size, sectorSize)
	if err == errNoTable || err == nil && t.gpt == nil {
		return nil, errNotGPT
	}
	return t, err
}

var errNotGPT = withErrno(syscall.EINVAL, "not a GUID Partition Table")

// editEntry changes the entry of one partition.
func editEntry(device string, num int, change func(entry []byte) error) error {
	return editGPT(device, func(t *partTable) error {
		if _, err := t.find(num); err != nil {
			return err
		}
		return change(t.gpt.entry(num))
	})
}

// place says where the backup goes: it stays where it is.
func (g *gpt) place() (header, entries int64) {
	switch {
	case g.backup != nil:
		return g.backup.self(), g.backup.entriesAt()
	case g.primary.other() < g.sectors && g.primary.other() > g.primary.lastUsable():
		header = g.primary.other()
	default:
		header = g.sectors - 1
	}
	return header, header - g.entrySectors()
}

// write writes both copies.
func (g *gpt) write(w io.WriterAt) error {
	h := g.main()
	backupAt, backupEntries := g.place()
	primaryEntries := int64(2)
	if g.primary != nil {
		primaryEntries = g.primary.entriesAt()
	}
	if backupEntries <= h.lastUsable() || backupEntries+g.entrySectors() > g.sectors {
		return withErrno(syscall.ENOSPC, "no room for the backup of the GPT behind the last partition")
	}
	if primaryEntries < 2 || primaryEntries+g.entrySectors() > h.firstUsable() {
		return withErrno(syscall.ENOSPC, "no room for the GPT before the first partition")
	}
	if err := g.writeCopy(w, backupAt, 1, backupEntries); err != nil {
		return err
	}
	return g.writeCopy(w, 1, backupAt, primaryEntries)
}

func (g *gpt) writeCopy(w io.WriterAt, at, other, entriesAt int64) error {
	h := slices.Clone(g.main())
	h.set64(24, at)
	h.set64(32, other)
	h.set64(72, entriesAt)
	binary.LittleEndian.PutUint32(h[88:], crc32.ChecksumIEEE(g.entries))
	binary.LittleEndian.PutUint32(h[16:], h.headerCRC())
	if _, err := w.WriteAt(g.entries, entriesAt*g.sectorSize); err != nil {
		return err
	}
	_, err := w.WriteAt(h, at*g.sectorSize)
	return err
}

// expandGPT moves the backup to the end of a disk that has grown, and lets
// partitions use all that is before it.
func expandGPT(device string) error {
	var sectors int64
	err := editGPT(device, func(t *partTable) error {
		g := t.gpt
		sectors = t.sectors
		reserve := max(g.entrySectors(), (gptReserve+g.sectorSize-1)/g.sectorSize)
		last := t.sectors - 1 - reserve - 1
		for _, p := range t.parts {
			if p.end > last {
				return withErrno(syscall.ENOSPC, "%s: partition %d is in the way of the backup of the GPT", device, p.num)
			}
		}
		g.main().set64(32, t.sectors-1)
		g.main().set64(48, last)
		if g.primary == nil {
			g.primary, g.backup = g.backup, nil
			g.primary.set64(24, 1)
			g.primary.set64(72, 2)
		}
		g.backup = nil
		return nil
	})
	if err != nil {
		return err
	}
	return resizeProtective(device, sectors)
}

// resizeProtective makes the protective entry of the MBR span the disk, where
// it is the only one: in a hybrid MBR each entry has an end of its own.
func resizeProtective(device string, sectors int64) error {
	f, err := os.OpenFile(device, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	sector := make([]byte, 512)
	if err := readFull(f, sector, 0); err != nil {
		return err
	}
	e := sector[mbrEntries:]
	if parseMBREntry(sector, 0).kind != typeProtective || !bytes.Equal(e[mbrEntrySize:4*mbrEntrySize], make([]byte, 3*mbrEntrySize)) {
		return nil
	}
	binary.LittleEndian.PutUint32(e[12:], uint32(min(sectors-1, 0xffffffff)))
	copy(e[5:8], chs(sectors-1))
	if _, err := f.WriteAt(sector, 0); err != nil {
		return err
	}
	return f.Sync()
}

// setGPTName puts a name into an entry.
func setGPTName(entry []byte, name string) error {
	units := utf16.Encode([]rune(name))
	if len(units) > gptNameUnits {
		return withErrno(syscall.EINVAL, "partition name %q is longer than %d UTF-16 units", name, gptNameUnits)
	}
	field := entry[56 : 56+2*gptNameUnits]
	clear(field)
	for i, u := range units {
		binary.LittleEndian.PutUint16(field[2*i:], u)
	}
	return nil
}

// chs is a sector in an MBR's old notation of head, sector, cylinder, or three
// times 0xff beyond 8 GB.
func chs(lba int64) []byte {
	const heads, perTrack = 255, 63
	c, h, s := lba/(heads*perTrack), lba/perTrack%heads, lba%perTrack+1
	if c > 1023 {
		return []byte{0xff, 0xff, 0xff}
	}
	return []byte{byte(h), byte(s | c>>8<<6), byte(c)}
}
