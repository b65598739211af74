// Package calls tests each call in a real appliance: exact results, and the
// errors it can give. One appliance serves all tests of the package, since a
// boot is slow; shared gives each test clean disks.
//
//	go test ./test/calls -run TestPartitions
//
// A full run fails when a call that the table calls done was never made with
// success.
package calls

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"virt-tools/internal/api"
	"virt-tools/pkg/guestfs"
)

// The drives of the shared appliance: sda to sdd hold 512-byte sectors, sde
// 4096-byte ones.
const (
	driveBytes = 1 << 30
	driveCount = 5
	bigSectors = 4 // index of the drive with 4096-byte sectors
)

var world struct {
	g       *guestfs.Handle
	mu      sync.Mutex
	made    map[string]bool // calls made with success
	console strings.Builder
}

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(run(m))
}

func run(m *testing.M) int {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	world.made = map[string]bool{}
	g := guestfs.New(&guestfs.Options{Trace: true, Verbose: true})
	world.g = g
	defer g.Close()
	g.OnEvent(observe)
	dir, err := os.MkdirTemp("", "calls-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	for i := range driveCount {
		// Discarding is what empties the disks between tests: reading a
		// gigabyte to find it empty takes two seconds.
		opts := &guestfs.AddDriveOpts{Label: fmt.Sprintf("drive%d", i), Format: "raw", Discard: "enable", CacheMode: "unsafe"}
		if i == bigSectors {
			opts.BlockSize = 4096
		}
		image := filepath.Join(dir, opts.Label)
		if err := errors.Join(os.WriteFile(image, nil, 0o600), os.Truncate(image, driveBytes), g.AddDrive(image, opts)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	if err := g.Launch(ctx); err != nil {
		fmt.Fprintf(os.Stderr, "%s\n%v\n", world.console.String(), err)
		return 1
	}
	code := m.Run()
	if err := g.Shutdown(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "shutdown:", err)
		code = 1
	}
	if missing := uncalled(); code == 0 && len(missing) > 0 && flag.Lookup("test.run").Value.String() == "" {
		fmt.Fprintln(os.Stderr, "no test makes these calls with success:", strings.Join(missing, " "))
		code = 1
	}
	return code
}

// observe notes which calls succeed and what the appliance says.
func observe(e guestfs.Event) {
	world.mu.Lock()
	defer world.mu.Unlock()
	switch e.Kind {
	case guestfs.EventAppliance:
		world.console.WriteString(e.Text)
	case guestfs.EventTrace:
		if name, ok := strings.CutSuffix(e.Text, " = done"); ok {
			world.made[name] = true
		}
	}
}

// uncalled lists the calls of the table that no test made with success.
func uncalled() []string {
	var names []string
	for _, c := range api.ByProc() {
		if !world.made[c.Name] && !slices.Contains(excused, c.Name) {
			names = append(names, c.Name)
		}
	}
	return names
}

// excused are calls that cannot succeed in these tests.
var excused = []string{
	"internal_failure",               // made by the library on its own; test/faults sees its answer
	"debug",                          // has no method; daemon.TestDebug and test/interop make it
	"debug_upload",                   // likewise
	"internal_exit",                  // ends the daemon, which answers nothing
	"internal_prepare",               // made when a template is saved, as test/template has it
	"internal_readdir_list",          // for libguestfs before 1.48.2; daemon.TestReaddirList makes it
	"internal_upload",                // for libguestfs's clients; ours has no use for it
	"internal_warnings",              // read by the library on its own; TestWarnings sees their text
	"internal_list_rpm_applications", // for libguestfs's clients; daemon.TestRpmApplications makes it
}

// shared returns the appliance with nothing mounted and nothing on its disks,
// and prints what the appliance said when the test fails.
func shared(t *testing.T) (context.Context, *guestfs.Handle) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	t.Cleanup(cancel)
	world.mu.Lock()
	world.console.Reset()
	world.mu.Unlock()
	t.Cleanup(func() {
		if t.Failed() {
			world.mu.Lock()
			defer world.mu.Unlock()
			t.Logf("the appliance said:\n%s", world.console.String())
		}
	})
	g := world.g
	must(t, g.UmountAll(ctx))
	must(t, g.LvmRemoveAll(ctx))
	arrays, err := g.ListMdDevices(ctx)
	must(t, err)
	for _, md := range arrays {
		must(t, g.MdStop(ctx, md))
	}
	for i := range driveCount {
		must(t, g.Blkdiscard(ctx, disk(i)))
		must(t, g.BlockdevRereadpt(ctx, disk(i)))
	}
	return ctx, g
}

// disk is the name of a drive.
func disk(i int) guestfs.Device { return guestfs.Device("/dev/sd" + string(rune('a'+i))) }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wantErr checks that a call failed with the error.
func wantErr(t *testing.T, err error, is error) {
	t.Helper()
	if err == nil {
		t.Errorf("no error; want %v", is)
		return
	}
	if !errors.Is(err, is) {
		t.Errorf("error %v; want %v", err, is)
	}
}

// filesystem makes an ext4 filesystem on the first drive and mounts it on /.
func filesystem(t *testing.T) (context.Context, *guestfs.Handle) {
	t.Helper()
	ctx, g := shared(t)
	must(t, g.Mkfs(ctx, "ext4", disk(0), nil))
	must(t, g.Mount(ctx, guestfs.Mountable(disk(0)), "/"))
	return ctx, g
}
