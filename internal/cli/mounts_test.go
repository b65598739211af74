package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"virt-tools/pkg/guestfs"
)

// installed is a guest with operating systems.
type installed struct {
	locked
	roots       []guestfs.Mountable
	products    map[guestfs.Mountable]string
	kind        string
	mountpoints guestfs.Pairs
	drives      guestfs.Pairs
	bad         guestfs.Mountable // does not mount
	did         []string
}

func (i *installed) ListFilesystems(context.Context) (guestfs.Pairs, error) {
	return guestfs.Pairs{{Key: "/dev/sda1", Value: "ext4"}, {Key: "/dev/sda2", Value: "swap"}, {Key: "/dev/sda3", Value: "xfs"}}, nil
}

func (i *installed) MountOptions(_ context.Context, options string, m guestfs.Mountable, point string) error {
	i.did = append(i.did, fmt.Sprintf("mount %s on %s (%s)", m, point, options))
	if m == i.bad {
		return &guestfs.Error{Op: "mount_options", Msg: "wrong fs type"}
	}
	return nil
}

func (i *installed) MountVfs(_ context.Context, options, vfstype string, m guestfs.Mountable, point string) error {
	i.did = append(i.did, fmt.Sprintf("mount %s on %s (%s) as %s", m, point, options, vfstype))
	return nil
}

func (i *installed) UmountAll(context.Context) error {
	i.did = append(i.did, "unmount")
	return nil
}

func (i *installed) CaseSensitivePath(_ context.Context, path guestfs.Path) (string, error) {
	if strings.Contains(string(path), "none/") {
		return "", &guestfs.Error{Op: "case_sensitive_path", Errno: "ENOENT", Msg: "none: not found"}
	}
	return strings.ToUpper(string(path)), nil
}

func (i *installed) InspectOs(context.Context) ([]guestfs.Mountable, error) { return i.roots, nil }

func (i *installed) InspectGetProductName(_ context.Context, root guestfs.Mountable) (string, error) {
	return i.products[root], nil
}

func (i *installed) InspectGetType(context.Context, guestfs.Mountable) (string, error) {
	return i.kind, nil
}

func (i *installed) InspectGetMountpoints(context.Context, guestfs.Mountable) (guestfs.Pairs, error) {
	return i.mountpoints, nil
}

func (i *installed) InspectGetDriveMappings(context.Context, guestfs.Mountable) (guestfs.Pairs, error) {
	return i.drives, nil
}

// mounted mounts i as the options say.
func mounted(t *testing.T, i *installed, m *Mounts, writable bool) (s *System, stderr string, err error) {
	t.Helper()
	if err := m.Check(); err != nil {
		t.Fatal(err)
	}
	var errs bytes.Buffer
	console := newConsole("virt-sample", Stdio{Out: &bytes.Buffer{}, Err: &errs})
	if writable {
		s, err = m.MountWritable(t.Context(), i, &Keys{}, console)
	} else {
		s, err = m.MountReadOnly(t.Context(), i, &Keys{}, console)
	}
	return s, errs.String(), err
}

func TestParseMount(t *testing.T) {
	tests := []struct {
		text string
		want mount
		err  string
	}{
		{"/dev/sda1", mount{mountable: "/dev/sda1", point: "/"}, ""},
		{"/dev/vda1", mount{mountable: "/dev/sda1", point: "/"}, ""},
		{"/dev/mapper/vg-a--b:/x", mount{mountable: "/dev/vg/a-b", point: "/x"}, ""},
		{"/dev/sda1:", mount{mountable: "/dev/sda1", point: "/"}, ""},
		{"/dev/sda1::noatime", mount{mountable: "/dev/sda1", point: "/", options: "noatime", given: true}, ""},
		{"/dev/sda1:/boot::ext4", mount{mountable: "/dev/sda1", point: "/boot", given: true, fstype: "ext4"}, ""},
		{"btrfsvol:/dev/sda1/a:/home:ro", mount{mountable: "btrfsvol:/dev/sda1/a", point: "/home", options: "ro", given: true}, ""},
		{"", mount{}, `"": the device is missing`},
		{":/boot", mount{}, `":/boot": the device is missing`},
		{"/dev/sda1:boot", mount{}, `"/dev/sda1:boot": the mount point must begin with a slash`},
	}
	for _, test := range tests {
		got, err := parseMount(test.text)
		if got != test.want || (err != nil || test.err != "") && (err == nil || err.Error() != test.err) {
			t.Errorf("parseMount(%q) = %+v, %v; want %+v, %s", test.text, got, err, test.want, test.err)
		}
	}
}

func TestMountGiven(t *testing.T) {
	i := &installed{}
	s, _, err := mounted(t, i, &Mounts{Mount: []string{"/dev/sda1", "/dev/sda3:/srv:rw,noatime:xfs", "/dev/sda4:/x:"}}, false)
	want := []string{"mount /dev/sda1 on / (ro)", "mount /dev/sda3 on /srv (rw,noatime) as xfs", "mount /dev/sda4 on /x ()"}
	if diff := cmp.Diff(want, i.did); diff != "" || err != nil {
		t.Fatalf("%v (-want +got):\n%s", err, diff)
	}
	if path, err := s.Path(t.Context(), `C:\x`); path != `C:\x` || err != nil || s.Root != "" {
		t.Errorf("a path is changed to %q, %v", path, err)
	}
	i = &installed{bad: "/dev/sda2"}
	_, _, err = mounted(t, i, &Mounts{Mount: []string{"/dev/sda2"}}, true)
	var a advised
	if err == nil || err.Error() != "-m /dev/sda2: mount_options: wrong fs type" || !errors.As(err, &a) ||
		a.Hint() != "the guest has the filesystems /dev/sda1 (ext4), /dev/sda3 (xfs)" {
		t.Errorf("one that does not mount: %v, hint %v", err, a)
	}
	if i.did[0] != "mount /dev/sda2 on / ()" {
		t.Errorf("writable: %q", i.did)
	}
}

func linux() *installed {
	return &installed{
		roots:       []guestfs.Mountable{"/dev/sda3"},
		kind:        "linux",
		mountpoints: guestfs.Pairs{{Key: "/boot/efi", Value: "/dev/sda1"}, {Key: "/boot", Value: "/dev/sda2"}, {Key: "/", Value: "/dev/sda3"}},
	}
}

func TestMountSystem(t *testing.T) {
	i := linux()
	i.bad = "/dev/sda2"
	s, stderr, err := mounted(t, i, &Mounts{}, false)
	want := []string{"mount /dev/sda3 on / (ro)", "mount /dev/sda2 on /boot (ro)", "mount /dev/sda1 on /boot/efi (ro)"}
	if diff := cmp.Diff(want, i.did); diff != "" || err != nil || s.Root != "/dev/sda3" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if want := "virt-sample: warning: /dev/sda2 is not mounted on /boot: mount_options: wrong fs type\n"; stderr != want {
		t.Errorf("stderr %q; want %q", stderr, want)
	}
	if path, err := s.Path(t.Context(), `/a\b`); path != `/a\b` || err != nil {
		t.Errorf("a path is changed to %q, %v", path, err)
	}
	// An fstab that is wrong about the root, and one that says nothing of it.
	i = linux()
	i.mountpoints, i.bad = guestfs.Pairs{{Key: "/", Value: "/dev/mapper/root"}}, "/dev/mapper/root"
	_, stderr, err = mounted(t, i, &Mounts{}, false)
	want = []string{"mount /dev/mapper/root on / (ro)", "mount /dev/sda3 on / (ro)"}
	if diff := cmp.Diff(want, i.did); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if want := "virt-sample: warning: /dev/mapper/root is not mounted on /, but /dev/sda3: mount_options: wrong fs type\n"; stderr != want {
		t.Errorf("stderr %q; want %q", stderr, want)
	}
	i = linux()
	i.mountpoints = nil
	if _, stderr, err := mounted(t, i, &Mounts{}, false); len(i.did) != 1 || stderr != "" || err != nil {
		t.Errorf("%q, %q, %v; want the root mounted", i.did, stderr, err)
	}
	i = linux()
	i.bad = "/dev/sda3"
	if _, _, err := mounted(t, i, &Mounts{}, false); err == nil || err.Error() != "mount_options: wrong fs type" {
		t.Errorf("a root that does not mount: %v", err)
	}
}

func TestChooseSystem(t *testing.T) {
	two := func() *installed {
		i := linux()
		i.roots = append(i.roots, "/dev/sda5")
		i.products = map[guestfs.Mountable]string{"/dev/sda3": "Debian 12", "/dev/sda5": "unknown"}
		return i
	}
	tests := []struct {
		name       string
		i          *installed
		root       string
		want       guestfs.Mountable
		err, advic string
	}{
		{"none", &installed{}, "", "", "no operating system was found on this disk",
			"the guest has the filesystems /dev/sda1 (ext4), /dev/sda3 (xfs); -m mounts one"},
		{"several", two(), "", "", "the guest has several operating systems: /dev/sda3 (Debian 12), /dev/sda5", "choose one with --root=/dev/sda3"},
		{"chosen", two(), "/dev/sda5", "/dev/sda5", "", ""},
		{"chosen by its name in the guest", two(), "/dev/vda5", "/dev/sda5", "", ""},
		{"wrong", linux(), "/dev/sda9", "", "--root /dev/sda9: the guest has no such operating system", "it has /dev/sda3"},
	}
	for _, test := range tests {
		s, _, err := mounted(t, test.i, &Mounts{Root: test.root}, false)
		if err == nil {
			if s.Root != test.want {
				t.Errorf("%s: root %s; want %s", test.name, s.Root, test.want)
			}
			continue
		}
		var a advised
		if !errors.As(err, &a) || err.Error() != test.err || a.Hint() != test.advic {
			t.Errorf("%s: %v, %v; want %s, %s", test.name, err, a, test.err, test.advic)
		}
	}
	m := Mounts{Root: "/dev/sda1", Mount: []string{"/dev/sda1"}}
	if err := m.Check(); err == nil {
		t.Error("--root with -m is no error")
	}
}

func TestWindowsPaths(t *testing.T) {
	i := &installed{
		roots:       []guestfs.Mountable{"/dev/sda2"},
		kind:        "windows",
		mountpoints: guestfs.Pairs{{Key: "/", Value: "/dev/sda2"}},
		drives:      guestfs.Pairs{{Key: "C", Value: "/dev/sda2"}, {Key: "e", Value: "/dev/sdb1"}},
	}
	s, _, err := mounted(t, i, &Mounts{}, false)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		want guestfs.Path
		did  []string
		err  string
	}{
		{`C:\Windows\win.ini`, "/WINDOWS/WIN.INI", nil, ""},
		{`c:/windows`, "/WINDOWS", nil, ""},
		{`\windows`, "/WINDOWS", nil, ""},
		{`windows`, "/WINDOWS", nil, ""},
		{`e:\data`, "/DATA", []string{"unmount", "mount /dev/sdb1 on / (ro)"}, ""},
		{`E:`, "/", nil, ""},
		{`/windows`, "/WINDOWS", []string{"unmount", "mount /dev/sda2 on / (ro)"}, ""},
		{`Q:\x`, "", nil, `Q:\x: the guest has no drive Q`},
		{`C:\none\x`, "", nil, "case_sensitive_path: none: not found"},
	}
	for _, test := range tests {
		i.did = nil
		got, err := s.Path(t.Context(), test.name)
		if got != test.want || (err != nil || test.err != "") && (err == nil || err.Error() != test.err) {
			t.Errorf("Path(%q) = %q, %v; want %q, %s", test.name, got, err, test.want, test.err)
		}
		if diff := cmp.Diff(test.did, i.did); diff != "" {
			t.Errorf("Path(%q) did (-want +got):\n%s", test.name, diff)
		}
	}
}

// TestRemount mounts again what could be mounted, with the options that -m gave.
func TestRemount(t *testing.T) {
	i := &installed{roots: []guestfs.Mountable{"/dev/sda1"}, kind: "linux", bad: "/dev/sda9",
		mountpoints: guestfs.Pairs{{Key: "/", Value: "/dev/sda1"}, {Key: "/boot", Value: "/dev/sda9"}, {Key: "/var", Value: "/dev/sda3"}}}
	for _, test := range []struct {
		mounts Mounts
		want   []string
	}{
		{Mounts{}, []string{"unmount", "mount /dev/sda1 on / ()", "mount /dev/sda3 on /var ()"}},
		{Mounts{Mount: []string{"/dev/sda1", "/dev/sda3:/x:noatime", "/dev/sda4:/y::ext4"}},
			[]string{"unmount", "mount /dev/sda1 on / ()", "mount /dev/sda3 on /x (noatime)", "mount /dev/sda4 on /y () as ext4"}},
	} {
		s, _, err := mounted(t, i, &test.mounts, false)
		if err != nil {
			t.Fatal(err)
		}
		i.did = nil
		if err := s.Remount(t.Context()); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(test.want, i.did); diff != "" {
			t.Errorf("%v (-want +got):\n%s", test.mounts.Mount, diff)
		}
	}
}
