package main

import (
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"virt-tools/internal/cli"
	"virt-tools/test/guests"
)

// asTool makes the test program the tool: one that can be killed.
const asTool = "VIRT_CLONE_PREP_TEST_AS_TOOL"

// TestVMKilled kills the tool at random times while it works on a disk. After what a next
// run does first, the disk is as it was, or wholly changed.
func TestVMKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: no appliance is launched")
	}
	small, err := guests.Named("debian")
	must(t, err)
	disks, err := small.Images(t.Context())
	must(t, err)
	dir := t.TempDir()
	disk := filepath.Join(dir, "disk.qcow2")
	tool := func() *exec.Cmd {
		_ = os.Remove(disk)
		must(t, qemuImg(t.Context(), "create", "-q", "-f", "qcow2", "-F", "raw", "-b", disks[0], disk))
		cmd := exec.Command(os.Args[0], "--format=qcow2", "-a", disk, "-q", "--hostname", "web-01")
		cmd.Env = append(os.Environ(), asTool+"=1")
		cmd.Stderr = os.Stderr
		must(t, cmd.Start())
		return cmd
	}
	start := time.Now()
	must(t, tool().Wait())
	took := time.Since(start)
	old := 0
	const kills = 4
	for range kills {
		cmd := tool()
		after := time.Duration(rand.Int64N(int64(took)))
		timer := time.AfterFunc(after, func() { _ = cmd.Process.Kill() }) // fails where it has ended already
		_ = cmd.Wait()
		timer.Stop()
		console, _ := testConsole(t)
		d, err := newDisks(t.Context(), []cli.Drive{{File: disk, Format: "qcow2"}}, nil, false, false, console)
		must(t, err)
		must(t, d.discard())
		if l := leftover(t, dir); len(l) > 0 {
			t.Errorf("killed after %v: left %v", after, l)
		}
		if qemuImg(t.Context(), "compare", disks[0], disk) == nil {
			old++
			continue
		}
		systems := mounted(t, "qcow2", []string{disk}, nil)
		for root, facts := range systems {
			if facts["hostname"] != "web-01" || len(facts) < 5 {
				t.Errorf("killed after %v: %s has %v", after, root, facts)
			}
		}
		if len(systems) != 1 {
			t.Errorf("killed after %v: systems %v", after, systems)
		}
	}
	t.Logf("of %d disks %d are as they were", kills, old)
}
