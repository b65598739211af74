package lvm2

import (
	"regexp"
	"slices"
	"strings"
)

// Volumes lists the logical volumes on physical volumes as VG/LV, sorted. All
// physical volumes there are must be given.
func Volumes(pvs []*PV) ([]string, error) {
	present := map[string]bool{}
	for _, pv := range pvs {
		if present[pv.UUID] {
			return nil, notPlain("two physical volumes have the UUID %s", pv.UUID)
		}
		present[pv.UUID] = true
	}
	list := []string{}
	texts := map[string]string{}
	for _, pv := range pvs {
		if pv.Metadata == "" {
			continue // of no group, or one whose metadata is elsewhere
		}
		name, vg, err := groupOf(pv)
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
		volumes, err := vg.volumes(present)
		if err != nil {
			return nil, err
		}
		for _, lv := range volumes {
			list = append(list, name+"/"+lv)
		}
	}
	slices.Sort(list)
	return list, nil
}

type group struct{ *section }

var nameForm = regexp.MustCompile(`^[a-zA-Z0-9+_.][a-zA-Z0-9+_.-]*$`)

// groupOf returns the one group in a physical volume's metadata.
func groupOf(pv *PV) (string, group, error) {
	root, err := parseConfig(pv.Metadata)
	if err != nil {
		return "", group{}, err
	}
	if len(root.sections) != 1 {
		return "", group{}, notPlain("%d groups on one physical volume", len(root.sections))
	}
	for name, s := range root.sections {
		if nameForm.MatchString(name) {
			return name, group{s}, nil
		}
	}
	return "", group{}, notPlain("group has no name")
}

// only tells whether a list has nothing but what is allowed.
func only(list []string, allowed ...string) bool {
	return !slices.ContainsFunc(list, func(s string) bool { return !slices.Contains(allowed, s) })
}

// volumes lists a group's volumes when all of it is plain and no physical
// volume is missing.
func (g group) volumes(present map[string]bool) ([]string, error) {
	if !only(g.values["status"], "RESIZEABLE", "READ", "WRITE") || len(g.values["flags"]) > 0 ||
		g.value("system_id") != "" || g.value("lock_type") != "" || g.value("format") != "lvm2" {
		return nil, notPlain("group of a special kind")
	}
	pvs := g.sections["physical_volumes"]
	if pvs == nil {
		return nil, notPlain("group without physical volumes")
	}
	for name, pv := range pvs.sections {
		id := strings.ReplaceAll(pv.value("id"), "-", "")
		if !present[id] || !only(pv.values["status"], "ALLOCATABLE") || len(pv.values["flags"]) > 0 {
			return nil, notPlain("physical volume %s is missing or of a special kind", name)
		}
	}
	lvs := g.sections["logical_volumes"]
	if lvs == nil {
		return nil, nil
	}
	list := []string{}
	for name, lv := range lvs.sections {
		if !nameForm.MatchString(name) || !isPlain(lv) {
			return nil, notPlain("logical volume %s is of a special kind", name)
		}
		list = append(list, name)
	}
	return list, nil
}

// isPlain tells whether a volume is what its users see and linear or striped.
func isPlain(lv *section) bool {
	status := lv.values["status"]
	if !only(status, "READ", "WRITE", "VISIBLE") || !slices.Contains(status, "VISIBLE") || len(lv.values["flags"]) > 0 || len(lv.sections) == 0 {
		return false
	}
	for _, segment := range lv.sections {
		if segment.value("type") != "striped" {
			return false
		}
	}
	return true
}
