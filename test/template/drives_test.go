package template

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"virt-tools/pkg/guestfs"
)

// diskName is what the n-th disk is called: sda ... sdz, sdaa ... sdiu.
func diskName(n int) guestfs.Device {
	s := ""
	for n++; n > 0; n = (n - 1) / 26 {
		s = string(rune('a'+(n-1)%26)) + s
	}
	return guestfs.Device("/dev/sd" + s)
}

// Drives keep their order and what was asked for, however many there are.
func TestDrives(t *testing.T) {
	counts := []int{20, 255}
	if testing.Short() {
		counts = counts[:1]
	}
	h := newHost(t)
	must(t, h.launch().Close())
	file := filepath.Join(t.TempDir(), "disk")
	must(t, os.WriteFile(file, make([]byte, 1<<20), 0o600))
	for _, n := range counts {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			opts := h.opts
			g := guestfs.New(&opts)
			defer g.Close()
			for i := range n {
				var err error
				if i == 3 {
					err = g.AddDrive(file, &guestfs.AddDriveOpts{Format: "raw", ReadOnly: true, BlockSize: 4096})
				} else {
					err = g.AddDriveScratch(int64(i+1)<<20, nil)
				}
				must(t, err)
			}
			ctx := testContext(t)
			start := time.Now()
			must(t, g.Launch(ctx))
			t.Logf("launched in %v", time.Since(start))
			wantOrigin(t, g, guestfs.FromTemplate)
			devices, err := g.ListDevices(ctx)
			if err != nil || len(devices) != n {
				t.Fatalf("ListDevices = %d, %v; want %d", len(devices), err, n)
			}
			for i, d := range devices {
				size, err := g.BlockdevGetsize64(ctx, d)
				must(t, err)
				want := int64(i+1) << 20
				if i == 3 {
					want = 1 << 20
				}
				if d != diskName(i) || size != want {
					t.Errorf("disk %d is %s of %d bytes; want %s of %d", i, d, size, diskName(i), want)
				}
			}
			if ss, err := g.BlockdevGetss(ctx, diskName(3)); err != nil || ss != 4096 {
				t.Errorf("sector size of the fourth disk = %d, %v; want 4096", ss, err)
			}
		})
	}
}

// Drives come and go while the appliance runs.
func TestHotplug(t *testing.T) {
	h := newHost(t)
	for _, origin := range []guestfs.Origin{guestfs.FromBoot, guestfs.FromTemplate} {
		t.Run(string(origin), func(t *testing.T) {
			g := h.launch()
			wantOrigin(t, g, origin)
			ctx := testContext(t)
			must(t, g.AddDriveScratch(300<<20, &guestfs.AddDriveOpts{Label: "late"}))
			must(t, g.Mkfs(ctx, "ext4", "/dev/sdb", nil))
			must(t, g.Mount(ctx, "/dev/sdb", "/"))
			if err := g.RemoveDrive(ctx, "late"); !errors.Is(err, syscall.EBUSY) {
				t.Errorf("RemoveDrive of a mounted drive = %v; want EBUSY", err)
			}
			must(t, g.Write(ctx, "/still", []byte("there")))
			must(t, g.UmountAll(ctx))
			must(t, g.RemoveDrive(ctx, "late"))
			devices, err := g.ListDevices(ctx)
			if err != nil || len(devices) != 1 || devices[0] != "/dev/sda" {
				t.Errorf("ListDevices = %v, %v; want sda only", devices, err)
			}
			if err := g.RemoveDrive(ctx, "late"); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("RemoveDrive of a drive that is gone = %v; want ErrNotExist", err)
			}
			if err := g.AddDrive("/nonexistent", nil); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("AddDrive of nothing = %v; want ErrNotExist", err)
			}
			must(t, g.AddDriveScratch(64<<20, &guestfs.AddDriveOpts{Label: "later"}))
			if size, err := g.BlockdevGetsize64(ctx, "/dev/sdb"); err != nil || size != 64<<20 {
				t.Errorf("size of the new sdb = %d, %v", size, err)
			}
			works(t, g)
		})
	}
}
