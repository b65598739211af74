package fsprobe

const (
	mdMagic      = 0xa92b4efc
	mdReserved   = 64 << 10 // the end of the device that metadata 0.90 takes
	mdHeader     = 256
	mdDevicesMax = (4096 - mdHeader) / 2
)

// mdOffsets are where metadata 1.0, 1.1 and 1.2 lie.
func mdOffsets(size int64) []int64 {
	if size <= mdReserved {
		return []int64{0, 4096}
	}
	return []int64{size&^4095 - 8192, 0, 4096}
}

// oldMD tells whether there is metadata 0.90, which names neither its own
// place nor its size. Those of the last partition and of the whole disk look
// the same.
func oldMD(d *image) bool {
	if d.size <= mdReserved {
		return false
	}
	p := d.at(d.size&^(mdReserved-1)-mdReserved, 4)
	return p != nil && (le.Uint32(p) == mdMagic || be.Uint32(p) == mdMagic)
}

// newMD returns the header of metadata 1.x.
func newMD(d *image) (off int64, header []byte) {
	for _, off := range mdOffsets(d.size) {
		h := d.at(off, mdHeader)
		if h != nil && le.Uint32(h) == mdMagic && le.Uint32(h[4:]) == 1 && le.Uint64(h[144:]) == uint64(off)>>9 {
			return off, h
		}
	}
	return 0, nil
}

func hasMD(d *image) bool {
	_, h := newMD(d)
	return h != nil || oldMD(d)
}

func probeMD(d *image) (*Superblock, error) {
	if oldMD(d) {
		return nil, ErrUnsure
	}
	off, h := newMD(d)
	if h == nil {
		return nil, nil
	}
	devices := le.Uint32(h[220:])
	if devices > mdDevicesMax {
		return nil, ErrUnsure
	}
	if p := d.at(off, mdHeader+int(devices)*2); p == nil || mdChecksum(p) != le.Uint32(h[216:]) {
		return nil, ErrUnsure
	}
	return &Superblock{Type: "linux_raid_member", Label: label(h[32:64]), UUID: uuid(h[16:32])}, nil
}

// mdChecksum sums the words, but for the one that holds the sum.
func mdChecksum(p []byte) uint32 {
	sum := -uint64(le.Uint32(p[216:]))
	for ; len(p) >= 4; p = p[4:] {
		sum += uint64(le.Uint32(p))
	}
	if len(p) == 2 {
		sum += uint64(le.Uint16(p))
	}
	return uint32(sum>>32) + uint32(sum)
}
