package kmod

import (
	"fmt"
	"slices"
	"strings"
)

// Closure returns the wanted modules and all they need, sorted by name, and the wanted names that this kernel does not
// have. What is built into the kernel is in neither list.
//
// Modules that are only preferred (softdep) come along where they are named as files; an algorithm ("crypto-crc32c")
// has to be wanted by the name of its module.
func (x *Index) Closure(want []string) (mods []*Module, missing []string, err error) {
	seen := map[string]bool{}
	queue := slices.Clone(want)
	for i := 0; i < len(queue); i++ {
		name := Name(queue[i])
		if seen[name] || x.builtin[name] {
			continue
		}
		seen[name] = true
		if _, ok := x.files[name]; !ok {
			if i < len(want) {
				missing = append(missing, name)
			}
			continue
		}
		m, err := x.load(name)
		if err != nil {
			return nil, nil, err
		}
		if m.Needs, err = x.order(m); err != nil {
			return nil, nil, err
		}
		mods = append(mods, m)
		queue = append(append(queue, m.Needs...), m.soft...)
	}
	slices.SortFunc(mods, func(a, b *Module) int { return strings.Compare(a.Name, b.Name) })
	slices.Sort(missing)
	return mods, missing, nil
}

// order returns all that a module needs, each behind what it needs itself.
func (x *Index) order(m *Module) ([]string, error) {
	if x.needs != nil {
		var out []string
		for _, name := range x.needs[m.Name] {
			if x.builtin[name] {
				continue
			}
			if _, ok := x.files[name]; !ok {
				return nil, fmt.Errorf("module %s needs %s, which is not there", m.Name, name)
			}
			out = append(out, name)
		}
		return out, nil
	}
	var out []string
	on := map[string]bool{} // being visited: a circle ends in an error
	var visit func(m *Module) error
	visit = func(m *Module) error {
		if on[m.Name] {
			return fmt.Errorf("module %s needs itself", m.Name)
		}
		on[m.Name] = true
		defer delete(on, m.Name)
		for _, name := range m.direct {
			if x.builtin[name] || slices.Contains(out, name) {
				continue
			}
			if _, ok := x.files[name]; !ok {
				return fmt.Errorf("module %s needs %s, which is not there", m.Name, name)
			}
			dep, err := x.load(name)
			if err != nil {
				return err
			}
			if err := visit(dep); err != nil {
				return err
			}
			out = append(out, name)
		}
		return nil
	}
	return out, visit(m)
}
