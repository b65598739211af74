// Package faults tests what callers see when something breaks: disks that are
// full or bad, in the guest and on the host (ENOSPC, EIO), and a machine that
// goes away under a call. They get the error number, promptly, and nothing is
// left behind.
//
//	go test ./test/faults
package faults

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"virt-tools/pkg/guestfs"
)

// prompt is far less than what the calls would take if nobody noticed.
const prompt = 2 * time.Minute

// qemus lists the QEMUs that this process started.
func qemus(t *testing.T) []int {
	t.Helper()
	lists, err := filepath.Glob("/proc/self/task/*/children")
	if err != nil || len(lists) == 0 {
		t.Fatalf("/proc has no children: %v", err)
	}
	var pids []int
	for _, list := range lists {
		text, err := os.ReadFile(list)
		if err != nil {
			continue // the thread has ended
		}
		for _, field := range strings.Fields(string(text)) {
			name, err := os.ReadFile("/proc/" + field + "/comm")
			if pid, bad := strconv.Atoi(field); err == nil && bad == nil && strings.HasPrefix(string(name), "qemu-system") {
				pids = append(pids, pid)
			}
		}
	}
	return pids
}

func killQEMU(t *testing.T) {
	t.Helper()
	pids := qemus(t)
	if len(pids) != 1 {
		t.Fatalf("%d QEMUs; want 1", len(pids))
	}
	if err := syscall.Kill(pids[0], syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
}

// launch returns an appliance with an ext4 mounted, whose temporary files are in dir.
func launch(t *testing.T, dir string) (context.Context, *guestfs.Handle) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), prompt)
	t.Cleanup(cancel)
	g := guestfs.New(&guestfs.Options{TmpDir: dir})
	t.Cleanup(func() { g.Close() })
	if err := g.AddDriveScratch(256<<20, nil); err != nil {
		t.Fatal(err)
	}
	if err := g.Launch(ctx); err != nil {
		t.Fatal(err)
	}
	if err := g.Mkfs(ctx, "ext4", "/dev/sda", nil); err != nil {
		t.Fatal(err)
	}
	if err := g.Mount(ctx, "/dev/sda", "/"); err != nil {
		t.Fatal(err)
	}
	return ctx, g
}

// gone checks that a call said what is gone, and not that it took too long.
func gone(ctx context.Context, t *testing.T, call, what string, err error) {
	t.Helper()
	if err == nil || ctx.Err() != nil || !strings.Contains(err.Error(), what) {
		t.Errorf("%s = %v; want an error that speaks of %q", call, err, what)
	}
}

// TestQEMUKilled: idle, in a call, in an upload and in a download.
func TestQEMUKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: no appliance is launched")
	}
	for _, test := range []struct {
		name string
		do   func(ctx context.Context, t *testing.T, g *guestfs.Handle) error
	}{
		{"idle", func(ctx context.Context, t *testing.T, g *guestfs.Handle) error {
			killQEMU(t)
			return g.PingDaemon(ctx)
		}},
		{"call", func(ctx context.Context, t *testing.T, g *guestfs.Handle) error {
			// Its progress proves that the call is under way; the disk would take an hour.
			if err := g.AddDriveScratch(1<<40, nil); err != nil {
				t.Fatal(err)
			}
			var once sync.Once
			g.OnEvent(func(e guestfs.Event) {
				if e.Kind == guestfs.EventProgress {
					once.Do(func() { killQEMU(t) })
				}
			})
			return second(g.ChecksumDevice(ctx, "sha512", "/dev/sdb"))
		}},
		{"upload", func(ctx context.Context, t *testing.T, g *guestfs.Handle) error {
			return g.Upload(ctx, &tripwire{after: 20 << 20, pull: func() { killQEMU(t) }}, "/file")
		}},
		{"download", func(ctx context.Context, t *testing.T, g *guestfs.Handle) error {
			if err := errors.Join(g.Touch(ctx, "/sparse"), g.TruncateSize(ctx, "/sparse", 1<<30)); err != nil {
				t.Fatal(err)
			}
			return g.Download(ctx, "/sparse", &tripwire{after: 20 << 20, pull: func() { killQEMU(t) }})
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			ctx, g := launch(t, dir)
			gone(ctx, t, test.name, "appliance", test.do(ctx, t, g))
			gone(ctx, t, "the next call", "appliance", g.PingDaemon(ctx))
			if left := qemus(t); len(left) > 0 {
				t.Errorf("QEMU is left: %v", left)
			}
			g.Close()
			nothingLeft(t, dir)
		})
	}
}

func nothingLeft(t *testing.T, dir string) {
	t.Helper()
	if left := qemus(t); len(left) > 0 {
		t.Errorf("QEMU is left: %v", left)
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) > 0 {
		t.Errorf("left in the temporary folder: %v, %v", files, err)
	}
}

// tripwire is an endless stream of zeros, or takes one; it pulls once that many
// bytes have passed.
type tripwire struct {
	after int
	pull  func()
}

func (w *tripwire) pass(n int) {
	before := w.after
	w.after -= n
	if before > 0 && w.after <= 0 {
		w.pull()
	}
}

func (w *tripwire) Read(p []byte) (int, error) {
	clear(p)
	w.pass(len(p))
	return len(p), nil
}

func (w *tripwire) Write(p []byte) (int, error) {
	w.pass(len(p))
	return len(p), nil
}

var (
	_ io.Reader = (*tripwire)(nil)
	_ io.Writer = (*tripwire)(nil)
)

// TestQEMUKilledAtLaunch: whatever starts is killed until the launch gives up.
func TestQEMUKilledAtLaunch(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: no appliance is launched")
	}
	ctx, cancel := context.WithTimeout(t.Context(), prompt)
	defer cancel()
	dir := t.TempDir()
	g := guestfs.New(&guestfs.Options{TmpDir: dir})
	defer g.Close()
	if err := g.AddDriveScratch(1<<20, nil); err != nil {
		t.Fatal(err)
	}
	launched := make(chan error, 1)
	go func() { launched <- g.Launch(ctx) }()
	for {
		select {
		case err := <-launched:
			gone(ctx, t, "launch", "qemu was ended by signal 9", err)
			nothingLeft(t, dir)
			return
		default:
			for _, pid := range qemus(t) {
				if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && err != syscall.ESRCH {
					t.Fatal(err)
				}
			}
		}
	}
}
