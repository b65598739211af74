package compare

import "testing"

// The first and the last are there, so what is not must not keep the others from being printed.
func TestVirtCat(t *testing.T) {
	ctx, w := setup(t)
	before := hash(t, w.demo)
	w.same(ctx, t, "virt-cat", append(add(w.demo), "/etc/hostname", "/nonexistent", "/etc", "/usr/share/doc", "/home/user/notes", "/boot/efi/README.TXT", "/etc/fstab")...)
	if hash(t, w.demo) != before {
		t.Error("the image has changed")
	}
}
