package apps

import (
	"strings"
	"testing"
)

const status = `Package: libc6
Status: install ok installed
Priority: optional
Section: libs
Installed-Size: 12985
Architecture: amd64
Multi-Arch: same
Source: glibc (2.36-8)
Version: 2.36-9+deb12u4
Conffiles:
 /etc/ld.so.conf.d/x86_64-linux-gnu.conf d4e7a7b88a71b5ffd9e2644e71a0cfab
Description: GNU C Library: Shared libraries
 Contains the standard libraries that are used by nearly all programs on
 the system.
 .
  Indented.
Homepage: https://www.gnu.org/software/libc/libc.html

Package: half
Status: install ok half-installed
Version: 1-1

Package: gone
Status: deinstall ok config-files
Version: 1-1

Package: never
Status: unknown ok not-installed
Version: 1-1

Package: unpacked
Status: install ok unpacked
Version: 1-1

Package: held
Status: hold ok installed
Architecture: all
Version: 2:8.2-rc1-4
Description: hyphens

Package: noversion
Status: install ok installed

Package: triggers
Status: install ok triggers-pending
Version: 5
`

func TestDpkg(t *testing.T) {
	want := []Application{
		{Name: "held", Epoch: 2, Version: "8.2-rc1", Release: "4", Arch: "all", Summary: "hyphens"},
		{Name: "libc6", Version: "2.36", Release: "9+deb12u4", Arch: "amd64", URL: "https://www.gnu.org/software/libc/libc.html", Source: "glibc",
			Summary:     "GNU C Library: Shared libraries",
			Description: "Contains the standard libraries that are used by nearly all programs on\nthe system.\n.\n Indented."},
		{Name: "triggers", Version: "5"},
	}
	check(t, tree(dpkgStatus, status), System{Format: "deb"}, want)
	// The last package counts without an empty line behind it, and broken off.
	check(t, tree(dpkgStatus, status[:strings.Index(status, "\nPackage: half")]+"\x00\xff\nrubbish"), System{Format: "deb"}, want[1:2],
		"applications: "+dpkgStatus+": 2 lines are none of dpkg's")
}

func TestDistroless(t *testing.T) {
	want := []Application{
		{Name: "base-files", Version: "12.4+deb12u5", Arch: "amd64", Summary: "Debian base system"},
		{Name: "tzdata", Version: "2024a", Release: "0+deb12u1", Arch: "all", Summary: "time zones", Description: "more"},
	}
	files := []string{
		dpkgFolder + "/base", "Package: base-files\nVersion: 12.4+deb12u5\nArchitecture: amd64\nDescription: Debian base system\n",
		dpkgFolder + "/base.md5sums", "d41d8cd98f00b204e9800998ecf8427e  etc/x\n",
		dpkgFolder + "/tzdata", "Package: tzdata\nVersion: 2024a-0+deb12u1\nArchitecture: all\nDescription: time zones\n more\n",
	}
	check(t, tree(files...), System{Format: "deb"}, want)
	check(t, tree(append(files, dpkgStatus, "")...), System{Format: "deb"}, want)
}

func FuzzDpkg(f *testing.F) {
	f.Add(status)
	f.Add("Package: a\nVersion: \x00:-\nStatus: a b installed\nDescription:\n\t\n \n")
	f.Fuzz(func(t *testing.T, text string) {
		unchanging(t, tree(dpkgStatus, text, dpkgFolder+"/x", text), System{Format: "deb"})
	})
}
