package compare

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"virt-tools/pkg/guestfs"
	"virt-tools/test/guests"
)

// inspectFacts are the commands that libguestfs 1.48 has for a root.
var inspectFacts = []string{
	"type", "distro", "product-name", "product-variant", "major-version", "minor-version", "arch", "hostname", "package-format",
	"package-management", "osinfo", "mountpoints", "filesystems", "windows-systemroot", "windows-current-control-set", "drive-mappings",
}

// inspectCorrections are what we say otherwise, and mean to: guest or fact,
// libguestfs's text, ours.
var inspectCorrections = []struct{ why, theirs, ours string }{}

// inspectGuests differ in kind, and in how their filesystems are found. There
// are few: libguestfs runs some programs for each partition of each disk.
var inspectGuests = []string{"fedora-btrfs", "freebsd", "windows-7"}

// TestInspect lets guestfish ask about the systems of several guests at once,
// on libguestfs's appliance and on ours.
func TestInspect(t *testing.T) {
	ctx, w := setup(t)
	images := []string{w.demo}
	for _, name := range inspectGuests {
		guest, err := guests.Named(name)
		if err != nil {
			t.Fatal(err)
		}
		disks, err := guest.Images(ctx)
		if err != nil {
			t.Fatal(err)
		}
		images = append(images, disks...)
	}
	roots := inspectRoots(ctx, t, images)
	var script strings.Builder
	script.WriteString("run\ninspect-os\n")
	for _, root := range roots {
		fmt.Fprintf(&script, "echo == %s\n", root)
		for _, fact := range inspectFacts {
			fmt.Fprintf(&script, "echo -- %s\n-inspect-get-%s %s\n", fact, fact, root)
		}
	}
	script.WriteString("mounts\n")
	file := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(file, []byte(script.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	args := []string{"--ro", "-f", file}
	for _, image := range images {
		args = append(args, "--format="+format(image), "-a", image)
	}
	theirs, err := w.tools.Run(ctx, "guestfish", args...)
	if err != nil || theirs.Code != 0 {
		t.Fatalf("libguestfs: %v, exit status %d: %s", err, theirs.Code, theirs.Stderr)
	}
	ours, err := w.tools.RunOn(ctx, w.ours, "guestfish", args...)
	if err != nil || ours.Code != 0 {
		t.Fatalf("on our appliance: %v, exit status %d: %s", err, ours.Code, ours.Stderr)
	}
	want := theirs.Stdout
	for _, c := range inspectCorrections {
		if !strings.Contains(want, c.theirs) {
			t.Errorf("%s: libguestfs does not say %q any more", c.why, c.theirs)
		}
		want = strings.ReplaceAll(want, c.theirs, c.ours)
	}
	if d := cmp.Diff(strings.Split(want, "\n"), strings.Split(ours.Stdout, "\n")); d != "" {
		t.Errorf("libguestfs took %v, guestfish on our appliance %v; -theirs +ours:\n%s", theirs.Took, ours.Took, d)
	}
	t.Logf("%d images, %d systems: libguestfs took %v, guestfish on our appliance %v", len(images), len(roots), theirs.Took, ours.Took)
}

func format(image string) string {
	if filepath.Ext(image) == ".qcow2" {
		return "qcow2"
	}
	return "raw"
}

func inspectRoots(ctx context.Context, t *testing.T, images []string) []guestfs.Mountable {
	t.Helper()
	g := guestfs.New(nil)
	defer g.Close()
	for _, image := range images {
		if err := g.AddDrive(image, &guestfs.AddDriveOpts{ReadOnly: true, Format: format(image)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := g.Launch(ctx); err != nil {
		t.Fatal(err)
	}
	roots, err := g.InspectOs(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return roots
}

// TestInspectOpened looks at guests that are encrypted in different places once
// all is opened, under names that are not those in the guests.
func TestInspectOpened(t *testing.T) {
	ctx, _ := setup(t)
	g := guestfs.New(nil)
	defer g.Close()
	passphrase := ""
	for _, name := range []string{"luks-lvm", "luks-on-lvm", "luks-disk", "luks-md"} {
		guest, err := guests.Named(name)
		if err != nil {
			t.Fatal(err)
		}
		images, err := guest.Images(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, image := range images {
			if err := g.AddDrive(image, &guestfs.AddDriveOpts{ReadOnly: true, Format: "raw"}); err != nil {
				t.Fatal(err)
			}
		}
		_, passphrase, _ = strings.Cut(guest.Keys[0], ":key:")
	}
	if err := g.Launch(ctx); err != nil {
		t.Fatal(err)
	}
	if roots, err := g.InspectOs(ctx); err != nil || len(roots) != 0 {
		t.Errorf("roots before anything is opened: %v, %v", roots, err)
	}
	for device, name := range map[guestfs.Device]string{
		"/dev/sda2": "opened-a", "/dev/lol/root": "opened-b", "/dev/lol/home": "opened-c", "/dev/sdc": "opened-d", "/dev/md127": "opened-e",
	} {
		if err := g.CryptsetupOpen(ctx, device, passphrase, name, nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := g.LvmScan(ctx, true); err != nil {
		t.Fatal(err)
	}
	roots, err := g.InspectOs(ctx)
	if err != nil {
		t.Fatal(err)
	}
	got := map[guestfs.Mountable]string{}
	for _, root := range roots {
		points, err := g.InspectGetMountpoints(ctx, root)
		if err != nil {
			t.Fatal(err)
		}
		filesystems, err := g.InspectGetFilesystems(ctx, root)
		if err != nil {
			t.Fatal(err)
		}
		got[root] = fmt.Sprint(points, filesystems)
	}
	want := map[guestfs.Mountable]string{
		"/dev/onluks/root":     "[{/ /dev/onluks/root} {/boot /dev/sda1}] [/dev/onluks/root /dev/sda1 /dev/onluks/swap]",
		"/dev/mapper/opened-b": "[{/ /dev/mapper/opened-b} {/boot /dev/sdb1} {/home /dev/mapper/opened-c}] [/dev/mapper/opened-b /dev/sdb1 /dev/mapper/opened-c]",
		"/dev/mapper/opened-d": "[{/ /dev/mapper/opened-d}] [/dev/mapper/opened-d]",
		"/dev/mapper/opened-e": "[{/ /dev/mapper/opened-e}] [/dev/mapper/opened-e]",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}
