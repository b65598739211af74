package lvm2

import (
	"slices"
	"strings"
)

// Group is a volume group all of which is plain, with all its physical volumes
// there.
type Group struct {
	Name, UUID string
	Volumes    []Volume // in the order of the metadata, in which lvm activates them
}

// Volume is a logical volume.
type Volume struct {
	Name, UUID string
	ReadOnly   bool
	Segments   []Segment
}

// Segment is a run of a logical volume's sectors. Those of one volume follow
// upon each other.
type Segment struct {
	Start, Sectors uint64
	Chunk          uint64 // sectors that lie on a stripe in one piece; 0 when there is one stripe
	Stripes        []Stripe
}

// Stripe is where a segment, or an equal part of it, begins.
type Stripe struct {
	PV     *PV
	Sector uint64
}

// Volumes lists the logical volumes of groups as VG/LV, sorted.
func Volumes(groups []Group) []string {
	list := []string{}
	for _, g := range groups {
		for _, v := range g.Volumes {
			list = append(list, g.Name+"/"+v.Name)
		}
	}
	slices.Sort(list)
	return list
}

// Groups reads the groups on physical volumes. All physical volumes there are
// must be given. An error means that at least one group is not plain.
func Groups(pvs []*PV) ([]Group, error) {
	r := &reader{present: map[string]*PV{}, owner: map[string]string{}}
	for _, pv := range pvs {
		if r.present[pv.UUID] != nil {
			return nil, notPlain("two physical volumes have the UUID %s", pv.UUID)
		}
		r.present[pv.UUID] = pv
	}
	groups := []Group{}
	texts := map[string]string{}
	ids := map[string]bool{}
	for _, pv := range pvs {
		if pv.Metadata == "" {
			continue // of no group, or one whose metadata is elsewhere
		}
		name, s, err := groupOf(pv)
		if err != nil {
			return nil, err
		}
		if old, known := texts[name]; known {
			if old != pv.Metadata {
				return nil, notPlain("group %s is in two minds", name)
			}
			continue
		}
		texts[name] = pv.Metadata
		g, err := r.group(name, s)
		if err != nil {
			return nil, err
		}
		if ids[g.UUID] {
			return nil, notPlain("two groups have the UUID %s", g.UUID)
		}
		ids[g.UUID] = true
		groups = append(groups, *g)
	}
	return groups, r.leftovers(pvs, texts)
}

// leftovers looks for physical volumes whose metadata and whose group disagree:
// they were taken out of one group while a device was away.
func (r *reader) leftovers(pvs []*PV, texts map[string]string) error {
	for _, pv := range pvs {
		if pv.areas > 0 && pv.Metadata != texts[r.owner[pv.UUID]] {
			return notPlain("physical volume %s belongs to another group than it says", pv.UUID)
		}
	}
	return nil
}

const (
	nameMax = 127
	letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
)

// consists tells whether a text has nothing but the given characters. Regular
// expressions would be shorter, but their code is slow when it runs for the
// first time in an emulated processor.
func consists(text, of string) bool { return strings.Trim(text, of) == "" }

func isName(s string) bool {
	return s != "" && s != "." && s != ".." && len(s) <= nameMax && s[0] != '-' && consists(s, letters+"+_.-")
}

// idParts are the lengths of the parts of a UUID, between which are hyphens.
var idParts = [...]int{6, 4, 4, 4, 4, 4, 6}

// id returns the UUID of something, without its hyphens.
func (s *section) id() (string, error) {
	parts := strings.Split(s.value("id"), "-")
	if len(parts) != len(idParts) {
		return "", notPlain("metadata: %q is no UUID", s.value("id"))
	}
	for i, part := range parts {
		if len(part) != idParts[i] || !consists(part, letters) {
			return "", notPlain("metadata: %q is no UUID", s.value("id"))
		}
	}
	return strings.Join(parts, ""), nil
}

// groupOf returns the one group in a physical volume's metadata.
func groupOf(pv *PV) (string, *section, error) {
	root, err := parseConfig(pv.Metadata)
	if err != nil {
		return "", nil, err
	}
	if len(root.names) != 1 {
		return "", nil, notPlain("%d groups on one physical volume", len(root.names))
	}
	if name := root.names[0]; isName(name) {
		return name, root.sections[name], nil
	}
	return "", nil, notPlain("group has no name")
}
