package daemon

import (
	"io"
	"strings"
	"syscall"

	"virt-tools/internal/apps"
	"virt-tools/internal/inspect"
	"virt-tools/internal/wire"
)

// doInternalListApplications sends the applications of a root that is mounted,
// each as its length, 32 bits in big endian, and the structure application2 in
// XDR. They come in the order of the database: the library sorts them. So one
// of them at a time is in memory here, and no message has to hold all.
func doInternalListApplications(c *Call, root mountable, kind string, filename io.Writer) error {
	r, err := c.root(root)
	if err == nil {
		err = requireRoot()
	}
	if err != nil {
		return err
	}
	if !apps.Kind(kind).Known() {
		return withErrno(syscall.EINVAL, "%s: no kind of applications", kind)
	}
	sys := apps.System{Kind: apps.Kind(kind), Format: r.PackageFormat}
	if r.Windows != nil {
		sys.SoftwareHive = strings.TrimPrefix(r.Windows.SoftwareHive, "/")
	}
	return c.applications(sys, func(a *wire.Application2) error {
		var body, e wire.Encoder
		a.Encode(&body)
		e.Uint32(uint32(len(body.Bytes())))
		if _, err := filename.Write(e.Bytes()); err != nil {
			return err
		}
		_, err := filename.Write(body.Bytes())
		return err
	})
}

// doInternalListRpmApplications is what libguestfs's library asks for. All
// packages must fit into one message.
func doInternalListRpmApplications(c *Call) ([]wire.Application2, error) {
	if err := requireRoot(); err != nil {
		return nil, err
	}
	return c.rpmApplications()
}

func (c *Call) rpmApplications() ([]wire.Application2, error) {
	list, size := []wire.Application2{}, messageBudget{}
	err := c.applications(apps.System{Kind: apps.Packages, Format: "rpm"}, func(a *wire.Application2) error {
		list = append(list, *a)
		var e wire.Encoder
		a.Encode(&e)
		return size.add(len(e.Bytes()))
	})
	return list, err
}

// applications gives those of the mounted guest to fn. What could not be read
// is a warning.
func (c *Call) applications(sys apps.System, fn func(*wire.Application2) error) error {
	return c.inGuest(func() error {
		for a := range apps.Each(inspect.Tree(guestTree{}), sys, func(w string) { c.warn("%s", w) }) {
			if err := c.Err(); err != nil {
				return err
			}
			err := fn(&wire.Application2{
				App2Name: a.Name, App2DisplayName: a.DisplayName, App2Epoch: a.Epoch, App2Version: a.Version, App2Release: a.Release,
				App2Arch: a.Arch, App2InstallPath: a.InstallPath, App2Publisher: a.Publisher, App2Url: a.URL, App2SourcePackage: a.Source,
				App2Summary: a.Summary, App2Description: a.Description, App2Class: a.Class,
			})
			if err != nil {
				return err
			}
		}
		return c.Err()
	})
}
