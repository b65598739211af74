package lvm2

import (
	"cmp"
	"slices"
)

// reader reads groups: what the text says is taken only when nothing in it is
// unknown, all numbers fit and no two segments lie on the same extents.
type reader struct {
	present map[string]*PV
	owner   map[string]string // group of each physical volume
}

// These are what plain groups, and the physical volumes in them, may have.
// What makes a group exported, shared, clustered or another host's is not here.
var (
	groupKeys     = []string{"id", "seqno", "format", "status", "flags", "tags", "extent_size", "max_lv", "max_pv", "metadata_copies", "allocation_policy"}
	groupSections = []string{"physical_volumes", "logical_volumes"}
	pvKeys        = []string{"id", "device", "device_id", "device_id_type", "status", "flags", "tags", "dev_size", "pe_start", "pe_count"}
)

const (
	extentMax  = 1 << 32 // sectors in an extent
	extentsMax = 1 << 31 // of a volume
	sectorMax  = 1 << 54 // the last byte has a number that is no negative one
)

// physical is a physical volume as its group describes it.
type physical struct {
	pv      *PV
	start   uint64 // sector of the first extent
	extents uint64
	used    []extents
}

type extents struct{ first, count uint64 }

// layout is what the segments of a group's volumes refer to.
type layout struct {
	extent  uint64 // sectors
	volumes map[string]*physical
}

func (r *reader) group(name string, s *section) (*Group, error) {
	status := s.values["status"]
	if !s.has(groupKeys, groupSections) || !only(status, "RESIZEABLE", "READ", "WRITE") || !slices.Contains(status, "READ") ||
		!slices.Contains(status, "WRITE") || len(s.values["flags"]) > 0 || s.value("format") != "lvm2" {
		return nil, notPlain("group of a special kind")
	}
	id, err := s.id()
	if err != nil {
		return nil, err
	}
	extent, err := s.number("extent_size", extentMax)
	if err != nil || extent == 0 || extent&(extent-1) != 0 {
		return nil, notPlain("extents of %d sectors", extent)
	}
	l := &layout{extent: extent, volumes: map[string]*physical{}}
	if err := r.physicalVolumes(name, l, s.sections["physical_volumes"]); err != nil {
		return nil, err
	}
	g := &Group{Name: name, UUID: id}
	if lvs := s.sections["logical_volumes"]; lvs != nil {
		if g.Volumes, err = l.logicalVolumes(lvs); err != nil {
			return nil, err
		}
	}
	return g, l.overlaps()
}

// physicalVolumes notes where the extents of the group's physical volumes are.
func (r *reader) physicalVolumes(group string, l *layout, all *section) error {
	if all == nil || len(all.names) == 0 || len(all.values) > 0 {
		return notPlain("group without physical volumes")
	}
	for _, name := range all.names {
		s := all.sections[name]
		id, err := s.id()
		if err != nil {
			return err
		}
		pv := r.present[id]
		if pv == nil || !s.has(pvKeys, nil) || !only(s.values["status"], "ALLOCATABLE") || len(s.values["flags"]) > 0 {
			return notPlain("physical volume %s is missing or of a special kind", name)
		}
		if r.owner[id] != "" {
			return notPlain("physical volume %s is in a group twice, or in two", name)
		}
		r.owner[id] = group
		start, err := s.number("pe_start", sectorMax)
		if err != nil {
			return err
		}
		count, err := s.number("pe_count", extentsMax)
		if err != nil {
			return err
		}
		if start*sectorSize != pv.data || start > pv.sectors || count > (pv.sectors-start)/l.extent {
			return notPlain("physical volume %s has not the extents it should", name)
		}
		l.volumes[name] = &physical{pv: pv, start: start, extents: count}
	}
	return nil
}

// overlaps looks for extents that are used twice.
func (l *layout) overlaps() error {
	for name, p := range l.volumes {
		slices.SortFunc(p.used, func(a, b extents) int { return cmp.Compare(a.first, b.first) })
		for i, e := range p.used {
			if i > 0 && p.used[i-1].first+p.used[i-1].count > e.first {
				return notPlain("extent %d of %s is used twice", e.first, name)
			}
		}
	}
	return nil
}
