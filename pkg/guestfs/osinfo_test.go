package guestfs

import "testing"

func TestOsinfo(t *testing.T) {
	linux := func(distro string, major, minor int) osinfo {
		return osinfo{kind: "linux", distro: distro, major: major, minor: minor, product: "unknown", variant: "unknown", build: "unknown"}
	}
	windows := func(product, variant, build string, major, minor int) osinfo {
		return osinfo{kind: "windows", distro: "windows", product: product, variant: variant, build: build, major: major, minor: minor}
	}
	for _, test := range []struct {
		system osinfo
		want   string
	}{
		{linux("centos", 9, 0), "centos9"}, {linux("centos", 7, 9), "centos7.0"}, {linux("centos", 6, 5), "centos6.5"},
		{linux("rocky", 9, 3), "rocky9"}, {linux("circle", 8, 4), "circle8"}, {linux("almalinux", 9, 3), "almalinux9"},
		{linux("debian", 12, 4), "debian12"}, {linux("debian", 3, 1), "debian3.1"}, {linux("fedora", 39, 0), "fedora39"}, {linux("mageia", 9, 0), "mageia9"},
		{linux("sles", 12, 5), "sles12sp5"}, {linux("sles", 15, 4), "sle15sp4"}, {linux("sles", 15, 0), "sle15"}, {linux("ubuntu", 22, 4), "ubuntu22.04"},
		{linux("archlinux", 0, 0), "archlinux"}, {linux("gentoo", 2, 14), "gentoo"}, {linux("voidlinux", 0, 0), "voidlinux"},
		{linux("altlinux", 10, 1), "alt10.1"}, {linux("altlinux", 7, 0), "altlinux7.0"}, {linux("rhel", 8, 9), "rhel8.9"}, {linux("alpinelinux", 3, 19), "alpinelinux3.19"},
		{linux("opensuse", 15, 5), "opensuse15.5"}, {linux("opensuse", 20240101, 0), "opensusetumbleweed"}, {linux("nixos", 23, 11), "nixos-23.11"},
		{linux("pop", 22, 4), "popos22.04"}, {linux("oraclelinux", 8, 9), "ol8.9"}, {linux("manjaro", 0, 0), "manjaro"},
		{linux("debian", 0, 0), ""}, {linux("unknown", 1, 2), ""}, {linux("novel", 1, 2), "novel1.2"},
		{osinfo{kind: "freebsd", distro: "freebsd", major: 13, minor: 2}, "freebsd13.2"}, {osinfo{kind: "dos", distro: "msdos"}, "msdos6.22"},
		{osinfo{kind: "dos", distro: "freedos"}, ""}, {osinfo{kind: "hurd", distro: "debian", major: 12}, ""},
		{windows("Microsoft Windows XP", "unknown", "2600", 5, 1), "winxp"}, {windows("Windows Server 2003 R2", "unknown", "3790", 5, 2), "win2k3r2"},
		{windows("Windows Server 2003", "unknown", "3790", 5, 2), "win2k3"}, {windows("Windows XP Professional x64", "unknown", "3790", 5, 2), "winxp"},
		{windows("Windows Vista", "Client", "6002", 6, 0), "winvista"}, {windows("", "Server Core", "6002", 6, 0), "win2k8"},
		{windows("", "Client", "7601", 6, 1), "win7"}, {windows("", "Server", "7601", 6, 1), "win2k8r2"}, {windows("", "Client", "9600", 6, 3), "win8.1"},
		{windows("Windows 10 Pro", "Client", "19045", 10, 0), "win10"}, {windows("Windows 10 Pro", "Client", "22000", 10, 0), "win11"},
		{windows("Windows 10 Pro", "Client", "unknown", 10, 0), "win10"}, {windows("Windows Server 2022 Standard", "Server", "20348", 10, 0), "win2k22"},
		{windows("Windows Server 2016", "Server Core", "14393", 10, 0), "win2k16"}, {windows("Windows Server 2025", "Server", "26100", 10, 0), "win2k25"},
		{windows("Windows 12", "Client", "1", 11, 0), ""},
	} {
		if got := test.system.id(); got != test.want {
			t.Errorf("%+v: %q; want %q", test.system, got, test.want)
		}
	}
}
