package fsprobe

// probeSquashfs finds squashfs 4, which has neither label nor UUID.
func probeSquashfs(d *image) (*Superblock, error) {
	if !d.has(0, "hsqs") {
		return nil, nil
	}
	if le.Uint16(d.at(28, 2)) < 4 {
		return nil, ErrUnsure
	}
	return &Superblock{Type: "squashfs"}, nil
}
