package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"virt-tools/pkg/guestfs"
)

// Mounts are the options that say what of a guest is mounted. A tool embeds it beside Guest
// and Keys, calls Check, and then Mount or MountReadOnly with the launched guest:
//
//	system, err := o.MountReadOnly(ctx, h, &o.Keys, console)
//	path, err := system.Path(ctx, `C:\Users`)
//
// Without -m the guest's operating system is looked for and mounted as it mounts itself.
// Keys are used before, so that encrypted disks are open by then.
type Mounts struct {
	Mount []string `name:"mount" short:"m" sep:"none" placeholder:"DEV[:MNT[:OPTS[:TYPE]]]" help:"Mount this instead of the operating system."`
	Root  string   `name:"root" placeholder:"DEVICE" help:"Choose the operating system with this root."`

	mounts []mount
}

// mount is a value of -m.
type mount struct {
	mountable guestfs.Mountable
	point     string
	options   string
	given     bool // options were: an empty one is not the default
	fstype    string
}

// mounter is what Mounts asks of a guest: a *guestfs.Handle.
type mounter interface {
	unlocker
	inspector
	ListFilesystems(ctx context.Context) (guestfs.Pairs, error)
	MountOptions(ctx context.Context, options string, mountable guestfs.Mountable, mountpoint string) error
	MountVfs(ctx context.Context, options string, vfstype string, mountable guestfs.Mountable, mountpoint string) error
	UmountAll(ctx context.Context) error
	CaseSensitivePath(ctx context.Context, path guestfs.Path) (string, error)
}

// Check reads the values of -m.
func (m *Mounts) Check() error {
	if m.Root != "" && len(m.Mount) > 0 {
		return errors.New("--root chooses an operating system, which -m does not look for: give one of them")
	}
	for _, text := range m.Mount {
		parsed, err := parseMount(text)
		if err != nil {
			return Hint(fmt.Errorf("-m %w", err), "it is a device, and then, after a colon each, a mount point, options and a type: /dev/sda1:/boot:ro:ext4")
		}
		m.mounts = append(m.mounts, parsed)
	}
	return nil
}

func parseMount(text string) (mount, error) {
	// The name of a subvolume, btrfsvol:/dev/sda1/name, has a colon.
	const subvolume = "btrfsvol:"
	rest, isSubvolume := strings.CutPrefix(text, subvolume)
	fields := strings.SplitN(rest, ":", 4)
	m := mount{mountable: guestfs.Mountable(plainDevice(fields[0])), point: "/"}
	if isSubvolume {
		m.mountable = guestfs.Mountable(subvolume + fields[0])
	}
	if fields[0] == "" {
		return mount{}, fmt.Errorf("%q: the device is missing", text)
	}
	if len(fields) > 1 && fields[1] != "" {
		m.point = fields[1]
	}
	if !strings.HasPrefix(m.point, "/") {
		return mount{}, fmt.Errorf("%q: the mount point must begin with a slash", text)
	}
	if len(fields) > 2 {
		m.options, m.given = fields[2], true
	}
	if len(fields) > 3 {
		m.fstype = fields[3]
	}
	return m, nil
}

// MountReadOnly opens what is encrypted and mounts what the options say, without write access.
func (m *Mounts) MountReadOnly(ctx context.Context, g mounter, keys *Keys, console *Console) (*System, error) {
	return m.mount(ctx, g, keys, console, "ro")
}

// MountWritable is MountReadOnly with write access.
func (m *Mounts) MountWritable(ctx context.Context, g mounter, keys *Keys, console *Console) (*System, error) {
	return m.mount(ctx, g, keys, console, "")
}

func (m *Mounts) mount(ctx context.Context, g mounter, keys *Keys, console *Console, options string) (*System, error) {
	if len(m.mounts) == 0 {
		if err := keys.Open(ctx, g, console); err != nil {
			return nil, err
		}
		return m.mountSystem(ctx, g, console, options)
	}
	if err := keys.OpenGiven(ctx, g, console); err != nil {
		return nil, err
	}
	s := &System{g: g, options: options}
	for _, one := range m.mounts {
		if !one.given {
			one.options = options
		}
		if err := one.mount(ctx, g); err != nil {
			return nil, Hint(fmt.Errorf("-m %s: %w", one.mountable, err), "%s", advise(ctx, g))
		}
		s.mounts = append(s.mounts, one)
	}
	return s, nil
}

func (m mount) mount(ctx context.Context, g mounter) error {
	if m.fstype != "" {
		return g.MountVfs(ctx, m.options, m.fstype, m.mountable, m.point)
	}
	return g.MountOptions(ctx, m.options, m.mountable, m.point)
}

// maxAdvised is how many filesystems a hint names.
const maxAdvised = 20

// advise lists the filesystems that could be mounted.
func advise(ctx context.Context, g mounter) string {
	all, err := g.ListFilesystems(ctx)
	if err != nil {
		return "" // the error that is being reported says more
	}
	var names []string
	for _, pair := range all {
		if pair.Value != "swap" && pair.Value != "unknown" {
			names = append(names, fmt.Sprintf("%s (%s)", pair.Key, pair.Value))
		}
	}
	switch {
	case len(names) == 0:
		return "the guest has no filesystem that could be mounted"
	case len(names) > maxAdvised:
		names = append(names[:maxAdvised], "...")
	}
	return "the guest has the filesystems " + strings.Join(names, ", ")
}

// inInspectionOrder puts mount points before what lies below them.
func inInspectionOrder(mountpoints guestfs.Pairs) guestfs.Pairs {
	return slices.SortedFunc(slices.Values(mountpoints), func(a, b guestfs.Pair) int {
		return cmp.Or(cmp.Compare(len(a.Key), len(b.Key)), cmp.Compare(a.Key, b.Key))
	})
}
