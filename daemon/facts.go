package daemon

import "virt-tools/internal/facts"

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
		var err error
		text, err = facts.Read(guestTree{}, sys).Encode()
		return err
	})
	return text, err
}
