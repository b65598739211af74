// Package template tests launches from saved machines, with real ones: that they are
// alike and yet differ where they must, and that nothing that happens to a template
// makes a launch fail.
//
//	go test ./test/template -run TestFaults
//
// Each test has a store of templates of its own; all share one appliance.
package template

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"virt-tools/appliance"
	"virt-tools/internal/template"
	"virt-tools/pkg/guestfs"
)

// host is where a test's appliance and its templates are.
type host struct {
	t     *testing.T
	cache string
	opts  guestfs.Options
}

// newHost makes a host without templates. The appliance is that of the real cache, built
// if need be.
func newHost(t *testing.T) *host {
	t.Helper()
	a, err := appliance.Find(testContext(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	fixed := filepath.Join(dir, "appliance")
	must(t, os.Mkdir(fixed, 0o755))
	must(t, os.Symlink(a.Kernel, filepath.Join(fixed, "kernel")))
	must(t, os.Symlink(a.Initrd, filepath.Join(fixed, "initrd")))
	must(t, os.WriteFile(filepath.Join(fixed, "README.fixed"), nil, 0o644))
	cache := filepath.Join(dir, "cache")
	must(t, os.Mkdir(cache, 0o700))
	t.Setenv("VIRT_TOOLS_SYSTEM_TEMPLATES", filepath.Join(dir, "system"))
	return &host{t, cache, guestfs.Options{NoEnv: true, Path: fixed, CacheDir: cache, TmpDir: dir}}
}

func (h *host) store() string { return filepath.Join(h.cache, "templates") }

// file is the one template.
func (h *host) file() string {
	h.t.Helper()
	names, err := filepath.Glob(filepath.Join(h.store(), "template-*"))
	if err != nil || len(names) != 1 {
		h.t.Fatalf("templates: %v, %v; want one", names, err)
	}
	return names[0]
}

// launch starts an appliance with an empty drive. The log of a failed test has what the
// library and the appliance said.
func (h *host) launch(change ...func(*guestfs.Options)) *guestfs.Handle {
	h.t.Helper()
	g, err := h.tryLaunch(change...)
	if err != nil {
		h.t.Fatal(err)
	}
	return g
}

func (h *host) tryLaunch(change ...func(*guestfs.Options)) (*guestfs.Handle, error) {
	opts := h.opts
	for _, c := range change {
		c(&opts)
	}
	g := guestfs.New(&opts)
	var mu sync.Mutex
	var said strings.Builder
	g.OnEvent(func(e guestfs.Event) {
		mu.Lock()
		defer mu.Unlock()
		said.WriteString(strings.TrimSuffix(e.Text, "\n") + "\n")
	})
	h.t.Cleanup(func() {
		g.Close()
		mu.Lock()
		defer mu.Unlock()
		if text := strings.TrimSpace(said.String()); h.t.Failed() && text != "" {
			h.t.Logf("it said:\n%s", text)
		}
	})
	if err := g.AddDriveScratch(256<<20, &guestfs.AddDriveOpts{Label: "first"}); err != nil {
		return nil, err
	}
	return g, g.Launch(testContext(h.t))
}

// works makes sure that an appliance does, and ends it.
func works(t *testing.T, g *guestfs.Handle) {
	t.Helper()
	ctx := testContext(t)
	must(t, g.Mkfs(ctx, "ext4", "/dev/sda", nil))
	must(t, g.Mount(ctx, "/dev/sda", "/"))
	must(t, g.Write(ctx, "/file", []byte("content")))
	if got, err := g.Cat(ctx, "/file"); err != nil || got != "content" {
		t.Errorf("Cat = %q, %v; want content", got, err)
	}
	data := bytes.Repeat([]byte("bulk data "), 300_000)
	must(t, g.Upload(ctx, bytes.NewReader(data), "/big"))
	var back bytes.Buffer
	must(t, g.Download(ctx, "/big", &back))
	if !bytes.Equal(back.Bytes(), data) {
		t.Error("what was uploaded comes back different")
	}
	must(t, g.Shutdown(ctx))
}

func wantOrigin(t *testing.T, g *guestfs.Handle, want guestfs.Origin) {
	t.Helper()
	if got := g.Timings().From; got != want {
		t.Errorf("the machine comes from %q; want %q", got, want)
	}
}

func testContext(t *testing.T) context.Context {
	t.Helper()
	limit := 3 * time.Minute
	if d, ok := t.Deadline(); ok {
		limit = min(limit, time.Until(d)-5*time.Second)
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	t.Cleanup(cancel)
	return ctx
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// The first launch boots and saves, the second restores; both do the same.
func TestLaunch(t *testing.T) {
	h := newHost(t)
	first := h.launch()
	wantOrigin(t, first, guestfs.FromBoot)
	if first.Timings().Save == 0 {
		t.Error("no template was saved")
	}
	works(t, first)
	before, err := os.ReadFile(h.file())
	must(t, err)
	second := h.launch()
	wantOrigin(t, second, guestfs.FromTemplate)
	works(t, second)
	after, err := os.ReadFile(h.file())
	must(t, err)
	if string(before) != string(after) {
		t.Error("launches have changed the template")
	}
	if st, err := os.Stat(h.store()); err != nil || st.Mode().Perm() != 0o700 {
		t.Errorf("mode of the store: %v, %v; want 0700", st.Mode(), err)
	}

	third := h.launch(func(o *guestfs.Options) { o.Template = "off" })
	wantOrigin(t, third, guestfs.FromBoot)
	if third.Timings().Save != 0 {
		t.Error("template=off saves a template")
	}
	fourth := h.launch(func(o *guestfs.Options) { o.Template = "only" })
	wantOrigin(t, fourth, guestfs.FromTemplate)
	_, err = h.tryLaunch(func(o *guestfs.Options) { o.Template, o.MemoryMB = "only", 512 })
	if err == nil || !strings.Contains(err.Error(), "template") {
		t.Errorf("Launch of another machine with template=only = %v; want an error", err)
	}
}

// An appliance says what it is asked to also when it was restored, and only that.
func TestVerbose(t *testing.T) {
	h := newHost(t)
	verbose := func(o *guestfs.Options) { o.Verbose, o.Trace = true, true }
	must(t, h.launch(verbose).Close())
	g := guestfs.New(&guestfs.Options{NoEnv: true, Path: h.opts.Path, CacheDir: h.cache, TmpDir: h.opts.TmpDir, Verbose: true, Trace: true})
	defer g.Close()
	var mu sync.Mutex
	kinds := map[guestfs.EventKind]string{}
	g.OnEvent(func(e guestfs.Event) {
		mu.Lock()
		defer mu.Unlock()
		kinds[e.Kind] += e.Text + "\n"
	})
	ctx := testContext(t)
	must(t, g.AddDriveScratch(1<<20, nil))
	must(t, g.Launch(ctx))
	wantOrigin(t, g, guestfs.FromTemplate)
	if _, err := g.VfsType(ctx, "/dev/sdz"); err == nil {
		t.Error("VfsType of no device = nil")
	}
	must(t, g.Shutdown(ctx))
	mu.Lock()
	defer mu.Unlock()
	if !strings.Contains(kinds[guestfs.EventTrace], "vfs_type") || !strings.Contains(kinds[guestfs.EventLibrary], "accelerator") {
		t.Errorf("trace:\n%s\nlibrary:\n%s", kinds[guestfs.EventTrace], kinds[guestfs.EventLibrary])
	}
	if console := kinds[guestfs.EventAppliance]; strings.Contains(console, "Linux version") || !strings.Contains(console, "sda") {
		t.Errorf("the console of a restored appliance says %q; want the disk, and not the boot", console)
	}
}

// Clones of one machine draw different numbers and know the time.
func TestEightMachines(t *testing.T) {
	h := newHost(t)
	must(t, h.launch().Close())
	const machines = 8
	drawn := make([]map[string]string, machines)
	var all sync.WaitGroup
	for i := range machines {
		all.Go(func() {
			var err error
			if drawn[i], err = draw(h); err != nil {
				t.Errorf("machine %d: %v", i, err)
			}
		})
	}
	all.Wait()
	owner := map[string]string{}
	for i, numbers := range drawn {
		for what, number := range numbers {
			me := fmt.Sprintf("%s of machine %d", what, i)
			if number == "" || owner[number] != "" {
				t.Errorf("%s = %q, which is also %s", me, number, owner[number])
			}
			owner[number] = me
		}
	}
}

// draw makes what is unique in one appliance, and checks its clock.
func draw(h *host) (map[string]string, error) {
	g, err := h.tryLaunch()
	if err != nil {
		return nil, err
	}
	defer g.Close()
	if from := g.Timings().From; from != guestfs.FromTemplate {
		return nil, fmt.Errorf("it comes from %q", from)
	}
	ctx := testContext(h.t)
	numbers := map[string]string{}
	var firstErr error
	try := func(what string, err error) bool {
		if err != nil && firstErr == nil {
			firstErr = fmt.Errorf("%s: %w", what, err)
		}
		return firstErr == nil
	}
	note := func(what string, get func() (string, error)) {
		if firstErr == nil {
			s, err := get()
			try(what, err)
			numbers[what] = s
		}
	}
	uuid := func(device guestfs.Mountable) func() (string, error) {
		return func() (string, error) { return g.VfsUuid(ctx, device) }
	}
	if try("part_init", g.PartInit(ctx, "/dev/sda", "gpt")) {
		note("disk GUID", func() (string, error) { return g.PartGetDiskGuid(ctx, "/dev/sda") })
		for i := range int64(3) {
			try("part_add", g.PartAdd(ctx, "/dev/sda", "p", 2048+i*131072, 2048+(i+1)*131072-1))
		}
	}
	if try("part_set_disk_guid_random", g.PartSetDiskGuidRandom(ctx, "/dev/sda")) {
		note("random disk GUID", func() (string, error) { return g.PartGetDiskGuid(ctx, "/dev/sda") })
	}
	if try("mkfs", g.Mkfs(ctx, "ext4", "/dev/sda1", nil)) {
		note("ext4 UUID", uuid("/dev/sda1"))
	}
	if try("mkswap", g.Mkswap(ctx, "/dev/sda2", nil)) {
		note("swap UUID", uuid("/dev/sda2"))
	}
	if try("pvcreate", g.Pvcreate(ctx, "/dev/sda3")) && try("vgcreate", g.Vgcreate(ctx, "VG", []guestfs.Device{"/dev/sda3"})) {
		note("PV UUID", func() (string, error) { return g.Pvuuid(ctx, "/dev/sda3") })
		note("VG UUID", func() (string, error) { return g.Vguuid(ctx, "VG") })
	}
	try("mount", g.Mount(ctx, "/dev/sda1", "/"))
	before := time.Now()
	if try("touch", g.Touch(ctx, "/now")) {
		st, err := g.Statns(ctx, "/now")
		if try("statns", err) {
			at := time.Unix(st.StMtimeSec, st.StMtimeNsec)
			if at.Before(before.Add(-time.Second)) || at.After(time.Now().Add(time.Second)) {
				try("clock", fmt.Errorf("it shows %s at %s", at, before))
			}
		}
	}
	return numbers, firstErr
}

// However many start at once, with or without a template, all succeed.
func TestSixteenAtOnce(t *testing.T) {
	h := newHost(t)
	for _, round := range []struct {
		name     string
		template bool
	}{{"without a template", false}, {"with one", true}} {
		start := time.Now()
		var all sync.WaitGroup
		var mu sync.Mutex
		origins := map[guestfs.Origin]int{}
		for range 16 {
			all.Go(func() {
				g, err := h.tryLaunch()
				if err != nil {
					t.Error(err)
					return
				}
				defer g.Close()
				if _, err := g.ListFilesystems(testContext(t)); err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				origins[g.Timings().From]++
			})
		}
		all.Wait()
		t.Logf("%s: %v, %v", round.name, origins, time.Since(start))
		if round.template && origins[guestfs.FromTemplate] < 16 || origins[guestfs.FromTemplate] < 12 {
			t.Errorf("%s, only %d machines of 16 were restored", round.name, origins[guestfs.FromTemplate])
		}
	}
	h.file()
	if list, err := os.ReadDir(h.store()); err != nil || len(list) != 2 {
		t.Errorf("the store holds %v, %v; want a template and the lock", list, err)
	}
}

// The memory of machines that run from one template is mostly that of the template.
func TestPrivateMemory(t *testing.T) {
	const most = 80 << 20
	h := newHost(t)
	must(t, h.launch().Close())
	g := h.launch()
	wantOrigin(t, g, guestfs.FromTemplate)
	ctx := testContext(t)
	must(t, g.Mkfs(ctx, "ext4", "/dev/sda", nil))
	list, err := g.ListFilesystems(ctx)
	must(t, err)
	for _, p := range list {
		must(t, g.MountRo(ctx, guestfs.Mountable(p.Key), "/"))
		_, err := g.Statvfs(ctx, "/")
		must(t, err)
		must(t, g.UmountAll(ctx))
	}
	n, err := g.PrivateMemory()
	must(t, err)
	t.Logf("%d MB", n>>20)
	if n > most {
		t.Errorf("a machine has %d MB to itself; want at most %d", n>>20, most>>20)
	}
	entries, err := os.Stat(h.file())
	must(t, err)
	s, err := template.Open(h.store())
	must(t, err)
	listed, err := s.List()
	must(t, err)
	t.Logf("the template takes %d MB of %d", listed[0].Bytes>>20, entries.Size()>>20)
}
