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

// fixed is a guest that gives fixed answers: two volume groups, of which one lies on two
// partitions, an array, an MBR and a GPT.
type fixed struct {
	empty   bool
	mounts  int
	mounted guestfs.Mountable
	dead    error
}

var sizes = map[guestfs.Device]int64{
	"/dev/sda": 536870912, "/dev/sda1": 8388608, "/dev/sda2": 1024, "/dev/sda5": 1 << 20, "/dev/sda6": 1 << 20,
	"/dev/sdb": 3 << 20, "/dev/sdb1": 1 << 20, "/dev/md0": 6 << 20,
	"/dev/VGA/LV1": 33554432, "/dev/VGB/Swap": 33554432,
}

func (f *fixed) ListFilesystems(context.Context) (guestfs.Pairs, error) {
	if f.empty {
		return nil, f.dead
	}
	return guestfs.Pairs{
		{Key: "/dev/sda1", Value: "ext2"},
		{Key: "btrfsvol:/dev/sdb1/home dir", Value: "btrfs"},
		{Key: "/dev/md0", Value: "xfs"},
		{Key: "/dev/VGA/LV1", Value: "unknown"},
		{Key: "/dev/VGB/Swap", Value: "swap"},
	}, f.dead
}

// list is what a call that lists devices answers.
func (f *fixed) list(devices ...guestfs.Device) ([]guestfs.Device, error) {
	if f.empty {
		return nil, f.dead
	}
	return devices, f.dead
}

func (f *fixed) ListMdDevices(context.Context) ([]guestfs.Device, error) { return f.list("/dev/md0") }

func (f *fixed) ListPartitions(context.Context) ([]guestfs.Device, error) {
	return f.list("/dev/sda1", "/dev/sda2", "/dev/sda5", "/dev/sda6", "/dev/sdb1")
}

func (f *fixed) ListDevices(context.Context) ([]guestfs.Device, error) {
	return f.list("/dev/sda", "/dev/sdb")
}

func (f *fixed) Lvs(context.Context) ([]guestfs.Device, error) {
	return f.list("/dev/VGA/LV1", "/dev/VGB/Swap")
}

const (
	uuidA  = "G2KdxFzvhCu72Wne0HoONaLkDc3QwF2X"
	uuidB  = "H2KdxFzvhCu72Wne0HoONaLkDc3QwF2Y"
	uuidP1 = "5dhtaSTA2Mj9MTuRDuGV332gsAQRnx3F"
	uuidP2 = "6dhtaSTA2Mj9MTuRDuGV332gsAQRnx3G"
	uuidP3 = "7dhtaSTA2Mj9MTuRDuGV332gsAQRnx3H"
)

func (f *fixed) VgsFull(context.Context) ([]guestfs.VG, error) {
	if f.empty {
		return nil, f.dead
	}
	return []guestfs.VG{{VgName: "VGA", VgUuid: uuidA, VgSize: 264241152}, {VgName: "VGB", VgUuid: uuidB, VgSize: 528482304}}, f.dead
}

func (f *fixed) PvsFull(context.Context) ([]guestfs.PV, error) {
	if f.empty {
		return nil, f.dead
	}
	return []guestfs.PV{
		{PvName: "/dev/sda5", PvUuid: uuidP1, PvSize: 264241152},
		{PvName: "/dev/sda6", PvUuid: uuidP2, PvSize: 264241152},
		{PvName: "/dev/sdb", PvUuid: uuidP3, PvSize: 264241152},
	}, f.dead
}

func (f *fixed) VfsLabel(_ context.Context, m guestfs.Mountable) (string, error) {
	if m == "/dev/VGA/LV1" {
		return "", errors.New("no label")
	}
	return map[guestfs.Mountable]string{"/dev/sda1": "a b"}[m], f.dead
}

func (f *fixed) VfsUuid(_ context.Context, m guestfs.Mountable) (string, error) {
	return map[guestfs.Mountable]string{"/dev/sda1": "01234567-0123-0123-0123-012345678901"}[m], f.dead
}

func (f *fixed) MountRo(_ context.Context, m guestfs.Mountable, _ string) error {
	if f.mounted != "" {
		return errors.New("mount_ro: something is mounted already")
	}
	f.mounts++
	if m == "/dev/md0" {
		return &guestfs.Error{Op: "mount_ro", Errno: "EINVAL", Msg: "wrong fs type"}
	}
	f.mounted = m
	return f.dead
}

func (f *fixed) Statvfs(context.Context, guestfs.Path) (*guestfs.StatVFS, error) {
	return &guestfs.StatVFS{Bsize: 1024, Blocks: 7644, Bfree: 1}, f.dead
}

func (f *fixed) UmountAll(context.Context) error { f.mounted = ""; return f.dead }

func (f *fixed) BlockdevGetsize64(_ context.Context, d guestfs.Device) (int64, error) {
	size, ok := sizes[d]
	if !ok {
		return 0, errors.New("no device " + string(d))
	}
	return size, f.dead
}

func (f *fixed) MdStat(context.Context, guestfs.Device) ([]guestfs.MDStat, error) {
	return []guestfs.MDStat{{MdstatDevice: "/dev/sdc1"}, {MdstatDevice: "/dev/sdd1"}}, f.dead
}

func (f *fixed) Lvuuid(_ context.Context, d guestfs.Device) (string, error) {
	return map[guestfs.Device]string{"/dev/VGA/LV1": "wUpZhh-HHaz-jOjz-5ax9-hYhY-NQNo-9Itvhv", "/dev/VGB/Swap": "09efKt-dkk1-OSRg-h3aP-2Ph9-00in-yp0bpq"}[d], f.dead
}

func (f *fixed) Vgpvuuids(_ context.Context, vg string) ([]string, error) {
	// One with hyphens: both forms are met. VGA's second one is missing.
	return map[string][]string{
		"VGA": {"5dhtaS-TA2M-j9MT-uRDu-GV33-2gsA-QRnx3F", "missing"}, "VGB": {uuidP2, uuidP3},
	}[vg], f.dead
}

func (f *fixed) PartToDev(_ context.Context, d guestfs.Device) (guestfs.Device, error) {
	return d[:len("/dev/sda")], f.dead
}

func (f *fixed) PartToPartnum(_ context.Context, d guestfs.Device) (int, error) {
	return int(d[len(d)-1] - '0'), f.dead
}

func (f *fixed) PartGetParttype(_ context.Context, d guestfs.Device) (string, error) {
	return map[guestfs.Device]string{"/dev/sda": "msdos", "/dev/sdb": "gpt"}[d], f.dead
}

func (f *fixed) PartGetMbrId(_ context.Context, _ guestfs.Device, n int) (int, error) {
	return map[int]int{1: 0x83, 2: 0x05, 5: 0x8e, 6: 0x8e}[n], f.dead
}

// shown runs the tool on g.
func shown(t *testing.T, g *fixed, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	var out, errs bytes.Buffer
	disk := filepath.Join(t.TempDir(), "disk.img")
	if err := os.WriteFile(disk, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	var opts options
	show := func(ctx context.Context, console *cli.Console) error {
		rows, err := collect(ctx, g, opts.selection(), opts.columns())
		if err != nil {
			return err
		}
		return opts.print(console.Out, rows)
	}
	status = program.Run(t.Context(), append(args, "-a", disk), cli.Stdio{Out: &out, Err: &errs}, &opts, show)
	return out.String(), errs.String(), status
}

// What virt-filesystems 1.48 prints for such a guest, but for the parents of volume groups.
func TestOutput(t *testing.T) {
	tests := []struct {
		file string
		args []string
	}{
		{"names", nil},
		{"names", []string{"-h", "--filesystems", "--uuid"}},
		{"extra", []string{"--extra", "--csv"}},
		{"all-names", []string{"--all"}},
		{"long", []string{"-l"}},
		{"all", []string{"--all", "--long", "--uuid", "-h"}},
		{"all-csv", []string{"--all", "--long", "--uuid", "--csv"}},
		{"parts", []string{"--partitions", "-l"}},
		{"lvm", []string{"--lvs", "--vgs", "--pvs", "-l"}},
		{"lvm", []string{"--logvols", "--volume-groups", "--physical", "--long"}},
		{"disks", []string{"--block-devices", "-l", "--uuids"}},
		{"no-title", []string{"--filesystems", "--parts", "-l", "--no-title", "--csv"}},
		{"all-json", []string{"--all", "--json"}},
		{"all-yaml", []string{"--all", "--yaml"}},
		{"lvs-json", []string{"--lvs", "--json"}},
	}
	for _, test := range tests {
		stdout, stderr, status := shown(t, &fixed{}, test.args...)
		if status != 0 || stderr != "" {
			t.Errorf("%q: status %d, stderr %q; want 0 and none", test.args, status, stderr)
		}
		compare(t, "testdata/golden/"+test.file, stdout)
	}
}

// Names alone need no filesystem mounted.
func TestNamesMountNothing(t *testing.T) {
	g := &fixed{}
	shown(t, g, "--all", "--uuid")
	if g.mounts != 0 {
		t.Errorf("%d filesystems were mounted; want none", g.mounts)
	}
	if shown(t, g, "--long"); g.mounts != 2 {
		t.Errorf("%d filesystems were mounted for sizes; want 2", g.mounts)
	}
}

func TestNothing(t *testing.T) {
	tests := []struct {
		args []string
		want string
	}{
		{nil, ""},
		{[]string{"--lvs", "-l"}, "Name  Type  Size  Parent\n"},
		{[]string{"--csv", "-l"}, "Name,Type,VFS,Label,Size,Parent\n"},
		{[]string{"--json"}, "{\n  \"guest\": \"disk.img\",\n  \"filesystems\": []\n}\n"},
	}
	for _, test := range tests {
		if stdout, stderr, status := shown(t, &fixed{empty: true}, test.args...); stdout != test.want || stderr != "" || status != 0 {
			t.Errorf("%q = %q, %q, %d; want %q", test.args, stdout, stderr, status, test.want)
		}
	}
}

// An appliance that has died is one error, and no half a table.
func TestApplianceDies(t *testing.T) {
	for _, arg := range []string{"--filesystems", "--lvs", "--vgs", "--pvs", "--parts", "--blkdevs"} {
		stdout, stderr, status := shown(t, &fixed{dead: syscall.EIO}, arg)
		if stdout != "" || stderr != "virt-filesystems: error: input/output error\n" || status != 1 {
			t.Errorf("%s: got %q, %q, %d", arg, stdout, stderr, status)
		}
	}
}

func TestHyphenated(t *testing.T) {
	for in, want := range map[string]string{uuidP1: "5dhtaS-TA2M-j9MT-uRDu-GV33-2gsA-QRnx3F", "": "", "short": "short"} {
		if got := hyphenated(in); got != want {
			t.Errorf("hyphenated(%q) = %q; want %q", in, got, want)
		}
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
