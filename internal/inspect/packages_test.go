package inspect

import "testing"

func TestPackages(t *testing.T) {
	for _, test := range []struct {
		id, version, file string
		format, manager   string
	}{
		{"photon", "5.0", "usr/bin/tdnf", "rpm", "tdnf"}, {"mariner", "2.0", "usr/bin/tdnf", "rpm", "tdnf"},
		{"amzn", "2023", "usr/bin/dnf", "rpm", "dnf"}, {"amzn", "2", "usr/bin/yum", "rpm", "yum"},
		{"fedora", "40", "usr/bin/dnf", "rpm", "dnf"}, {"fedora", "20", "usr/bin/dnf", "rpm", "yum"}, {"fedora", "", "", "rpm", ""},
		{"rocky", "9.1", "", "rpm", "dnf"}, {"centos", "7.1", "", "rpm", "yum"}, {"rhel", "4.5", "", "rpm", "up2date"}, {"rhel", "", "", "rpm", ""},
		{"opensuse-leap", "15.5", "", "rpm", "zypper"}, {"mageia", "9", "", "rpm", "urpmi"}, {"altlinux", "10", "", "rpm", "apt"},
		{"openmandriva", "4.3", "", "rpm", "dnf"}, {"openEuler", "22.03", "", "rpm", "dnf"},
		{"debian", "12.1", "", "deb", "apt"}, {"arch", "", "", "pacman", "pacman"}, {"gentoo", "2", "", "ebuild", "portage"},
		{"alpine", "3.18", "", "apk", "apk"}, {"void", "", "", "xbps", "xbps"},
		{"pardus", "2013", "", "pisi", "pisi"}, {"pardus", "21", "var/lib/dpkg/status", "deb", "apt"},
		{"kylin", "V10", "var/lib/dpkg/status", "deb", "apt"}, {"novel", "1", "var/lib/rpm/rpmdb.sqlite", "rpm", ""},
		{"novel", "1", "var/lib/pacman/local/ALPM_DB_VERSION", "pacman", "pacman"}, {"novel", "1", "", "", ""},
		{"novel\nID_LIKE=\"odd ubuntu debian\"", "1", "", "deb", "apt"},
	} {
		files := []string{"etc/os-release", "ID=" + test.id + "\nVERSION_ID=" + test.version + "\n"}
		if test.file != "" {
			files = append(files, test.file, "")
		}
		got := Look(tree(files...)).System
		if got.PackageFormat != test.format || got.PackageManagement != test.manager {
			t.Errorf("%q %s with %q: %q, %q; want %q, %q", test.id, test.version, test.file, got.PackageFormat, got.PackageManagement, test.format, test.manager)
		}
	}
}
