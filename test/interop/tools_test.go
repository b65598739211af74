package interop

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"virt-tools/test/guests"
)

// TestVirtDf: libguestfs's virt-df prints the same on our appliance as on its own.
func TestVirtDf(t *testing.T) {
	ctx, w := setup(t)
	demo, err := guests.Demo(ctx, os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	want, err := w.tools.Run(ctx, "virt-df", "--format=qcow2", "-a", demo)
	if err != nil {
		t.Fatal(err)
	}
	got, err := w.tools.RunOn(ctx, w.ours, "virt-df", "--format=qcow2", "-a", demo)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want.Stdout, got.Stdout); diff != "" || got.Code != want.Code || got.Stderr != want.Stderr {
		t.Errorf("exit status %d, %d; stderr %q, %q; libguestfs's appliance (-), ours (+):\n%s", want.Code, got.Code, want.Stderr, got.Stderr, diff)
	}
}

// TestTestTool: libguestfs's own check of an appliance is content.
func TestTestTool(t *testing.T) {
	ctx, w := setup(t)
	r, err := w.tools.RunOn(ctx, w.ours, "libguestfs-test-tool")
	if err != nil {
		t.Fatal(err)
	}
	if r.Code != 0 || !strings.Contains(r.Stdout, "===== TEST FINISHED OK =====") {
		t.Errorf("exit status %d\n%s\n%s", r.Code, r.Stdout, r.Stderr)
	}
}
