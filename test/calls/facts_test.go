package calls

import (
	"errors"
	"slices"
	"syscall"
	"testing"

	"virt-tools/internal/facts"
	"virt-tools/pkg/guestfs"
)

func TestFacts(t *testing.T) {
	ctx, g := shared(t)
	must(t, g.Mkfs(ctx, "ext4", disk(0), nil))
	must(t, g.Mount(ctx, guestfs.Mountable(disk(0)), "/"))
	putFiles(ctx, t, g, map[guestfs.Path]string{
		"/etc/fstab":                      "",
		"/bin/sh":                         elfHead,
		"/etc/timezone":                   "Europe/Paris\n",
		"/etc/passwd":                     "root:x:0:0:root:/root:/bin/sh\n",
		"/etc/network/interfaces":         "iface eth0 inet dhcp\n",
		"/srv/interfaces":                 "iface eth1 inet dhcp\n",
		"/lib/modules/6.1.0/modules.dep":  "",
		"/etc/runlevels/default/networks": "",
	})
	// A link out of /etc stays in the guest; a pipe is not waited for.
	must(t, g.RmRf(ctx, "/etc/network/interfaces"))
	must(t, g.LnS(ctx, "/srv/interfaces", "/etc/network/interfaces"))
	must(t, g.Mkfifo(ctx, 0o644, "/etc/crypttab"))
	root := guestfs.Mountable(disk(0))
	_, err := g.InspectOs(ctx)
	must(t, err)
	if _, err := g.InspectFacts(ctx, root); !errors.Is(err, syscall.EINVAL) {
		t.Errorf("inspect_facts with nothing mounted: %v; want EINVAL", err)
	}
	must(t, g.MountRo(ctx, root, "/"))
	text, err := g.InspectFacts(ctx, root)
	must(t, err)
	f, err := facts.Decode(text)
	must(t, err)
	same(t, "time zone", f.TimeZone, "Europe/Paris")
	same(t, "users", f.Users, []facts.User{{Name: "root", UID: "0", Home: "/root", Shell: "/bin/sh"}})
	same(t, "interfaces", f.Interfaces, []facts.Interface{{Name: "eth1", DHCP4: true, Source: "interfaces"}})
	same(t, "kernels", f.Kernels, []facts.Kernel{{Version: "6.1.0", Modules: "/lib/modules/6.1.0"}})
	same(t, "services", f.Services, []string{"networks"})
	if !slices.ContainsFunc(f.Warnings, func(w string) bool { return w == "etc/crypttab: not a regular file of at most 1 MiB" }) {
		t.Errorf("warnings %q; want one of crypttab", f.Warnings)
	}
	if _, err := g.InspectFacts(ctx, "/dev/sdz"); !errors.Is(err, syscall.ENOENT) {
		t.Errorf("inspect_facts of no root: %v; want ENOENT", err)
	}
}
