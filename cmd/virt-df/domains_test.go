package main

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"virt-tools/test/libvirts"
)

// All domains are shown in the order of their names; those that fail are reported.
func TestVMDomains(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: no appliance is launched")
	}
	libvirts.Program(t)
	dir := t.TempDir()
	tool(t, dir, "truncate", "-s", "64M", "ext4.img", "vfat.img")
	tool(t, dir, "mkfs.ext4", "-q", "ext4.img")
	tool(t, dir, "mkfs.vfat", "vfat.img")
	tool(t, dir, "qemu-img", "convert", "-O", "qcow2", "vfat.img", "vfat.qcow2")
	ext4 := libvirts.File("vda", "raw", filepath.Join(dir, "ext4.img"))
	vfat := libvirts.File("vdb", "qcow2", filepath.Join(dir, "vfat.qcow2"))
	const uuid = "11111111-2222-3333-4444-555555555555"
	bravo := strings.Replace(libvirts.Domain("Bravo", false, ext4, libvirts.EmptyCDROM, vfat), "<memory", "<uuid>"+uuid+"</uuid><memory", 1)
	uri := libvirts.Fake(t,
		libvirts.Domain("zebra", true, ext4), libvirts.Domain("none", false), bravo,
		libvirts.Domain("alpha", false, vfat), libvirts.Domain("lost", false, libvirts.File("vda", "raw", "/nonexistent.img")))
	before := contents(t, dir)
	out, stderr, status := command(t, "-c", uri, "--csv", "-P", "3")
	const want = `VirtualMachine,Filesystem,1K-blocks,Used,Available,Use%
Bravo,/dev/sda,N,N,N,N
Bravo,/dev/sdb,N,N,N,N
alpha,/dev/sda,N,N,N,N
zebra,/dev/sda,N,N,N,N
`
	if diff := cmp.Diff(want, regexp.MustCompile(`,[0-9.]+\b`).ReplaceAllString(out, ",N")); diff != "" {
		t.Errorf("stdout (-want +got):\n%s", diff)
	}
	// The note comes when it comes; the errors are in order.
	const note = "virt-df: note: domain zebra is running: what is read from a domain in use may be out of date or inconsistent\n"
	const failures = `virt-df: error: libvirt domain lost: launch: open /nonexistent.img: no such file or directory
virt-df: hint: check the name of the disk image
virt-df: error: add_libvirt_dom: libvirt domain none: it has no disks
`
	if strings.Count(stderr, note) != 1 || strings.Replace(stderr, note, "", 1) != failures || status != 1 {
		t.Errorf("status %d, stderr %q", status, stderr)
	}
	out, _, status = command(t, "-c", uri, "--prometheus", "--uuid")
	if status != 1 || strings.Count(out, "virt_df_guest_success{") != 5 || strings.Count(out, "} 0\n") < 2 ||
		!strings.Contains(out, `virt_df_filesystem_size_bytes{guest="`+uuid+`",device="/dev/sdb",fstype="vfat"} `) {
		t.Errorf("status %d, %s", status, out)
	}
	if after := contents(t, dir); before != after {
		t.Error("the images have changed")
	}
}

func contents(t *testing.T, dir string) string {
	t.Helper()
	all := ""
	for _, name := range []string{"ext4.img", "vfat.qcow2"} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		all += string(b)
	}
	return all
}

// lookup makes a script virt-tools-libvirt.
func lookup(t *testing.T, script string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "virt-tools-libvirt")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+script), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("VIRT_TOOLS_LIBVIRT", path)
}

// When the connection is lost half-way, each domain that is left is reported, and none is forgotten.
func TestConnectionLost(t *testing.T) {
	lookup(t, `read open; echo '{"URI":"qemu:///system"}'
read list; echo '{"Domains":[{"Name":"c"},{"Name":"a"},{"Name":"b"}]}'
read domain; exit 1`)
	stdout, stderr, status := command(t, "-P", "2")
	for _, name := range []string{"a", "b", "c"} {
		if !strings.Contains(stderr, "virt-df: error: libvirt domain "+name+": ") {
			t.Errorf("domain %s is not reported: %q", name, stderr)
		}
	}
	if status != 1 || stdout != "Filesystem                           1K-blocks       Used  Available  Use%\n" || strings.Count(stderr, "ended unexpectedly") != 3 {
		t.Errorf("status %d, %q, %q", status, stdout, stderr)
	}
}

func TestNoDomains(t *testing.T) {
	lookup(t, `read open; echo '{"URI":"qemu:///system"}'; read list; echo '{}'; read more`)
	stdout, stderr, status := command(t, "--csv")
	if status != 0 || stderr != "" || stdout != "VirtualMachine,Filesystem,1K-blocks,Used,Available,Use%\n" {
		t.Errorf("status %d, %q, %q; want the headings", status, stdout, stderr)
	}
}

// interrupting is where output goes until it has come often enough.
type interrupting struct {
	strings.Builder
	stop context.CancelFunc
}

func (w *interrupting) Write(p []byte) (int, error) {
	if n, err := w.Builder.Write(p); err != nil {
		return n, err
	}
	if strings.Count(w.String(), "VirtualMachine") == 3 {
		w.stop()
	}
	return len(p), nil
}

func TestWatch(t *testing.T) {
	lookup(t, `read open; echo '{"URI":"qemu:///system"}'; read list; echo '{}'; read more`)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	out := &interrupting{stop: stop}
	var stderr strings.Builder
	status := run(ctx, []string{"--csv", "--watch", "1"}, nil, out, &stderr)
	const round = "VirtualMachine,Filesystem,1K-blocks,Used,Available,Use%\n"
	if want := round + "\n" + round + "\n" + round; out.String() != want || status != 1 {
		t.Errorf("status %d, %q, %q; want %q", status, out.String(), stderr.String(), want)
	}
}
