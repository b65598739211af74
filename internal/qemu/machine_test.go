package qemu

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/digitalocean/go-qemu/qmp/raw"
)

// testContext ends a little before the test does, so that the rest can be cleaned up.
func testContext(t *testing.T) context.Context {
	t.Helper()
	limit := 60 * time.Second
	if d, ok := t.Deadline(); ok {
		limit = min(limit, time.Until(d)-5*time.Second)
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	t.Cleanup(cancel)
	return ctx
}

func needQEMU(t *testing.T) {
	t.Helper()
	if _, err := Binary(); err != nil {
		t.Fatal(err)
	}
}

// startIdle starts a machine without an operating system: enough for all but booting.
func startIdle(t *testing.T, c Config) *Machine {
	t.Helper()
	needQEMU(t)
	if c.MemoryMB == 0 {
		c.MemoryMB = 64
	}
	if c.Log == nil {
		c.Log = t.Logf
	}
	m, err := Start(testContext(t), &c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Kill)
	return m
}

func alive(pid int) bool { return syscall.Kill(pid, 0) == nil }

func TestStartAndQuit(t *testing.T) {
	m := startIdle(t, Config{})
	ctx := testContext(t)
	version, err := raw.NewMonitor(m.Monitor()).QueryVersion()
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("QEMU %d.%d", version.Qemu.Major, version.Qemu.Minor)
	if err := m.Err(); err != nil {
		t.Errorf("Err of a running machine = %v; want nil", err)
	}
	pid := m.PID()
	for i := range 2 {
		if err := m.Quit(ctx); err != nil {
			t.Errorf("Quit number %d = %v; want nil", i+1, err)
		}
	}
	m.Kill()
	if alive(pid) {
		t.Errorf("process %d is alive after Quit", pid)
	}
	if err := m.Err(); err != nil {
		t.Errorf("Err after Quit = %v; want nil", err)
	}
	if _, err := m.Channel().Write([]byte("x")); err == nil {
		t.Error("the channel is open after Quit")
	}
	if err := m.Plug(ctx, Drive{ScratchBytes: 512}); err == nil {
		t.Error("Plug after Quit works")
	}
}

func TestDeath(t *testing.T) {
	m := startIdle(t, Config{})
	syscall.Kill(m.PID(), syscall.SIGKILL)
	<-m.Done()
	err := m.Err()
	if err == nil || !strings.Contains(err.Error(), "signal 9") || HintOf(err) == "" {
		t.Errorf("Err = %v (hint %q); want signal 9 and a hint", err, HintOf(err))
	}
	if again := m.Quit(testContext(t)); again == nil || again.Error() != err.Error() {
		t.Errorf("Quit = %v; want %v", again, err)
	}
}

func TestStartErrors(t *testing.T) {
	needQEMU(t)
	dir := t.TempDir()
	script := func(text string) string {
		name := filepath.Join(dir, fmt.Sprintf("qemu%d", len(text)))
		if err := os.WriteFile(name, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
		return name
	}
	kvmWorks := probeKVM("/dev/kvm", "/proc/cpuinfo") == nil
	tests := []struct {
		name string
		c    Config
		is   error
		want string
		hint string
	}{
		{"no such program", Config{Binary: "/nonexistent/qemu"}, fs.ErrNotExist, "start qemu", "install QEMU"},
		{"not a program", Config{Binary: dir}, fs.ErrPermission, "start qemu", "executed"},
		{"ends at once", Config{Binary: script("#!/bin/sh\necho cannot set up guest memory \"'x'\": Cannot allocate memory >&2; exit 1\n")},
			syscall.ENOMEM, "exit status 1: cannot set up guest memory", "LIBGUESTFS_MEMSIZE"},
		{"another program", Config{Binary: script("#!/bin/sh\necho hello >&3\n")}, nil, "unexpected", ""},
		{"too much memory", Config{MemoryMB: 1 << 28}, syscall.ENOMEM, "memory", "LIBGUESTFS_MEMSIZE"},
		{"no kernel", Config{Kernel: dir + "/vmlinux"}, fs.ErrNotExist, "vmlinux", ""},
		{"bad kernel", Config{Kernel: script("no kernel")}, nil, "kernel", ""},
		{"bad argument", Config{Args: []string{"-device", "nonsense"}}, nil, "nonsense", "7.2"},
		{"forced kvm", Config{Accel: "kvm"}, nil, "/dev/kvm", "force_tcg"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if test.name == "forced kvm" && kvmWorks {
				t.Skip("kvm works on this machine")
			}
			m, err := Start(testContext(t), &test.c)
			if err == nil {
				m.Kill()
				t.Fatal("Start = nil; want an error")
			}
			t.Logf("%v\nhint: %s", err, HintOf(err))
			if !strings.Contains(err.Error(), test.want) || !strings.Contains(HintOf(err), test.hint) {
				t.Errorf("Start = %q, hint %q; want %q, %q", err, HintOf(err), test.want, test.hint)
			}
			if test.is != nil && !errors.Is(err, test.is) {
				t.Errorf("errors.Is(%v, %v) = false", err, test.is)
			}
		})
	}
}

// A QEMU that hangs before it answers must not outlive the context.
func TestStartCancelled(t *testing.T) {
	name := filepath.Join(t.TempDir(), "qemu")
	if err := os.WriteFile(name, []byte("#!/bin/sh\nexec sleep 1000\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(testContext(t), 50*time.Millisecond)
	defer cancel()
	begin := time.Now()
	_, err := Start(ctx, &Config{Binary: name, Accel: "tcg"})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Start = %v; want %v", err, context.DeadlineExceeded)
	}
	if d := time.Since(begin); d > 3*time.Second {
		t.Errorf("Start took %v", d)
	}
}

// Only the four descriptors that QEMU is meant to have are inherited, whatever else
// this process was started with.
func TestInheritedDescriptors(t *testing.T) {
	needQEMU(t)
	leak, err := syscall.Open("/dev/zero", syscall.O_RDONLY, 0) // not close-on-exec
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(leak)
	m := startIdle(t, Config{})
	dir := fmt.Sprintf("/proc/%d/fd", m.PID())
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if to, _ := os.Readlink(filepath.Join(dir, e.Name())); to == "/dev/zero" {
			t.Errorf("descriptor %s of QEMU is %s", e.Name(), to)
		}
	}
}

const parentEnv = "QEMU_TEST_PARENT"

// TestParentDeath kills a process that has a machine, and looks whether QEMU ends.
func TestParentDeath(t *testing.T) {
	if os.Getenv(parentEnv) != "" {
		m, err := Start(context.Background(), &Config{MemoryMB: 64})
		if err != nil {
			t.Fatal(err)
		}
		fmt.Printf("pid %d\n", m.PID())
		select {}
	}
	needQEMU(t)
	cmd := exec.Command(os.Args[0], "-test.run=^TestParentDeath$", "-test.v")
	cmd.Env = append(os.Environ(), parentEnv+"=1")
	out := &pidWriter{found: make(chan int, 1)}
	cmd.Stdout, cmd.Stderr = out, os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ctx := testContext(t)
	var pid int
	select {
	case pid = <-out.found:
	case <-ctx.Done():
		cmd.Process.Kill()
		t.Fatal("no machine was started")
	}
	if !alive(pid) {
		t.Fatal("QEMU does not run")
	}
	cmd.Process.Kill()
	cmd.Wait()
	// QEMU is init's child now: wait for its entry in /proc to go.
	for gone := false; !gone; {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		gone = err != nil || bytes.Contains(stat, []byte(") Z "))
		select {
		case <-ctx.Done():
			t.Fatalf("QEMU (pid %d) outlived its parent", pid)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

type pidWriter struct {
	buf   bytes.Buffer
	found chan int
	once  sync.Once
}

func (w *pidWriter) Write(p []byte) (int, error) {
	w.buf.Write(p)
	if i := strings.Index(w.buf.String(), "pid "); i >= 0 {
		var pid int
		if n, _ := fmt.Sscanf(w.buf.String()[i:], "pid %d\n", &pid); n == 1 {
			w.once.Do(func() { w.found <- pid })
		}
	}
	return len(p), nil
}

// The monitor carries many commands at once, and lines of any length.
func TestMonitorPipelines(t *testing.T) {
	m := startIdle(t, Config{})
	ctx := testContext(t)
	var all sync.WaitGroup
	for i := range 64 {
		all.Go(func() {
			if i%8 == 0 {
				schema, err := raw.NewMonitor(m.Monitor()).QueryQMPSchema()
				if err != nil || len(schema) < 500 {
					t.Errorf("query-qmp-schema: %d entries, %v", len(schema), err)
				}
				return
			}
			var status struct{ Running bool }
			if err := m.Monitor().Execute(ctx, "query-status", nil, &status); err != nil || !status.Running {
				t.Errorf("query-status: %+v, %v", status, err)
			}
		})
	}
	all.Wait()
	var refused *CommandError
	if err := m.Monitor().Execute(ctx, "nonsense", nil, nil); !errors.As(err, &refused) || refused.Class != "CommandNotFound" {
		t.Errorf("nonsense = %v; want CommandNotFound", err)
	}
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	if err := m.Monitor().Execute(cancelled, "query-status", nil, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("Execute with a cancelled context = %v", err)
	}
	if err := m.Monitor().Execute(ctx, "query-status", nil, nil); err != nil {
		t.Errorf("Execute after that = %v", err)
	}
}

func TestMonitorEvents(t *testing.T) {
	m := startIdle(t, Config{})
	ctx, cancel := context.WithCancel(testContext(t))
	defer cancel()
	events, err := m.Monitor().Events(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Monitor().Execute(ctx, "stop", nil, nil); err != nil {
		t.Fatal(err)
	}
	if e := <-events; e.Event != "STOP" {
		t.Errorf("event = %q; want STOP", e.Event)
	}
	m.Kill()
	for range events { // ends because QEMU did
	}
}
