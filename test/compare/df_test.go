package compare

import (
	"testing"

	"virt-tools/test/guests"
)

func TestVirtDf(t *testing.T) {
	ctx, w := setup(t)
	images := append([]string{w.demo}, w.matrix...)
	before := guests.Hash(t, images...)
	w.same(ctx, t, "virt-df", add(w.demo)...)
	matrix := add(w.matrix...)
	w.same(ctx, t, "virt-df", append(matrix, "--csv")...)
	w.same(ctx, t, "virt-df", append(matrix, "-h")...)
	w.same(ctx, t, "virt-df", append(matrix, "-i", "--uuid")...)
	if guests.Hash(t, images...) != before {
		t.Error("the images have changed")
	}
}
