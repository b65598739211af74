package daemon

import (
	"io/fs"
	"slices"

	"virt-tools/internal/facts"
	"virt-tools/internal/inspect"
)

// doInspectFacts reads the configuration of a root that is mounted.
func doInspectFacts(c *Call, root mountable) (string, error) {
	r, err := c.root(root)
	if err == nil {
		err = requireRoot()
	}
	if err != nil {
		return "", err
	}
	sys := facts.System{Type: r.Type}
	if w := r.Windows; w != nil {
		sys.SystemHive, sys.SoftwareHive, sys.ControlSet = w.SystemHive, w.SoftwareHive, w.CurrentControlSet
	}
	text := ""
	err = c.inGuest(func() error {
		f, err := readFacts(guestTree{}, sys)
		if err == nil {
			text, err = f.Encode()
		}
		return err
	})
	return text, err
}

// readFacts reads those of a root, or of the deployment in it, which shares the
// boot loader and its kernels with others.
func readFacts(tree fs.FS, sys facts.System) (*facts.Facts, error) {
	f := facts.Read(tree, sys)
	dir := inspect.Deployment(tree)
	if dir == "" {
		return f, nil
	}
	sub, err := fs.Sub(tree, dir)
	if err != nil {
		return nil, err
	}
	inside := facts.Read(sub, sys)
	inside.Firmware, inside.BootLoaders = f.Firmware, f.BootLoaders
	for _, k := range f.Kernels {
		same := func(have facts.Kernel) bool { return have.Version == k.Version }
		if i := slices.IndexFunc(inside.Kernels, same); i >= 0 {
			inside.Kernels[i].Path, inside.Kernels[i].Initrd = k.Path, k.Initrd
		} else {
			inside.Kernels = append(inside.Kernels, k)
		}
	}
	return inside, nil
}
