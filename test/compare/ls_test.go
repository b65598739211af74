package compare

import (
	"testing"

	"virt-tools/test/guests"
)

// libguestfs's ls -la is that of its own appliance, so it is run on it; the rest is what
// the tool makes of what an appliance answers.
func TestVirtLs(t *testing.T) {
	ctx, w := setup(t)
	before := guests.Hash(t, w.demo)
	w.same(ctx, t, "virt-ls", append(add(w.demo), "-l", "/etc/apt", "/nonexistent", "/home")...)
	for _, options := range [][]string{
		{"-R", "/etc", "/boot/efi/"},
		{"-lR", "/etc/", "/dev", "/nonexistent"},
		{"-lR", "--csv", "--uids", "--times", "--extra-stats", "--checksum=sha256", "/etc/apt", "/srv"},
	} {
		args := append(add(w.demo), options...)
		want, got := w.onOurs(ctx, t, "virt-ls", args...), w.our(ctx, t, "virt-ls", args...)
		if got.Stdout != want.Stdout || got.Code != want.Code || want.Stdout == "" {
			t.Errorf("virt-ls %q: exit status %d, libguestfs's %d\nours:\n%.3000s%s\nlibguestfs's:\n%.3000s%s",
				options, got.Code, want.Code, got.Stdout, got.Stderr, want.Stdout, want.Stderr)
		}
	}
	if guests.Hash(t, w.demo) != before {
		t.Error("the image has changed")
	}
}
