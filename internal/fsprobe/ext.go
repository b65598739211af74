package fsprobe

import "hash/crc32"

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Features of ext2, ext3 and ext4, as far as they tell them apart.
const (
	extHasJournal   = 0x0004 // compatible
	extMetadataCsum = 0x0400 // read-only compatible
	extJournalDev   = 0x0008 // incompatible

	ext2ROCompat = 0x0001 | 0x0002 | 0x0004
	ext2Incompat = 0x0002 | 0x0010
	ext3Incompat = ext2Incompat | 0x0004
)

const (
	extMagic        = "\x53\xef"
	extTestFilesys  = 0x0004 // flag: made for the ext4 of 2007
	extLogBlockMax  = 6      // 64 KiB blocks
	extSuperblock   = 1024   // its offset and its size
	extChecksumFrom = 0x3fc
)

// probeExt finds ext2, ext3 and ext4. ext4 is what has a feature that ext3 has
// not; of the others the one with a journal is ext3.
func probeExt(d *image) (*Superblock, error) {
	sb := d.at(extSuperblock, extSuperblock)
	if sb == nil || string(sb[0x38:0x3a]) != extMagic {
		return nil, nil
	}
	compat, incompat, roCompat := le.Uint32(sb[0x5c:]), le.Uint32(sb[0x60:]), le.Uint32(sb[0x64:])
	if incompat&extJournalDev != 0 || le.Uint32(sb[0x160:])&extTestFilesys != 0 || le.Uint32(sb[0x18:]) > extLogBlockMax {
		return nil, ErrUnsure
	}
	if roCompat&extMetadataCsum != 0 && ^crc32.Checksum(sb[:extChecksumFrom], castagnoli) != le.Uint32(sb[extChecksumFrom:]) {
		return nil, ErrUnsure
	}
	found := &Superblock{Label: label(sb[0x78:0x88]), UUID: uuid(sb[0x68:0x78])}
	switch {
	case roCompat&^ext2ROCompat != 0 || incompat&^ext3Incompat != 0:
		found.Type = "ext4"
	case compat&extHasJournal != 0:
		found.Type = "ext3"
	case incompat&^ext2Incompat == 0:
		found.Type = "ext2"
	default:
		return nil, ErrUnsure
	}
	return found, nil
}
