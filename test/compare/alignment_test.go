package compare

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"virt-tools/test/guests"
)

// TestVirtAlignmentScan looks at disks of every alignment, with both kinds of tables and with none.
func TestVirtAlignmentScan(t *testing.T) {
	ctx, w := setup(t)
	dir := t.TempDir()
	for name, table := range map[string]string{
		"old.img":  "label: dos\nstart=63, size=2000\nstart=4096, size=20000, type=5\nstart=4098, size=2000\n",
		"gpt.img":  "label: gpt\nfirst-lba: 34\nstart=34, size=100\nstart=192, size=100\nstart=2048, size=2000\n",
		"good.img": "label: gpt\nstart=2048, size=2000\n",
	} {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(file, 32<<20); err != nil {
			t.Fatal(err)
		}
		cmd := exec.CommandContext(ctx, "/usr/sbin/sfdisk", "-q", file)
		cmd.Stdin = strings.NewReader(table)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("sfdisk: %v\n%s", err, out)
		}
	}
	blank := filepath.Join(dir, "blank.img")
	if err := os.WriteFile(blank, make([]byte, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	old, gpt, good := filepath.Join(dir, "old.img"), filepath.Join(dir, "gpt.img"), filepath.Join(dir, "good.img")
	before := guests.Hash(t, old, gpt, good, blank)
	// The exit status is what libguestfs's manual says. Its program gives 2 for an alignment of 1K.
	for _, test := range []struct {
		args []string
		code int
	}{{add(old, blank, gpt), 3}, {add(good), 0}, {append(add(gpt), "-q"), 3}} {
		args := test.args
		want := w.onOurs(ctx, t, "virt-alignment-scan", args...)
		got := w.our(ctx, t, "virt-alignment-scan", args...)
		if got.Stdout != want.Stdout || got.Code != test.code {
			t.Errorf("%q: exit status %d, want %d\nours:\n%s%s\nlibguestfs's:\n%s%s", args, got.Code, test.code, got.Stdout, got.Stderr, want.Stdout, want.Stderr)
		}
	}
	if guests.Hash(t, old, gpt, good, blank) != before {
		t.Error("the images have changed")
	}
}
