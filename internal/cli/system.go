package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"virt-tools/pkg/guestfs"
)

// System is the operating system whose filesystems Mounts has mounted.
type System struct {
	Root guestfs.Mountable // "" when -m said what to mount

	g       mounter
	options string            // with which it is mounted
	windows bool              // paths are those of Windows
	drives  map[string]string // devices by drive letter, in lower case
	mounted guestfs.Mountable // Windows only: what is mounted on /
	mounts  []mount           // what was mounted, in order
}

// Remount mounts what MountReadOnly has mounted once more, with write access where no
// -m said otherwise: for a tool that looks first and changes later, or not at all.
func (s *System) Remount(ctx context.Context) error {
	if err := s.g.UmountAll(ctx); err != nil {
		return err
	}
	for _, m := range s.mounts {
		if !m.given {
			m.options = ""
		}
		if err := m.mount(ctx, s.g); err != nil {
			return fmt.Errorf("%s: %w", m.mountable, err)
		}
	}
	s.options, s.mounted = "", s.Root
	return nil
}

// Drive is the device of the drive of the last Path of a Windows guest, and "" for others.
func (s *System) Drive() guestfs.Mountable {
	if !s.windows {
		return ""
	}
	return s.mounted
}

// inspector is what is asked of a guest about its operating systems.
type inspector interface {
	InspectOs(ctx context.Context) ([]guestfs.Mountable, error)
	InspectGetProductName(ctx context.Context, root guestfs.Mountable) (string, error)
	InspectGetType(ctx context.Context, root guestfs.Mountable) (string, error)
	InspectGetMountpoints(ctx context.Context, root guestfs.Mountable) (guestfs.Pairs, error)
	InspectGetDriveMappings(ctx context.Context, root guestfs.Mountable) (guestfs.Pairs, error)
}

// mountSystem looks for the operating system and mounts it.
func (m *Mounts) mountSystem(ctx context.Context, g mounter, console *Console, options string) (*System, error) {
	root, err := m.choose(ctx, g)
	if err != nil {
		return nil, err
	}
	s := &System{Root: root, g: g, options: options, mounted: root}
	kind, err := g.InspectGetType(ctx, root)
	if err != nil {
		return nil, err
	}
	if kind == "windows" {
		s.windows = true
		if s.drives, err = driveLetters(ctx, g, root); err != nil {
			return nil, err
		}
	}
	return s, s.mountAll(ctx, console)
}

// mountAll mounts what the operating system mounts. Its root is known, even if its fstab is
// wrong about it; of the rest what does not mount is left out.
func (s *System) mountAll(ctx context.Context, console *Console) error {
	mountpoints, err := s.g.InspectGetMountpoints(ctx, s.Root)
	if err != nil {
		return err
	}
	root := s.Root
	var below guestfs.Pairs
	for _, pair := range inInspectionOrder(mountpoints) {
		if pair.Key == "/" {
			root = guestfs.Mountable(pair.Value)
		} else {
			below = append(below, pair)
		}
	}
	err = s.mountOne(ctx, root, "/")
	if err != nil && root != s.Root {
		console.Warn(fmt.Errorf("%s is not mounted on /, but %s: %w", root, s.Root, err))
		err = s.mountOne(ctx, s.Root, "/")
	}
	if err != nil {
		return err
	}
	for _, pair := range below {
		if err := s.mountOne(ctx, guestfs.Mountable(pair.Value), pair.Key); err != nil {
			console.Warn(fmt.Errorf("%s is not mounted on %s: %w", pair.Value, pair.Key, err))
		}
	}
	return nil
}

func (s *System) mountOne(ctx context.Context, device guestfs.Mountable, point string) error {
	one := mount{mountable: device, point: point, options: s.options}
	if err := one.mount(ctx, s.g); err != nil {
		return err
	}
	s.mounts = append(s.mounts, one)
	return nil
}

// choose finds the root that --root says, or the only one.
func (m *Mounts) choose(ctx context.Context, g mounter) (guestfs.Mountable, error) {
	roots, err := g.InspectOs(ctx)
	if err != nil {
		return "", err
	}
	wanted := guestfs.Mountable(plainDevice(m.Root))
	switch {
	case len(roots) == 0:
		return "", Hint(errors.New("no operating system was found on this disk"), "%s; -m mounts one", advise(ctx, g))
	case m.Root == "" && len(roots) == 1:
		return roots[0], nil
	case m.Root == "":
		return "", Hint(fmt.Errorf("the guest has several operating systems: %s", listRoots(ctx, g, roots)), "choose one with --root=%s", roots[0])
	case !slices.Contains(roots, wanted):
		return "", Hint(fmt.Errorf("--root %s: the guest has no such operating system", m.Root), "it has %s", listRoots(ctx, g, roots))
	}
	return wanted, nil
}

func listRoots(ctx context.Context, g inspector, roots []guestfs.Mountable) string {
	var names []string
	for _, root := range roots {
		name := string(root)
		if product, err := g.InspectGetProductName(ctx, root); err == nil && product != "" && product != "unknown" {
			name += fmt.Sprintf(" (%s)", product)
		}
		names = append(names, name)
	}
	return strings.Join(names, ", ")
}

func driveLetters(ctx context.Context, g inspector, root guestfs.Mountable) (map[string]string, error) {
	mappings, err := g.InspectGetDriveMappings(ctx, root)
	if err != nil {
		return nil, err
	}
	drives := map[string]string{}
	for _, pair := range mappings {
		drives[strings.ToLower(pair.Key)] = pair.Value
	}
	return drives, nil
}

// Windows says whether paths are those of Windows.
func (s *System) Windows() bool { return s.windows }

// Path is the path in the appliance of what a user names. In a Windows guest it may begin with a
// drive letter, have backslashes, and be spelled in any case; the filesystem of the
// drive is then mounted in place of the one before, so a path is good until the
// next is asked for.
func (s *System) Path(ctx context.Context, name string) (guestfs.Path, error) {
	if !s.windows {
		return guestfs.Path(name), nil
	}
	path, device, err := s.windowsPath(name)
	if err != nil {
		return "", err
	}
	if device != s.mounted {
		if err := s.g.UmountAll(ctx); err != nil {
			return "", err
		}
		if err := s.g.MountOptions(ctx, s.options, device, "/"); err != nil {
			return "", fmt.Errorf("%s: %w", name, err)
		}
		s.mounted = device
	}
	found, err := s.g.CaseSensitivePath(ctx, guestfs.Path(path))
	return guestfs.Path(found), err
}

// windowsPath takes a path of Windows apart.
func (s *System) windowsPath(name string) (path string, device guestfs.Mountable, err error) {
	path = strings.ReplaceAll(name, `\`, "/")
	device = s.Root
	if len(path) >= 2 && path[1] == ':' {
		letter := strings.ToLower(path[:1])
		mapped, ok := s.drives[letter]
		if !ok {
			return "", "", fmt.Errorf("%s: the guest has no drive %s", name, strings.ToUpper(letter))
		}
		device = guestfs.Mountable(mapped)
		path = path[2:]
	}
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	return path, device, nil
}
