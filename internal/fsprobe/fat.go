package fsprobe

import "fmt"

// fatStrings are the names of FAT in boot sectors. A boot sector without one
// may still be a FAT's, with the boot signature and sane numbers.
var fatStrings = []struct {
	off  int64
	name string
}{
	{0x52, "MSWIN"}, {0x52, "FAT32   "},
	{0x36, "MSDOS"}, {0x36, "FAT16   "}, {0x36, "FAT12   "}, {0x36, "FAT     "},
}

const (
	fatDirEntry = 32
	fatDirMax   = 100 // clusters of a FAT32's root directory that are searched
)

func probeFAT(d *image) (*Superblock, error) {
	bs := d.at(0, 512)
	if bs == nil {
		return nil, nil
	}
	named := false
	for _, s := range fatStrings {
		named = named || d.has(s.off, s.name)
	}
	signed := bs[510] == 0x55 && bs[511] == 0xaa
	if !named && (!signed || d.has(0x36, "JFS     ") || d.has(0x36, "HPFS    ")) {
		return nil, nil
	}
	b := readBPB(bs)
	if !b.sane() {
		if named {
			return nil, ErrUnsure
		}
		return nil, nil
	}
	if b.clusters() > b.clustersMax() {
		return nil, ErrUnsure
	}
	if bs[22] != 0 || bs[23] != 0 {
		return probeFAT16(d, bs, b)
	}
	return probeFAT32(d, bs, b)
}

// bpb is the BIOS parameter block, the numbers in a FAT's boot sector.
type bpb struct {
	sector, perCluster, reserved, fats, dirEntries uint32
	media                                          byte
	sectors, fatLength                             uint32
	fat32                                          bool
}

func readBPB(bs []byte) bpb {
	b := bpb{
		sector: uint32(le.Uint16(bs[11:])), perCluster: uint32(bs[13]), reserved: uint32(le.Uint16(bs[14:])),
		fats: uint32(bs[16]), dirEntries: uint32(le.Uint16(bs[17:])), sectors: uint32(le.Uint16(bs[19:])),
		media: bs[21], fatLength: uint32(le.Uint16(bs[22:])),
	}
	if b.sectors == 0 {
		b.sectors = le.Uint32(bs[32:])
	}
	if b.fatLength == 0 {
		b.fatLength = le.Uint32(bs[36:])
		b.fat32 = b.fatLength != 0
	}
	return b
}

func (b *bpb) sane() bool {
	return b.fats != 0 && b.reserved != 0 && (b.media >= 0xf8 || b.media == 0xf0) &&
		powerOf2(uint64(b.perCluster)) && powerOf2(uint64(b.sector)) && b.sector >= 512 && b.sector <= 4096
}

// clusters is computed modulo 2^32, as libblkid and the kernel do.
func (b *bpb) clusters() uint32 {
	dir := (b.dirEntries*fatDirEntry + b.sector - 1) / b.sector
	return (b.sectors - (b.reserved + b.fatLength*b.fats + dir)) / b.perCluster
}

func (b *bpb) clustersMax() uint32 {
	const fat12, fat16, fat32 = 0xff4, 0xfff4, 0x0ffffff6
	switch {
	case b.fat32:
		return fat32
	case b.clusters() > fat12:
		return fat16
	}
	return fat12
}

func probeFAT16(d *image, bs []byte, b bpb) (*Superblock, error) {
	found := &Superblock{Type: "vfat"}
	if bs[38] == 0x28 || bs[38] == 0x29 {
		found.UUID = fatSerial(bs[39:43])
	}
	dir := d.at(int64(b.reserved+b.fatLength*b.fats)*int64(b.sector), int(b.dirEntries)*fatDirEntry)
	if dir == nil {
		return nil, ErrUnsure
	}
	found.Label, _ = fatLabel(dir)
	return found, nil
}

func probeFAT32(d *image, bs []byte, b bpb) (*Superblock, error) {
	if info := int64(le.Uint16(bs[48:])); info != 0 {
		p := d.at(info*int64(b.sector), 512)
		if p == nil || string(p[:4]) != "RRaA" && !allZero(p[:4]) || string(p[484:488]) != "rrAa" && !allZero(p[484:488]) {
			return nil, ErrUnsure
		}
	}
	found := &Superblock{Type: "vfat", UUID: fatSerial(bs[67:71])}
	first := int64(b.reserved) + int64(b.fatLength)*int64(b.fats)
	entries := uint64(b.fatLength) * uint64(b.sector) / 4
	cluster := le.Uint32(bs[44:])
	for range fatDirMax {
		if cluster < 2 || uint64(cluster) >= entries {
			return found, nil
		}
		size := int(b.perCluster * b.sector)
		dir := d.at((first+int64(cluster-2)*int64(b.perCluster))*int64(b.sector), size)
		next := d.at(int64(b.reserved)*int64(b.sector)+int64(cluster)*4, 4)
		if dir == nil || next == nil {
			return nil, ErrUnsure
		}
		name, ok := fatLabel(dir)
		if ok {
			found.Label = name
			return found, nil
		}
		cluster = le.Uint32(next) & 0x0fffffff
	}
	return nil, ErrUnsure
}

// fatLabel looks for the label among the entries of the root directory.
func fatLabel(dir []byte) (name string, ok bool) {
	const volume, directory, longName, attributes = 0x08, 0x10, 0x0f, 0x3f
	for ; len(dir) >= fatDirEntry; dir = dir[fatDirEntry:] {
		e := dir[:fatDirEntry]
		if e[0] == 0 {
			return "", false
		}
		if e[0] == 0xe5 || le.Uint16(e[20:]) != 0 || le.Uint16(e[26:]) != 0 || e[11]&attributes == longName {
			continue
		}
		if e[11]&(volume|directory) == volume {
			p := append([]byte(nil), e[:11]...)
			if p[0] == 0x05 {
				p[0] = 0xe5 // which itself marks a free entry
			}
			return label(p), true
		}
	}
	return "", false
}

func fatSerial(p []byte) string {
	if allZero(p) {
		return ""
	}
	return fmt.Sprintf("%02X%02X-%02X%02X", p[3], p[2], p[1], p[0])
}
