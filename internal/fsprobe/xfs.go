package fsprobe

import "hash/crc32"

// probeXFS finds xfs. A version 5 superblock has a checksum over its sector.
func probeXFS(d *image) (*Superblock, error) {
	if !d.has(0, "XFSB") {
		return nil, nil
	}
	sb := d.at(0, 512)
	sectorSize, sectorLog := be.Uint16(sb[102:]), sb[121]
	blockSize, blockLog := be.Uint32(sb[4:]), sb[120]
	inodeSize, inodeLog, inodesLog := be.Uint16(sb[104:]), sb[122], sb[123]
	extent := uint64(be.Uint32(sb[80:])) * uint64(blockSize)
	blocks, agBlocks, ags := be.Uint64(sb[8:]), uint64(be.Uint32(sb[84:])), uint64(be.Uint32(sb[88:]))
	const agBlocksMin, extentMin, extentMax = 64, 4 << 10, 1 << 30
	sane := sectorLog >= 9 && sectorLog <= 15 && sectorSize == 1<<sectorLog &&
		blockLog >= 9 && blockLog <= 16 && blockSize == 1<<blockLog &&
		inodeLog >= 8 && inodeLog <= 11 && inodeSize == 1<<inodeLog &&
		blockLog-inodeLog == inodesLog &&
		extent >= extentMin && extent <= extentMax && sb[127] <= 100 &&
		ags > 0 && blocks > 0 && blocks <= ags*agBlocks && blocks >= (ags-1)*agBlocks+agBlocksMin
	if !sane || be.Uint16(sb[100:])&0xf == 5 && !xfsChecksum(d.at(0, int(sectorSize))) {
		return nil, ErrUnsure
	}
	return &Superblock{Type: "xfs", Label: label(sb[108:120]), UUID: uuid(sb[32:48])}, nil
}

// xfsChecksum checks the checksum of a sector, which counts its own field as zero.
func xfsChecksum(sector []byte) bool {
	const field = 224
	if len(sector) < 512 {
		return false
	}
	sum := crc32.Update(0, castagnoli, sector[:field])
	sum = crc32.Update(sum, castagnoli, make([]byte, 4))
	sum = crc32.Update(sum, castagnoli, sector[field+4:])
	return sum == le.Uint32(sector[field:])
}
