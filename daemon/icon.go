package daemon

import (
	"io"
	"strings"

	"virt-tools/internal/icon"
)

// doInternalGetIcon sends the icon of a root that is mounted, or nothing.
func doInternalGetIcon(c *Call, root mountable, favicon, highquality bool, filename io.Writer) error {
	r, err := c.root(root)
	if err == nil {
		err = requireRoot()
	}
	if err != nil {
		return err
	}
	sys := icon.System{Type: r.Type, Distro: r.Distro, Major: r.Major, Minor: r.Minor}
	if r.Windows != nil {
		sys.Systemroot = strings.TrimPrefix(r.Windows.Systemroot, "/")
	}
	var png []byte
	var warnings []string
	if err := c.inGuest(func() error {
		png, warnings = icon.Find(guestTree{}, sys, icon.Options{Favicon: favicon, HighQuality: highquality})
		return nil
	}); err != nil {
		return err
	}
	for _, w := range warnings {
		c.warn("%s", w)
	}
	_, err = filename.Write(png)
	return err
}
