package compare

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"virt-tools/pkg/guestfs"
	"virt-tools/test/guests"
)

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
