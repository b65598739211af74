package interop

import (
	"bytes"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/klauspost/compress/zstd"
)

const (
	diskBytes = 512 << 20
	bigBytes  = 12 << 20 // three messages' worth, and many chunks
)

// hostFiles makes the folder that the scripts work in: four disks, a file of
// random but fixed content, a small one, two journals, and a tree as folder and
// as archive.
func hostFiles(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"a.img", "b.img", "c.img", "d.img"} {
		f, err := os.Create(filepath.Join(dir, name))
		must(err)
		must(f.Truncate(diskBytes))
		must(f.Close())
	}
	big := make([]byte, bigBytes)
	rand.NewChaCha8([32]byte{7}).Read(big)
	files := map[string][]byte{
		"big":             big,
		"small":           []byte("small\n"),
		"tree/big":        big,
		"tree/a.txt":      []byte("text\n"),
		"tree/deep/er/b":  bytes.Repeat([]byte("b"), 10000),
		"tree/deep/c.txt": nil,
	}
	for name, content := range files {
		path := filepath.Join(dir, name)
		must(os.MkdirAll(filepath.Dir(path), 0o755))
		must(os.WriteFile(path, content, 0o640))
	}
	for _, name := range []string{"system.journal", "user-1000.journal"} {
		f, err := os.Open(filepath.Join("../../internal/journal/testdata", name+".zst"))
		must(err)
		d, err := zstd.NewReader(f)
		must(err)
		content, err := io.ReadAll(d)
		must(err)
		d.Close()
		must(f.Close())
		must(os.WriteFile(filepath.Join(dir, name), content, 0o640))
	}
	must(os.Symlink("../nowhere", filepath.Join(dir, "tree/link")))
	must(os.Link(filepath.Join(dir, "tree/a.txt"), filepath.Join(dir, "tree/hard")))
	tar := exec.Command("tar", "-C", dir, "--sort=name", "--owner=7", "--group=8", "-cf", filepath.Join(dir, "tree.tar"), "tree")
	if out, err := tar.CombinedOutput(); err != nil {
		t.Fatalf("tar: %v: %s", err, out)
	}
	return dir
}
