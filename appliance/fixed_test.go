package appliance

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestFixed tells our own folders from those of libguestfs.
func TestFixed(t *testing.T) {
	dir := t.TempDir()
	if _, err := Fixed(dir); !errors.Is(err, ErrNotFixed) {
		t.Errorf("Fixed of an empty folder = %v; want %v", err, ErrNotFixed)
	}
	root := filepath.Join(dir, "root")
	if err := os.WriteFile(filepath.Join(dir, "README.fixed"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if a, err := Fixed(dir); err != nil || a.Root != "" || a.Kernel != filepath.Join(dir, "kernel") {
		t.Errorf("Fixed without a root = %+v, %v", a, err)
	}
	for uuid, foreign := range map[string]bool{rootUUID: false, "01234567-89ab-cdef-0123-456789abcdef": true} {
		if err := os.WriteFile(root, make([]byte, 1<<20), 0o644); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command("/sbin/mke2fs", "-q", "-F", "-U", uuid, root).CombinedOutput(); err != nil {
			t.Fatalf("mke2fs: %v\n%s", err, out)
		}
		a, err := Fixed(dir)
		if err != nil || (a.Root == root) != foreign || foreign && a.RootUUID != uuid {
			t.Errorf("Fixed with root %s = %+v, %v", uuid, a, err)
		}
	}
	for name, content := range map[string]string{"short": "x", "no filesystem": strings.Repeat("x", 4096)} {
		if err := os.WriteFile(root, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		if a, err := Fixed(dir); err == nil || !strings.Contains(err.Error(), "no ext filesystem") {
			t.Errorf("Fixed with a root that is %s = %+v, %v", name, a, err)
		}
	}
}
