package daemon

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"virt-tools/internal/apps"
	"virt-tools/internal/wire"
)

// rpmDatabase is one with the packages bash and gpg-pubkey.
func rpmDatabase(t *testing.T) string {
	t.Helper()
	f, err := os.Open("../internal/rpmdb/testdata/two.ndb.gz")
	must(t, err)
	defer f.Close()
	r, err := gzip.NewReader(f)
	must(t, err)
	b, err := io.ReadAll(r)
	must(t, err)
	return string(b)
}

// Libguestfs's library makes this call; in an appliance no test does.
func TestRpmApplications(t *testing.T) {
	c, root := newGuest(t)
	write(t, root, "usr/lib/sysimage/rpm/Packages.db", rpmDatabase(t))
	must(t, os.MkdirAll(filepath.Join(root, "var/lib"), 0o755))
	must(t, os.Symlink("/usr/lib/sysimage/rpm", filepath.Join(root, "var/lib/rpm"))) // in the guest
	list, err := c.rpmApplications()
	must(t, err)
	var got []string
	for _, a := range list {
		got = append(got, fmt.Sprintf("%s %d:%s-%s.%s", a.App2Name, a.App2Epoch, a.App2Version, a.App2Release, a.App2Arch))
	}
	if want := []string{"bash 2:5.1.8-6.el9.x86_64", "gpg-pubkey 0:fd431d51-4ae0493b."}; !slices.Equal(got, want) {
		t.Errorf("%q; want %q", got, want)
	}
	if w := c.server.warnings; len(w) != 0 {
		t.Errorf("warnings %q", w)
	}
	if _, err := doInternalListRpmApplications(c); errnoName(err) != "EINVAL" {
		t.Errorf("with nothing mounted: %v", err)
	}
}

// The packages of an ostree are those of its newest deployment.
func TestOstreeApplications(t *testing.T) {
	c, root := newGuest(t)
	const deployment = "ostree/deploy/fedora/deploy/0123.0/"
	write(t, root, deployment+"usr/share/rpm/Packages.db", rpmDatabase(t))
	write(t, root, deployment+"etc/fstab", "")
	write(t, root, deployment+"usr/bin/sh", "")
	must(t, os.Symlink("usr/bin", filepath.Join(root, deployment, "bin")))
	list, err := c.rpmApplications()
	must(t, err)
	if len(list) != 2 || list[0].App2Name != "bash" {
		t.Errorf("%v; want bash and gpg-pubkey", list)
	}
}

// What is wrong with a database is a warning, and takes no time: a pipe that
// nobody writes to, links that go in circles or out of the guest, a device.
func TestHostileApplications(t *testing.T) {
	c, root := newGuest(t)
	status := filepath.Join(root, "var/lib/dpkg/status")
	must(t, os.MkdirAll(filepath.Dir(status), 0o755))
	host := filepath.Join(t.TempDir(), "status")
	must(t, os.WriteFile(host, []byte("Package: x\nStatus: install ok installed\nVersion: 1\n"), 0o644))
	for name, make := range map[string]func() error{
		"not a regular file":                func() error { return unix.Mkfifo(status, 0o644) },
		"too many levels of symbolic links": func() error { return os.Symlink("status", status) },
		"no such file":                      func() error { return os.Symlink(host, status) },
	} {
		must(t, os.RemoveAll(status))
		must(t, make())
		c.server.warnings = nil
		err := c.applications(apps.System{Format: "deb"}, func(a *wire.Application2) error { return errors.New(a.App2Name) })
		must(t, err)
		if w := c.server.warnings; len(w) != 1 || !strings.Contains(w[0], name) {
			t.Errorf("warnings %q; want one of %q", w, name)
		}
	}
}

// A library that goes away ends the listing.
func TestCancelledApplications(t *testing.T) {
	c, root := newGuest(t)
	write(t, root, "lib/apk/db/installed", strings.Repeat("P:a\nV:1\n\n", 1000))
	n := 0
	err := c.applications(apps.System{Format: "apk"}, func(*wire.Application2) error {
		if n++; n == 3 {
			c.cancel()
			<-c.Done()
		}
		return nil
	})
	if n != 3 || err == nil {
		t.Errorf("%d applications, error %v; want 3 and an error", n, err)
	}
}
