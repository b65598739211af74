package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"virt-tools/internal/cli"
	"virt-tools/internal/cloneprep"
	"virt-tools/pkg/guestfs"
	"virt-tools/test/guests"
)

// TestVMKinds clones guests of several kinds. In each clone the same filesystems are
// found as in the original, though all identifiers are others: that is so only
// when all references were rewritten.
func TestVMKinds(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: no appliance is launched")
	}
	for name, check := range map[string]func(t *testing.T, made clone, root string){
		"fedora-md": func(t *testing.T, made clone, _ string) {
			wantKinds(t, made, "md", "pv", "vg", "filesystem", "mbr")
			wantReference(t, made, "/etc/mdadm.conf")
		},
		"luks-on-lvm": func(t *testing.T, made clone, _ string) {
			wantKinds(t, made, "luks", "pv", "vg", "filesystem")
			wantReference(t, made, "/etc/crypttab")
			if !slices.ContainsFunc(made.Kept, func(e cloneprep.Entry) bool { return e.Kind == "luks volume key" }) {
				t.Error("nothing is said of the volume key")
			}
		},
		"windows-10": func(t *testing.T, made clone, _ string) {
			if slices.ContainsFunc(made.Changes, func(e cloneprep.Entry) bool { return e.Kind == "partition" || e.Kind == "disk" || e.Kind == "mbr" }) {
				t.Error("identifiers that Windows boots by were changed")
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			g, err := guests.Named(name)
			if err != nil {
				t.Fatal(err)
			}
			disks, err := g.Images(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			var args, copies []string
			for i, disk := range disks {
				to := filepath.Join(t.TempDir(), fmt.Sprintf("%d.qcow2", i))
				copies = append(copies, to)
				args = append(args, "--format=raw", "-a", disk, "--copy-to", to)
			}
			for _, key := range g.Keys {
				args = append(args, "--key", key)
			}
			var out, errs bytes.Buffer
			before := mounted(t, "raw", disks, g.Keys)
			args = append(args, "--overlay", "--hostname", "web-01", "--report=json")
			if status := run(t.Context(), args, nil, &out, &errs); status != 0 || errs.Len() > 0 {
				t.Fatalf("status %d: %s", status, errs.String())
			}
			var made report
			if err := json.Unmarshal(out.Bytes(), &made); err != nil || len(made.Clones) != 1 {
				t.Fatalf("%d clones, %v", len(made.Clones), err)
			}
			after := mounted(t, "qcow2", copies, g.Keys)
			for root, facts := range after {
				if facts["hostname"] != "web-01" && facts["hostname"] != "WEB-01" {
					t.Errorf("%s: hostname %q", root, facts["hostname"])
				}
				facts["hostname"] = before[root]["hostname"]
			}
			// Opened LUKS is named after its UUID.
			if len(g.Keys) == 0 && !maps.EqualFunc(before, after, maps.Equal) || len(before) != len(after) {
				t.Errorf("systems of the original and the clone:\n%v\n%v", before, after)
			}
			for root, facts := range after {
				check(t, made.Clones[0], root)
				if len(facts) < 2 {
					t.Errorf("%s has no filesystems: %v", root, facts)
				}
			}
		})
	}
}

// mounted returns, by root, what is mounted where, and the hostname.
func mounted(t *testing.T, format string, disks, keys []string) map[string]map[string]string {
	t.Helper()
	ctx := t.Context()
	g := guestfs.New(nil)
	defer g.Close()
	for _, disk := range disks {
		must(t, g.AddDrive(disk, &guestfs.AddDriveOpts{ReadOnly: true, Format: format}))
	}
	must(t, g.Launch(ctx))
	console, _ := testConsole(t)
	open := cli.Keys{Key: keys}
	must(t, open.Check())
	must(t, open.OpenGiven(ctx, g, console))
	roots, err := g.InspectOs(ctx)
	must(t, err)
	all := map[string]map[string]string{}
	for _, root := range roots {
		points, err := g.InspectGetMountpoints(ctx, root)
		must(t, err)
		name, err := g.InspectGetHostname(ctx, root)
		must(t, err)
		facts := map[string]string{"hostname": name}
		for _, p := range points {
			facts[p.Key] = p.Value
		}
		all[string(root)] = facts
	}
	return all
}

func wantKinds(t *testing.T, made clone, kinds ...string) {
	t.Helper()
	for _, kind := range kinds {
		if !slices.ContainsFunc(made.Changes, func(e cloneprep.Entry) bool { return e.Action == "identifier" && e.Kind == kind && e.Old != e.New }) {
			t.Errorf("no identifier of the kind %s was changed", kind)
		}
	}
}

func wantReference(t *testing.T, made clone, path string) {
	t.Helper()
	if !slices.ContainsFunc(made.Changes, func(e cloneprep.Entry) bool { return e.Action == "reference" && e.Path == path }) {
		t.Errorf("no reference in %s was rewritten", path)
	}
}

// What cannot be rewritten, and the guest boots by, stops it before anything is kept.
func TestVMBlocked(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: no appliance is launched")
	}
	small, err := guests.Named("debian")
	if err != nil {
		t.Fatal(err)
	}
	disks, err := small.Images(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	disk := filepath.Join(dir, "disk.qcow2")
	must(t, qemuImg(t.Context(), "create", "-q", "-f", "qcow2", "-F", "raw", "-b", disks[0], disk))
	addImage(t, disk)
	before := guests.Hash(t, disk)
	var out, errs bytes.Buffer
	args := []string{"-a", disk, "--format=qcow2"}
	args = []string{args[2], args[0], args[1], "--report=json"}
	status := run(t.Context(), args, nil, &out, &errs)
	if status != 1 || !strings.Contains(errs.String(), "the clone would not boot: /boot/initrd.img-lzo") || !strings.Contains(errs.String(), "--force") {
		t.Errorf("status %d: %s", status, errs.String())
	}
	if guests.Hash(t, disk) != before {
		t.Error("the disk was changed")
	}
	if l := leftover(t, dir); len(l) > 0 {
		t.Errorf("left: %v", l)
	}
	errs.Reset()
	out.Reset()
	if status := run(t.Context(), append(args, "--force", "-n"), nil, &out, &errs); status != 0 || !strings.Contains(errs.String(), "warning: /boot/initrd.img-lzo") {
		t.Errorf("--force: status %d: %s", status, errs.String())
	}
	if guests.Hash(t, disk) != before {
		t.Error("a dry run changed the disk")
	}
}

// addImage writes an initial RAM disk that cannot be looked into.
func addImage(t *testing.T, disk string) {
	t.Helper()
	ctx := t.Context()
	g := guestfs.New(nil)
	defer g.Close()
	must(t, g.AddDrive(disk, &guestfs.AddDriveOpts{Format: "qcow2"}))
	must(t, g.Launch(ctx))
	roots, err := g.InspectOs(ctx)
	must(t, err)
	if len(roots) != 1 {
		t.Fatalf("roots %v", roots)
	}
	must(t, g.Mount(ctx, roots[0], "/"))
	points, err := g.InspectGetMountpoints(ctx, roots[0])
	must(t, err)
	for _, p := range points {
		if p.Key == "/boot" {
			must(t, g.Mount(ctx, guestfs.Mountable(p.Value), "/boot"))
		}
	}
	must(t, g.Write(ctx, "/boot/initrd.img-lzo", []byte("\x89LZO\x00\r\n\x1a\n and more")))
	must(t, g.Shutdown(ctx))
}

// A Windows that sleeps must not be changed, however its filesystem can be mounted.
func TestVMHibernated(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: no appliance is launched")
	}
	small, err := guests.Named("windows-10")
	must(t, err)
	disks, err := small.Images(t.Context())
	must(t, err)
	dir := t.TempDir()
	disk := filepath.Join(dir, "disk.qcow2")
	must(t, qemuImg(t.Context(), "create", "-q", "-f", "qcow2", "-F", "raw", "-b", disks[0], disk))
	g := guestfs.New(nil)
	defer g.Close()
	must(t, g.AddDrive(disk, &guestfs.AddDriveOpts{Format: "qcow2"}))
	must(t, g.Launch(t.Context()))
	roots, err := g.InspectOs(t.Context())
	must(t, err)
	must(t, g.Mount(t.Context(), roots[0], "/"))
	must(t, g.Write(t.Context(), "/hiberfil.sys", append([]byte("hibr"), make([]byte, 8188)...)))
	must(t, g.Shutdown(t.Context()))
	before := guests.Hash(t, disk)
	var out, errs bytes.Buffer
	status := run(t.Context(), []string{"--format=qcow2", "-a", disk, "-q"}, nil, &out, &errs)
	if status != 1 || !strings.Contains(errs.String(), "hibernates or was shut down with fast startup") || !strings.Contains(errs.String(), "shutdown /s /t 0") {
		t.Errorf("status %d: %s", status, errs.String())
	}
	if guests.Hash(t, disk) != before {
		t.Error("the disk was changed")
	}
}
