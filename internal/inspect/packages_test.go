package inspect

import (
	"io/fs"
	"testing"
	"testing/fstest"
)

func TestPackageManagement(t *testing.T) {
	program := &fstest.MapFile{Mode: 0o755}
	for _, test := range []struct {
		distro string
		major  int
		file   string
		want   string
	}{
		{"photon", 5, "usr/bin/tdnf", "tdnf"}, {"azurelinux", 3, "usr/bin/tdnf", "tdnf"},
		{"amzn", 2023, "usr/bin/dnf", "dnf"}, {"amzn", 2, "usr/bin/yum", "yum"},
		{"fedora", 40, "usr/bin/dnf", "dnf"}, {"fedora", 20, "usr/bin/dnf", "yum"},
		{"rocky", 9, "", "dnf"}, {"centos", 7, "", "yum"}, {"rhel", 4, "", "up2date"},
		{"opensuse", 15, "", "zypper"}, {"mageia", 9, "", "urpmi"}, {"altlinux", 10, "", "apt"},
		{"debian", 12, "", "apt"}, {"archlinux", 0, "", "pacman"}, {"gentoo", 0, "", "portage"}, {"alpine", 3, "", "apk"},
		{"voidlinux", 0, "", "xbps"}, {"pardus", 0, "", "pisi"}, {"something", 1, "", ""},
	} {
		tree := fstest.MapFS{"etc": {Mode: fs.ModeDir | 0o755}}
		if test.file != "" {
			tree[test.file] = program
		}
		if got := packageManagement(tree, test.distro, test.major); got != test.want {
			t.Errorf("packageManagement(%s %d, %s) = %q; want %q", test.distro, test.major, test.file, got, test.want)
		}
	}
}
