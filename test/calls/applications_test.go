package calls

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"

	"virt-tools/pkg/guestfs"
)

// TestApplications has a Debian with more packages than fit into a message, and
// a Fedora whose database is behind a link.
func TestApplications(t *testing.T) {
	ctx, g := shared(t)
	const debian, fedora guestfs.Mountable = "/dev/sda", "/dev/sdb"
	var status bytes.Buffer
	const many = 5000
	for i := range many {
		fmt.Fprintf(&status, "Package: p%04d\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1:%d-1\nDescription: summary\n", many-1-i, i)
		status.WriteString(strings.Repeat(" Some line of a description.\n", 40) + "\n")
	}
	status.WriteString("Package: a\nStatus: install ok half-installed\nVersion: 1\n")
	must(t, g.Mkfs(ctx, "ext4", "/dev/sda", nil))
	must(t, g.Mount(ctx, debian, "/"))
	putFiles(ctx, t, g, map[guestfs.Path]string{
		"/etc/fstab": "", "/etc/os-release": "ID=debian\nVERSION_ID=12\n", "/usr/bin/sh": elfHead, "/var/lib/dpkg/x": "",
		"/usr/share/icon.png": string(iconPNG), "/var/lib/snapd/snaps/core22_1981.snap": "", "/snap/core22/x": "",
		"/var/lib/flatpak/app/org.x.Y/x86_64/stable/0123/metadata": "",
	})
	must(t, g.LnS(ctx, "/usr/share/icon.png", "/etc/favicon.png"))
	must(t, g.LnS(ctx, "1981", "/snap/core22/current"))
	must(t, g.LnS(ctx, "0123", "/var/lib/flatpak/app/org.x.Y/x86_64/stable/active"))
	must(t, g.Upload(ctx, &status, "/var/lib/dpkg/status"))
	must(t, g.LnS(ctx, "usr/bin", "/bin"))
	must(t, g.UmountAll(ctx))

	must(t, g.Mkfs(ctx, "ext4", "/dev/sdb", nil))
	must(t, g.Mount(ctx, fedora, "/"))
	putFiles(ctx, t, g, map[guestfs.Path]string{
		"/etc/fstab": "", "/etc/os-release": "ID=fedora\nVERSION_ID=39\n", "/bin/sh": elfHead, "/var/lib/x": "", "/usr/lib/sysimage/rpm/x": "",
	})
	f, err := os.Open("../../internal/rpmdb/testdata/two.ndb.gz")
	must(t, err)
	defer f.Close()
	database, err := gzip.NewReader(f)
	must(t, err)
	must(t, g.Upload(ctx, database, "/usr/lib/sysimage/rpm/Packages.db"))
	must(t, g.LnS(ctx, "/usr/lib/sysimage/rpm", "/var/lib/rpm"))

	wantErr(t, second(g.InspectListApplications2(ctx, fedora)), syscall.EINVAL) // before inspect_os
	_, err = g.InspectOs(ctx)
	must(t, err)
	wantErr(t, second(g.InspectListApplications2(ctx, debian)), syscall.EINVAL) // not mounted
	must(t, g.MountRo(ctx, debian, "/"))
	wantErr(t, second(g.InspectListApplications2(ctx, "/dev/sdc")), syscall.ENOENT)
	list, err := g.InspectListApplications2(ctx, debian)
	must(t, err)
	same(t, "packages", len(list), many)
	same(t, "first and last", []string{list[0].App2Name, list[many-1].App2Name}, []string{"p0000", fmt.Sprintf("p%04d", many-1)})
	d := list[0].App2Description
	list[0].App2Description = ""
	same(t, "first", list[0], guestfs.Application2{App2Name: "p0000", App2Epoch: 1, App2Version: "4999", App2Release: "1", App2Arch: "amd64", App2Summary: "summary"})
	same(t, "its description", d, strings.TrimSuffix(strings.Repeat("Some line of a description.\n", 40), "\n"))

	snaps, err := g.InspectListSnaps(ctx, debian)
	must(t, err)
	same(t, "snaps", snaps, []guestfs.Application2{{App2Name: "core22", App2Release: "1981", App2InstallPath: "/snap/core22/1981"}})
	flatpaks, err := g.InspectListFlatpaks(ctx, debian)
	must(t, err)
	same(t, "flatpaks", flatpaks, []guestfs.Application2{
		{App2Name: "org.x.Y", App2Release: "stable", App2Arch: "x86_64", App2InstallPath: "/var/lib/flatpak/app/org.x.Y/x86_64/stable/active"},
	})

	// Icons are files of the guest, behind links too.
	icon, err := g.InspectGetIcon(ctx, debian, nil)
	must(t, err)
	same(t, "favicon", icon, iconPNG)
	icon, err = g.InspectGetIcon(ctx, debian, &guestfs.InspectGetIconOpts{NoFavicon: true})
	must(t, err)
	same(t, "icon that is not there", icon, []byte{})
	wantErr(t, second(g.InspectGetIcon(ctx, "/dev/sdc", nil)), syscall.ENOENT)

	must(t, g.UmountAll(ctx))
	wantErr(t, second(g.InspectGetIcon(ctx, debian, nil)), syscall.EINVAL)
	must(t, g.MountRo(ctx, fedora, "/"))
	old, err := g.InspectListApplications(ctx, fedora)
	must(t, err)
	same(t, "packages of RPM", old, []guestfs.Application{
		{AppName: "bash", AppEpoch: 2, AppVersion: "5.1.8", AppRelease: "6.el9", AppUrl: "https://www.gnu.org/software/bash",
			AppSummary: "A shell", AppDescription: "First.\n\nSecond, ünïcode."},
		{AppName: "gpg-pubkey", AppVersion: "fd431d51", AppRelease: "4ae0493b"},
	})
}

// iconPNG begins as a picture of 16 by 16 pixels.
var iconPNG = []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x10\x00\x00\x00\x10" + strings.Repeat("pixel", 40))
