package cli

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"virt-tools/pkg/guestfs"
)

// disk makes an empty raw disk of a MiB.
func disk(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "disk.img")
	if err := os.WriteFile(file, make([]byte, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

type launcher func(*Guest, context.Context, *Console) (*guestfs.Handle, error)

// write is a tool that writes to the disk of its appliance.
func write(launch launcher, opts *sampleOptions) func(context.Context, *Console) error {
	return func(ctx context.Context, console *Console) error {
		h, err := launch(&opts.Guest, ctx, console)
		if err != nil {
			return err
		}
		defer h.Close()
		if _, err := h.PwriteDevice(ctx, "/dev/sda", []byte("written"), 4096); err != nil {
			return err
		}
		return h.Shutdown(ctx)
	}
}

func TestVMLaunch(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: no appliance is launched")
	}
	tests := []struct {
		name   string
		launch launcher
		want   string
	}{
		{"read-only", (*Guest).LaunchReadOnly, "\x00\x00\x00\x00\x00\x00\x00"},
		{"writable", (*Guest).LaunchWritable, "written"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			file := disk(t)
			var opts sampleOptions
			status, _, stderr := runSample(&opts, write(test.launch, &opts), "--format=raw", "-a", file)
			if status != 0 || stderr != "" {
				t.Fatalf("status %d, stderr %q; want 0 and none", status, stderr)
			}
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if got := string(content[4096:4103]); got != test.want {
				t.Errorf("the disk holds %q; want %q", got, test.want)
			}
		})
	}
}

// A disk that another QEMU has open can be read but not changed.
func TestVMLocked(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: no appliance is launched")
	}
	file := disk(t)
	before, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	lock(t, file)
	var opts sampleOptions
	status, _, stderr := runSample(&opts, write((*Guest).LaunchWritable, &opts), "--format=raw", "-a", file)
	for _, want := range []string{file, "lock", "hint: another program has the image open: shut that guest down"} {
		if !strings.Contains(stderr, want) {
			t.Errorf("stderr %q; want %q in it", stderr, want)
		}
	}
	if status != StatusFailed || strings.Count(stderr, "\n") != 2 {
		t.Errorf("status %d, stderr %q; want 1, an error and a hint", status, stderr)
	}
	opts = sampleOptions{}
	if status, _, stderr := runSample(&opts, write((*Guest).LaunchReadOnly, &opts), "--format=raw", "-a", file); status != 0 {
		t.Errorf("read-only: status %d, stderr %q; want 0", status, stderr)
	}
	if after, err := os.ReadFile(file); err != nil || !bytes.Equal(before, after) {
		t.Errorf("the disk was changed, or: %v", err)
	}
}

// lock has a QEMU open an image for writing until the test ends.
func lock(t *testing.T, file string) {
	t.Helper()
	if _, err := exec.LookPath("qemu-nbd"); err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(t.TempDir(), "nbd")
	pid := socket + ".pid"
	// It returns once it serves, and goes on in the background.
	if out, err := exec.Command("qemu-nbd", "--fork", "--persistent", "--pid-file="+pid, "--format=raw", "--socket="+socket, file).CombinedOutput(); err != nil {
		t.Fatalf("qemu-nbd: %v: %s", err, out)
	}
	number, err := os.ReadFile(pid)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("kill", strings.TrimSpace(string(number))).CombinedOutput(); err != nil {
			t.Errorf("kill qemu-nbd: %v: %s", err, out)
		}
	})
}
