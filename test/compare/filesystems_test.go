package compare

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"virt-tools/pkg/guestfs"
	"virt-tools/test/guests"
	"virt-tools/test/reference"
)

// Libguestfs gives a volume group the physical volumes of the others as parents, so that
// column of these rows is compared with what was made. It lists groups and physical
// volumes in an order that depends on their UUIDs; ours goes by their names.
func TestVirtFilesystems(t *testing.T) {
	ctx, w := setup(t)
	groups := twoGroups(ctx, t)
	images := append([]string{groups}, w.matrix...)
	before := guests.Hash(t, images...)
	options := []string{"--all", "--long", "--uuid", "--csv"}

	args := append(add(groups), options...)
	got := w.our(ctx, t, "virt-filesystems", args...)
	sameTable(t, w.onOurs(ctx, t, "virt-filesystems", args...), got)
	for _, line := range []string{"/dev/alone,vg,,,,29360128,/dev/sda1,", `/dev/pair,vg,,,,58720256,"/dev/sda2,/dev/sda3",`} {
		if !strings.Contains(got.Stdout, "\n"+line) {
			t.Errorf("no line %q in\n%s", line, got.Stdout)
		}
	}

	args = append(add(w.matrix...), options...)
	sameTable(t, w.onOurs(ctx, t, "virt-filesystems", args...), w.our(ctx, t, "virt-filesystems", args...))
	if guests.Hash(t, images...) != before {
		t.Error("the images have changed")
	}
}

func sameTable(t *testing.T, want, got *reference.Result) {
	t.Helper()
	if want.Code != 0 || got.Code != 0 || got.Stderr != "" {
		t.Fatalf("exit status %d, libguestfs's %d\n%s%s", got.Code, want.Code, got.Stderr, want.Stderr)
	}
	if diff := cmp.Diff(comparable(want.Stdout), comparable(got.Stdout)); diff != "" {
		t.Errorf("-libguestfs +ours:\n%s", diff)
	}
}

var groupParents = regexp.MustCompile(`^(/dev/[^,]*,vg,,,,\d+),("[^"]*"|[^",]*),`)

// comparable is the CSV without parents of volume groups, these and the physical
// volumes sorted where they stand.
func comparable(csv string) []string {
	lines := strings.Split(csv, "\n")
	for _, kind := range []string{",vg,", ",pv,"} {
		var at []int
		var rows []string
		for i, line := range lines {
			if strings.Contains(line, kind) {
				at = append(at, i)
				rows = append(rows, groupParents.ReplaceAllString(line, "$1,*,"))
			}
		}
		slices.Sort(rows)
		for i, row := range rows {
			lines[at[i]] = row
		}
	}
	return lines
}

// twoGroups makes a disk with an MBR and two volume groups, one of them on two partitions.
func twoGroups(ctx context.Context, t *testing.T) string {
	t.Helper()
	image := filepath.Join(t.TempDir(), "groups.img")
	g := guestfs.New(nil)
	defer g.Close()
	if err := errors.Join(os.WriteFile(image, nil, 0o644), os.Truncate(image, 128<<20), g.AddDrive(image, &guestfs.AddDriveOpts{Format: "raw"}), g.Launch(ctx)); err != nil {
		t.Fatal(err)
	}
	const sectorsPerMiB = 2048
	err := g.PartInit(ctx, "/dev/sda", "mbr")
	for i := range int64(3) {
		start := (1 + 32*i) * sectorsPerMiB
		err = errors.Join(err, g.PartAdd(ctx, "/dev/sda", "primary", start, start+32*sectorsPerMiB-1))
	}
	err = errors.Join(err,
		g.PartSetMbrId(ctx, "/dev/sda", 1, 0x8e),
		g.Pvcreate(ctx, "/dev/sda1"), g.Pvcreate(ctx, "/dev/sda2"), g.Pvcreate(ctx, "/dev/sda3"),
		g.Vgcreate(ctx, "pair", []guestfs.Device{"/dev/sda2", "/dev/sda3"}),
		g.Vgcreate(ctx, "alone", []guestfs.Device{"/dev/sda1"}),
		g.Lvcreate(ctx, "one", "alone", 8),
		g.Lvcreate(ctx, "two", "pair", 40), // on both
		g.Mkfs(ctx, "ext2", "/dev/pair/two", nil), g.SetLabel(ctx, "/dev/pair/two", `a "b", c`),
		g.Shutdown(ctx))
	if err != nil {
		t.Fatal(err)
	}
	return image
}
