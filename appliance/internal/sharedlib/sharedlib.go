// Package sharedlib finds the shared libraries that programs need, without running the programs or their loader.
//
//	r, err := sharedlib.New(set)
//	err = r.Add("/usr/sbin/lvm")
//	for _, file := range r.Files() { ... }       // lvm itself, its loader, every library
//
// It looks where the loader of glibc looks, in its order (ld.so(8)): DT_RPATH of a file and of those that asked for it,
// DT_RUNPATH, the directories of /etc/ld.so.conf, the built-in ones. The appliance has no ld.so.cache; a library found
// only through ld.so.conf therefore gets a link beside the C library. Variants for newer processors (glibc-hwcaps) are
// not taken: the appliance's processor may be an emulated one. What a program opens by itself (dlopen) cannot be
// seen here and is listed in appliance.yaml.
package sharedlib

import (
	"debug/elf"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"virt-tools/appliance/internal/inputs"
)

// ErrScript is returned for a program that is a script: its interpreter and what that runs cannot be told from the file.
var ErrScript = errors.New("a script, not an executable")

// builtin are the directories that loaders know by themselves: Debian's, and those of the systems with lib64.
var builtin = []string{
	"/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu", "/lib64", "/usr/lib64", "/lib", "/usr/lib",
}

// Resolver collects files. It is not safe for use from several goroutines.
type Resolver struct {
	set   *inputs.Set
	conf  []string // directories of ld.so.conf
	files map[string]bool
	links map[string]string
	known map[string]*object
}

// object is what the loader reads of one file.
type object struct {
	dir            string // without links: $ORIGIN
	interp         string
	needed         []string
	rpath, runpath []string
}

// New returns a Resolver for the host's own architecture.
func New(set *inputs.Set) (*Resolver, error) {
	conf, err := readConf(set, "/etc/ld.so.conf", 0)
	if err != nil {
		return nil, err
	}
	return &Resolver{set: set, conf: conf, files: map[string]bool{}, links: map[string]string{}, known: map[string]*object{}}, nil
}

// Files returns the paths of everything added, sorted. They may lead through symbolic links.
func (r *Resolver) Files() []string {
	files := make([]string, 0, len(r.files))
	for f := range r.files {
		files = append(files, f)
	}
	slices.Sort(files)
	return files
}

// Links returns links to make, path to target, for libraries that the loader finds on the host only by its cache.
func (r *Resolver) Links() map[string]string { return r.links }

// Add adds a program or library and all it needs. When something is missing nothing is added.
func (r *Resolver) Add(file string) error {
	program, err := r.read(file)
	if err != nil {
		return err
	}
	found := map[string]string{} // needed name to file, for this program
	type step struct {
		object  *object
		name    string   // of the object, for messages
		inherit []string // DT_RPATH of those that asked for it
	}
	queue := []step{{program, file, nil}}
	for len(queue) > 0 {
		s := queue[0]
		queue = queue[1:]
		inherit := s.inherit
		if len(s.object.runpath) == 0 {
			inherit = slices.Concat(s.object.rpath, s.inherit)
		}
		for _, name := range s.object.needed {
			if found[name] != "" {
				continue
			}
			lib, object, err := r.find(name, s.object, inherit)
			if err != nil {
				return fmt.Errorf("%s needs %s: %w", s.name, name, err)
			}
			found[name] = lib
			queue = append(queue, step{object, lib, inherit})
		}
	}
	r.files[file] = true
	if program.interp != "" {
		r.files[program.interp] = true
	}
	for name, lib := range found {
		r.files[lib] = true
		if dir := path.Dir(lib); slices.Contains(r.conf, dir) && !slices.Contains(builtin, dir) && found["libc.so.6"] != "" {
			r.links[path.Join(path.Dir(found["libc.so.6"]), name)] = lib
		}
	}
	return nil
}

// find looks a library up as the loader would for the object that needs it.
func (r *Resolver) find(name string, from *object, rpath []string) (string, *object, error) {
	if strings.Contains(name, "/") {
		o, err := r.read(name)
		return name, o, err
	}
	var dirs []string
	if len(from.runpath) == 0 {
		dirs = append(dirs, rpath...)
	}
	dirs = slices.Concat(dirs, from.runpath, r.conf, builtin)
	for _, dir := range dirs {
		file := path.Join(dir, name)
		o, err := r.read(file)
		if err == nil {
			return file, o, nil
		}
		if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, errForeign) {
			return "", nil, err
		}
	}
	return "", nil, fs.ErrNotExist
}

// errForeign is a library of another architecture, which the loader steps over.
var errForeign = errors.New("not a 64-bit x86 file")

// read reads what the loader needs of a file.
func (r *Resolver) read(file string) (*object, error) {
	real, _, err := r.set.Resolve(file)
	if err != nil {
		return nil, err
	}
	if o := r.known[real]; o != nil {
		return o, nil
	}
	f, err := r.set.Open(real)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var start [2]byte
	if _, err := f.ReadAt(start[:], 0); err == nil && string(start[:]) == "#!" {
		return nil, fmt.Errorf("%s: %w", file, ErrScript)
	}
	e, err := elf.NewFile(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if e.Machine != elf.EM_X86_64 || e.Class != elf.ELFCLASS64 {
		return nil, fmt.Errorf("%s: %w", file, errForeign)
	}
	o := &object{dir: path.Dir(real)}
	if err := o.readDynamic(e); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	r.known[real] = o
	return o, nil
}

// AddLibrary adds a library by its name, for one that programs open themselves.
func (r *Resolver) AddLibrary(name string) error {
	file, _, err := r.find(name, &object{}, nil)
	if err != nil {
		return err
	}
	return r.Add(file)
}
