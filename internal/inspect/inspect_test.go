package inspect

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// elfHead is the start of a little-endian 64-bit program for machine.
func elfHead(machine byte) *fstest.MapFile {
	b := make([]byte, 64)
	copy(b, "\x7fELF\x02\x01\x01")
	b[18] = machine
	return &fstest.MapFile{Data: b}
}

// tree is a Linux root with the files given, path then text.
func tree(files ...string) fstest.MapFS {
	m := fstest.MapFS{"etc/fstab": {}, "bin/ls": elfHead(62)}
	for i := 0; i < len(files); i += 2 {
		m[files[i]] = &fstest.MapFile{Data: []byte(files[i+1])}
	}
	return m
}

func TestLinux(t *testing.T) {
	for _, test := range []struct {
		name string
		tree fstest.MapFS
		want System
	}{
		{"debian 12", tree("etc/os-release", "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nVERSION_ID=\"12\"\nID=debian\n",
			"etc/debian_version", "12.4\n", "etc/hostname", "# name\nbox.example\n"),
			System{Distro: "debian", ProductName: "12.4", Major: 12, Minor: 4, Hostname: "box.example", PackageFormat: "deb", PackageManagement: "apt"}},
		{"debian testing", tree("etc/os-release", "PRETTY_NAME=\"Debian GNU/Linux trixie/sid\"\nID=debian\n", "etc/debian_version", "trixie/sid\n"),
			System{Distro: "debian", ProductName: "trixie/sid", PackageFormat: "deb", PackageManagement: "apt"}},
		{"ubuntu", tree("etc/os-release", "PRETTY_NAME='Ubuntu 22.04.3 LTS'\nVERSION_ID=22.04\nID=ubuntu\n", "etc/debian_version", "bookworm/sid\n"),
			System{Distro: "ubuntu", ProductName: "Ubuntu 22.04.3 LTS", Major: 22, Minor: 4, PackageFormat: "deb", PackageManagement: "apt"}},
		{"old ubuntu", tree("etc/lsb-release", "DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=10.04\nDISTRIB_DESCRIPTION=\"Ubuntu 10.04.4 LTS\"\n", "etc/debian_version", "squeeze/sid\n"),
			System{Distro: "ubuntu", ProductName: "Ubuntu 10.04.4 LTS", Major: 10, Minor: 4, PackageFormat: "deb", PackageManagement: "apt"}},
		{"fedora", tree("usr/lib/os-release", "ID=fedora\nVERSION_ID=39\nPRETTY_NAME=\"Fedora Linux 39\"\n", "usr/bin/dnf", "", "etc/sysconfig/network", "HOSTNAME=\"f39\"\n"),
			System{Distro: "fedora", ProductName: "Fedora Linux 39", Major: 39, Hostname: "f39", PackageFormat: "rpm", PackageManagement: "dnf"}},
		{"centos 7", tree("etc/os-release", "ID=\"centos\"\nVERSION_ID=\"7\"\n", "etc/centos-release", "CentOS Linux release 7.9.2009 (Core)\n"),
			System{Distro: "centos", ProductName: "CentOS Linux release 7.9.2009 (Core)", Major: 7, Minor: 9, PackageFormat: "rpm", PackageManagement: "yum"}},
		{"almalinux", tree("etc/os-release", "ID=\"almalinux\"\nVERSION_ID=\"9.3\"\nPRETTY_NAME=\"AlmaLinux 9.3\"\n", "etc/redhat-release", "AlmaLinux release 9.3\n"),
			System{Distro: "almalinux", ProductName: "AlmaLinux 9.3", Major: 9, Minor: 3, PackageFormat: "rpm", PackageManagement: "dnf"}},
		{"oracle", tree("etc/os-release", "ID=ol\nVERSION_ID=8.9\nPRETTY_NAME=\"Oracle Linux Server 8.9\"\n"),
			System{Distro: "oraclelinux", ProductName: "Oracle Linux Server 8.9", Major: 8, Minor: 9, PackageFormat: "rpm", PackageManagement: "dnf"}},
		{"tumbleweed", tree("etc/os-release", "ID=opensuse-tumbleweed\nVERSION_ID=20240101\nPRETTY_NAME=Tumbleweed\n"),
			System{Distro: "opensuse", ProductName: "Tumbleweed", Major: 20240101, PackageFormat: "rpm", PackageManagement: "zypper"}},
		{"arch", tree("etc/os-release", "ID=arch\nPRETTY_NAME=\"Arch Linux\"\nBUILD_ID=rolling\n"),
			System{Distro: "archlinux", ProductName: "Arch Linux", BuildID: "rolling", PackageFormat: "pacman", PackageManagement: "pacman"}},
		{"cachyos", tree("etc/os-release", "ID=cachyos\nPRETTY_NAME=CachyOS\n"),
			System{Distro: "cachyos", ProductName: "CachyOS", PackageFormat: "pacman", PackageManagement: "pacman"}},
		{"unknown to us", tree("etc/os-release", "ID=novel\nVERSION_ID=1.2\nPRETTY_NAME=\"Novel \\\"1\\\"\"\n"),
			System{Distro: "novel", ProductName: `Novel "1"`, Major: 1, Minor: 2}},
		{"nothing told", tree(), System{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.want.Type, test.want.Arch = "linux", "x86_64"
			got := Look(test.tree)
			if d := cmp.Diff(test.want, got.System); got.Role != RoleRoot || d != "" {
				t.Errorf("role %q, -want +got:\n%s", got.Role, d)
			}
		})
	}
}

func TestLinuxRoot(t *testing.T) {
	link := tree()
	delete(link, "bin/ls")
	link["bin"] = &fstest.MapFile{Data: []byte("usr/bin"), Mode: fs.ModeSymlink}
	noBin := tree()
	delete(noBin, "bin/ls")
	for name, test := range map[string]struct {
		tree fstest.MapFS
		want bool
	}{
		"bin links into a separate usr": {link, true},
		"no bin":                        {noBin, false},
		"no fstab and no hosts":         {fstest.MapFS{"etc/x": {}, "bin/ls": {}}, false},
		"empty":                         {fstest.MapFS{}, false},
	} {
		if got := Look(test.tree).Role; (got == RoleRoot) != test.want {
			t.Errorf("%s: role %q; a root is %v", name, got, test.want)
		}
	}
}

func TestHostileFiles(t *testing.T) {
	m := tree()
	m["etc/os-release"] = &fstest.MapFile{Mode: fs.ModeNamedPipe}
	m["etc/debian_version"] = &fstest.MapFile{Data: make([]byte, maxFile+1)}
	m["bin/ls"] = &fstest.MapFile{Data: []byte("\x7fELF")}
	got := Look(m)
	want := System{Type: "linux", Distro: "debian", PackageFormat: "deb", PackageManagement: "apt"}
	if d := cmp.Diff(want, got.System); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}

func TestParseFstab(t *testing.T) {
	got, warnings := ParseFstab("# c\n\nUUID=1-2 / ext4 rw,noatime 0 1\nLABEL=a\\040b /my\\040dir\nbroken\n/dev/sda2 none swap sw")
	want := []Entry{
		{"UUID=1-2", "/", "ext4", []string{"rw", "noatime"}},
		{"LABEL=a b", "/my dir", "auto", nil},
		{"/dev/sda2", "none", "swap", []string{"sw"}},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
	if d := cmp.Diff([]string{"fstab line 5: no mount point"}, warnings); d != "" {
		t.Errorf("warnings -want +got:\n%s", d)
	}
}

func FuzzParseFstab(f *testing.F) {
	f.Add("UUID=1 / ext4 defaults 0 1\nx\n\\04 \\777 \\040\n")
	f.Fuzz(func(t *testing.T, text string) {
		entries, _ := ParseFstab(text)
		for _, e := range entries {
			if e.Dir == "" || e.Type == "" {
				t.Errorf("empty field in %+v", e)
			}
		}
	})
}

func FuzzRelease(f *testing.F) {
	f.Add("ID=\"debian\"\nVERSION_ID='12'\nX=\\\n=\n")
	f.Fuzz(func(t *testing.T, text string) {
		f := Look(tree("etc/os-release", text))
		if s := f.System; f.Role != RoleRoot || s.Major < 0 || s.Minor < 0 || strings.ContainsAny(s.Distro, " \x00\n\x1b") {
			t.Errorf("Look = %+v", f)
		}
	})
}

const symlink = fs.ModeSymlink
