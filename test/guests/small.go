package guests

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"virt-tools/pkg/guestfs"
)

// A Guest is one with a system of a few files on real filesystems: enough for
// a program that asks what is in a guest. It is made once and kept.
type Guest struct {
	Name string
	// Keys open the guest, as values of the option --key.
	Keys []string
	// Unknown says that libguestfs 1.48 finds no system in it, or not all of it.
	Unknown bool
	// RPM says that its packages are in a database of rpm. The rpm in the
	// appliance of Debian's libguestfs looks for it elsewhere.
	RPM bool

	version int     // changes with what is in it
	mib     []int64 // size of each disk
	fill    func(b *builder)
	// disk, if there is one, makes the only disk on the host.
	disk func(ctx context.Context, image string) error
}

// Small returns all small guests, sorted by name. Names of volume groups,
// labels and UUIDs are different in all of them, so that several can be looked
// at as the disks of one guest.
func Small() []Guest {
	all := slices.Concat(debians(), fedoras(), encrypted(), rpms(), others(), bsds(), windows(), several(), blanks())
	slices.SortFunc(all, func(a, b Guest) int {
		if a.Name < b.Name {
			return -1
		}
		return 1
	})
	return all
}

// Named returns the small guest of that name.
func Named(name string) (Guest, error) {
	for _, g := range Small() {
		if g.Name == name {
			return g, nil
		}
	}
	return Guest{}, fmt.Errorf("there is no test guest %q", name)
}

// Images returns the raw disks of the guest in their order, and makes them if
// need be.
func (g Guest) Images(ctx context.Context) ([]string, error) {
	name := fmt.Sprintf("small-%s-%d", g.Name, g.version)
	dir, err := makeOnce(name, func(temp string) error {
		if err := errors.Join(os.RemoveAll(temp), os.Mkdir(temp, 0o755)); err != nil {
			return err
		}
		return g.create(ctx, temp)
	})
	if err != nil {
		return nil, fmt.Errorf("guest %s: %w", g.Name, err)
	}
	var images []string
	for i := range g.disks() {
		images = append(images, g.image(dir, i))
	}
	return images, nil
}

func (g Guest) disks() int { return max(len(g.mib), 1) }

// image is named for the guest, since that is what tools show of it.
func (g Guest) image(dir string, i int) string {
	name := g.Name
	if g.disks() > 1 {
		name += fmt.Sprintf("-%d", i+1)
	}
	return filepath.Join(dir, name+".img")
}

func (g Guest) create(ctx context.Context, dir string) error {
	if g.disk != nil {
		return g.disk(ctx, g.image(dir, 0))
	}
	h := guestfs.New(nil)
	defer h.Close()
	for i, mib := range g.mib {
		image := g.image(dir, i)
		f, err := os.Create(image)
		if err == nil {
			err = errors.Join(f.Truncate(mib<<20), f.Close())
		}
		if err == nil {
			err = h.AddDrive(image, &guestfs.AddDriveOpts{Format: "raw"})
		}
		if err != nil {
			return err
		}
	}
	if g.fill == nil {
		return nil // blank disks
	}
	if err := h.Launch(ctx); err != nil {
		return err
	}
	b := &builder{ctx: ctx, g: h, temp: dir}
	g.fill(b)
	return errors.Join(b.err, h.Shutdown(ctx))
}

// made is the time of every file in the small guests.
var made = time.Date(2024, time.February, 29, 12, 0, 0, 0, time.UTC)
