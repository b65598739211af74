package image

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
)

// A vmdk is a text (the descriptor) that names its extents and perhaps a parent, or a
// sparse extent with the text inside. Only a sparse extent with a capacity of its
// own is complete in one file: with capacity 0 the text inside counts.
//
// The sparse header, little endian: 0 magic, 4 version, 8 flags, 12 capacity in sectors,
// 20 grain, 28 descriptor sector, 36 descriptor sectors.
const (
	vmdkSparseMagic = "KDMV"
	vmdkCowMagic    = "COWD"
	vmdkText        = "# Disk DescriptorFile"
	vmdkTextMax     = 1 << 20
	vmdkNoParent    = "ffffffff"
)

func probeVMDK(h []byte) bool {
	if len(h) < 4 {
		return false
	}
	if m := string(h[:4]); m == vmdkSparseMagic || m == vmdkCowMagic {
		return true
	}
	return isVMDKText(h)
}

// isVMDKText is as generous as QEMU: comments and blank lines may come first,
// then a line "version=1" (or 2, 3) makes it a descriptor.
func isVMDKText(h []byte) bool {
	for _, line := range bytes.Split(h, []byte("\n")) {
		s := strings.TrimSpace(string(line))
		switch {
		case strings.HasPrefix(s, vmdkText):
			return true
		case s == "" || s[0] == '#':
		default:
			return s == "version=1" || s == "version=2" || s == "version=3"
		}
	}
	return false
}

func readVMDK(r io.ReaderAt, size int64) (Info, error) {
	h, err := section(r, size, 0, 4)
	if err != nil {
		return Info{}, err
	}
	switch string(h) {
	case vmdkCowMagic:
		return Info{}, nil
	case vmdkSparseMagic:
		return readVMDKSparse(r, size)
	}
	if size > vmdkTextMax {
		return Info{}, errors.New("descriptor is too large")
	}
	text, err := section(r, size, 0, uint64(size))
	if err != nil {
		return Info{}, err
	}
	return parseVMDKText(text, true)
}

func readVMDKSparse(r io.ReaderAt, size int64) (Info, error) {
	h, err := section(r, size, 0, 512)
	if err != nil {
		return Info{}, err
	}
	capacity := binary.LittleEndian.Uint64(h[12:])
	if capacity > math.MaxInt64/512 {
		return Info{}, errors.New("virtual size is too large")
	}
	info := Info{VirtualSize: int64(capacity) * 512}
	sector, sectors := binary.LittleEndian.Uint64(h[28:]), binary.LittleEndian.Uint64(h[36:])
	if sector == 0 {
		return info, nil
	}
	if sector > math.MaxInt64/512 || sectors > vmdkTextMax/512 {
		return Info{}, errors.New("descriptor is too large")
	}
	// QEMU reads a fixed 20 sectors whatever the header says: read at least those.
	n := max(sectors, 20) * 512
	if off := sector * 512; off < uint64(size) {
		n = min(n, uint64(size)-off)
	}
	text, err := section(r, size, sector*512, n)
	if err != nil {
		return Info{}, err
	}
	inner, err := parseVMDKText(text, capacity == 0)
	if err != nil {
		return Info{}, err
	}
	info.Backing, info.BackingFormat = inner.Backing, inner.BackingFormat
	if capacity == 0 {
		info.Extents, info.VirtualSize = inner.Extents, inner.VirtualSize
	}
	return info, nil
}

// parseVMDKText reads extent lines, `RW 4192256 SPARSE "disk-s001.vmdk"`, and the parent.
func parseVMDKText(text []byte, withExtents bool) (Info, error) {
	if i := bytes.IndexByte(text, 0); i >= 0 {
		text = text[:i]
	}
	var info Info
	var sectors uint64
	parent, cid := "", vmdkNoParent
	for _, line := range strings.Split(string(text), "\n") {
		line = strings.TrimSpace(line)
		if v, ok := strings.CutPrefix(line, "parentCID="); ok {
			cid = strings.ToLower(strings.TrimSpace(v))
			continue
		}
		if v, ok := strings.CutPrefix(line, "parentFileNameHint="); ok {
			parent = strings.Trim(v, `"`)
			continue
		}
		n, name, ok, err := vmdkExtent(line)
		if err != nil {
			return Info{}, err
		}
		if !ok || !withExtents {
			continue
		}
		if sectors += n; sectors > math.MaxInt64/512 || n > math.MaxInt64/512 {
			return Info{}, errors.New("virtual size is too large")
		}
		if name != "" {
			info.Extents = append(info.Extents, name)
		}
	}
	info.VirtualSize = int64(sectors) * 512
	// The hint alone is enough for QEMU, whatever parentCID says.
	if parent != "" || cid != vmdkNoParent {
		info.Backing, info.BackingFormat = parent, string(VMDK)
		if parent == "" {
			return Info{}, fmt.Errorf("the image has a parent (CID %q) but does not name it", cid)
		}
	}
	return info, nil
}

// vmdkExtent reads one extent line; name is empty for a hole (type ZERO).
func vmdkExtent(line string) (sectors uint64, name string, ok bool, err error) {
	access, rest, _ := strings.Cut(line, " ")
	if access != "RW" && access != "RDONLY" && access != "NOACCESS" {
		return 0, "", false, nil
	}
	var kind string
	if n, _ := fmt.Sscanf(rest, "%d %s", &sectors, &kind); n != 2 {
		return 0, "", false, fmt.Errorf("extent line %.80q is not valid", line)
	}
	_, quoted, found := strings.Cut(rest, `"`)
	if !found {
		return sectors, "", true, nil
	}
	name, _, found = strings.Cut(quoted, `"`)
	if !found || name == "" {
		return 0, "", false, fmt.Errorf("extent line %.80q is not valid", line)
	}
	return sectors, name, true, nil
}
