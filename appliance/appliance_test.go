package appliance

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"virt-tools/appliance/internal/inputs"
)

func find(t *testing.T, o *Options) *Appliance {
	t.Helper()
	a, err := Find(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestFind(t *testing.T) {
	root := newHost(t)
	o := options(t, root)
	first := find(t, o)
	if first.Version != testVersion || first.Dir != filepath.Dir(first.Kernel) {
		t.Errorf("Find = %+v", first)
	}
	builds := 0
	o.Log = func(string, ...any) { builds++ }
	if again := find(t, o); *again != *first || builds > 0 {
		t.Errorf("a valid appliance was built again")
	}

	changes := []struct {
		name   string
		change func()
		newKey bool
	}{
		{"a file touched", func() { write(t, root, "etc/mke2fs.conf", []byte("[defaults]\n")); touch(t, root+"/etc/mke2fs.conf") }, false},
		{"a file changed", func() { write(t, root, "etc/mke2fs.conf", []byte("[defaults] \n")) }, true},
		{"an optional program came", func() { write(t, root, "usr/bin/parted", executable()) }, true},
		{"and went", func() { os.Remove(root + "/usr/bin/parted") }, true},
		{"a newer kernel", func() {
			write(t, root, "boot/vmlinuz-6.10.0", kernelImage("6.10.0"))
			write(t, root, "lib/modules/6.10.0/modules.dep", nil)
		}, true},
		{"the daemon", func() { touch(t, os.Getenv("VIRT_TOOLS_GUESTFSD")) }, false},
	}
	before := first
	for _, c := range changes {
		c.change()
		builds = 0
		after := find(t, o)
		if builds == 0 {
			t.Errorf("%s: not built again", c.name)
		}
		if (after.Key != before.Key) != c.newKey {
			t.Errorf("%s: key %s, was %s; want a new one: %v", c.name, after.Key, before.Key, c.newKey)
		}
		before = after
	}
	if before.Version != "6.10.0" {
		t.Errorf("version %s; want the newest", before.Version)
	}
}

func touch(t *testing.T, file string) {
	t.Helper()
	now := time.Now()
	if err := os.Chtimes(file, now, now); err != nil {
		t.Fatal(err)
	}
}

// TestReproducible builds of two hosts that differ in nothing but times and places.
func TestReproducible(t *testing.T) {
	var initrds [2][]byte
	for i := range initrds {
		a := find(t, options(t, newHost(t)))
		var err error
		if initrds[i], err = os.ReadFile(a.Initrd); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(initrds[0], initrds[1]) {
		t.Error("the same inputs gave different bytes")
	}
}

// TestLayout fails when the same inputs give other bytes than they used to: then raise layout, so that no program takes
// what an older one built, and put the new sum here.
func TestLayout(t *testing.T) {
	const want = "3 05145f0779b6d68d"
	root := newHost(t)
	o := options(t, root)
	r, err := newRequest(o)
	if err != nil {
		t.Fatal(err)
	}
	b := newBuilder(nil, r, t.Logf)
	b.augeas = augeasArchive(t, "")
	b.spec = []byte(`
programs: [{name: mke2fs, feature: ext, package: e2fsprogs, as: [mkfs.ext4], why: x}, {name: none, feature: no, package: no, why: x}]
files: [{path: /etc/mke2fs.conf, host: true, why: x}, {path: /etc/own, text: own, why: x}, {path: /etc/mtab, link: /proc/mounts, why: x}]
`)
	var out bytes.Buffer
	k := &kernel{set: b.set, image: "/boot/vmlinuz", modules: "/lib/modules/" + testVersion, version: testVersion}
	if err := b.writeInitrd(t.Context(), &out, k); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(out.Bytes())
	if got := string(rune('0'+layout)) + " " + hex.EncodeToString(sum[:8]); got != want {
		t.Errorf("layout and bytes are %q; want %q", got, want)
	}
}

// TestRace lets many callers ask at once. Each opens its own lock file, so they are like separate programs.
func TestRace(t *testing.T) {
	o := options(t, newHost(t))
	var builds atomic.Int32
	o.Log = func(format string, _ ...any) {
		if strings.Contains(format, "used as it is") { // said once a build
			builds.Add(1)
		}
	}
	var wg sync.WaitGroup
	var keys [16]string
	for i := range keys {
		wg.Go(func() {
			a, err := Find(t.Context(), o)
			if err != nil {
				t.Error(err)
				return
			}
			keys[i] = a.Key
		})
	}
	wg.Wait()
	for _, key := range keys {
		if key != keys[0] {
			t.Errorf("different keys: %v", keys)
		}
	}
	if builds.Load() != 1 {
		t.Errorf("%d builds; want 1", builds.Load())
	}
}

func TestFailureLeavesNothing(t *testing.T) {
	stopped, stop := context.WithCancelCause(t.Context())
	stop(errors.New("stopped by hand"))
	tests := []struct {
		name       string
		ctx        context.Context
		spoil      func(root string) error
		want, hint string
	}{
		{"a required program is missing", t.Context(), func(r string) error { return os.Remove(r + "/usr/sbin/e2fsck") }, "program e2fsck: ", "install the package e2fsprogs"},
		{"a required program is a script", t.Context(), func(r string) error { return os.WriteFile(r+"/usr/sbin/e2fsck", []byte("#!/bin/sh"), 0o755) }, "a script", "install the package e2fsprogs"},
		{"modules.dep is damaged", t.Context(), func(r string) error {
			return os.WriteFile(r+"/lib/modules/"+testVersion+"/modules.dep", []byte("x"), 0o644)
		}, "bad line", ""},
		{"stopped", stopped, func(string) error { return nil }, "stopped by hand", ""},
		{"no daemon", t.Context(), func(string) error { return os.Remove(os.Getenv("VIRT_TOOLS_GUESTFSD")) }, "VIRT_TOOLS_GUESTFSD", "run make build"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			root := newHost(t)
			if err := test.spoil(root); err != nil {
				t.Fatal(err)
			}
			o := options(t, root)
			_, err := Find(test.ctx, o)
			if err == nil || !strings.Contains(err.Error(), test.want) || hintOf(err) != test.hint {
				t.Errorf("Find: %v, hint %q; want %q, hint %q", err, hintOf(err), test.want, test.hint)
			}
			if left := names(t, o.CacheDir); !cmp.Equal(left, []string{lockName}) {
				t.Errorf("left behind: %v", left)
			}
			dir := filepath.Join(t.TempDir(), "out")
			if err := Write(test.ctx, dir, o); err == nil {
				t.Error("Write made something of it")
			}
			if _, err := os.Lstat(dir); err == nil {
				t.Error("Write left its folder")
			}
		})
	}
}

// TestRepair damages the cache in the ways a killed program or a full disk can.
func TestRepair(t *testing.T) {
	o := options(t, newHost(t))
	good := find(t, o)
	note := filepath.Join(o.CacheDir, noteName(t, o))
	tests := []struct {
		name   string
		damage func() error
	}{
		{"left by a killed builder", func() error {
			return errors.Join(os.MkdirAll(o.CacheDir+"/tmp-123/deep", 0o700), os.Remove(note))
		}},
		{"note cut short", func() error { return os.Truncate(note, 100) }},
		{"note empty", func() error { return os.Truncate(note, 0) }},
		{"note is nonsense", func() error { return os.WriteFile(note, bytes.Repeat([]byte("nonsense\n"), 10), 0o600) }},
		{"initramfs cut short", func() error { return os.Truncate(good.Initrd, 1000) }},
		{"kernel gone", func() error { return os.Remove(good.Kernel) }},
		{"all gone", func() error { return os.RemoveAll(good.Dir) }},
	}
	for _, test := range tests {
		if err := test.damage(); err != nil {
			t.Fatal(err)
		}
		a := find(t, o)
		if a.Key != good.Key {
			t.Errorf("%s: another appliance", test.name)
		}
		if _, err := a.Describe(); err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
		want := []string{filepath.Base(good.Dir), filepath.Base(note), lockName}
		if left := names(t, o.CacheDir); !cmp.Equal(left, want) {
			t.Errorf("%s: in the cache: %v; want %v", test.name, left, want)
		}
	}
}

func noteName(t *testing.T, o *Options) string {
	t.Helper()
	r, err := newRequest(o)
	if err != nil {
		t.Fatal(err)
	}
	id, err := r.id()
	if err != nil {
		t.Fatal(err)
	}
	return inputsPrefix + id
}

func TestPrune(t *testing.T) {
	o := options(t, newHost(t))
	find(t, o)
	long := time.Now().Add(-2 * keptFor)
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		dir := filepath.Join(o.CacheDir, appliancePfx+name)
		if err := errors.Join(os.Mkdir(dir, 0o700), os.Chtimes(dir, long, long)); err != nil {
			t.Fatal(err)
		}
		long = long.Add(-time.Hour)
	}
	c := &cache{o.CacheDir}
	if err := c.prune(); err != nil {
		t.Fatal(err)
	}
	left := names(t, o.CacheDir)
	if len(left) != keptAppliances+2 { // and the note, and the lock
		t.Errorf("kept %v", left)
	}
	if c.lookup(strings.TrimPrefix(noteName(t, o), inputsPrefix)) == nil {
		t.Error("the one in use was removed")
	}
}

// TestFindSpeed guards the promise that a valid appliance costs a program less than 5 ms. The list is as long as a real
// host's; the limit is generous because the machine may be busy.
func TestFindSpeed(t *testing.T) {
	root := newHost(t)
	o := options(t, root)
	set := inputs.New(root)
	for i := range 500 {
		set.Lstat("/usr/lib/lib" + strings.Repeat("x", i%30) + ".so")
	}
	find(t, o)
	best := time.Hour
	for range 20 {
		start := time.Now()
		find(t, o)
		best = min(best, time.Since(start))
	}
	if best > 5*time.Millisecond {
		t.Errorf("Find took %v at best; want less than 5 ms", best)
	}
}
