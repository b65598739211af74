package kmod

import (
	"bytes"
	"debug/elf"
	"errors"
	"fmt"
	"path"
	"strings"

	"virt-tools/internal/decompress"
)

// Module is one module, uncompressed.
type Module struct {
	Name    string
	Data    []byte
	Needs   []string // everything to load before it, in order
	Aliases []string // what it answers to: file system types, algorithms, devices
	direct  []string // depends= of .modinfo
	soft    []string // softdep= of .modinfo, the modules to load before it where they exist
}

// load reads a module, once.
func (x *Index) load(name string) (*Module, error) {
	if m := x.loaded[name]; m != nil {
		return m, nil
	}
	file := path.Join(x.dir, x.files[name])
	data, err := x.set.ReadFile(file, maxModule)
	if err != nil {
		return nil, fmt.Errorf("module %s: %w", name, err)
	}
	if decompress.Format(data) != "" {
		if data, err = decompress.All(data, maxModule); err != nil {
			return nil, fmt.Errorf("module %s: %s: %w", name, file, err)
		}
	}
	m := &Module{Name: name, Data: data}
	if err := m.readInfo(); err != nil {
		return nil, fmt.Errorf("module %s: %s: %w", name, file, err)
	}
	x.loaded[name] = m
	return m, nil
}

// readInfo reads the section .modinfo: texts "key=value", each ended by a zero byte.
func (m *Module) readInfo() error {
	f, err := elf.NewFile(bytes.NewReader(m.Data))
	if err != nil {
		return err
	}
	section := f.Section(".modinfo")
	if section == nil {
		return errors.New("no section .modinfo")
	}
	info, err := section.Data()
	if err != nil {
		return err
	}
	for entry := range strings.SplitSeq(string(info), "\x00") {
		key, value, _ := strings.Cut(entry, "=")
		switch key {
		case "depends":
			for name := range strings.SplitSeq(value, ",") {
				if name != "" {
					m.direct = append(m.direct, Name(name))
				}
			}
		case "alias":
			m.Aliases = append(m.Aliases, value)
		case "softdep":
			m.soft = append(m.soft, before(value)...)
		}
	}
	return nil
}

// before returns the modules that a softdep wants loaded first: "pre: a b post: c" is a and b.
func before(softdep string) []string {
	var names []string
	pre := false
	for _, word := range strings.Fields(softdep) {
		switch word {
		case "pre:":
			pre = true
		case "post:":
			pre = false
		default:
			if pre {
				names = append(names, Name(word))
			}
		}
	}
	return names
}
