package appliance

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// realKernel chooses a kernel as the tools do, and downloads one into their cache where there is none.
func realKernel(t *testing.T) *kernel {
	t.Helper()
	c, err := openCache("")
	if err != nil {
		t.Fatal(err)
	}
	unlock, err := c.lock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	r, err := newRequest(&Options{})
	if err != nil {
		t.Fatal(err)
	}
	k, err := newBuilder(c, r, t.Logf).chooseKernel(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// TestVMBoot builds the appliance of this host, around an init that tests it, and boots it in QEMU: the kernel starts by
// its PVH entry, all modules load in the order given, and every program finds its libraries.
func TestVMBoot(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: no machine is started")
	}
	qemu, err := exec.LookPath("qemu-system-x86_64")
	if err != nil {
		t.Fatal(err)
	}
	k := realKernel(t)
	init := filepath.Join(t.TempDir(), "init")
	build := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", init, "./testdata/init")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build init: %v\n%s", err, out)
	}
	t.Setenv("VIRT_TOOLS_GUESTFSD", init)
	t.Setenv("SUPERMIN_KERNEL", k.set.Host(k.image))
	t.Setenv("SUPERMIN_MODULES", k.set.Host(k.modules))
	start := time.Now()
	a := find(t, &Options{CacheDir: filepath.Join(t.TempDir(), "cache"), Log: t.Logf})
	t.Logf("built in %v", time.Since(start))
	d, err := a.Describe()
	if err != nil {
		t.Fatal(err)
	}
	if d.Initrd.Bytes > 120<<20 {
		t.Errorf("initramfs of %d bytes; want less than 120 MiB", d.Initrd.Bytes)
	}

	console := boot(t, qemu, a)
	want := []string{"version " + k.version, "module ok virtio_scsi", "module ok ext4"}
	for _, p := range d.Programs {
		want = append(want, "program ok "+p.Name)
	}
	for _, line := range want {
		if !slices.Contains(console, "boot-test: "+line) {
			t.Errorf("not on the console: %s", line)
		}
	}
	if t.Failed() || slices.ContainsFunc(console, func(s string) bool { return strings.HasPrefix(s, "boot-test: failed") }) {
		t.Errorf("console:\n%s", strings.Join(console, "\n"))
	}
}

// boot returns what a machine writes to its console until the test init is done.
func boot(t *testing.T, qemu string, a *Appliance) []string {
	t.Helper()
	timeout := 3 * time.Minute
	if deadline, ok := t.Deadline(); ok {
		timeout = min(timeout, time.Until(deadline)-10*time.Second) // time left to say what happened
	}
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, qemu, "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
		"-machine", "pc,accel=tcg", "-cpu", "max", "-m", "512", "-device", "virtio-scsi-pci", "-device", "virtio-rng-pci",
		"-kernel", a.Kernel, "-initrd", a.Initrd, "-append", "console=ttyS0 quiet panic=1", "-serial", "stdio")
	cmd.WaitDelay = 5 * time.Second
	var stderr tail
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var lines []string
	done := false
	for s := bufio.NewScanner(out); !done && s.Scan(); {
		lines = append(lines, strings.TrimRight(s.Text(), "\r"))
		done = lines[len(lines)-1] == "boot-test: end"
	}
	cancel()
	cmd.Wait() // it was killed
	if !done {
		t.Errorf("the machine did not come to the end of the test in %v: %s", timeout, stderr.lastLine())
	}
	return lines
}
