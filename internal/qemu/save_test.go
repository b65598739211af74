package qemu

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A saved machine goes on, and so do machines restored from it, each with memory of its own.
func TestVMSaveAndRestore(t *testing.T) {
	dir := t.TempDir()
	c := Config{Accel: "tcg", TempDir: dir, Keep: true}
	g := bootGuest(t, c)
	ctx := testContext(t)
	g.ask("write /kept before")
	s, err := g.m.Save(ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d bytes of device state", len(s.State))
	file := filepath.Join(dir, "ram")
	ram, err := os.ReadFile(fmt.Sprintf("/proc/self/fd/%d", s.RAM.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, ram, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := g.m.Continue(ctx); err != nil {
		t.Fatal(err)
	}
	g.ask("write /kept original")
	c.MemoryMB = 512
	var clones []*guest
	for i := range 2 {
		begin := time.Now()
		f, err := os.OpenFile(file, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		m, err := Restore(ctx, &c, &Saved{RAM: f, State: s.State})
		f.Close()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(m.Kill)
		if err := m.Continue(ctx); err != nil {
			t.Fatal(err)
		}
		clone := &guest{t, m, bufio.NewReader(m.Channel())}
		if got := clone.ask("read /kept"); got != "before" {
			t.Errorf("/kept in clone %d = %q; want before", i, got)
		}
		clone.ask(fmt.Sprintf("write /kept clone%d", i))
		t.Logf("clone %d answered after %v", i, time.Since(begin))
		if err := m.Plug(ctx, Drive{Index: i, ScratchBytes: 1 << 20}); err != nil {
			t.Fatal(err)
		}
		if got := clone.disks(1)[0]; !strings.HasPrefix(got, fmt.Sprintf("%03d:", i)) {
			t.Errorf("disk of clone %d = %s", i, got)
		}
		clones = append(clones, clone)
	}
	for i, clone := range clones {
		if got, want := clone.ask("read /kept"), fmt.Sprintf("clone%d", i); got != want {
			t.Errorf("/kept in clone %d = %q; want %q", i, got, want)
		}
		if n, err := clone.m.PrivateBytes(); err != nil || n <= 0 || n > 200<<20 {
			t.Errorf("PrivateBytes of clone %d = %d, %v", i, n, err)
		}
	}
	for i, clone := range clones {
		// The device vmgenid alone makes the kernel reseed, whatever the client does later. It
		// takes a moment: a thread of the kernel answers the interrupt.
		for clone.ask("logged virtual machine fork") != "true" {
			if ctx.Err() != nil {
				t.Fatalf("the kernel of clone %d has not noticed that it is one", i)
			}
		}
	}
	if got := g.ask("read /kept"); got != "original" {
		t.Errorf("/kept in the saved machine = %q; want original", got)
	}
	if after, err := os.ReadFile(file); err != nil || string(after) != string(ram) {
		t.Errorf("the memory of the template has changed (%v)", err)
	}
}

// What is not a device state gives an error soon, and leaves no process.
func TestRestoreErrors(t *testing.T) {
	needQEMU(t)
	ctx := testContext(t)
	saver := startIdle(t, Config{Accel: "tcg", Keep: true})
	s, err := saver.Save(ctx)
	if err != nil {
		t.Fatal(err)
	}
	states := map[string][]byte{
		"empty": nil, "noise": []byte(strings.Repeat("noise", 1000)),
		"cut": s.State[:len(s.State)/2], "flipped": append([]byte{0xff}, s.State[1:]...),
	}
	for name, state := range states {
		t.Run(name, func(t *testing.T) {
			c := &Config{Accel: "tcg", MemoryMB: 64}
			m, err := Restore(ctx, c, &Saved{RAM: s.RAM, State: state})
			if err == nil {
				m.Kill()
				t.Fatal("Restore = nil; want an error")
			}
			t.Log(err)
		})
	}
	t.Run("other memory size", func(t *testing.T) {
		if m, err := Restore(ctx, &Config{Accel: "tcg", MemoryMB: 65}, s); err == nil {
			m.Kill()
			t.Error("Restore = nil; want an error")
		}
	})
	t.Run("not kept", func(t *testing.T) {
		if _, err := startIdle(t, Config{Accel: "tcg"}).Save(ctx); err == nil {
			t.Error("Save = nil; want an error")
		}
	})
	t.Run("cancelled", func(t *testing.T) {
		ctx, cancel := context.WithCancel(ctx)
		cancel()
		if _, err := Restore(ctx, &Config{Accel: "tcg", MemoryMB: 64}, s); err == nil {
			t.Error("Restore = nil; want an error")
		}
	})
}

func TestIdentity(t *testing.T) {
	needQEMU(t)
	base := Config{Accel: "tcg"}
	id := func(c Config) string {
		t.Helper()
		s, err := c.Identity()
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	if first, again := id(base), id(base); first != again {
		t.Error("Identity differs from one call to the next")
	}
	if quiet := (Config{Accel: "tcg", Keep: true, TempDir: "/nowhere"}); id(quiet) != id(base) {
		t.Error("Identity depends on what the machine does not")
	}
	for name, other := range map[string]Config{
		"memory": {Accel: "tcg", MemoryMB: 1000}, "processors": {Accel: "tcg", CPUs: 2}, "kernel line": {Accel: "tcg", Append: "x"},
		"verbose": {Accel: "tcg", Verbose: true}, "arguments": {Accel: "tcg", Args: []string{"-no-shutdown"}},
	} {
		if id(other) == id(base) {
			t.Errorf("Identity is the same with another %s", name)
		}
	}
	old, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if other := (Config{Accel: "tcg", Binary: old}); id(other) == id(base) {
		t.Error("Identity is the same with another QEMU")
	}
}

func TestUnplaceLane(t *testing.T) {
	const head, lane, size, tail = "start\x10", "0000:00:05.0/lane", "\x00\x00\x00\x00\x01\x00\x00\x00", "rest"
	place := "\x00\x00\x00\x00\xfd\x00\x00\x00"
	state := []byte(head + lane + size + place + tail)
	if err := unplaceLane(state); err != nil || string(state) != head+lane+size+strings.Repeat("\x00", 8)+tail {
		t.Errorf("unplaceLane = %v, %q", err, state)
	}
	for _, bad := range []string{"", head, head + lane, head + lane + size + "cut", head + lane + size + place + lane + size + place} {
		if err := unplaceLane([]byte(bad)); err == nil {
			t.Errorf("unplaceLane(%q) = nil; want an error", bad)
		}
	}
}

func TestPrivateBytes(t *testing.T) {
	const rollup = "55d-7ffe ---p 00000000 00:00 0 [rollup]\nRss: 100 kB\nPss_Shmem:  4 kB\nAnonymous:  10 kB\nSwap:    2 kB\nSwapPss:  2 kB\n"
	if got, err := privateBytes(rollup); got != 16<<10 || err != nil {
		t.Errorf("privateBytes = %d, %v; want %d", got, err, 16<<10)
	}
	for _, bad := range []string{"", "Anonymous: x kB\n"} {
		if _, err := privateBytes(bad); err == nil {
			t.Errorf("privateBytes(%q) = nil error", bad)
		}
	}
}
