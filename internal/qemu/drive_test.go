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
	"syscall"
	"testing"
	"time"
)

func needQemuImg(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("qemu-img"); err != nil {
		t.Fatal("qemu-img is not installed")
	}
}

func qemuImg(t *testing.T, dir string, args ...string) {
	t.Helper()
	cmd := exec.Command("qemu-img", args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("qemu-img %v: %v\n%s", args, err, out)
	}
}

// hmp runs a command of QEMU's human monitor, qemu-io among them.
func hmp(t *testing.T, m *Machine, line string) string {
	t.Helper()
	var out string
	err := m.Monitor().Execute(testContext(t), "human-monitor-command", map[string]any{"command-line": line}, &out)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(out)
}

func TestPlugFormats(t *testing.T) {
	needQemuImg(t)
	dir := t.TempDir()
	log := newIOLog(t)
	m := startIdle(t, Config{TempDir: dir, Log: log.log})
	ctx := testContext(t)
	formats := []string{"raw", "qcow2", "qcow", "qed", "vmdk", "vdi", "vpc", "vhdx", "parallels"}
	var drives []Drive
	for i, f := range formats {
		// Names that mean something in QEMU's option syntax, and in its protocols.
		name := fmt.Sprintf("nbd:disk,%d=x.%s", i, f)
		qemuImg(t, dir, "create", "-q", "-f", f, "./"+name, "8M")
		drives = append(drives,
			Drive{Index: 2 * i, File: filepath.Join(dir, name), ReadOnly: true},
			Drive{Index: 2*i + 1, File: filepath.Join(dir, name), Format: f})
	}
	before := sums(t, drives)
	if err := m.Plug(ctx, drives...); err != nil {
		t.Fatal(err)
	}
	for _, d := range drives {
		size, err := m.Size(d.Index)
		// vpc rounds up to whole cylinders.
		if err != nil || size < 8<<20 || size > 9<<20 {
			t.Errorf("Size of %s = %d, %v; want 8 MiB", d.File, size, err)
		}
		if d.ReadOnly {
			if err := log.io(m, d.Index, writeSome); err != nil {
				t.Errorf("write to read-only %s: %v", d.File, err)
			}
		}
	}
	for _, d := range drives {
		if err := m.Unplug(ctx, d.Index); err != nil {
			t.Errorf("Unplug %d = %v", d.Index, err)
		}
		if _, err := m.Size(d.Index); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("Size of drive %d after Unplug: %v", d.Index, err)
		}
	}
	var nodes []any
	if err := m.Monitor().Execute(ctx, "query-named-block-nodes", nil, &nodes); err != nil || len(nodes) != 0 {
		t.Errorf("block nodes left: %d, %v", len(nodes), err)
	}
	var sets []any
	if err := m.Monitor().Execute(ctx, "query-fdsets", nil, &sets); err != nil || len(sets) != 0 {
		t.Errorf("fd sets left: %d, %v", len(sets), err)
	}
	// QEMU marks some formats as dirty when they are opened for writing; here the
	// read-only drives alone must not have changed anything.
	if err := m.Plug(ctx, drives[0], drives[2]); err != nil {
		t.Errorf("Plug again = %v", err)
	}
	if err := log.io(m, drives[0].Index, writeSome); err != nil {
		t.Error(err)
	}
	if err := m.Quit(ctx); err != nil {
		t.Error(err)
	}
	after := sums(t, drives)
	for _, f := range []string{drives[0].File, drives[2].File} {
		if !bytes.Equal(before[f], after[f]) {
			t.Errorf("%s has changed", f)
		}
	}
	onlyImages(t, dir, len(formats))
}

func sums(t *testing.T, drives []Drive) map[string][]byte {
	t.Helper()
	m := make(map[string][]byte)
	for _, d := range drives {
		b, err := os.ReadFile(d.File)
		if err != nil {
			t.Fatal(err)
		}
		m[d.File] = b
	}
	return m
}

// onlyImages checks that nothing was left in the temporary folder.
func onlyImages(t *testing.T, dir string, want int) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != want {
		t.Errorf("%d files in the folder, %v; want %d", len(entries), err, want)
	}
}

// A read-only drive is not changed by writes, also when all is killed; a read-write drive is.
func TestReadOnly(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "disk.img")
	zeros := make([]byte, 1<<20)
	if err := os.WriteFile(file, zeros, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, readOnly := range []bool{true, false} {
		for _, kill := range []bool{true, false} {
			log := newIOLog(t)
			m := startIdle(t, Config{TempDir: dir, Log: log.log})
			if err := m.Plug(testContext(t), Drive{File: file, ReadOnly: readOnly}); err != nil {
				t.Fatal(err)
			}
			for _, command := range []string{writeSome, readSome} {
				if err := log.io(m, 0, command); err != nil {
					t.Errorf("%s: %v", command, err)
				}
			}
			if kill {
				m.Kill()
			} else if err := m.Quit(testContext(t)); err != nil {
				t.Error(err)
			}
			got, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if same := bytes.Equal(got, zeros); same != readOnly {
				t.Errorf("read-only %v, killed %v: unchanged %v", readOnly, kill, same)
			}
			onlyImages(t, dir, 1)
		}
	}
}

func TestChain(t *testing.T) {
	needQemuImg(t)
	dir := t.TempDir()
	const layers = 200 // the most that is allowed
	qemuImg(t, dir, "create", "-q", "-f", "raw", "0.img", "1M")
	if err := os.WriteFile(filepath.Join(dir, "0.img"), bytes.Repeat([]byte{7}, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	template := ""
	for i := 1; i < layers; i++ {
		below, format := fmt.Sprintf("%d.img", i-1), "qcow2"
		if i == 1 {
			format = "raw"
		}
		if i < 3 {
			qemuImg(t, dir, "create", "-q", "-f", "qcow2", "-u", "-b", below, "-F", format, fmt.Sprintf("%d.img", i), "1M")
			continue
		}
		if template == "" {
			b, err := os.ReadFile(filepath.Join(dir, "2.img"))
			if err != nil {
				t.Fatal(err)
			}
			template = string(b)
		}
		// Names of one length differ in their digits only: quicker than qemu-img each time.
		name := fmt.Sprintf("%d.img", i)
		b := []byte(template)
		at := bytes.Index(b, []byte("1.img"))
		copy(b[at:], below)
		b[19] = byte(len(below))
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	log := newIOLog(t)
	m := startIdle(t, Config{TempDir: dir, Log: log.log})
	ctx := testContext(t)
	begin := time.Now()
	top := filepath.Join(dir, fmt.Sprintf("%d.img", layers-1))
	if err := m.Plug(ctx, Drive{File: top, Format: "qcow2", ReadOnly: true}); err != nil {
		t.Fatal(err)
	}
	t.Logf("chain of %d images plugged in in %v", layers, time.Since(begin))
	if err := log.io(m, 0, "read -P 7 0 4096"); err != nil {
		t.Errorf("read through the chain: %v", err)
	}
}

func TestPlugErrors(t *testing.T) {
	needQemuImg(t)
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	qemuImg(t, dir, "create", "-q", "-f", "qcow2", "ok.qcow2", "8M")
	qemuImg(t, dir, "create", "-q", "-f", "raw", "locked.img", "8M")
	// A header that is right as far as it is checked here, with tables that are not.
	bad, err := os.ReadFile(path("ok.qcow2"))
	if err != nil {
		t.Fatal(err)
	}
	bad[79] |= 0x80 // an incompatible feature that nobody knows
	if err := os.WriteFile(path("bad.qcow2"), bad, 0o600); err != nil {
		t.Fatal(err)
	}
	other := startIdle(t, Config{})
	if err := other.Plug(testContext(t), Drive{File: path("locked.img")}); err != nil {
		t.Fatal(err)
	}
	m := startIdle(t, Config{TempDir: dir})
	ctx := testContext(t)
	tests := []struct {
		name string
		d    Drive
		is   error
		want string
		hint string
	}{
		{"missing", Drive{File: path("missing")}, fs.ErrNotExist, "missing", "check the name"},
		{"not qcow2", Drive{File: path("locked.img"), Format: "qcow2"}, nil, "not a qcow2 image", "detected"},
		{"refused by qemu", Drive{File: path("bad.qcow2"), Format: "qcow2"}, nil, "bad.qcow2", ""},
		{"in use", Drive{File: path("locked.img")}, syscall.EBUSY, "locked.img", "shut that guest down"},
		{"index", Drive{Index: 255, File: path("ok.qcow2")}, nil, "255", "255 drives"},
		{"nothing", Drive{}, nil, "either", ""},
		{"block size", Drive{File: path("ok.qcow2"), BlockSize: 1024}, nil, "1024", ""},
		{"cache mode", Drive{File: path("ok.qcow2"), CacheMode: "fast"}, nil, "fast", ""},
		{"discard", Drive{File: path("ok.qcow2"), Discard: "yes"}, nil, "yes", ""},
		{"discard read-only", Drive{File: path("ok.qcow2"), Discard: "enable", ReadOnly: true}, nil, "discard", ""},
		{"label", Drive{File: path("ok.qcow2"), Label: "a/b"}, nil, "label", ""},
		{"character device", Drive{File: "/dev/zero"}, syscall.ENOTBLK, "character device", "block device"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := m.Plug(ctx, test.d)
			if err == nil {
				t.Fatal("Plug = nil; want an error")
			}
			t.Logf("%v (hint: %s)", err, HintOf(err))
			if !strings.Contains(err.Error(), test.want) || !strings.Contains(HintOf(err), test.hint) || strings.Contains(err.Error(), "fdset") {
				t.Errorf("Plug = %q, hint %q; want %q, %q", err, HintOf(err), test.want, test.hint)
			}
			if test.is != nil && !errors.Is(err, test.is) {
				t.Errorf("errors.Is(%v, %v) = false", err, test.is)
			}
		})
	}
	// An image in use can be read, and a failed drive leaves its place free.
	if err := m.Plug(ctx, Drive{File: path("locked.img"), ReadOnly: true}); err != nil {
		t.Errorf("Plug an image in use read-only = %v", err)
	}
	if err := m.Plug(ctx, Drive{File: path("ok.qcow2")}); err == nil {
		t.Error("Plug two drives with one index works")
	}
}

func TestTempDirErrors(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "disk.img")
	if err := os.WriteFile(file, make([]byte, 4<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	m := startIdle(t, Config{TempDir: filepath.Join(dir, "missing")})
	err := m.Plug(testContext(t), Drive{File: file, ReadOnly: true})
	if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(HintOf(err), "LIBGUESTFS_TMPDIR") {
		t.Errorf("Plug without a temporary folder = %v (hint: %s)", err, HintOf(err))
	}
	if os.Geteuid() != 0 {
		t.Skip("mounting a small tmpfs needs root")
	}
	small := filepath.Join(dir, "small")
	if err := os.Mkdir(small, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", small, "tmpfs", 0, "size=1m"); err != nil {
		t.Fatal("mount tmpfs:", err)
	}
	defer syscall.Unmount(small, syscall.MNT_DETACH)

	log := newIOLog(t)
	m = startIdle(t, Config{TempDir: small, Log: log.log})
	if err := m.Plug(testContext(t), Drive{File: file, ReadOnly: true}); err != nil {
		t.Fatal(err)
	}
	if err := log.io(m, 0, "write -P 1 0 4M"); err == nil {
		t.Error("write of more than the folder holds works")
	}
	// The first drive holds most of the folder: there is no room for the tables of another.
	if err := os.WriteFile(filepath.Join(small, "fill"), make([]byte, 2<<20), 0o600); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("fill the folder = %v", err)
	}
	err = m.Plug(testContext(t), Drive{Index: 1, File: file, ReadOnly: true})
	if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(HintOf(err), "LIBGUESTFS_TMPDIR") {
		t.Errorf("Plug with a full temporary folder = %v (hint: %s)", err, HintOf(err))
	}
}

// noteIOError is called with what QEMU 7.2 sends.
func TestWriteError(t *testing.T) {
	m := &Machine{config: Config{Log: t.Logf, TempDir: "/t"}, drives: map[int]*plugged{
		12: {Drive: Drive{Index: 12, File: "a.img", ReadOnly: true}},
		3:  {Drive: Drive{Index: 3, File: "b.img"}},
	}}
	m.noteIOError(map[string]any{"node-name": "d12", "operation": "read", "reason": "x"})
	if err := m.WriteError(); err != nil {
		t.Errorf("WriteError after a read = %v", err)
	}
	m.noteIOError(map[string]any{"node-name": "d12", "operation": "write", "nospace": false, "reason": "No space left on device"})
	if err := m.WriteError(); !errors.Is(err, syscall.ENOSPC) || !strings.Contains(HintOf(err), "TMPDIR") || !strings.Contains(err.Error(), "/t") {
		t.Errorf("WriteError = %v", err)
	}
	m.ioErr = nil
	m.noteIOError(map[string]any{"node-name": "d3", "operation": "write", "nospace": false, "reason": "Input/output error"})
	if err := m.WriteError(); !errors.Is(err, syscall.EIO) || !strings.Contains(err.Error(), "b.img") {
		t.Errorf("WriteError = %v", err)
	}
}

func TestPlugMany(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "disk.img")
	if err := os.WriteFile(file, make([]byte, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	m := startIdle(t, Config{TempDir: dir})
	drives := make([]Drive, MaxDrives)
	for i := range drives {
		drives[i] = Drive{Index: i, File: file, ReadOnly: true, Label: fmt.Sprintf("disk%d", i), BlockSize: 512 << (i % 2 * 3)}
	}
	begin := time.Now()
	if err := m.Plug(testContext(t), drives...); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d read-only drives in %v", len(drives), time.Since(begin))
	if _, err := m.Size(254); err != nil {
		t.Error(err)
	}
}

func TestScratch(t *testing.T) {
	m := startIdle(t, Config{TempDir: t.TempDir()})
	ctx := testContext(t)
	if err := m.Plug(ctx, Drive{ScratchBytes: 1<<30 + 1}, Drive{Index: 1, File: os.DevNull}, Drive{Index: 2, ScratchBytes: 1 << 20, CopyOnRead: true, CacheMode: "unsafe", Discard: "enable"}); err != nil {
		t.Fatal(err)
	}
	for index, want := range []int64{1<<30 + 512, 4096, 1 << 20} {
		if got, err := m.Size(index); got != want || err != nil {
			t.Errorf("Size(%d) = %d, %v; want %d", index, got, err, want)
		}
	}
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	if err := m.Plug(cancelled, Drive{Index: 9, ScratchBytes: 512}); !errors.Is(err, context.Canceled) {
		t.Errorf("Plug with a cancelled context = %v", err)
	}
	if err := m.Plug(ctx, Drive{Index: 9, ScratchBytes: 512}); err != nil {
		t.Errorf("Plug after that = %v", err)
	}
}
