package daemon

import (
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"virt-tools/internal/inspect"
)

// TestFactsBeforeInspection: the first root's facts are asked for by its name
// alone, and there is none before inspect_os.
func TestFactsBeforeInspection(t *testing.T) {
	c, _ := newGuest(t)
	if roots, err := doInspectGetRoots(c); err != nil || len(roots) != 0 {
		t.Errorf("roots = %v, %v", roots, err)
	}
	if _, err := doInspectGetType(c, mountable{Device: "/dev/sda1"}); errnoName(err) != "EINVAL" {
		t.Errorf("type: %v", err)
	}
	c.server.inspection = &inspection{roots: []inspect.Root{{Device: "btrfsvol:/dev/sda1/a", System: inspect.System{Type: "linux"}}}}
	if _, err := doInspectGetType(c, mountable{Device: "/dev/sda1"}); errnoName(err) != "ENOENT" {
		t.Errorf("type of another device: %v", err)
	}
	if got, err := doInspectGetType(c, mountable{Device: "/dev/sda1", Subvolume: "a"}); got != "linux" || err != nil {
		t.Errorf("type = %q, %v", got, err)
	}
	if got, err := doInspectGetDistro(c, mountable{Device: "/dev/sda1", Subvolume: "a"}); got != "unknown" || err != nil {
		t.Errorf("distro = %q, %v", got, err)
	}
}

// TestGuestTree: links lead within the guest, and nothing that is no file or
// directory is opened.
func TestGuestTree(t *testing.T) {
	c, root := newGuest(t)
	write(t, root, "usr/lib/os-release", "ID=x\n")
	write(t, root, "etc/passwd", "the guest's\n")
	must(t, os.Symlink("/usr/lib/os-release", filepath.Join(root, "etc/os-release")))
	must(t, os.Symlink("../../../etc/passwd", filepath.Join(root, "up")))
	must(t, os.Symlink("loop", filepath.Join(root, "loop")))
	must(t, syscall.Mkfifo(filepath.Join(root, "fifo"), 0o644))
	must(t, c.inGuest(func() error {
		for name, want := range map[string]string{"etc/os-release": "ID=x\n", "up": "the guest's\n"} {
			if b, err := fs.ReadFile(guestTree{}, name); string(b) != want || err != nil {
				t.Errorf("%s = %q, %v; want %q", name, b, err, want)
			}
		}
		for _, name := range []string{"fifo", "loop", "gone", "/etc/passwd", "../x"} {
			if f, err := (guestTree{}).Open(name); err == nil {
				f.Close()
				t.Errorf("%s was opened", name)
			}
		}
		if to, err := fs.ReadLink(guestTree{}, "etc/os-release"); to != "/usr/lib/os-release" || err != nil {
			t.Errorf("link = %q, %v", to, err)
		}
		entries, err := fs.ReadDir(guestTree{}, ".")
		if err != nil || len(entries) != 5 {
			t.Errorf("entries %v, %v", entries, err)
		}
		return nil
	}))
}

func TestOfContainer(t *testing.T) {
	for subvolume, want := range map[string]bool{
		"btrfsvol:/dev/sda2/@/var/lib/docker/btrfs/subvolumes/0123": true, "btrfsvol:/dev/sda2/var/lib/containers/storage/btrfs/subvolumes/ab": true,
		"btrfsvol:/dev/sda2/@home": false, "btrfsvol:/dev/sda2/@/.snapshots/1/snapshot": false,
	} {
		if got := ofContainer(subvolume); got != want {
			t.Errorf("%s: %v", subvolume, got)
		}
	}
}
