package guestfs

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"virt-tools/internal/qemu"
	"virt-tools/test/libvirts"
)

const (
	twoDisks = `<domain><name>d</name><devices>
<disk type='file'><driver type='qcow2'/><source file='/a'/><backingStore type='file'><format type='raw'/><source file='/b'/><backingStore/></backingStore><target dev='vda'/><serial>S</serial></disk>
<disk type='file'><driver type='raw'/><source file='/c'/><target dev='vdb'/><readonly/></disk></devices></domain>`
	nvmeToo = `<domain><name>d</name><devices><disk type='file'><source file='/a'/><target dev='vda'/></disk>
<disk type='nvme'><source type='pci' namespace='1'/><target dev='vdb'/></disk></devices></domain>`
)

func shutOff(xml string) *LibvirtDomain {
	return &LibvirtDomain{Name: "d", State: "shut off", XML: xml}
}

func TestAddLibvirtDom(t *testing.T) {
	first := qemu.Drive{File: "/a", Format: "qcow2", Label: "S", Chain: true, Backing: []qemu.Layer{{File: "/b", Format: "raw"}}}
	second := qemu.Drive{Index: 1, File: "/c", Format: "raw"}
	readOnly := func(d qemu.Drive) qemu.Drive {
		d.ReadOnly = true
		return d
	}
	tests := []struct {
		name string
		opts *AddDomainOpts
		want []qemu.Drive
	}{
		{"default", nil, []qemu.Drive{first, second}},
		{"write", &AddDomainOpts{ReadOnlyDisk: "write"}, []qemu.Drive{first, second}},
		{"read", &AddDomainOpts{ReadOnlyDisk: "read"}, []qemu.Drive{first, readOnly(second)}},
		{"ignore", &AddDomainOpts{ReadOnlyDisk: "ignore"}, []qemu.Drive{first}},
		{"read-only", &AddDomainOpts{ReadOnly: true}, []qemu.Drive{readOnly(first), readOnly(second)}},
		{"read-only, error", &AddDomainOpts{ReadOnly: true, ReadOnlyDisk: "error"}, []qemu.Drive{readOnly(first), readOnly(second)}},
		{"read-only, ignore", &AddDomainOpts{ReadOnly: true, ReadOnlyDisk: "ignore"}, []qemu.Drive{readOnly(first)}},
	}
	for _, test := range tests {
		g := New(nil)
		n, err := g.AddLibvirtDom(t.Context(), shutOff(twoDisks), test.opts)
		if err != nil || n != len(test.want) {
			t.Errorf("%s: %d, %v; want %d", test.name, n, err, len(test.want))
		}
		var got []qemu.Drive
		for _, d := range g.drives {
			got = append(got, d.spec)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}

// A domain whose disks cannot all be added leaves the handle as it was.
func TestAddLibvirtDomErrors(t *testing.T) {
	tests := []struct {
		name   string
		change func(*LibvirtDomain)
		opts   AddDomainOpts
		want   string
		hint   string
	}{
		{"running", func(d *LibvirtDomain) { d.State = "running" }, AddDomainOpts{}, "domain d is running: writing", "virsh shutdown"},
		{"paused", func(d *LibvirtDomain) { d.State = "paused" }, AddDomainOpts{}, "domain d is paused: writing", "virsh shutdown"},
		{"saved", func(d *LibvirtDomain) { d.Saved = true }, AddDomainOpts{}, "has its memory saved", "managedsave-remove"},
		{"policy", func(*LibvirtDomain) {}, AddDomainOpts{ReadOnlyDisk: "error"}, "disk vdb: the domain only reads it", ""},
		{"unknown policy", func(*LibvirtDomain) {}, AddDomainOpts{ReadOnlyDisk: "maybe"}, `readonlydisk is "maybe"`, ""},
		{"remote", func(d *LibvirtDomain) { d.Host = "far" }, AddDomainOpts{ReadOnly: true}, "disk vda: /a is on the host far", "-a ssh://far/a"},
		{"unsupported", func(d *LibvirtDomain) { d.XML = nvmeToo }, AddDomainOpts{}, "disk vdb: type nvme", ""},
		{"no XML", func(d *LibvirtDomain) { d.XML = "" }, AddDomainOpts{}, "domain XML", ""},
		{"no disks", func(d *LibvirtDomain) { d.XML = "<domain/>" }, AddDomainOpts{}, "it has no disks", ""},
	}
	for _, test := range tests {
		g := New(nil)
		d := shutOff(twoDisks)
		test.change(d)
		_, err := g.AddLibvirtDom(t.Context(), d, &test.opts)
		var e *Error
		if !errors.As(err, &e) || e.Op != "add_libvirt_dom" || !strings.Contains(e.Error(), test.want) || !strings.Contains(e.Hint(), test.hint) {
			t.Errorf("%s: %v; want %q and %q", test.name, err, test.want, test.hint)
		}
		if len(g.drives) != 0 {
			t.Errorf("%s: %d drives were added", test.name, len(g.drives))
		}
	}
}

// Reading goes on without a disk that cannot be used, with a warning.
func TestAddLibvirtDomWarns(t *testing.T) {
	g := New(nil)
	var warnings []string
	g.OnEvent(func(e Event) { warnings = append(warnings, e.Text) })
	if n, err := g.AddLibvirtDom(t.Context(), shutOff(nvmeToo), &AddDomainOpts{ReadOnly: true}); n != 1 || err != nil {
		t.Errorf("%d, %v; want 1", n, err)
	}
	if len(warnings) != 1 || !strings.HasPrefix(warnings[0], "libvirt domain d: disk vdb is left out: type nvme: ") {
		t.Errorf("warnings %q", warnings)
	}
}

func TestAddDomain(t *testing.T) {
	libvirts.Program(t)
	const uuid = "11111111-2222-3333-4444-555555555555"
	xml := strings.Replace(libvirts.Domain("web", false, libvirts.File("vda", "raw", "/x")), "<memory", "<uuid>"+uuid+"</uuid><memory", 1)
	uri := libvirts.Fake(t, xml)
	for _, test := range []struct {
		name  string
		uuids bool
		want  bool
	}{{"web", false, true}, {uuid, true, true}, {uuid, false, false}, {"none", true, false}} {
		g := New(nil)
		n, err := g.AddDomain(t.Context(), test.name, &AddDomainOpts{LibvirtURI: uri, AllowUUID: test.uuids})
		if (err == nil) != test.want || n != len(g.drives) {
			t.Errorf("AddDomain(%s, %t) = %d, %v", test.name, test.uuids, n, err)
		}
	}
	if _, err := New(nil).AddDomain(t.Context(), "web", &AddDomainOpts{LibvirtURI: "test:///nonexistent"}); err == nil {
		t.Error("no libvirt and no error")
	}
}

// After Launch the disks are plugged in, all or none.
func TestVMAddLibvirtDom(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: no appliance is launched")
	}
	image := t.TempDir() + "/disk.img"
	if err := os.WriteFile(image, make([]byte, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	g := New(nil)
	defer g.Close()
	if err := g.Launch(context.Background()); err != nil {
		t.Fatal(err)
	}
	file := func(target, path string) string { return libvirts.File(target, "raw", path) }
	domain := func(disks string) *LibvirtDomain {
		return shutOff("<domain><devices>" + disks + "</devices></domain>")
	}
	if _, err := g.AddLibvirtDom(t.Context(), domain(file("vda", image)+file("vdb", image+".none")), &AddDomainOpts{ReadOnly: true}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a disk that is missing: %v", err)
	}
	if devices, err := g.ListDevices(t.Context()); err != nil || len(devices) != 0 {
		t.Errorf("devices %v, %v; want none", devices, err)
	}
	if n, err := g.AddLibvirtDom(t.Context(), domain(file("vda", image)+file("vdb", image)), &AddDomainOpts{ReadOnly: true}); n != 2 || err != nil {
		t.Errorf("AddLibvirtDom = %d, %v; want 2", n, err)
	}
	if devices, err := g.ListDevices(t.Context()); err != nil || len(devices) != 2 {
		t.Errorf("devices %v, %v; want two", devices, err)
	}
}
