package fsprobe

import (
	"crypto/sha256"
	"hash/crc32"
	"slices"
)

const (
	btrfsSuperblock = 64 << 10
	btrfsSize       = 4096
	btrfsDeviceMin  = 1 << 20
)

// Checksums of btrfs. Of the others only blkid can tell whether they are right.
const (
	btrfsCRC32C = 0
	btrfsSHA256 = 2
)

func probeBtrfs(d *image) (*Superblock, error) {
	sb := d.at(btrfsSuperblock, btrfsSize)
	if sb == nil || string(sb[0x40:0x48]) != "_BHRfS_M" || d.size < btrfsDeviceMin {
		return nil, nil
	}
	valid := false
	switch le.Uint16(sb[0xc4:]) {
	case btrfsCRC32C:
		valid = crc32.Checksum(sb[0x20:], castagnoli) == le.Uint32(sb)
	case btrfsSHA256:
		sum := sha256.Sum256(sb[0x20:])
		valid = slices.Equal(sum[:], sb[:len(sum)])
	}
	if !valid || le.Uint32(sb[0x90:]) == 0 {
		return nil, ErrUnsure
	}
	return &Superblock{
		Type:    "btrfs",
		Label:   label(sb[0x12b:0x22b]),
		UUID:    uuid(sb[0x20:0x30]),
		Devices: le.Uint64(sb[0x88:]),
	}, nil
}
