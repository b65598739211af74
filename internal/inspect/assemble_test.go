package inspect

import (
	"slices"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// look is Look for a device.
func look(device string, tree fstest.MapFS) Filesystem {
	f := Look(tree)
	f.Device = device
	return f
}

// devicesOfRoots are the devices of roots, in their order.
func devicesOfRoots(roots []Root) []string {
	var list []string
	for _, r := range roots {
		list = append(list, r.Device)
	}
	return list
}

func TestSeparateUsr(t *testing.T) {
	usr := fstest.MapFS{
		"lib/os-release": {Data: []byte("ID=fedora\nVERSION_ID=39\nPRETTY_NAME=\"Fedora Linux 39\"\n")},
		"bin/dnf":        {}, "bin/bash": elfHead(62), "share/x": {}, "local/x": {}, "src/x": {},
	}
	root := tree("etc/fstab", "/dev/sda1 / ext4\n/dev/sda2 /usr ext4\n", "etc/hostname", "box\n", "etc/redhat-release", "Fedora release 39\n")
	delete(root, "bin/ls")
	root["bin"] = &fstest.MapFile{Data: []byte("usr/bin"), Mode: symlink}
	another := tree("etc/os-release", "ID=arch\n", "etc/fstab", "")
	other := fstest.MapFS{"lib/os-release": usr["lib/os-release"], "bin/x": {}, "share/x": {}}
	found := []Filesystem{look("/dev/sda3", other), look("/dev/sda2", usr), look("/dev/sda1", root), look("/dev/sdb1", another)}
	roots, warnings := Assemble(found, devicesOf)
	if !slices.Equal(devicesOfRoots(roots), []string{"/dev/sda1", "/dev/sdb1"}) || len(warnings) != 0 {
		t.Fatalf("roots %v, warnings %q", devicesOfRoots(roots), warnings)
	}
	want := System{Type: "linux", Distro: "fedora", ProductName: "Fedora release 39", Major: 39, Arch: "x86_64", Hostname: "box",
		PackageFormat: "rpm", PackageManagement: "dnf"}
	if d := cmp.Diff(want, roots[0].System); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
	if roots[1].Distro != "archlinux" || roots[1].Major != 0 {
		t.Errorf("the other system got %+v", roots[1].System)
	}
}

func TestCoreOS(t *testing.T) {
	usr := func(version string) fstest.MapFS {
		return fstest.MapFS{
			"lib/os-release": {Data: []byte("ID=coreos\nVERSION_ID=" + version + "\nPRETTY_NAME=\"CoreOS " + version + "\"\n")},
			"bin/bash":       elfHead(62), "share/coreos/x": {}, "local/x": {},
		}
	}
	root := fstest.MapFS{"etc/coreos/update.conf": {}, "etc/hostname": {Data: []byte("core\n")}, "root/x": {}, "home/x": {}, "usr/x": {},
		"etc/hosts": {}, "bin": {Data: []byte("usr/bin"), Mode: symlink}}
	found := []Filesystem{look("/dev/sda3", usr("899.13.0")), look("/dev/sda4", usr("899.15.0")), look("/dev/sda9", root)}
	roots, warnings := Assemble(found, devicesOf)
	want := []Root{{
		Device: "/dev/sda9", Mounts: []Mount{{"/dev/sda9", "/"}, {"/dev/sda4", "/usr"}},
		System: System{Type: "linux", Distro: "coreos", ProductName: "CoreOS 899.15.0", Major: 899, Minor: 15, Arch: "x86_64", Hostname: "core"},
	}}
	if d := cmp.Diff(want, roots); d != "" || len(warnings) != 0 {
		t.Errorf("warnings %q, -want +got:\n%s", warnings, d)
	}
	roots, warnings = Assemble(append(found, look("/dev/sdb9", root)), devicesOf)
	if len(roots) != 2 || len(warnings) != 1 || len(roots[0].Mounts) != 1 {
		t.Errorf("two: %v, warnings %q", roots, warnings)
	}
	old := fstest.MapFS{"share/coreos/lsb-release": {Data: []byte("DISTRIB_ID=CoreOS\nDISTRIB_RELEASE=647.0.0\nDISTRIB_DESCRIPTION=\"CoreOS 647.0.0\"\n")}, "bin/x": {}, "local/x": {}}
	if got := Look(old); got.Role != RoleUsr || got.System.Distro != "coreos" || got.System.Major != 647 {
		t.Errorf("old /usr: %+v", got)
	}
}

func TestSnapshots(t *testing.T) {
	by := func(fstab string) fstest.MapFS {
		return tree("etc/os-release", "ID=fedora\nVERSION_ID=39\n", "etc/fstab", fstab)
	}
	for name, test := range map[string]struct {
		found []Filesystem
		want  []string
	}{
		"subvolumes": {[]Filesystem{look("/dev/sda1", fstest.MapFS{}), look("btrfsvol:/dev/sda1/snap", by("UUID=u / btrfs subvol=root\n")),
			look("btrfsvol:/dev/sda1/root", by("UUID=u / btrfs subvol=root\n"))}, []string{"btrfsvol:/dev/sda1/root"}},
		"the default": {[]Filesystem{look("/dev/sda1", by("UUID=u / btrfs\n")), look("btrfsvol:/dev/sda1/snap", by("UUID=u / btrfs\n"))}, []string{"/dev/sda1"}},
		"the default, named": {[]Filesystem{look("/dev/sda1", by("UUID=u / btrfs subvol=root\n")), look("btrfsvol:/dev/sda1/snap", by("UUID=u / btrfs subvol=root\n"))},
			[]string{"/dev/sda1"}},
		"two systems": {[]Filesystem{look("btrfsvol:/dev/sda1/a", by("UUID=u / btrfs subvol=a\n")), look("btrfsvol:/dev/sda1/b", by("UUID=u / btrfs subvol=b\n"))},
			[]string{"btrfsvol:/dev/sda1/a", "btrfsvol:/dev/sda1/b"}},
		"only snapshots": {[]Filesystem{look("btrfsvol:/dev/sda1/a", by("UUID=u / btrfs subvol=gone\n")), look("btrfsvol:/dev/sda1/b", by("UUID=u / btrfs subvol=gone\n"))},
			[]string{"btrfsvol:/dev/sda1/a", "btrfsvol:/dev/sda1/b"}},
	} {
		roots, _ := Assemble(test.found, devicesOf)
		if got := devicesOfRoots(roots); !slices.Equal(got, test.want) {
			t.Errorf("%s: %v; want %v", name, got, test.want)
		}
	}
}

func TestShadowOfBSD(t *testing.T) {
	bsd := fstest.MapFS{"etc/freebsd-update.conf": {}, "etc/fstab": {Data: []byte("/dev/ada0s1a / ufs\n")}, "bin/ls": elfHead(62),
		"etc/motd": {Data: []byte("FreeBSD 13.2-RELEASE\n")}}
	roots, _ := Assemble([]Filesystem{look("/dev/sda1", bsd), look("/dev/sda5", bsd), look("/dev/sdb1", bsd)}, devicesOf)
	if got := devicesOfRoots(roots); !slices.Equal(got, []string{"/dev/sda5", "/dev/sdb1"}) {
		t.Errorf("roots %v", got)
	}
}

func TestBSD(t *testing.T) {
	base := func(files ...string) fstest.MapFS {
		m := fstest.MapFS{"etc/fstab": {}, "bin/ls": elfHead(62)}
		for i := 0; i < len(files); i += 2 {
			m[files[i]] = &fstest.MapFile{Data: []byte(files[i+1])}
		}
		return m
	}
	for name, test := range map[string]struct {
		tree fstest.MapFS
		want System
	}{
		"freebsd": {base("etc/freebsd-update.conf", "", "etc/motd", "FreeBSD 13.2-RELEASE (GENERIC)\n", "etc/rc.conf", "# c\nhostname=\"a.example\"\nhostname='b.example'\n"),
			System{Type: "freebsd", Distro: "freebsd", ProductName: "FreeBSD 13.2-RELEASE (GENERIC)", Major: 13, Minor: 2, Hostname: "b.example"}},
		"freebsd without motd": {base("etc/freebsd-update.conf", "", "etc/os-release", "ID=freebsd\nVERSION_ID=14.0\nPRETTY_NAME=\"FreeBSD 14.0\"\n"),
			System{Type: "freebsd", Distro: "freebsd", ProductName: "FreeBSD 14.0", Major: 14}},
		"netbsd": {base("netbsd", "", "etc/release", "NetBSD 9.3\nx\n", "etc/rc.conf", "hostname=n\n"),
			System{Type: "netbsd", Distro: "netbsd", ProductName: "NetBSD 9.3", Major: 9, Minor: 3, Hostname: "n", PackageFormat: "pkgsrc"}},
		"openbsd": {base("bsd", "", "etc/motd", "OpenBSD 7.4 (GENERIC)\n", "etc/myname", "o.example\n"),
			System{Type: "openbsd", Distro: "openbsd", ProductName: "OpenBSD 7.4 (GENERIC)", Major: 7, Minor: 4, Hostname: "o.example"}},
		"openbsd never booted": {base("bsd", "", "etc/motd", "OpenBSD ?.? (UNKNOWN)\n"), System{Type: "openbsd", Distro: "openbsd", ProductName: "OpenBSD ?.? (UNKNOWN)"}},
		"hurd": {base("hurd/console", "", "hurd/hello", "", "hurd/null", "", "etc/debian_version", "12.0\n", "etc/hostname", "h\n"),
			System{Type: "hurd", Distro: "debian", ProductName: "12.0", Major: 12, Hostname: "h", PackageFormat: "deb", PackageManagement: "apt"}},
		"minix": {base("service/vm", "", "etc/version", "3.3.0\n", "etc/hostname.file", "m\n"), System{Type: "minix", ProductName: "3.3.0", Major: 3, Minor: 3, Hostname: "m"}},
	} {
		test.want.Arch = "x86_64"
		if d := cmp.Diff(test.want, Look(test.tree).System); d != "" {
			t.Errorf("%s: -want +got:\n%s", name, d)
		}
	}
}

func TestOstree(t *testing.T) {
	m := fstest.MapFS{"boot/x": {}}
	for i, d := range []struct{ name, version string }{{"a.1", "38"}, {"b.0", "39"}, {"c.origin", "40"}, {"d.0", "37"}} {
		dir := "ostree/deploy/fedora/deploy/" + d.name
		m[dir+"/etc/fstab"] = &fstest.MapFile{Data: []byte("/dev/sda1 /boot ext4\n")}
		m[dir+"/usr/lib/os-release"] = &fstest.MapFile{Data: []byte("ID=fedora\nVERSION_ID=" + d.version + "\n")}
		m[dir+"/bin"] = &fstest.MapFile{Data: []byte("usr/bin"), Mode: symlink}
		when := time.Unix(int64(i), 0)
		if d.name == "d.0" {
			when = time.Unix(0, 0)
		}
		m[dir+".origin"] = &fstest.MapFile{ModTime: when}
	}
	got := Look(m)
	if got.Role != RoleRoot || got.System.Distro != "fedora" || got.System.Major != 39 || len(got.Fstab) != 1 {
		t.Errorf("%+v", got)
	}
}
