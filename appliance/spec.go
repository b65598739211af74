package appliance

import (
	"bytes"
	_ "embed"
	"fmt"
	"path"

	"gopkg.in/yaml.v3"
)

//go:embed appliance.yaml
var specText []byte

// spec is appliance.yaml.
type spec struct {
	Modules struct {
		Boot   []bootModule
		Demand []demandModules
	}
	Programs  []program
	Libraries []library
	Files     []file
}

type bootModule struct{ Name, Why string }

type demandModules struct {
	Names []string
	Why   string
}

// program is one program of the host. Add, its cost, is for those who read the file.
type program struct {
	Name, Feature, Package, Why, Add string
	Required                         bool
	As                               []string // further names, links to it
}

type library struct{ Name, Why string }

// file is a file of our own: a text, a link, or the host's file of the same path.
type file struct {
	Path, Text, Link, Why string
	Host                  bool
}

// parseSpec reads and checks a spec. Unknown keys are errors: they are mostly misspelt known ones.
func parseSpec(text []byte) (*spec, error) {
	var s spec
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(&s); err != nil {
		return nil, fmt.Errorf("appliance.yaml: %w", err)
	}
	seen := map[string]bool{}
	once := func(kind, name, why string) error {
		switch {
		case name == "":
			return fmt.Errorf("appliance.yaml: %s without a name", kind)
		case why == "":
			return fmt.Errorf("appliance.yaml: %s %s without a why", kind, name)
		case seen[kind+name]:
			return fmt.Errorf("appliance.yaml: %s %s twice", kind, name)
		}
		seen[kind+name] = true
		return nil
	}
	for _, m := range s.Modules.Boot {
		if err := once("module", m.Name, m.Why); err != nil {
			return nil, err
		}
	}
	for _, g := range s.Modules.Demand {
		for _, name := range g.Names {
			if err := once("module", name, g.Why); err != nil {
				return nil, err
			}
		}
	}
	for _, p := range s.Programs {
		if p.Feature == "" || p.Package == "" {
			return nil, fmt.Errorf("appliance.yaml: program %s without a feature or a package", p.Name)
		}
		for _, name := range append(p.As, p.Name) {
			if err := once("program", name, p.Why); err != nil {
				return nil, err
			}
		}
	}
	for _, l := range s.Libraries {
		if err := once("library", l.Name, l.Why); err != nil {
			return nil, err
		}
	}
	for _, f := range s.Files {
		if err := once("file", f.Path, f.Why); err != nil {
			return nil, err
		}
		if !path.IsAbs(f.Path) {
			return nil, fmt.Errorf("appliance.yaml: file %s is not an absolute path", f.Path)
		}
	}
	return &s, nil
}
