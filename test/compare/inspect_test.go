package compare

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
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
	if d := cmp.Diff(facts(theirs.Stdout), facts(ours.Stdout)); d != "" {
		t.Errorf("-theirs +ours:\n%s", d)
	}
	t.Logf("%d images, %d systems: libguestfs took %v, guestfish on our appliance %v", len(images), len(roots), theirs.Took, ours.Took)
}

// facts are the lines of the output in their order, but for those of one fact:
// libguestfs 1.48 goes through an fstab from its end, later versions from its
// beginning.
func facts(output string) []string {
	lines := strings.Split(output, "\n")
	start := 0
	for i, line := range lines {
		if strings.HasPrefix(line, "-- ") || strings.HasPrefix(line, "== ") {
			slices.Sort(lines[start:i])
			start = i + 1
		}
	}
	return lines
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
