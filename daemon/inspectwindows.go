package daemon

import (
	"syscall"

	"virt-tools/internal/inspect"
	"virt-tools/internal/wire"
)

// windowsFact returns a fact that only Windows has.
func (c *Call) windowsFact(root mountable, what string, get func(*inspect.Windows) string) (string, error) {
	r, err := c.root(root)
	if err != nil {
		return "", err
	}
	if r.Windows != nil {
		if s := get(r.Windows); s != "" {
			return s, nil
		}
	}
	return "", withErrno(syscall.EINVAL, "%s: not a Windows system, or %s was not found", root, what)
}

func doInspectGetWindowsSystemroot(c *Call, root mountable) (string, error) {
	return c.windowsFact(root, "its systemroot", func(w *inspect.Windows) string { return w.Systemroot })
}

func doInspectGetWindowsSoftwareHive(c *Call, root mountable) (string, error) {
	return c.windowsFact(root, "its hive SOFTWARE", func(w *inspect.Windows) string { return w.SoftwareHive })
}

func doInspectGetWindowsSystemHive(c *Call, root mountable) (string, error) {
	return c.windowsFact(root, "its hive SYSTEM", func(w *inspect.Windows) string { return w.SystemHive })
}

func doInspectGetWindowsCurrentControlSet(c *Call, root mountable) (string, error) {
	return c.windowsFact(root, "its current control set", func(w *inspect.Windows) string { return w.CurrentControlSet })
}

func doInspectGetWindowsGroupPolicy(c *Call, root mountable) (bool, error) {
	r, err := c.root(root)
	if err != nil {
		return false, err
	}
	if r.Windows == nil || r.Windows.GroupPolicy == nil {
		return false, withErrno(syscall.EINVAL, "%s: not a Windows system, or its registry could not be read", root)
	}
	return *r.Windows.GroupPolicy, nil
}

func doInspectGetDriveMappings(c *Call, root mountable) ([]wire.Pair, error) {
	r, err := c.root(root)
	if err != nil {
		return nil, err
	}
	pairs := []wire.Pair{}
	for _, d := range r.Drives {
		pairs = append(pairs, wire.Pair{Key: d.Letter, Value: d.Device})
	}
	return pairs, nil
}
