// Package kmod finds kernel modules, what they need, and what they answer to.
//
//	index, err := kmod.Open(set, "/lib/modules/6.1.0-18-amd64")
//	mods, missing, err := index.Closure([]string{"virtio_scsi", "ext4"})
//
// Where depmod has run, modules.dep says which file a module is and what it needs, as it does for modprobe. A kernel
// package that was unpacked but not installed has none: then the modules' own words count (.modinfo, depends=).
// Aliases always come from .modinfo, which is where modules.alias has them from. Names are written with underscores
// throughout, as the kernel does. Nothing is loaded here.
package kmod

import (
	"bufio"
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"virt-tools/appliance/internal/inputs"
)

const (
	maxIndex  = 64 << 20  // modules.dep; Debian's has 0.7 MB
	maxModule = 256 << 20 // one module, uncompressed
)

// Index knows the modules of one kernel. It is not safe for use from several goroutines.
type Index struct {
	set     *inputs.Set
	dir     string
	files   map[string]string   // name to path below dir
	needs   map[string][]string // name to all it needs, in load order; nil without modules.dep
	builtin map[string]bool
	loaded  map[string]*Module
}

// Open reads the index of the modules in dir.
func Open(set *inputs.Set, dir string) (*Index, error) {
	x := &Index{set: set, dir: dir, files: map[string]string{}, builtin: map[string]bool{}, loaded: map[string]*Module{}}
	if _, err := set.Lstat(path.Join(dir, "modules.builtin")); err == nil {
		data, err := set.ReadFile(path.Join(dir, "modules.builtin"), maxIndex)
		if err != nil {
			return nil, err
		}
		for line := range strings.Lines(string(data)) {
			x.builtin[Name(strings.TrimSpace(line))] = true
		}
	}
	if _, err := set.Lstat(path.Join(dir, "modules.dep")); err == nil {
		return x, x.readDep()
	}
	return x, x.scan()
}

// Has reports whether dir holds modules at all.
func Has(set *inputs.Set, dir string) bool {
	for _, name := range []string{"modules.dep", "kernel"} {
		if _, _, err := set.Resolve(path.Join(dir, name)); err == nil {
			return true
		}
	}
	return false
}

// Name returns the name of the module in a file: "kernel/fs/nls/nls_iso8859-1.ko.xz" is nls_iso8859_1.
func Name(file string) string {
	base, _, _ := strings.Cut(path.Base(file), ".ko")
	return strings.ReplaceAll(base, "-", "_")
}

// readDep reads modules.dep: a line is a file, a colon, and the files it needs, the first to load being the last.
func (x *Index) readDep() error {
	data, err := x.set.ReadFile(path.Join(x.dir, "modules.dep"), maxIndex)
	if err != nil {
		return err
	}
	x.needs = map[string][]string{}
	lines := bufio.NewScanner(bytes.NewReader(data))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		file, rest, ok := strings.Cut(lines.Text(), ":")
		if !ok || !safe(file) {
			return fmt.Errorf("%s/modules.dep: bad line %q", x.dir, lines.Text())
		}
		var needs []string
		for _, f := range strings.Fields(rest) {
			needs = append(needs, Name(f))
		}
		slices.Reverse(needs)
		x.files[Name(file)], x.needs[Name(file)] = file, needs
	}
	return lines.Err()
}

// scan looks for module files itself. Their directories are inputs, so that a later depmod is noticed by modules.dep.
func (x *Index) scan() error {
	root, _, err := x.set.Resolve(x.dir)
	if err != nil {
		return err
	}
	host := x.set.Host(root)
	return filepath.WalkDir(host, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.Type()&os.ModeSymlink != 0 || d.IsDir() || !strings.Contains(d.Name(), ".ko") {
			return nil
		}
		rel, err := filepath.Rel(host, file)
		if err != nil {
			return err
		}
		x.files[Name(rel)] = rel
		return nil
	})
}

// safe says whether a path of modules.dep stays below the directory; depmod may write absolute ones, which do not.
func safe(file string) bool { return filepath.IsLocal(file) }
