package appliance

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"

	"virt-tools/appliance/internal/inputs"
	"virt-tools/appliance/internal/sharedlib"
)

// programDirs are where programs of the host are looked for. Not $PATH: a user's and cron's differ, and the appliance
// shall not.
var programDirs = []string{"/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/local/sbin", "/usr/local/bin", "/run/current-system/sw/bin"}

// writeInitrd writes the initramfs.
func (b *builder) writeInitrd(ctx context.Context, w io.Writer, k *kernel) error {
	s, err := parseSpec(b.spec)
	if err != nil {
		return err
	}
	t, err := newTree(b.set)
	if err != nil {
		return err
	}
	if err := b.addDaemon(t); err != nil {
		return err
	}
	if err := addModules(t, s, k); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	inside := contents{Version: k.version, Kernel: k.image, Programs: []string{}, Missing: []string{}, Features: map[string]bool{}}
	if err := b.addPrograms(t, s, &inside); err != nil {
		return err
	}
	if err := b.addAugeas(t, &inside); err != nil {
		return err
	}
	if err := b.addFiles(t, s); err != nil {
		return err
	}
	text, err := json.Marshal(inside)
	if err != nil {
		return err
	}
	if err := t.addText(contentsName, 0o644, append(text, '\n')); err != nil {
		return err
	}
	return t.write(w)
}

// addDaemon adds the daemon as init. It makes the link by which the kernel calls it as modprobe when it is ready for that.
func (b *builder) addDaemon(t *tree) error {
	if b.request.daemon != "" { // noticed when it changes
		if _, _, err := b.own.Resolve(string(b.request.daemon)); err != nil {
			return withHint(fmt.Errorf("VIRT_TOOLS_GUESTFSD: %w", err), "run make build")
		}
	}
	data, err := b.request.daemon.read()
	if err != nil {
		return err
	}
	return t.addText("/init", 0o755, data)
}

// addPrograms adds the programs and libraries. Optional programs that are not there, or cannot be taken, are noted.
func (b *builder) addPrograms(t *tree, s *spec, inside *contents) error {
	libs, err := sharedlib.New(b.set)
	if err != nil {
		return err
	}
	for _, p := range s.Programs {
		if _, ok := inside.Features[p.Feature]; !ok {
			inside.Features[p.Feature] = true
		}
		where, err := findProgram(b.set, p.Name)
		if err == nil {
			err = libs.Add(where)
		}
		switch {
		case err != nil && p.Required:
			return withHint(fmt.Errorf("program %s: %w", p.Name, err), "install the package "+p.Package)
		case err != nil:
			b.log("left out of the appliance: %s of package %s (%v)", p.Name, p.Package, err)
			inside.Missing = append(inside.Missing, p.Name)
			inside.Features[p.Feature] = false
			continue
		}
		inside.Programs = append(inside.Programs, p.Name)
		for _, alias := range p.As {
			if err := t.addAlias(path.Join("/usr/sbin", alias), where); err != nil {
				return err
			}
		}
	}
	for _, l := range s.Libraries {
		if err := libs.AddLibrary(l.Name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("library %s: %w", l.Name, err)
		}
	}
	for _, file := range libs.Files() {
		if err := t.addHost(file); err != nil {
			return err
		}
	}
	for _, link := range slices.Sorted(maps.Keys(libs.Links())) {
		if err := t.addAlias(link, libs.Links()[link]); err != nil {
			return err
		}
	}
	return nil
}

// findProgram returns the path of a program of the host.
func findProgram(set *inputs.Set, name string) (string, error) {
	for _, dir := range programDirs {
		file := path.Join(dir, name)
		_, _, err := set.Resolve(file)
		if err == nil {
			return file, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
	}
	return "", fs.ErrNotExist
}

// addFiles adds the configuration that programs read.
func (b *builder) addFiles(t *tree, s *spec) error {
	for _, f := range s.Files {
		var err error
		switch {
		case f.Link != "":
			err = t.add(f.Path, linkTo(f.Link))
		case f.Host:
			if _, _, missing := b.set.Resolve(f.Path); missing == nil {
				err = t.addHost(f.Path)
			}
		default:
			err = t.addText(f.Path, 0o644, []byte(f.Text))
		}
		if err != nil {
			return err
		}
	}
	return nil
}
