package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"virt-tools/internal/cli"
	"virt-tools/pkg/guestfs"
	"virt-tools/test/script"
)

// fixed is a guest that gives fixed answers.
type fixed struct {
	filesystems guestfs.Pairs
	stats       map[guestfs.Mountable]guestfs.StatVFS
	mountErrors map[guestfs.Mountable]error
	statErrors  map[guestfs.Mountable]error
	diesAt      guestfs.Mountable // mounting it ends the appliance
	dead        error
	mounted     guestfs.Mountable
}

func (f *fixed) ListFilesystems(context.Context) (guestfs.Pairs, error) {
	return f.filesystems, f.dead
}

func (f *fixed) MountRo(_ context.Context, m guestfs.Mountable, _ string) error {
	if f.mounted != "" {
		return errors.New("mount_ro: something is mounted already")
	}
	if m == f.diesAt && m != "" {
		f.dead = errors.New("the appliance ended")
	}
	if err := errors.Join(f.dead, f.mountErrors[m]); err != nil {
		return err
	}
	f.mounted = m
	return nil
}

func (f *fixed) Statvfs(context.Context, guestfs.Path) (*guestfs.StatVFS, error) {
	stat := f.stats[f.mounted]
	return &stat, errors.Join(f.dead, f.statErrors[f.mounted])
}

func (f *fixed) UmountAll(context.Context) error {
	f.mounted = ""
	if f.dead != nil {
		return errors.New("umount_all: the appliance has been stopped")
	}
	return nil
}

// sample has the numbers of filesystems that virt-df 1.48 showed; see the goldens.
func sample() *fixed {
	vfat := func(blocks, used int64) guestfs.StatVFS {
		return guestfs.StatVFS{Bsize: 512, Blocks: blocks, Bfree: blocks - used, Bavail: blocks - used}
	}
	return &fixed{
		filesystems: guestfs.Pairs{
			{Key: "/dev/sda1", Value: "vfat"},
			{Key: "/dev/sda2", Value: "vfat"},
			{Key: "/dev/sda3", Value: "vfat"},
			{Key: "/dev/sda4", Value: "swap"},
			{Key: "/dev/sda5", Value: "unknown"},
			{Key: "/dev/sda6", Value: "ext4"},
			{Key: "btrfsvol:/dev/sdb/home dir", Value: "btrfs"},
		},
		stats: map[guestfs.Mountable]guestfs.StatVFS{
			"/dev/sda1":                  vfat(8095, 1),
			"/dev/sda2":                  vfat(8095, 2047),
			"/dev/sda3":                  vfat(26257, 20479),
			"/dev/sda6":                  {Bsize: 1024, Blocks: 56037, Bfree: 56023, Bavail: 51437, Files: 16384, Ffree: 16373},
			"btrfsvol:/dev/sdb/home dir": {Bsize: 4096, Blocks: 40960, Bfree: 40000, Bavail: 0},
		},
	}
}

// shown runs ask as the command line says and returns what it prints.
func shown(t *testing.T, g *fixed, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	var out, errs bytes.Buffer
	disk := filepath.Join(t.TempDir(), "disk.img")
	if err := os.WriteFile(disk, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	var opts options
	show := func(ctx context.Context, console *cli.Console) error {
		p := opts.printer(console.Out)
		report, err := ask(ctx, g)
		if err := print(opts.Name(), "", report, err == nil, console, p); err != nil {
			return err
		}
		if err != nil {
			return err
		}
		return p.end()
	}
	status = program.Run(t.Context(), append(args, "-a", disk), cli.Stdio{Out: &out, Err: &errs}, &opts, show)
	return out.String(), errs.String(), status
}

func TestFormats(t *testing.T) {
	tests := []struct {
		name string
		args []string
		file string
	}{
		{"text", nil, "text"},
		{"human", []string{"-h"}, "human"},
		{"inodes", []string{"-i"}, "inodes"},
		{"inodes, human", []string{"-ih"}, "inodes"},
		{"csv", []string{"--csv"}, "csv"},
		{"csv, inodes", []string{"--csv", "-i"}, "csv-inodes"},
		{"json", []string{"--json"}, "json"},
		{"yaml", []string{"--yaml"}, "yaml"},
		{"prometheus", []string{"--prometheus"}, "prometheus"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			stdout, stderr, status := shown(t, sample(), test.args...)
			if status != 0 || stderr != "" {
				t.Errorf("status %d, stderr %q; want 0 and none", status, stderr)
			}
			compare(t, "testdata/golden/"+test.file, stdout)
		})
	}
}

func TestNothing(t *testing.T) {
	tests := []struct{ arg, want string }{
		{"-h", "Filesystem                                Size       Used  Available  Use%\n"},
		{"--csv", "VirtualMachine,Filesystem,1K-blocks,Used,Available,Use%\n"},
		{"--json", "{\n  \"filesystems\": []\n}\n"},
		{"--yaml", "filesystems: []\n"},
	}
	for _, test := range tests {
		if stdout, stderr, status := shown(t, &fixed{}, test.arg); stdout != test.want || stderr != "" || status != 0 {
			t.Errorf("%s = %q, %q, %d; want %q", test.arg, stdout, stderr, status, test.want)
		}
	}
}

// One bad filesystem must not hide the others, nor change the exit status.
func TestBadFilesystem(t *testing.T) {
	bad := &guestfs.Error{Op: "mount_ro", Errno: "EINVAL", Msg: "wrong fs type\x1b[1m"}
	for _, errs := range []string{"mount", "stat"} {
		g := sample()
		broken := map[guestfs.Mountable]error{"/dev/sda2": bad, "/dev/sda6": bad}
		if errs == "mount" {
			g.mountErrors = broken
		} else {
			g.statErrors = broken
		}
		stdout, stderr, status := shown(t, g, "--csv")
		const wantOut = `VirtualMachine,Filesystem,1K-blocks,Used,Available,Use%
disk.img,/dev/sda1,4047,0,4047,0.0
disk.img,/dev/sda3,13128,10239,2889,78.0
disk.img,"btrfsvol:/dev/sdb/home dir",163840,3840,0,2.3
`
		const wantErr = `virt-df: warning: disk.img: /dev/sda2 (vfat) is skipped: mount_ro: wrong fs type\x1b[1m
virt-df: warning: disk.img: /dev/sda6 (ext4) is skipped: mount_ro: wrong fs type\x1b[1m
`
		if status != 0 {
			t.Errorf("%s: status %d; want 0", errs, status)
		}
		if diff := cmp.Diff(wantOut, stdout); diff != "" {
			t.Errorf("%s: stdout (-want +got):\n%s", errs, diff)
		}
		if diff := cmp.Diff(wantErr, stderr); diff != "" {
			t.Errorf("%s: stderr (-want +got):\n%s", errs, diff)
		}
	}
}

// When the appliance dies there is one error, which says why, not one for each filesystem.
func TestApplianceDies(t *testing.T) {
	g := sample()
	g.diesAt = "/dev/sda2"
	stdout, stderr, status := shown(t, g, "--csv")
	if want := "virt-df: error: the appliance ended\n"; stderr != want || status != 1 {
		t.Errorf("stderr %q, status %d; want %q, 1", stderr, status, want)
	}
	const want = "VirtualMachine,Filesystem,1K-blocks,Used,Available,Use%\ndisk.img,/dev/sda1,4047,0,4047,0.0\n"
	if stdout != want {
		t.Errorf("stdout %q; want %q", stdout, want)
	}
}

// Nothing is written when there is nothing to write, so that a failed launch looks failed.
func TestListFails(t *testing.T) {
	stdout, stderr, status := shown(t, &fixed{dead: syscall.EIO})
	if stdout != "" || stderr != "virt-df: error: input/output error\n" || status != 1 {
		t.Errorf("got %q, %q, %d", stdout, stderr, status)
	}
}

func compare(t *testing.T, file, got string) {
	t.Helper()
	if *script.Update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}
