package fsprobe

import (
	"fmt"
	"unicode/utf16"
)

const (
	ntfsVolumeRecord = 3    // the file $Volume
	ntfsVolumeName   = 0x60 // its attribute
	ntfsEnd          = 0xffffffff
	ntfsClusterMax   = 2 << 20
)

func probeNTFS(d *image) (*Superblock, error) {
	if !d.has(3, "NTFS    ") {
		return nil, nil
	}
	bs := d.at(0, 512)
	sector, perCluster := uint64(le.Uint16(bs[11:])), uint64(bs[13])
	if perCluster >= 240 && perCluster <= 249 {
		perCluster = 1 << (256 - perCluster)
	}
	cluster := sector * perCluster
	if sector < 256 || sector > 4096 || !powerOf2(sector) || !powerOf2(perCluster) || cluster > ntfsClusterMax {
		return nil, ErrUnsure
	}
	// The fields of a FAT that NTFS does not use.
	if !allZero(bs[14:21]) || le.Uint16(bs[22:]) != 0 || le.Uint32(bs[32:]) != 0 {
		return nil, ErrUnsure
	}
	record := ntfsRecordSize(int8(bs[64]), cluster)
	mft, mirror, clusters := le.Uint64(bs[48:]), le.Uint64(bs[56:]), le.Uint64(bs[40:])/perCluster
	if record < 64 || record > readMax || mft > clusters || mirror > clusters || mft > uint64(d.size)/cluster {
		return nil, ErrUnsure
	}
	off := int64(mft * cluster)
	volume := d.at(off+ntfsVolumeRecord*record, int(record))
	if !d.has(off, "FILE") || volume == nil || string(volume[:4]) != "FILE" {
		return nil, ErrUnsure
	}
	name, ok := ntfsName(volume)
	if !ok {
		return nil, ErrUnsure
	}
	found := &Superblock{Type: "ntfs", Label: name}
	if serial := le.Uint64(bs[72:]); serial != 0 {
		found.UUID = fmt.Sprintf("%016X", serial)
	}
	return found, nil
}

// ntfsRecordSize decodes the size of a file record: in clusters, or as minus
// the exponent of its bytes.
func ntfsRecordSize(n int8, cluster uint64) int64 {
	switch {
	case n > 0 && n <= 64 && powerOf2(uint64(n)):
		return int64(n) * int64(cluster)
	case n < -8 && n > -32:
		return 1 << -n
	}
	return 0
}

// ntfsName looks for the volume's name in its file record; it may have none.
func ntfsName(record []byte) (name string, ok bool) {
	off, used := int(le.Uint16(record[20:])), int(le.Uint32(record[28:]))
	for off+24 <= len(record) && off <= used {
		a := record[off:]
		kind, size := le.Uint32(a), le.Uint32(a[4:])
		if kind == ntfsEnd || size == 0 {
			return "", true
		}
		if kind == ntfsVolumeName {
			start, n := int(le.Uint16(a[20:])), le.Uint32(a[16:])
			if a[8] != 0 || start > len(a) || n > uint32(len(a)-start) {
				return "", false
			}
			return utf16Label(a[start : start+int(n)])
		}
		if size > uint32(len(a)) {
			return "", true
		}
		off += int(size)
	}
	return "", true
}

// utf16Label decodes a label in UTF-16. Half a pair is nobody's label.
func utf16Label(p []byte) (string, bool) {
	var units []uint16
	for ; len(p) >= 2; p = p[2:] {
		units = append(units, le.Uint16(p))
	}
	var out []rune
	for _, r := range utf16.Decode(units) {
		if r == 0xfffd {
			return "", false
		}
		out = append(out, r)
	}
	return label([]byte(string(out))), true
}
