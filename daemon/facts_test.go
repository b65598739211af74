package daemon

import (
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"virt-tools/internal/facts"
)

// The facts of an ostree system are in its deployment, but for what boots it.
func TestReadFactsOstree(t *testing.T) {
	const deployment = "ostree/deploy/fedora/deploy/0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef.0/"
	tree := fstest.MapFS{
		deployment + "etc/timezone": {Data: []byte("Europe/Oslo")},
		deployment + "bin/sh":       {},

		deployment + "etc/os-release":                {Data: []byte("ID=fedora")},
		deployment + "lib/modules/6.5.6/modules.dep": {},
		"ostree/repo/config":                         {},
		"boot/grub2/grub.cfg":                        {},
		"boot/vmlinuz-6.5.6":                         {},
	}
	f, err := readFacts(tree, facts.System{Type: "linux"})
	if err != nil {
		t.Fatal(err)
	}
	want := &facts.Facts{
		TimeZone: "Europe/Oslo", Firmware: "bios", BootLoaders: []string{"grub2"},
		Kernels: []facts.Kernel{{Version: "6.5.6", Path: "/boot/vmlinuz-6.5.6", Modules: "/lib/modules/6.5.6"}},
	}
	if d := cmp.Diff(want, f); d != "" {
		t.Errorf("facts -want +got:\n%s", d)
	}
}
