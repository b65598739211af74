package calls

import (
	"context"
	"errors"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"virt-tools/pkg/guestfs"
)

func TestUmask(t *testing.T) {
	ctx, g := filesystem(t)
	mask, err := g.GetUmask(ctx)
	must(t, err)
	same(t, "umask at the start", mask, 0o022)
	old, err := g.Umask(ctx, 0o077)
	must(t, err)
	same(t, "old umask", old, 0o022)
	must(t, g.Mkdir(ctx, "/d"))
	must(t, g.Touch(ctx, "/f"))
	must(t, g.CpR(ctx, "/f", "/g"))
	for path, want := range map[guestfs.Path]int64{"/d": 0o40700, "/f": 0o100600, "/g": 0o100600} {
		st, err := g.Lstatns(ctx, path)
		must(t, err)
		same(t, "mode of "+string(path), st.StMode, want)
	}
	old, err = g.Umask(ctx, 0o022)
	must(t, err)
	same(t, "old umask", old, 0o077)
	_, err = g.Umask(ctx, 0o1777)
	wantErr(t, err, syscall.EINVAL)
	_, err = g.Umask(ctx, -1)
	wantErr(t, err, syscall.EINVAL)
}

func TestSleep(t *testing.T) {
	ctx, g := shared(t)
	start := time.Now()
	must(t, g.Sleep(ctx, 1))
	if d := time.Since(start); d < time.Second {
		t.Errorf("slept %s; want 1s", d)
	}
	short, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	err := g.Sleep(short, 60)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("sleep that was stopped: %v", err)
	}
	must(t, g.PingDaemon(ctx))
}

func TestAppliance(t *testing.T) {
	ctx, g := shared(t)
	words, err := g.EchoDaemon(ctx, []string{"a", "", "b c"})
	must(t, err)
	same(t, "echo_daemon", words, "a  b c")
	uts, err := g.Utsname(ctx)
	must(t, err)
	same(t, "sysname", uts.UtsSysname, "Linux")
	log, err := g.Dmesg(ctx)
	must(t, err)
	if want := "Linux version " + uts.UtsRelease + " "; !strings.Contains(log, want) {
		t.Errorf("dmesg has no line with %q", want)
	}
	must(t, g.Modprobe(ctx, "squashfs"))
	must(t, g.Modprobe(ctx, "squashfs")) // there already
	if err := g.Modprobe(ctx, "no_such_module"); err == nil || !strings.Contains(err.Error(), "no_such_module") {
		t.Errorf("modprobe of nothing: %v", err)
	}
	groups, err := g.AvailableAllGroups(ctx)
	must(t, err)
	for _, want := range []string{"lvm2", "btrfs", "linuxmodules"} {
		if !slices.Contains(groups, want) {
			t.Errorf("available_all_groups = %v; want %s among them", groups, want)
		}
	}
}

func TestFeatures(t *testing.T) {
	ctx, g := shared(t)
	must(t, g.Available(ctx, []string{"lvm2", "btrfs"}))
	there, err := g.FeatureAvailable(ctx, []string{"lvm2"})
	must(t, err)
	same(t, "feature_available", there, true)
	_, err = g.FeatureAvailable(ctx, []string{"no-such-group"})
	wantErr(t, err, syscall.EINVAL)
	wantErr(t, g.Available(ctx, []string{"no-such-group"}), syscall.EINVAL)
}

func TestMountables(t *testing.T) {
	ctx, g := shared(t)
	device, err := g.MountableDevice(ctx, "btrfsvol:/dev/sda/a/b")
	must(t, err)
	same(t, "device", device, disk(0))
	subvolume, err := g.MountableSubvolume(ctx, "btrfsvol:/dev/sda/a/b")
	must(t, err)
	same(t, "subvolume", subvolume, "a/b")
	device, err = g.MountableDevice(ctx, "/dev/sda")
	must(t, err)
	same(t, "device", device, disk(0))
	_, err = g.MountableSubvolume(ctx, "/dev/sda")
	wantErr(t, err, syscall.EINVAL)
}

func TestDriveAfterLaunch(t *testing.T) {
	ctx, g := shared(t)
	must(t, g.AddDriveScratch(64<<20, &guestfs.AddDriveOpts{Label: "late"}))
	size, err := g.BlockdevGetsize64(ctx, disk(driveCount))
	must(t, err)
	same(t, "size", size, int64(64<<20))
	must(t, g.RemoveDrive(ctx, "late"))
	_, err = g.BlockdevGetsize64(ctx, disk(driveCount))
	wantErr(t, err, syscall.ENOENT)
	wantErr(t, g.RemoveDrive(ctx, "late"), syscall.ENOENT)
}
