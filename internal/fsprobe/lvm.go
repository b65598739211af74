package fsprobe

import "hash/crc32"

const (
	lvmLabelStart  = "LABELONE"
	lvmLabelType   = "LVM2 001"
	lvmSectors     = 4 // the label is in one of the first sectors
	lvmInitialCRC  = 0xf597a6cf
	lvmUUIDLen     = 32
	lvmLabelSector = 1 // where pvcreate puts it
)

// lvmLabel returns the sector that has the label of a physical volume.
func lvmLabel(d *image) []byte {
	for i := range int64(lvmSectors) {
		s := d.at(i*512, 512)
		if s != nil && string(s[:8]) == lvmLabelStart && string(s[24:32]) == lvmLabelType && le.Uint64(s[8:]) == uint64(i) {
			return s
		}
	}
	return nil
}

// probeLVM finds physical volumes. pvcreate wipes the start of the device, so
// what is in its first sector came later and blkid weighs the two.
func probeLVM(d *image) (*Superblock, error) {
	s := lvmLabel(d)
	if s == nil {
		return nil, nil
	}
	if lvmChecksum(s) != le.Uint32(s[16:]) || le.Uint64(s[8:]) != lvmLabelSector || !allZero(d.at(0, 512)) {
		return nil, ErrUnsure
	}
	return &Superblock{Type: "LVM2_member", UUID: lvmUUID(string(s[32 : 32+lvmUUIDLen]))}, nil
}

// lvmChecksum is a CRC-32 with a start of LVM's own and no inversion.
func lvmChecksum(sector []byte) uint32 {
	return ^crc32.Update(^uint32(lvmInitialCRC), crc32.IEEETable, sector[20:])
}

// lvmUUID writes a UUID of LVM as LVM does: 6-4-4-4-4-4-6.
func lvmUUID(s string) string {
	return s[:6] + "-" + s[6:10] + "-" + s[10:14] + "-" + s[14:18] + "-" + s[18:22] + "-" + s[22:26] + "-" + s[26:]
}
