package daemon

import (
	"log"
	"strings"
	"syscall"

	"virt-tools/internal/inspect"
)

// inspection is what inspect_os found. It is kept until the next one.
type inspection struct {
	roots []inspect.Root
}

// doInspectOs looks at each filesystem, one after the other mounted read-only
// on the guest's root. As in libguestfs, what was mounted is unmounted first,
// and nothing stays mounted.
//
// What cannot be mounted or read is a warning: one broken filesystem must not
// hide the others.
func doInspectOs(c *Call) ([]string, error) {
	c.server.inspection = nil
	if err := doUmountAll(c); err != nil {
		return nil, err
	}
	c.probed = map[string]probed{}
	filesystems, err := doListFilesystems(c)
	if err != nil {
		return nil, err
	}
	var found []inspect.Filesystem
	subvolumes := 0
	for _, fs := range filesystems {
		if err := c.Err(); err != nil {
			return nil, err
		}
		if strings.HasPrefix(fs.Key, "btrfsvol:") {
			if ofContainer(fs.Key) {
				continue
			}
			if subvolumes++; subvolumes > maxSubvolumes {
				continue
			}
		}
		f, err := c.look(fs.Key, fs.Value)
		if err != nil {
			return nil, err
		}
		found = append(found, f)
	}
	if subvolumes > maxSubvolumes {
		c.warn("%d btrfs subvolumes; only the first %d were looked at", subvolumes, maxSubvolumes)
	}
	roots, warnings := inspect.Assemble(found, &inspectDevices{c: c})
	for _, w := range warnings {
		c.warn("%s", w)
	}
	c.server.inspection = &inspection{roots: roots}
	return doInspectGetRoots(c)
}

// maxSubvolumes bounds how many subvolumes are mounted. Each takes some
// milliseconds.
const maxSubvolumes = 1000

// ofContainer knows the subvolumes in which Docker and Podman keep layers: each
// would be a system, and there are thousands.
func ofContainer(subvolume string) bool {
	for _, dir := range []string{"docker/btrfs/subvolumes/", "containers/storage/btrfs/subvolumes/"} {
		if strings.Contains(subvolume, "/"+dir) {
			return true
		}
	}
	return false
}

// look says what a filesystem holds. It returns an error only when it leaves
// the filesystem mounted.
func (c *Call) look(device, kind string) (f inspect.Filesystem, err error) {
	f = inspect.Filesystem{Role: inspect.RoleOther}
	defer func() { f.Device, f.Kind = device, kind }()
	if kind == "swap" {
		f.Role = inspect.RoleSwap
		return f, nil
	}
	if _, none := notFilesystems[kind]; none {
		return f, nil
	}
	m, err := parseMountable(device)
	if err == nil && kind == "unknown" {
		if k, err := c.vfsType(m.Device); err == nil && k == "" {
			return f, nil // nothing that anybody knows, as in a partition for a boot loader
		}
	}
	if err == nil {
		err = c.mountToLook(m, kind)
	}
	if err != nil {
		if kind == "unknown" {
			log.Printf("inspect_os: %v", err)
			return f, nil
		}
		f.Warnings = append(f.Warnings, "not looked at: "+describe(err))
		return f, nil
	}
	defer func() {
		// Also after a panic of what read the filesystem.
		if e := unmountEverything(); err == nil {
			err = e
		}
	}()
	err = c.inGuest(func() error {
		f = inspect.Look(guestTree{})
		return nil
	})
	return f, err
}

// lookOptions are those of mounting a filesystem that nobody has seen yet.
const lookOptions = "ro,nosuid,nodev,noexec"

// mountToLook mounts a filesystem of the kind that list_filesystems said. Of
// ufs there are variants that only a mount can tell apart: FreeBSD's, and that
// of NetBSD and OpenBSD.
func (c *Call) mountToLook(m mountable, kind string) error {
	switch kind {
	case "unknown":
		return c.mount(lookOptions, "", m, "/")
	case "ufs":
		var first error
		for _, variant := range []string{"ufs2", "44bsd"} {
			err := c.mount(lookOptions+",ufstype="+variant, kind, m, "/")
			if err == nil {
				return nil
			}
			if first == nil {
				first = err
			}
		}
		return first
	}
	return c.mount(lookOptions, kind, m, "/")
}

// root returns what inspect_os found at a root.
func (c *Call) root(m mountable) (*inspect.Root, error) {
	if c.server.inspection == nil {
		return nil, withErrno(syscall.EINVAL, "no inspection data: call inspect_os first")
	}
	for i := range c.server.inspection.roots {
		if r := &c.server.inspection.roots[i]; r.Device == m.String() {
			return r, nil
		}
	}
	return nil, withErrno(syscall.ENOENT, "%s: no root device that inspect_os returned", m)
}
