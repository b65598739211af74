package daemon

import (
	"virt-tools/internal/inspect"
	"virt-tools/internal/wire"
)

// Rules of inspect_get_*:
//   - the answers are what inspect_os found, nothing is looked at again;
//   - what is not known is "unknown" or 0, except for the facts that only
//     Windows has: there it is an error.

// fact returns a text of what was found at a root.
func (c *Call) fact(root mountable, get func(*inspect.Root) string) (string, error) {
	r, err := c.root(root)
	if err != nil {
		return "", err
	}
	if s := get(r); s != "" {
		return s, nil
	}
	return "unknown", nil
}

func doInspectGetRoots(c *Call) ([]string, error) {
	list := []string{}
	if c.server.inspection != nil {
		for _, r := range c.server.inspection.roots {
			list = append(list, r.Device)
		}
	}
	return list, nil
}

func doInspectGetType(c *Call, root mountable) (string, error) {
	return c.fact(root, func(r *inspect.Root) string { return r.Type })
}

func doInspectGetDistro(c *Call, root mountable) (string, error) {
	return c.fact(root, func(r *inspect.Root) string { return r.Distro })
}

func doInspectGetPackageFormat(c *Call, root mountable) (string, error) {
	return c.fact(root, func(r *inspect.Root) string { return r.PackageFormat })
}

func doInspectGetPackageManagement(c *Call, root mountable) (string, error) {
	return c.fact(root, func(r *inspect.Root) string { return r.PackageManagement })
}

func doInspectGetProductName(c *Call, root mountable) (string, error) {
	return c.fact(root, func(r *inspect.Root) string { return r.ProductName })
}

func doInspectGetProductVariant(c *Call, root mountable) (string, error) {
	return c.fact(root, func(r *inspect.Root) string { return r.ProductVariant })
}

func doInspectGetArch(c *Call, root mountable) (string, error) {
	return c.fact(root, func(r *inspect.Root) string { return r.Arch })
}

func doInspectGetHostname(c *Call, root mountable) (string, error) {
	return c.fact(root, func(r *inspect.Root) string { return r.Hostname })
}

func doInspectGetBuildId(c *Call, root mountable) (string, error) {
	return c.fact(root, func(r *inspect.Root) string { return r.BuildID })
}

func doInspectGetMajorVersion(c *Call, root mountable) (int, error) {
	r, err := c.root(root)
	if err != nil {
		return 0, err
	}
	return r.Major, nil
}

func doInspectGetMinorVersion(c *Call, root mountable) (int, error) {
	r, err := c.root(root)
	if err != nil {
		return 0, err
	}
	return r.Minor, nil
}

// doInspectGetMountpoints returns the directories in the order of fstab.
func doInspectGetMountpoints(c *Call, root mountable) ([]wire.Pair, error) {
	r, err := c.root(root)
	if err != nil {
		return nil, err
	}
	pairs := []wire.Pair{}
	for _, m := range r.Mounts {
		if m.Dir != "" {
			pairs = append(pairs, wire.Pair{Key: m.Dir, Value: m.Device})
		}
	}
	return pairs, nil
}

func doInspectGetFilesystems(c *Call, root mountable) ([]string, error) {
	r, err := c.root(root)
	if err != nil {
		return nil, err
	}
	list := []string{}
	seen := map[string]bool{}
	for _, m := range r.Mounts {
		if !seen[m.Device] {
			seen[m.Device] = true
			list = append(list, m.Device)
		}
	}
	return list, nil
}

// Calls that libguestfs keeps for programs of the time when it knew installation
// media: everything is an installed system.

func doInspectGetFormat(c *Call, root mountable) (string, error) {
	_, err := c.root(root)
	return "installed", err
}

func doInspectIsLive(c *Call, root mountable) (bool, error) {
	_, err := c.root(root)
	return false, err
}

func doInspectIsNetinst(c *Call, root mountable) (bool, error) {
	_, err := c.root(root)
	return false, err
}

func doInspectIsMultipart(c *Call, root mountable) (bool, error) {
	_, err := c.root(root)
	return false, err
}
