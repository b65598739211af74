package compare

import (
	"testing"

	"virt-tools/test/guests"
)

// The first and the last are there, so what is not must not keep the others from being printed.
func TestVirtCat(t *testing.T) {
	ctx, w := setup(t)
	before := guests.Hash(t, w.demo)
	w.same(ctx, t, "virt-cat", append(add(w.demo), "/etc/hostname", "/nonexistent", "/etc", "/usr/share/doc", "/home/user/notes", "/boot/efi/README.TXT", "/etc/fstab")...)
	if guests.Hash(t, w.demo) != before {
		t.Error("the image has changed")
	}
}
