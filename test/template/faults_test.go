package template

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"virt-tools/pkg/guestfs"
)

// flip changes one bit of a file.
func flip(t *testing.T, file string, at int64) {
	t.Helper()
	f, err := os.OpenFile(file, os.O_RDWR, 0)
	must(t, err)
	defer f.Close()
	b := make([]byte, 1)
	_, err = f.ReadAt(b, at)
	must(t, err)
	b[0] ^= 1
	_, err = f.WriteAt(b, at)
	must(t, err)
}

func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("it needs root")
	}
}

// Whatever has happened to a template, a launch works, and leaves a good one.
func TestFaults(t *testing.T) {
	const memory = 768 << 20
	h := newHost(t)
	must(t, h.launch().Close())
	tests := []struct {
		name string
		do   func(t *testing.T, file string)
	}{
		{"truncated", func(t *testing.T, f string) { must(t, os.Truncate(f, 100<<20)) }},
		{"bit flipped in memory", func(t *testing.T, f string) { flip(t, f, 16<<20+123) }},
		{"bit flipped in the device state", func(t *testing.T, f string) { flip(t, f, memory+200_000) }},
		{"of another user", func(t *testing.T, f string) { needRoot(t); must(t, os.Chown(f, 12345, -1)) }},
		{"world-writable", func(t *testing.T, f string) { must(t, os.Chmod(f, 0o666)) }},
		{"removed", func(t *testing.T, f string) { must(t, os.Remove(f)) }},
		{"store removed", func(t *testing.T, f string) { must(t, os.RemoveAll(filepath.Dir(f))) }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			test.do(t, h.file())
			g := h.launch()
			wantOrigin(t, g, guestfs.FromBoot)
			works(t, g)
			g = h.launch()
			wantOrigin(t, g, guestfs.FromTemplate)
			must(t, g.Close())
		})
	}
	t.Run("removed while in use", func(t *testing.T) {
		g := h.launch()
		wantOrigin(t, g, guestfs.FromTemplate)
		must(t, os.Remove(h.file()))
		works(t, g)
	})
}

// A store that cannot be used costs time only.
func TestNoStore(t *testing.T) {
	h := newHost(t)
	must(t, h.launch().Close())
	file := h.file()
	t.Run("read-only", func(t *testing.T) {
		needRoot(t)
		must(t, syscall.Mount(h.cache, h.cache, "", syscall.MS_BIND, ""))
		defer syscall.Unmount(h.cache, syscall.MNT_DETACH)
		must(t, syscall.Mount("", h.cache, "", syscall.MS_REMOUNT|syscall.MS_BIND|syscall.MS_RDONLY, ""))
		g := h.launch()
		wantOrigin(t, g, guestfs.FromTemplate) // from a copy in memory
		works(t, g)
		g = h.launch(func(o *guestfs.Options) { o.MemoryMB = 512 })
		wantOrigin(t, g, guestfs.FromBoot)
		works(t, g)
	})
	t.Run("world-writable", func(t *testing.T) {
		must(t, os.Chmod(h.store(), 0o777))
		defer os.Chmod(h.store(), 0o700)
		g := h.launch()
		wantOrigin(t, g, guestfs.FromBoot)
		works(t, g)
	})
	t.Run("of another user", func(t *testing.T) {
		needRoot(t)
		must(t, os.Chown(h.store(), 12345, -1))
		defer os.Chown(h.store(), os.Geteuid(), -1)
		g := h.launch()
		wantOrigin(t, g, guestfs.FromBoot)
		works(t, g)
	})
	t.Run("full", func(t *testing.T) {
		needRoot(t)
		must(t, os.Rename(h.store(), h.store()+".aside"))
		must(t, os.Mkdir(h.store(), 0o700))
		must(t, syscall.Mount("tmpfs", h.store(), "tmpfs", 0, "size=600m,mode=700"))
		defer syscall.Unmount(h.store(), syscall.MNT_DETACH)
		must(t, os.WriteFile(filepath.Join(h.store(), "ballast"), make([]byte, 20<<20), 0o600))
		// Enough for a promise, and not enough to keep it.
		hog := filepath.Join(h.store(), "hog")
		go func() {
			time.Sleep(time.Second)
			os.WriteFile(hog, make([]byte, 540<<20), 0o600)
		}()
		g := h.launch()
		wantOrigin(t, g, guestfs.FromBoot)
		works(t, g)
		left, err := filepath.Glob(filepath.Join(h.store(), "*t*mp*"))
		if err != nil || len(left) != 0 {
			t.Errorf("left behind: %v, %v", left, err)
		}
		g = h.launch() // there is no room, and it is known
		wantOrigin(t, g, guestfs.FromBoot)
		works(t, g)
	})
	_ = file
}

// A template that another QEMU has made is not touched; one that QEMU refuses is dropped,
// and not made again at once.
func TestOtherQEMU(t *testing.T) {
	h := newHost(t)
	real, err := exec.LookPath("qemu-system-x86_64")
	if err != nil {
		t.Fatal(err)
	}
	script := filepath.Join(t.TempDir(), "qemu")
	refuses := "#!/bin/sh\ncase \"$*\" in *-incoming*) echo 'no such section' >&2; exit 1;; esac\nexec " + real + " \"$@\"\n"
	must(t, os.WriteFile(script, []byte(refuses), 0o755))
	must(t, h.launch().Close())
	file := h.file()

	other := func(o *guestfs.Options) { o.Hypervisor = script }
	g := h.launch(other) // makes its own
	wantOrigin(t, g, guestfs.FromBoot)
	works(t, g)
	names, err := filepath.Glob(filepath.Join(h.store(), "template-*"))
	if err != nil || len(names) != 2 {
		t.Fatalf("templates: %v, %v; want two", names, err)
	}
	for range 2 { // refused at first, then known to be
		g = h.launch(other)
		wantOrigin(t, g, guestfs.FromBoot)
		works(t, g)
	}
	if h.file() != file {
		t.Errorf("left is %s; want %s", h.file(), file)
	}
	g = h.launch()
	wantOrigin(t, g, guestfs.FromTemplate)
	must(t, g.Close())
}

// killedChild launches in a process of its own, which is killed.
const killedChild = "TEMPLATE_TEST_CHILD"

func TestKilledWhileSaving(t *testing.T) {
	if os.Getenv(killedChild) != "" {
		opts := guestfs.Options{NoEnv: true, Path: os.Getenv(killedChild), CacheDir: os.Getenv(killedChild + "_CACHE")}
		g := guestfs.New(&opts)
		defer g.Close()
		must(t, g.Launch(testContext(t)))
		return
	}
	h := newHost(t)
	program, err := os.Executable()
	must(t, err)
	cmd := exec.Command(program, "-test.run", "^TestKilledWhileSaving$")
	cmd.Env = append(os.Environ(), killedChild+"="+h.opts.Path, killedChild+"_CACHE="+h.cache)
	must(t, cmd.Start())
	// The first bytes of the file tell that the saving has begun.
	for ctx := testContext(t); ; time.Sleep(time.Millisecond) {
		found, err := filepath.Glob(filepath.Join(h.store(), "*template-*"))
		must(t, err)
		if len(found) > 0 {
			t.Logf("killed with %s there", filepath.Base(found[0]))
			break
		}
		must(t, ctx.Err())
	}
	must(t, cmd.Process.Kill())
	cmd.Wait()
	works(t, h.launch())
	g := h.launch()
	wantOrigin(t, g, guestfs.FromTemplate)
	must(t, g.Close())
	names, err := os.ReadDir(h.store())
	must(t, err)
	for _, n := range names {
		if strings.HasPrefix(n.Name(), "tmp-") {
			t.Errorf("left behind: %s", n.Name())
		}
	}
}

// A template for all users is used where the user has none, if only root can have made it.
func TestSystemTemplate(t *testing.T) {
	needRoot(t)
	h := newHost(t)
	must(t, h.launch().Close())
	system := guestfs.SystemTemplatesDir()
	must(t, os.Rename(h.store(), system))
	must(t, os.Chmod(system, 0o755))
	g := h.launch()
	wantOrigin(t, g, guestfs.FromTemplate)
	works(t, g)
	must(t, os.Chmod(system, 0o777))
	g = h.launch()
	wantOrigin(t, g, guestfs.FromBoot)
	works(t, g)
}
