package qemu

import (
	"bufio"
	"bytes"
	"debug/elf"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"virt-tools/appliance"
)

// findKernel finds a kernel and its modules: those that the appliance is made from.
func findKernel(t *testing.T) (kernel, modules string) {
	t.Helper()
	a, err := appliance.Find(t.Context(), &appliance.Options{Log: t.Logf})
	if err != nil {
		t.Fatal(err)
	}
	d, err := a.Describe()
	if err != nil {
		t.Fatal(err)
	}
	// The image is boot/vmlinuz-VERSION, below / or where a package was unpacked, or
	// lib/modules/VERSION/vmlinuz.
	dir := filepath.Dir(d.Kernel.Source)
	if filepath.Base(dir) == "boot" {
		dir = filepath.Join(filepath.Dir(dir), "lib/modules", d.Kernel.Version)
	}
	return a.Kernel, dir
}

// findModules lists files of modules with what they depend on, in load order.
func findModules(t *testing.T, dir string, wanted ...string) []string {
	t.Helper()
	files := make(map[string]string)
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if name, ok := strings.CutSuffix(filepath.Base(path), ".ko"); ok {
			files[strings.ReplaceAll(name, "-", "_")] = path
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	var order []string
	var add func(name string)
	add = func(name string) {
		path := files[strings.ReplaceAll(name, "-", "_")]
		if path == "" || slices.Contains(order, path) {
			return // built in, or there already
		}
		f, err := elf.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		info, err := f.Section(".modinfo").Data()
		if err != nil {
			t.Fatal(err)
		}
		for _, field := range strings.Split(string(info), "\x00") {
			if depends, ok := strings.CutPrefix(field, "depends="); ok && depends != "" {
				for _, d := range strings.Split(depends, ",") {
					add(d)
				}
			}
		}
		order = append(order, path)
	}
	for _, name := range wanted {
		add(name)
	}
	return order
}

// buildInitrd makes an initramfs with the init of testdata.
func buildInitrd(t *testing.T, modules string) string {
	t.Helper()
	dir := t.TempDir()
	cmd := exec.Command("go", "build", "-o", dir+"/init", "./testdata/init")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	var archive bytes.Buffer
	inode := 0
	add := func(name string, mode, major, minor int, data []byte) {
		inode++
		fmt.Fprintf(&archive, "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%s\x00",
			inode, mode, 0, 0, 1, 0, len(data), 0, 0, major, minor, len(name)+1, 0, name)
		archive.Write(make([]byte, -archive.Len()&3))
		archive.Write(data)
		archive.Write(make([]byte, -archive.Len()&3))
	}
	addFile := func(name, path string, mode int) {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		add(name, mode, 0, 0, b)
	}
	add("dev", 0o040755, 0, 0, nil)
	add("dev/console", 0o020600, 5, 1, nil)
	add("modules", 0o040755, 0, 0, nil)
	addFile("init", dir+"/init", 0o100755)
	list := ""
	for _, path := range findModules(t, modules, "virtio_pci", "virtio_console", "virtio_scsi", "sd_mod", "virtio_rng", "vmgenid") {
		addFile("modules/"+filepath.Base(path), path, 0o100644)
		list += filepath.Base(path) + "\n"
	}
	add("modules.list", 0o100644, 0, 0, []byte(list))
	add("TRAILER!!!", 0, 0, 0, nil)
	name := dir + "/initrd"
	if err := os.WriteFile(name, archive.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// guest talks to the init of testdata.
type guest struct {
	t *testing.T
	m *Machine
	r *bufio.Reader
}

func bootGuest(t *testing.T, c Config, drives ...Drive) *guest {
	t.Helper()
	var modules string
	c.Kernel, modules = findKernel(t)
	c.Initrd = buildInitrd(t, modules)
	c.MemoryMB = 512
	var console bytes.Buffer
	c.Console = &console
	begin := time.Now()
	m := startIdle(t, c)
	t.Cleanup(func() {
		m.Kill()
		if t.Failed() {
			t.Logf("console:\n%s", console.String())
		}
	})
	if err := m.Plug(testContext(t), drives...); err != nil {
		t.Fatal(err)
	}
	g := &guest{t, m, bufio.NewReader(m.Channel())}
	if got := g.line(); got != "ready" {
		t.Fatalf("the guest says %q; want ready", got)
	}
	t.Logf("ready after %v", time.Since(begin))
	return g
}

func (g *guest) line() string {
	g.t.Helper()
	deadline, _ := testContext(g.t).Deadline()
	g.m.Channel().SetReadDeadline(deadline)
	s, err := g.r.ReadString('\n')
	if err != nil {
		g.t.Fatalf("channel: %v (%v)", err, g.m.Err())
	}
	return strings.TrimSpace(s)
}

func (g *guest) ask(command string) string {
	g.t.Helper()
	if _, err := fmt.Fprintln(g.m.Channel(), command); err != nil {
		g.t.Fatal(err)
	}
	return g.line()
}

// disks waits until the guest sees n disks.
func (g *guest) disks(n int) []string {
	g.t.Helper()
	ctx := testContext(g.t)
	for {
		if found := strings.Fields(g.ask("disks")); len(found) == n {
			return found
		} else if ctx.Err() != nil {
			g.t.Fatalf("the guest sees %d disks; want %d: %v", len(found), n, found)
		}
	}
}

// TestVMBoot boots a real kernel. Drives are there before, while and after it boots.
func TestVMBoot(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "disk.img")
	if err := os.WriteFile(file, make([]byte, 3<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	g := bootGuest(t, Config{TempDir: dir},
		Drive{Index: 1, ScratchBytes: 1 << 20, BlockSize: 4096},
		Drive{Index: 0, File: file, ReadOnly: true, Label: "first"})
	got := strings.Join(g.disks(2), "\n")
	for _, want := range []string{"000:", ":6144:512:512:first", "001:", ":2048:4096:4096:"} {
		if !strings.Contains(got, want) {
			t.Errorf("disks = %q; want %q in it", got, want)
		}
	}
	ctx := testContext(t)
	var more []Drive
	for i := range 20 {
		more = append(more, Drive{Index: i + 2, File: file, ReadOnly: true, Label: fmt.Sprintf("more%d", i)})
	}
	begin := time.Now()
	if err := g.m.Plug(ctx, more...); err != nil {
		t.Fatal(err)
	}
	plugged := time.Since(begin)
	g.disks(22)
	t.Logf("20 drives plugged in in %v, seen after %v", plugged, time.Since(begin))
	for _, index := range []int{0, 5} {
		if err := g.m.Unplug(ctx, index); err != nil {
			t.Error(err)
		}
	}
	g.disks(20)
	if err := g.m.Plug(ctx, Drive{Index: 5, ScratchBytes: 1 << 20, Label: "again"}); err != nil {
		t.Error(err)
	}
	if got := strings.Join(g.disks(21), "\n"); !strings.Contains(got, ":again") {
		t.Errorf("disks = %q; want the one that was plugged in again", got)
	}
	if err := g.m.Quit(ctx); err != nil {
		t.Error(err)
	}
}

// A full temporary folder is an error for the guest, not a machine that stands still.
func TestVMFullTempDir(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("mounting a small tmpfs needs root")
	}
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=4m"); err != nil {
		t.Fatal("mount tmpfs:", err)
	}
	defer syscall.Unmount(dir, syscall.MNT_DETACH)
	g := bootGuest(t, Config{TempDir: dir}, Drive{ScratchBytes: 64 << 20})
	g.disks(1)
	if got := g.ask("fill /dev/sda"); !strings.Contains(got, "no space left") && !strings.Contains(got, "input/output") {
		t.Errorf("fill = %q; want an error", got)
	}
	err := g.m.Quit(testContext(t))
	if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(HintOf(err), "LIBGUESTFS_TMPDIR") {
		t.Errorf("Quit = %v (hint: %s); want %v", err, HintOf(err), syscall.ENOSPC)
	}
}

// A kernel that panics, or an init that switches off, ends QEMU with a message.
func TestVMStops(t *testing.T) {
	for name, command := range map[string]string{"panic": "write /proc/sysrq-trigger c", "power off": "off"} {
		t.Run(name, func(t *testing.T) {
			g := bootGuest(t, Config{Verbose: true, Append: "loglevel=7"})
			fmt.Fprintln(g.m.Channel(), command)
			select {
			case <-g.m.Done():
			case <-testContext(t).Done():
				t.Fatal("QEMU still runs")
			}
			err := g.m.Err()
			t.Logf("%.300v", err)
			if err == nil || !strings.Contains(err.Error(), "stopped unexpectedly") {
				t.Errorf("Err = %v", err)
			}
			if name == "panic" && !strings.Contains(err.Error(), "anic") {
				t.Errorf("Err = %v; want the console's last lines", err)
			}
		})
	}
}
