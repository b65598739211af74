package daemon

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// newGuest returns a call on a guest whose root is an empty directory of the
// host. Nothing is mounted: handlers are called directly.
func newGuest(t *testing.T) (c *Call, root string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root: the guest's thread changes its root directory")
	}
	root = t.TempDir()
	if err := os.Chmod(root, 0o755); err != nil {
		t.Fatal(err)
	}
	s := New(struct {
		io.Reader
		io.Writer
	}{strings.NewReader(""), io.Discard})
	s.guest.root = root
	c = newCall(t.Context(), s, noHeader)
	c.name = "test"
	t.Cleanup(func() { c.end(); s.guest.stop() })
	return c, root
}

// write makes a file in the guest.
func write(t *testing.T, root, name, content string) {
	t.Helper()
	file := filepath.Join(root, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, root, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// onTmpfs gives the guest a filesystem of its own that is quick.
func onTmpfs(t *testing.T, root string) {
	t.Helper()
	must(t, unix.Mount("tmpfs", root, "tmpfs", 0, "mode=755"))
	t.Cleanup(func() {
		if err := unix.Unmount(root, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
}

// TestInGuestLeaves: a thread that stayed in the guest would keep it busy.
func TestInGuestLeaves(t *testing.T) {
	c, root := newGuest(t)
	must(t, unix.Mount("tmpfs", root, "tmpfs", 0, ""))
	defer unix.Unmount(root, unix.MNT_DETACH)
	must(t, doTouch(c, "/file"))
	if err := unix.Unmount(root, 0); err != nil {
		t.Errorf("unmount after a call: %v", err)
	}
}
