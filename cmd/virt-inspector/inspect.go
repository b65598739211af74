package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"virt-tools/internal/cli"
	"virt-tools/internal/facts"
	"virt-tools/pkg/guestfs"
)

// guest is what virt-inspector asks of a launched guest: a *guestfs.Handle, or in tests
// fixed answers.
type guest interface {
	InspectOs(ctx context.Context) ([]guestfs.Mountable, error)
	InspectGetType(ctx context.Context, root guestfs.Mountable) (string, error)
	InspectGetArch(ctx context.Context, root guestfs.Mountable) (string, error)
	InspectGetDistro(ctx context.Context, root guestfs.Mountable) (string, error)
	InspectGetProductName(ctx context.Context, root guestfs.Mountable) (string, error)
	InspectGetProductVariant(ctx context.Context, root guestfs.Mountable) (string, error)
	InspectGetMajorVersion(ctx context.Context, root guestfs.Mountable) (int, error)
	InspectGetMinorVersion(ctx context.Context, root guestfs.Mountable) (int, error)
	InspectGetPackageFormat(ctx context.Context, root guestfs.Mountable) (string, error)
	InspectGetPackageManagement(ctx context.Context, root guestfs.Mountable) (string, error)
	InspectGetWindowsSystemroot(ctx context.Context, root guestfs.Mountable) (string, error)
	InspectGetWindowsCurrentControlSet(ctx context.Context, root guestfs.Mountable) (string, error)
	InspectGetWindowsGroupPolicy(ctx context.Context, root guestfs.Mountable) (bool, error)
	InspectGetHostname(ctx context.Context, root guestfs.Mountable) (string, error)
	InspectGetBuildId(ctx context.Context, root guestfs.Mountable) (string, error)
	InspectGetOsinfo(ctx context.Context, root guestfs.Mountable) (string, error)
	InspectGetMountpoints(ctx context.Context, root guestfs.Mountable) (guestfs.Pairs, error)
	InspectGetFilesystems(ctx context.Context, root guestfs.Mountable) ([]guestfs.Mountable, error)
	InspectGetDriveMappings(ctx context.Context, root guestfs.Mountable) (guestfs.Pairs, error)
	InspectListApplications2(ctx context.Context, root guestfs.Mountable) ([]guestfs.Application2, error)
	InspectListSnaps(ctx context.Context, root guestfs.Mountable) ([]guestfs.Application2, error)
	InspectListFlatpaks(ctx context.Context, root guestfs.Mountable) ([]guestfs.Application2, error)
	InspectGetIcon(ctx context.Context, root guestfs.Mountable, opts *guestfs.InspectGetIconOpts) ([]byte, error)
	InspectFacts(ctx context.Context, root guestfs.Mountable) (string, error)
	CanonicalDeviceName(ctx context.Context, device guestfs.Device) (guestfs.Device, error)
	VfsType(ctx context.Context, mountable guestfs.Mountable) (string, error)
	VfsLabel(ctx context.Context, mountable guestfs.Mountable) (string, error)
	VfsUuid(ctx context.Context, mountable guestfs.Mountable) (string, error)
	MountRo(ctx context.Context, mountable guestfs.Mountable, mountpoint string) error
	MountVfs(ctx context.Context, options string, vfstype string, mountable guestfs.Mountable, mountpoint string) error
	UmountAll(ctx context.Context) error
}

// wanted is what is asked beyond what the inspection itself has found.
type wanted struct{ applications, snaps, icon, facts bool }

func (w wanted) mounted() bool { return w.applications || w.snaps || w.icon || w.facts }

// look inspects the guest. That a part of a system cannot be read is a warning; the rest of
// it, and the other systems, are still there.
func look(ctx context.Context, g guest, console *cli.Console, want wanted) ([]system, error) {
	roots, err := g.InspectOs(ctx)
	if err != nil {
		return nil, err
	}
	if len(roots) == 0 {
		return nil, cli.Hint(errors.New("no operating system was found on this disk"),
			"virt-filesystems --all --long shows what is on it; an encrypted disk needs --key")
	}
	var systems []system
	for _, root := range roots {
		l := &looker{ctx: ctx, g: g, root: root}
		s, err := l.system()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", root, err)
		}
		if want.mounted() {
			if err := l.mounted(s, console, want); err != nil {
				return nil, fmt.Errorf("%s: %w", root, err)
			}
		}
		systems = append(systems, *s)
	}
	return systems, nil
}

// looker asks about one system.
type looker struct {
	ctx  context.Context
	g    guest
	root guestfs.Mountable
	err  error // the first
}

// text asks for a fact that every system has; "unknown" means that it does not.
func (l *looker) text(ask func(context.Context, guestfs.Mountable) (string, error)) string {
	if l.err != nil {
		return ""
	}
	answer, err := ask(l.ctx, l.root)
	l.err = err
	if answer == "unknown" {
		return ""
	}
	return answer
}

func (l *looker) number(ask func(context.Context, guestfs.Mountable) (int, error)) int {
	if l.err != nil {
		return 0
	}
	var n int
	n, l.err = ask(l.ctx, l.root)
	return n
}

// system asks for what the inspection has found.
func (l *looker) system() (*system, error) {
	g := l.g
	s := &system{
		Name:              l.text(g.InspectGetType),
		Arch:              l.text(g.InspectGetArch),
		Distro:            l.text(g.InspectGetDistro),
		ProductName:       l.text(g.InspectGetProductName),
		ProductVariant:    l.text(g.InspectGetProductVariant),
		Major:             l.number(g.InspectGetMajorVersion),
		Minor:             l.number(g.InspectGetMinorVersion),
		PackageFormat:     l.text(g.InspectGetPackageFormat),
		PackageManagement: l.text(g.InspectGetPackageManagement),
		Hostname:          l.text(g.InspectGetHostname),
		BuildID:           l.text(g.InspectGetBuildId),
		Osinfo:            l.text(g.InspectGetOsinfo),
		Root:              l.canonical(string(l.root)),
	}
	if s.Name == "windows" {
		// Of a damaged registry these may be unknown, which is an error of the calls.
		s.SystemRoot, _ = g.InspectGetWindowsSystemroot(l.ctx, l.root)
		s.ControlSet, _ = g.InspectGetWindowsCurrentControlSet(l.ctx, l.root)
		s.GroupPolicy, _ = g.InspectGetWindowsGroupPolicy(l.ctx, l.root)
	}
	s.Mountpoints = l.mountpoints()
	s.Filesystems = l.filesystems()
	s.DriveMappings = l.driveMappings()
	return s, l.err
}

// canonical is the name of a device that is the same in all appliances.
func (l *looker) canonical(device string) string {
	if l.err != nil || strings.HasPrefix(device, "/dev/sd") || !strings.HasPrefix(device, "/dev/") {
		return device
	}
	name, err := l.g.CanonicalDeviceName(l.ctx, guestfs.Device(device))
	if err != nil {
		return device // fstab may name a device that is not there
	}
	return string(name)
}

// mountpoints are sorted so that each can be mounted on those before it.
func (l *looker) mountpoints() []mountpoint {
	list := []mountpoint{}
	if l.err != nil {
		return list
	}
	var pairs guestfs.Pairs
	pairs, l.err = l.g.InspectGetMountpoints(l.ctx, l.root)
	for _, p := range pairs {
		list = append(list, mountpoint{l.canonical(p.Value), p.Key})
	}
	slices.SortFunc(list, func(a, b mountpoint) int {
		return cmp.Or(cmp.Compare(len(a.Path), len(b.Path)), cmp.Compare(a.Path, b.Path))
	})
	return list
}

func (l *looker) filesystems() []filesystem {
	list := []filesystem{}
	if l.err != nil {
		return list
	}
	var devices []guestfs.Mountable
	devices, l.err = l.g.InspectGetFilesystems(l.ctx, l.root)
	slices.Sort(devices)
	for _, d := range devices {
		f := filesystem{Device: l.canonical(string(d))}
		// A device that fstab names may not be there.
		f.Type, _ = l.g.VfsType(l.ctx, d)
		f.Label, _ = l.g.VfsLabel(l.ctx, d)
		f.UUID, _ = l.g.VfsUuid(l.ctx, d)
		list = append(list, f)
	}
	return list
}

func (l *looker) driveMappings() []driveMapping {
	if l.err != nil {
		return nil
	}
	var pairs guestfs.Pairs
	pairs, l.err = l.g.InspectGetDriveMappings(l.ctx, l.root)
	var list []driveMapping
	for _, p := range pairs {
		list = append(list, driveMapping{p.Key, l.canonical(p.Value)})
	}
	slices.SortFunc(list, func(a, b driveMapping) int { return cmp.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)) })
	return list
}

// mounted asks for what needs the system's filesystems mounted. It returns an error only
// if nothing more can be asked at all.
func (l *looker) mounted(s *system, console *cli.Console, want wanted) (err error) {
	defer func() {
		if e := l.g.UmountAll(l.ctx); err == nil {
			err = e
		}
	}()
	warn := func(what string, err error) { console.Warn(fmt.Errorf("%s: %s: %w", l.root, what, err)) }
	for _, m := range s.Mountpoints {
		err := l.mount(s, m)
		if err == nil {
			continue
		}
		warn(m.Device+" is not mounted on "+m.Path, err)
		if m.Path == "/" {
			return l.ctx.Err()
		}
	}
	if want.applications {
		if list, err := l.g.InspectListApplications2(l.ctx, l.root); err != nil {
			warn("the applications are not listed", err)
		} else {
			all := applications(list)
			s.Applications = &all
		}
	}
	if want.snaps {
		if list, err := l.g.InspectListSnaps(l.ctx, l.root); err != nil {
			warn("the snaps are not listed", err)
		} else {
			s.Snaps = applications(list)
		}
		if list, err := l.g.InspectListFlatpaks(l.ctx, l.root); err != nil {
			warn("the flatpaks are not listed", err)
		} else {
			s.Flatpaks = applications(list)
		}
	}
	if want.icon {
		if s.Icon, err = l.g.InspectGetIcon(l.ctx, l.root, &guestfs.InspectGetIconOpts{NoFavicon: true, HighQuality: true}); err != nil {
			warn("there is no icon", err)
		}
	}
	if want.facts {
		if s.Facts, err = l.facts(); err != nil {
			warn("the facts are not known", err)
		} else {
			addOpened(s.Facts, s.Filesystems)
		}
	}
	return l.ctx.Err()
}

// mount mounts read-only. Of ufs there are variants, which only a mount can tell apart:
// FreeBSD's, and an older one that the kernel takes for an even older one if it is not told.
func (l *looker) mount(s *system, m mountpoint) error {
	isUFS := func(f filesystem) bool { return f.Device == m.Device && f.Type == "ufs" }
	if !slices.ContainsFunc(s.Filesystems, isUFS) {
		return l.g.MountRo(l.ctx, guestfs.Mountable(m.Device), m.Path)
	}
	if err := l.g.MountVfs(l.ctx, "ro,ufstype=ufs2", "ufs", guestfs.Mountable(m.Device), m.Path); err == nil {
		return nil
	}
	return l.g.MountVfs(l.ctx, "ro,ufstype=44bsd", "ufs", guestfs.Mountable(m.Device), m.Path)
}

func (l *looker) facts() (*facts.Facts, error) {
	text, err := l.g.InspectFacts(l.ctx, l.root)
	if err != nil {
		return nil, err
	}
	return facts.Decode(text)
}

// addOpened adds encrypted devices that this tool has opened and of which crypttab does not
// know: BitLocker, and what the guest's initramfs opens by itself.
func addOpened(f *facts.Facts, filesystems []filesystem) {
	for _, fs := range filesystems {
		name, isMapped := strings.CutPrefix(fs.Device, "/dev/mapper/")
		if !isMapped {
			continue
		}
		device := ""
		if uuid, ok := strings.CutPrefix(name, "luks-"); ok {
			device = "UUID=" + uuid
		} else if disk, ok := strings.CutPrefix(name, "crypt"); ok {
			device = "/dev/" + disk
		}
		known := func(e facts.Encrypted) bool { return e.Name == name || e.Device == device }
		if device != "" && !slices.ContainsFunc(f.Encrypted, known) {
			f.Encrypted = append(f.Encrypted, facts.Encrypted{Name: name, Device: device})
		}
	}
}

func applications(list []guestfs.Application2) []application {
	all := make([]application, 0, len(list))
	for _, a := range list {
		all = append(all, application{
			Name: a.App2Name, DisplayName: a.App2DisplayName, Epoch: int(a.App2Epoch), Version: a.App2Version, Release: a.App2Release,
			Arch: a.App2Arch, InstallPath: a.App2InstallPath, Publisher: a.App2Publisher, URL: a.App2Url, Source: a.App2SourcePackage,
			Summary: a.App2Summary, Description: a.App2Description,
		})
	}
	return all
}
