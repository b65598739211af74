package fsprobe

const luksMagic = "LUKS\xba\xbe"

// probeLUKS finds LUKS by its first header. libblkid asks a self-encrypting
// drive whether it is locked, which is not done here.
func probeLUKS(d *image) (*Superblock, error) {
	if !d.has(0, luksMagic) {
		return nil, nil
	}
	h := d.at(0, 512)
	found := &Superblock{Type: "crypto_LUKS", UUID: label(h[168:208])}
	switch be.Uint16(h[6:]) {
	case 1:
		return found, nil
	case 2:
		subsystem, headerOffset := label(h[208:256]), be.Uint64(h[256:])
		if headerOffset != 0 || subsystem != "" {
			return nil, ErrUnsure
		}
		found.Label = label(h[24:72])
		return found, nil
	}
	return nil, ErrUnsure
}
