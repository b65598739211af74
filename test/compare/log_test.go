package compare

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/klauspost/compress/zstd"

	"virt-tools/test/guests"
)

func TestVirtLog(t *testing.T) {
	ctx, w := setup(t)
	folder := "var/log/journal/9d3b2a5c1f4e4c0d8e6f7a8b9c0d1e2f/"
	// The same data but for fields that are missing, strange or of another name.
	system := replaceAll(sampleJournal(t, "system"), "SYSLOG_IDENTIFIER=prog0", "_COMM=commname_12345678", "PRIORITY=3", "PRIORITY=9", "PRIORITY=6", "PRIORITY=x")
	older := replaceAll(sampleJournal(t, "system@a"), "PRIORITY=1", "XRIORITY=1")
	user := replaceAll(sampleJournal(t, "user-1000"), "MESSAGE=message 2", "_PID=123456789012", "MESSAGE=message 5", "MESSAGE=a\nb\x1b[1mcd")
	images := []string{
		logged(ctx, t, map[string][]byte{
			folder + "system.journal": system, folder + "system@a.journal": older, folder + "user-1000.journal": user,
			"var/log/syslog": []byte("this is not printed\n"),
		}),
		logged(ctx, t, map[string][]byte{"var/log/syslog": []byte("line one\nno end\x1b\xff"), "var/log/messages": []byte("this is not printed\n")}),
	}
	before := guests.Hash(t, images...)
	for _, image := range images {
		want, got := w.onOurs(ctx, t, "virt-log", add(image)...), w.our(ctx, t, "virt-log", add(image)...)
		if got.Stdout != want.Stdout || got.Code != want.Code || want.Stdout == "" || got.Stderr != "" {
			t.Errorf("exit status %d, libguestfs's %d\nours:\n%.3000s%s\nlibguestfs's:\n%.3000s%s", got.Code, want.Code, got.Stdout, got.Stderr, want.Stdout, want.Stderr)
		}
	}
	if guests.Hash(t, images...) != before {
		t.Error("the images have changed")
	}
}

func sampleJournal(t *testing.T, name string) []byte {
	t.Helper()
	f, err := os.Open("../../internal/journal/testdata/" + name + ".journal.zst")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	d, err := zstd.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	data, err := io.ReadAll(d)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// replaceAll replaces text by other text of the same length, since offsets must stay.
func replaceAll(data []byte, pairs ...string) []byte {
	for i := 0; i < len(pairs); i += 2 {
		if len(pairs[i]) != len(pairs[i+1]) {
			panic(pairs[i])
		}
		data = bytes.ReplaceAll(data, []byte(pairs[i]), []byte(pairs[i+1]))
	}
	return data
}

// logged makes a disk with a small Linux that has these files.
func logged(ctx context.Context, t *testing.T, files map[string][]byte) string {
	t.Helper()
	dir := t.TempDir()
	tree, image := filepath.Join(dir, "tree"), filepath.Join(dir, "disk.img")
	files["etc/os-release"] = []byte("ID=debian\nVERSION_ID=12\n")
	files["etc/fstab"] = []byte("# nothing\n")
	files["bin/README"] = []byte("Programs would be here.\n")
	for name, data := range files {
		path := filepath.Join(tree, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, data, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(os.WriteFile(image, nil, 0o644), os.Truncate(image, 64<<20)); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(ctx, "/usr/sbin/mke2fs", "-q", "-F", "-t", "ext4", "-d", tree, image).CombinedOutput(); err != nil {
		t.Fatalf("mke2fs: %v\n%s", err, out)
	}
	return image
}
