package lvm2

import (
	"fmt"
	"slices"
	"strconv"
)

// These are what plain volumes may have. A size of its own for reading ahead is
// not here.
var (
	lvKeys      = []string{"id", "status", "flags", "tags", "creation_time", "creation_host", "allocation_policy", "segment_count"}
	segmentKeys = []string{"start_extent", "extent_count", "type", "tags", "stripe_count", "stripe_size", "stripes"}
)

func (l *layout) logicalVolumes(all *section) ([]Volume, error) {
	if len(all.values) > 0 {
		return nil, notPlain("something among the logical volumes is none")
	}
	var list []Volume
	ids := map[string]bool{}
	for _, name := range all.names {
		v, err := l.logicalVolume(name, all.sections[name])
		if err != nil {
			return nil, err
		}
		if ids[v.UUID] {
			return nil, notPlain("two volumes have the UUID %s", v.UUID)
		}
		ids[v.UUID] = true
		list = append(list, *v)
	}
	return list, nil
}

// logicalVolume takes a volume that is what its users see, and linear or
// striped.
func (l *layout) logicalVolume(name string, s *section) (*Volume, error) {
	status := s.values["status"]
	count, err := s.number("segment_count", uint64(len(s.names)))
	if err != nil {
		return nil, err
	}
	if !isName(name) || !s.has(lvKeys, s.names) || !only(status, "READ", "WRITE", "VISIBLE") || !slices.Contains(status, "VISIBLE") ||
		!slices.Contains(status, "READ") || len(s.values["flags"]) > 0 || count == 0 || int(count) != len(s.names) {
		return nil, notPlain("logical volume %s is of a special kind", name)
	}
	id, err := s.id()
	if err != nil {
		return nil, err
	}
	v := &Volume{Name: name, UUID: id, ReadOnly: !slices.Contains(status, "WRITE")}
	next := uint64(0)
	for i := range s.names {
		segment := s.sections[fmt.Sprintf("segment%d", i+1)]
		if segment == nil {
			return nil, notPlain("logical volume %s lacks segment %d", name, i+1)
		}
		length, err := l.segment(v, segment, next)
		if err != nil {
			return nil, fmt.Errorf("logical volume %s: %w", name, err)
		}
		next += length
	}
	return v, nil
}

// segment adds a segment to a volume and returns its length in extents.
func (l *layout) segment(v *Volume, s *section, first uint64) (uint64, error) {
	if s.value("type") != "striped" || !s.has(segmentKeys, nil) {
		return 0, notPlain("segment of a special kind")
	}
	start, err := s.number("start_extent", extentsMax)
	if err != nil || start != first {
		return 0, notPlain("segment that does not follow upon the one before")
	}
	count, err := s.number("extent_count", extentsMax-first)
	if err != nil {
		return 0, err
	}
	stripes := s.values["stripes"]
	n, err := s.number("stripe_count", uint64(len(stripes)/2))
	if err != nil {
		return 0, err
	}
	if count == 0 || n == 0 || len(stripes) != 2*int(n) || count%n != 0 {
		return 0, notPlain("%d extents on %d stripes", count, n)
	}
	segment := Segment{Start: start * l.extent, Sectors: count * l.extent}
	if segment.Start+segment.Sectors > sectorMax {
		return 0, notPlain("volume is too large")
	}
	if n > 1 {
		segment.Chunk, err = s.number("stripe_size", l.extent)
		if err != nil || segment.Chunk < chunkMin || segment.Chunk > chunkMax || n > stripesMax || segment.Chunk&(segment.Chunk-1) != 0 {
			return 0, notPlain("stripes of %d sectors", segment.Chunk)
		}
	} else if s.values["stripe_size"] != nil {
		return 0, notPlain("one stripe with a size")
	}
	for i := 0; i < len(stripes); i += 2 {
		stripe, err := l.stripe(stripes[i], stripes[i+1], count/n)
		if err != nil {
			return 0, err
		}
		segment.Stripes = append(segment.Stripes, stripe)
	}
	v.Segments = append(v.Segments, segment)
	return count, nil
}

const (
	chunkMin   = 8       // sectors: a page, which the kernel asks for
	chunkMax   = 1 << 15 // what is read ahead follows from it
	stripesMax = 128     // as in lvm
)

// stripe takes extents of a physical volume.
func (l *layout) stripe(name, first string, count uint64) (Stripe, error) {
	p := l.volumes[name]
	at, err := strconv.ParseUint(first, 10, 32)
	if p == nil || err != nil || at > p.extents || count > p.extents-at {
		return Stripe{}, notPlain("extents %s of %q are not there", first, name)
	}
	p.used = append(p.used, extents{at, count})
	return Stripe{p.pv, p.start + at*l.extent}, nil
}
