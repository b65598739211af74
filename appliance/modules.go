package appliance

import (
	"bytes"
	"fmt"
	"path"
	"strings"

	"virt-tools/appliance/internal/kmod"
)

const modulesDir = "/lib/modules"

// addModules adds the modules and the three lists the daemon loads them by: modules.list (name, file, what it needs),
// modules.boot (names to load at start) and modules.alias (pattern, name).
func addModules(t *tree, s *spec, k *kernel) error {
	index, err := kmod.Open(k.set, k.modules)
	if err != nil {
		return err
	}
	var boot, want []string
	for _, m := range s.Modules.Boot {
		boot = append(boot, kmod.Name(m.Name))
	}
	want = append(want, boot...)
	for _, group := range s.Modules.Demand {
		want = append(want, group.Names...)
	}
	mods, _, err := index.Closure(want)
	if err != nil {
		return err
	}
	unsigned := takesUnsigned(k)
	var list, alias, atBoot bytes.Buffer
	have := map[string]bool{}
	for _, m := range mods {
		have[m.Name] = true
		file := m.Name + ".ko"
		data := m.Data
		if unsigned {
			data = kmod.Unsigned(data)
		}
		if err := t.addText(path.Join(modulesDir, file), 0o644, data); err != nil {
			return err
		}
		fmt.Fprintf(&list, "%s %s %s\n", m.Name, file, strings.Join(m.Needs, ","))
		for _, a := range m.Aliases {
			if !strings.ContainsAny(a, " \t\n") {
				fmt.Fprintf(&alias, "%s %s\n", a, m.Name)
			}
		}
	}
	for _, name := range boot {
		if have[name] {
			fmt.Fprintln(&atBoot, name)
		}
	}
	for name, text := range map[string]*bytes.Buffer{"modules.list": &list, "modules.alias": &alias, "modules.boot": &atBoot} {
		if err := t.addText(path.Join(modulesDir, name), 0o644, text.Bytes()); err != nil {
			return err
		}
	}
	return nil
}
