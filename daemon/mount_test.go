package daemon

import (
	"os"
	"slices"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

func TestParseMountinfo(t *testing.T) {
	text := "22 1 0:21 / /sysroot rw,relatime shared:1 - ext4 /dev/sda1 rw\n" +
		"23 22 8:2 /@ /sysroot/a\\040b\\134c rw,nosuid - btrfs /dev/mapper/vg-l\\040v rw,subvol=/@\n" +
		"24 22 8:2 / /sysroot/x\\9 ro master:1 propagate_from:2 - fuseblk /dev/sdb1 rw,user_id=0\n" +
		"garbage\n25 22 8:1 / /short\n\n"
	want := []mountEntry{
		{"/sysroot", "rw,relatime", "ext4", "/dev/sda1", "rw"},
		{`/sysroot/a b\c`, "rw,nosuid", "btrfs", "/dev/mapper/vg-l v", "rw,subvol=/@"},
		{`/sysroot/x\9`, "ro", "fuseblk", "/dev/sdb1", "rw,user_id=0"},
	}
	if diff := cmp.Diff(want, parseMountinfo([]byte(text))); diff != "" {
		t.Errorf("parseMountinfo (-want +got):\n%s", diff)
	}
}

func FuzzParseMountinfo(f *testing.F) {
	text, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte("1 2 3:4 / /\\ rw - a b c\n"))
	f.Fuzz(func(t *testing.T, text []byte) { parseMountinfo(text) })
}

func TestInside(t *testing.T) {
	for _, test := range []struct {
		path, want string
		ok         bool
	}{
		{"/sysroot", "/", true}, {"/sysroot/a/b", "/a/b", true}, {"/sysrootx", "", false}, {"/", "", false}, {"/proc", "", false},
	} {
		if got, ok := inside(test.path, "/sysroot"); got != test.want || ok != test.ok {
			t.Errorf("inside(%q) = %q, %v; want %q, %v", test.path, got, ok, test.want, test.ok)
		}
	}
}

func TestSplitMapperName(t *testing.T) {
	for _, test := range []struct {
		name, vg, lv string
		ok           bool
	}{
		{"vg-lv", "vg", "lv", true},
		{"my--vg-my--lv", "my-vg", "my-lv", true},
		{"a---b", "a-", "b", true},
		{"vg-lv_tmeta", "vg", "lv_tmeta", true},
		{"luks", "", "", false},
		{"-lv", "", "lv", false},
		{"vg-", "vg", "", false},
	} {
		vg, lv, ok := splitMapperName(test.name)
		if vg != test.vg || lv != test.lv || ok != test.ok {
			t.Errorf("splitMapperName(%q) = %q, %q, %v; want %q, %q, %v", test.name, vg, lv, ok, test.vg, test.lv, test.ok)
		}
	}
}

func TestParseMountOptions(t *testing.T) {
	for _, test := range []struct {
		options string
		flags   uintptr
		data    string
		errno   error
	}{
		{"", 0, "", nil},
		{"ro", unix.MS_RDONLY, "", nil},
		{"ro,rw", 0, "", nil},
		{"rw,ro", unix.MS_RDONLY, "", nil},
		{"defaults,nofail,x-systemd.automount,_netdev,comment=a", 0, "", nil},
		{"noatime,nosuid,nodev,noexec,sync", unix.MS_NOATIME | unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC | unix.MS_SYNCHRONOUS, "", nil},
		{"user,exec", unix.MS_NOSUID | unix.MS_NODEV, "", nil},
		{"subvol=@home,ro,compress=zstd:3", unix.MS_RDONLY, "subvol=@home,compress=zstd:3", nil},
		{`context="u:r:t:s0:c1,c2",ro`, unix.MS_RDONLY, `context="u:r:t:s0:c1,c2"`, nil},
		{",,ro,,", unix.MS_RDONLY, "", nil},
		{"ro=1", 0, "ro=1", nil},
		{"loop", 0, "", syscall.EINVAL},
		{"offset=4096", 0, "", syscall.EINVAL},
		{"bind", 0, "", syscall.EINVAL},
		{string(slices.Repeat([]byte("x"), 5000)), 0, "", syscall.EINVAL},
	} {
		flags, data, err := parseMountOptions(test.options)
		if flags != test.flags || data != test.data || !isErrno(err, test.errno) {
			t.Errorf("parseMountOptions(%.40q) = %#x, %q, %v; want %#x, %q, %v", test.options, flags, data, err, test.flags, test.data, test.errno)
		}
	}
}

// isErrno tells whether the library sees an error as one with the number.
func isErrno(err, want error) bool {
	if want == nil {
		return err == nil
	}
	return err != nil && errnoName(err) == unix.ErrnoName(want.(syscall.Errno))
}

func TestKeptOnRemount(t *testing.T) {
	m := mountEntry{Options: "ro,nosuid,noatime,relatime", Super: "ro,sync,errors=remount-ro"}
	want := uintptr(unix.MS_NOSUID | unix.MS_NOATIME | unix.MS_RELATIME | unix.MS_SYNCHRONOUS)
	if got := keptOnRemount(m); got != want {
		t.Errorf("keptOnRemount = %#x; want %#x", got, want)
	}
}

func TestKernelMessage(t *testing.T) {
	record := "3,1234,567890,-;EXT4-fs (sda1): bad geometry: block count 10 exceeds size\n SUBSYSTEM=block\n"
	if got, want := kernelMessage(record), "EXT4-fs (sda1): bad geometry: block count 10 exceeds size"; got != want {
		t.Errorf("kernelMessage = %q; want %q", got, want)
	}
}

// TestMountPointIsInTheGuest: a symbolic link of the guest that leads to a
// place of the appliance leads to one of the guest.
func TestMountPointIsInTheGuest(t *testing.T) {
	c, root := newGuest(t)
	must(t, os.Mkdir(root+"/tmp", 0o755))
	must(t, os.Symlink("/tmp", root+"/link"))
	must(t, os.Symlink("../../../../../../tmp", root+"/up"))
	must(t, os.Symlink("/proc", root+"/dangling"))
	for _, path := range []string{"/link", "/up", "/../tmp"} {
		got, err := c.resolve(path)
		if err != nil || got != root+"/tmp" {
			t.Errorf("resolve(%s) = %q, %v; want %q", path, got, err, root+"/tmp")
		}
	}
	for path, want := range map[string]syscall.Errno{"/dangling": syscall.ENOENT, "tmp": syscall.EINVAL, "/none": syscall.ENOENT} {
		if _, err := c.openMountPoint(path); !isErrno(err, want) {
			t.Errorf("openMountPoint(%s): %v; want %v", path, err, want)
		}
	}
}
