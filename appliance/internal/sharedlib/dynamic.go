package sharedlib

import (
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"virt-tools/appliance/internal/inputs"
)

const (
	maxInterp  = 4096
	maxConf    = 1 << 20
	maxInclude = 8 // ld.so.conf including itself
)

// readDynamic reads the interpreter and the dynamic section. A static program has neither.
func (o *object) readDynamic(e *elf.File) error {
	for _, p := range e.Progs {
		if p.Type != elf.PT_INTERP {
			continue
		}
		if p.Filesz == 0 || p.Filesz > maxInterp {
			return fmt.Errorf("an interpreter name of %d bytes", p.Filesz)
		}
		name := make([]byte, p.Filesz)
		if _, err := io.ReadFull(p.Open(), name); err != nil {
			return err
		}
		o.interp = strings.TrimRight(string(name), "\x00")
	}
	var err error
	if o.needed, err = e.DynString(elf.DT_NEEDED); err != nil {
		return err
	}
	if o.rpath, err = o.dirs(e, elf.DT_RPATH); err != nil {
		return err
	}
	o.runpath, err = o.dirs(e, elf.DT_RUNPATH)
	return err
}

// dirs returns the directories of DT_RPATH or DT_RUNPATH with $ORIGIN replaced. Relative ones, which the loader takes
// from the current directory, and other variables are left out.
func (o *object) dirs(e *elf.File, tag elf.DynTag) ([]string, error) {
	lists, err := e.DynString(tag)
	if err != nil {
		return nil, err
	}
	var dirs []string
	for _, list := range lists {
		for dir := range strings.SplitSeq(list, ":") {
			dir = strings.ReplaceAll(dir, "${ORIGIN}", o.dir)
			dir = strings.ReplaceAll(dir, "$ORIGIN", o.dir)
			if path.IsAbs(dir) && !strings.Contains(dir, "$") {
				dirs = append(dirs, path.Clean(dir))
			}
		}
	}
	return dirs, nil
}

// readConf returns the directories that a configuration of ldconfig names, in order.
func readConf(set *inputs.Set, file string, depth int) ([]string, error) {
	if depth > maxInclude {
		return nil, fmt.Errorf("%s: included too deeply", file)
	}
	if _, err := set.Lstat(file); err != nil {
		return nil, nil // none is fine: there are the built-in directories
	}
	data, err := set.ReadFile(file, maxConf)
	if err != nil {
		return nil, err
	}
	var dirs []string
	for line := range strings.Lines(string(data)) {
		line, _, _ = strings.Cut(line, "#")
		words := strings.Fields(line)
		switch {
		case len(words) == 0 || words[0] == "hwcap":
		case words[0] == "include":
			for _, pattern := range words[1:] {
				more, err := readIncluded(set, file, pattern, depth)
				if err != nil {
					return nil, err
				}
				dirs = append(dirs, more...)
			}
		case path.IsAbs(words[0]):
			dirs = append(dirs, path.Clean(words[0]))
		}
	}
	return dirs, nil
}

func readIncluded(set *inputs.Set, from, pattern string, depth int) ([]string, error) {
	if !path.IsAbs(pattern) {
		pattern = path.Join(path.Dir(from), pattern)
	}
	if strings.ContainsAny(path.Dir(pattern), "*?[") {
		return nil, errors.New(from + ": include with a pattern in a directory name")
	}
	names, err := set.Names(path.Dir(pattern))
	if err != nil {
		return nil, err
	}
	var dirs []string
	for _, name := range names {
		if ok, err := path.Match(path.Base(pattern), name); err != nil || !ok {
			continue
		}
		more, err := readConf(set, path.Join(path.Dir(pattern), name), depth+1)
		if err != nil {
			return nil, err
		}
		dirs = append(dirs, more...)
	}
	return dirs, nil
}
