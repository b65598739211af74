package image

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
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
	vmdkEmbeddedMax = 20 * 512
	vmdkNoParent    = "ffffffff"
	vmdkParent      = "parentFileNameHint" // then =" and the name
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
	sector := binary.LittleEndian.Uint64(h[28:])
	if sector == 0 {
		return info, nil
	}
	// The header's own length of the text is not what QEMU goes by.
	n := uint64(vmdkEmbeddedMax)
	if capacity == 0 {
		n = vmdkTextMax
	}
	if sector > math.MaxInt64/512 {
		return Info{}, errors.New("descriptor is outside of the file")
	}
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
// It must find every name that QEMU would find, so it is as generous with white space.
func parseVMDKText(text []byte, needExtents bool) (Info, error) {
	if i := bytes.IndexByte(text, 0); i >= 0 {
		text = text[:i]
	}
	var info Info
	var sectors uint64
	cid := vmdkNoParent
	for _, line := range strings.Split(string(text), "\n") {
		line = strings.TrimSpace(line)
		if v, ok := strings.CutPrefix(line, "parentCID="); ok {
			cid = strings.ToLower(strings.TrimSpace(v))
			continue
		}
		n, name, ok, err := vmdkExtent(line)
		if err != nil {
			return Info{}, err
		}
		if !ok || !needExtents {
			continue
		}
		if n > math.MaxInt64/512 || sectors+n > math.MaxInt64/512 {
			return Info{}, errors.New("virtual size is too large")
		}
		sectors += n
		if name != "" {
			info.Extents = append(info.Extents, name)
		}
	}
	info.VirtualSize = int64(sectors) * 512
	// The hint alone makes a parent for QEMU, wherever it stands.
	if _, rest, ok := strings.Cut(string(text), vmdkParent); ok && len(rest) > 2 {
		info.Backing, _, _ = strings.Cut(rest[2:], `"`)
		info.BackingFormat = string(VMDK)
	}
	if needExtents && info.Extents == nil && info.Backing == "" {
		return Info{}, errors.New("descriptor without extents")
	}
	if cid != vmdkNoParent && info.Backing == "" {
		return Info{}, fmt.Errorf("the image has a parent (CID %.20q) but does not name it", cid)
	}
	return info, nil
}

// vmdkExtent reads one extent line; name is empty for a hole (type ZERO).
func vmdkExtent(line string) (sectors uint64, name string, ok bool, err error) {
	words := strings.Fields(line)
	if len(words) == 0 || words[0] != "RW" && words[0] != "RDONLY" && words[0] != "NOACCESS" {
		return 0, "", false, nil
	}
	bad := fmt.Errorf("extent line %.80q is not valid", line)
	if len(words) < 3 {
		return 0, "", false, bad
	}
	if sectors, err = strconv.ParseUint(words[1], 10, 63); err != nil {
		return 0, "", false, bad
	}
	_, quoted, found := strings.Cut(line, `"`)
	if !found {
		return sectors, "", true, nil
	}
	name, _, found = strings.Cut(quoted, `"`)
	if !found || name == "" {
		return 0, "", false, bad
	}
	return sectors, name, true, nil
}
