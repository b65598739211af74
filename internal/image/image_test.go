package image

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// qemuImg runs qemu-img in dir.
func qemuImg(t testing.TB, dir string, args ...string) {
	t.Helper()
	cmd := exec.Command("qemu-img", args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("qemu-img %v: %v\n%s", args, err, out)
	}
}

func needQemuImg(t testing.TB) {
	t.Helper()
	if _, err := exec.LookPath("qemu-img"); err != nil {
		t.Fatal("qemu-img is not installed")
	}
}

const mega = 1 << 20

func TestDetect(t *testing.T) {
	needQemuImg(t)
	dir := t.TempDir()
	tests := []struct {
		format  Format
		options string
		size    int64 // that the header tells; 0: it does not
	}{
		{Raw, "", 8 * mega},
		{Qcow2, "compat=0.10", 8 * mega},
		{Qcow2, "compat=1.1,cluster_size=2M", 8 * mega},
		{Qcow, "", 8 * mega},
		{QED, "", 8 * mega},
		{VMDK, "", 8 * mega},
		{VMDK, "subformat=streamOptimized", 8 * mega},
		{VDI, "", 8 * mega},
		{VPC, "", 0},
		{VHDX, "", 0},
		{Parallels, "", 8 * mega},
	}
	for _, test := range tests {
		t.Run(string(test.format)+" "+test.options, func(t *testing.T) {
			name := filepath.Join(dir, "image")
			args := []string{"create", "-q", "-f", string(test.format), name, "8M"}
			if test.options != "" {
				args = append(args, "-o", test.options)
			}
			qemuImg(t, dir, args...)
			for _, given := range []string{"", string(test.format)} {
				c, err := Open(name, Options{Format: given})
				if err != nil {
					t.Fatalf("Open with format %q = %v", given, err)
				}
				defer c.Close()
				top := c.Layers[0]
				if top.Format != test.format || top.VirtualSize != test.size || len(c.Layers) != 1 {
					t.Errorf("Open with format %q = %s, %d bytes; want %s, %d bytes", given, top.Format, top.VirtualSize, test.format, test.size)
				}
			}
			os.Remove(name)
		})
	}
}

func TestDetectMagic(t *testing.T) {
	luks := append([]byte("LUKS\xba\xbe\x00\x02"), make([]byte, 600)...)
	bochs := make([]byte, 600)
	copy(bochs, "Bochs Virtual HD Image\x00")
	copy(bochs[32:], "Redolog")
	copy(bochs[48:], "Growing")
	for want, head := range map[Format][]byte{
		LUKS: luks, Bochs: bochs,
		VMDK: []byte("\n# comment\nversion=1\n"),
		Raw:  []byte("QFI"),
	} {
		got, err := Detect(bytes.NewReader(head), int64(len(head)))
		if got != want || err != nil {
			t.Errorf("Detect(%.20q) = %q, %v; want %q", head, got, err, want)
		}
	}
}

// The refusals: each is an error with the cause in it, and most have a hint.
func TestRefuse(t *testing.T) {
	needQemuImg(t)
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	write := func(name, text string) {
		if err := os.WriteFile(path(name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("secret", "the host's own file")
	write("empty", "")
	write("short", "QFI\xfb\x00\x00\x00\x03")
	write("text.vmdk", "# Disk DescriptorFile\nversion=1\nparentCID=ffffffff\nRW 16384 FLAT \"secret\" 0\n")
	write("nbd.vmdk", "# Disk DescriptorFile\nversion=1\nRW 16384 FLAT \"nbd://localhost/\" 0\n")
	write("parent.vmdk", "# Disk DescriptorFile\nversion=1\nparentCID=12345678\nparentFileNameHint=\"secret\"\n")
	write("tabs.vmdk", "# Disk DescriptorFile\nversion=1\n \tRW\t16384\tFLAT\t\"secret\"\t0\n")
	write("none.vmdk", "# Disk DescriptorFile\nversion=1\n")
	if err := unix.Mkfifo(path("fifo"), 0o600); err != nil {
		t.Fatal(err)
	}
	qemuImg(t, dir, "create", "-q", "-f", "qcow2", "base.qcow2", "8M")
	qemuImg(t, dir, "create", "-q", "-f", "qcow2", "-b", "base.qcow2", "-F", "qcow2", "over.qcow2")
	qemuImg(t, dir, "create", "-q", "-f", "qcow2", "-b", "over.qcow2", "-F", "qcow2", "top.qcow2")
	qemuImg(t, dir, "create", "-q", "-f", "qcow2", "-b", "secret", "-F", "raw", "thief.qcow2")
	qemuImg(t, dir, "create", "-q", "-f", "qed", "-b", "secret", "-F", "raw", "thief.qed")
	qemuImg(t, dir, "create", "-q", "-f", "vmdk", "base.vmdk", "8M")
	qemuImg(t, dir, "create", "-q", "-f", "vmdk", "-b", "base.vmdk", "-F", "vmdk", "over.vmdk")
	qemuImg(t, dir, "create", "-q", "-f", "qcow2", "-o", "data_file=data.raw,data_file_raw=on", "data.qcow2", "8M")
	qemuImg(t, dir, "create", "-q", "-f", "qcow2", "-u", "-b", "gone.img", "-F", "raw", "orphan.qcow2", "8M")
	qemuImg(t, dir, "create", "-q", "-f", "qcow2", "-u", "-b", "nbd://localhost/x", "-F", "raw", "nbd.qcow2", "8M")
	qemuImg(t, dir, "create", "-q", "-f", "qcow2", "-u", "-b", `json:{"driver":"nbd"}`, "-F", "raw", "json.qcow2", "8M")
	qemuImg(t, dir, "create", "-q", "-f", "qcow2", "-u", "-b", "loop2.qcow2", "-F", "qcow2", "loop1.qcow2", "8M")
	qemuImg(t, dir, "create", "-q", "-f", "qcow2", "-u", "-b", "loop1.qcow2", "-F", "qcow2", "loop2.qcow2", "8M")
	full := mustRead(t, path("base.qcow2"))
	write("cut.qcow2", string(full[:100<<10]))
	full[35] = 2 // encrypted with LUKS
	write("crypt.qcow2", string(full))
	// Old images do not say what format their backing file has.
	old := bytes.Replace(mustRead(t, path("over.qcow2")), binary.BigEndian.AppendUint32(nil, qcow2ExtBacking), []byte{1, 2, 3, 4}, 1)
	write("old.qcow2", string(old))
	qemuImg(t, dir, "create", "-q", "-f", "qcow2", "-b", "old.qcow2", "-F", "qcow2", "old2.qcow2")
	older := bytes.Replace(mustRead(t, path("old2.qcow2")), binary.BigEndian.AppendUint32(nil, qcow2ExtBacking), []byte{1, 2, 3, 4}, 1)
	write("older.qcow2", string(older))

	tests := []struct {
		name, format string
		writable     bool
		is           error
		want, hint   string
	}{
		{"missing", "", false, fs.ErrNotExist, "open", "check the name"},
		{".", "", false, syscall.EISDIR, "directory", "block device"},
		{".", "", true, syscall.EISDIR, "directory", "block device"},
		{"fifo", "", false, syscall.ENOTBLK, "fifo", "block device"},
		{"empty", "", false, nil, "empty", "interrupted"},
		{"empty", "raw", false, nil, "empty", "interrupted"},
		{"short", "", false, errTruncated, "qcow2", "interrupted"},
		{"cut.qcow2", "", false, errTruncated, "truncated", "interrupted"},
		{"cut.qcow2", "qcow2", false, errTruncated, "truncated", ""},
		{"secret", "qcow2", false, errNot, "not a qcow2 image", "detected"},
		{"secret", "fancy", false, nil, "unknown image format", "qcow2, qcow"},
		{"secret", "luks", false, nil, "luks", "raw"},
		{"crypt.qcow2", "", false, errEncrypted, "encrypted", ""},
		{"thief.qcow2", "", false, nil, `backing file "secret"`, "--format=qcow2"},
		{"thief.qed", "", false, nil, `backing file "secret"`, "--format=qed"},
		{"over.qcow2", "", false, nil, `backing file "base.qcow2"`, "--format=qcow2"},
		{"over.vmdk", "", false, nil, `backing file "base.vmdk"`, "--format=vmdk"},
		{"data.qcow2", "", false, nil, `data file "data.raw"`, "--format=qcow2"},
		{"text.vmdk", "", false, nil, `extent "secret"`, "--format=vmdk"},
		{"tabs.vmdk", "", false, nil, `extent "secret"`, "--format=vmdk"},
		{"none.vmdk", "", false, nil, "without extents", ""},
		{"nbd.vmdk", "vmdk", false, nil, `protocol "nbd"`, ""},
		{"parent.vmdk", "", false, nil, `backing file "secret"`, ""},
		{"orphan.qcow2", "qcow2", false, fs.ErrNotExist, "gone.img", "rebase"},
		{"nbd.qcow2", "qcow2", false, nil, `protocol "nbd"`, "copy"},
		{"json.qcow2", "qcow2", false, nil, `protocol "json"`, "copy"},
		{"loop1.qcow2", "qcow2", false, nil, "twice", ""},
		{"older.qcow2", "qcow2", false, nil, "names another file", "rebase -u -F qcow2"},
	}
	for _, test := range tests {
		t.Run(test.name+" "+test.format, func(t *testing.T) {
			c, err := Open(path(test.name), Options{Format: test.format, Writable: test.writable})
			if err == nil {
				c.Close()
				t.Fatal("Open = nil; want an error")
			}
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("Open = %T; want *Error", err)
			}
			t.Logf("%v (hint: %s)", err, e.Hint())
			if !strings.Contains(err.Error(), test.want) || !strings.Contains(e.Hint(), test.hint) {
				t.Errorf("Open = %q, hint %q; want %q, %q", err, e.Hint(), test.want, test.hint)
			}
			if test.is != nil && !errors.Is(err, test.is) {
				t.Errorf("errors.Is(%v, %v) = false", err, test.is)
			}
		})
	}

	// The same files are fine when the format is given.
	for name, layers := range map[string]int{"top.qcow2": 3, "thief.qcow2": 2, "thief.qed": 2, "over.vmdk": 2, "data.qcow2": 1, "text.vmdk": 1, "old.qcow2": 2} {
		format := strings.TrimPrefix(filepath.Ext(name), ".")
		c, err := Open(path(name), Options{Format: format})
		if err != nil {
			t.Errorf("Open %s with format %s = %v", name, format, err)
			continue
		}
		if len(c.Layers) != layers {
			t.Errorf("Open %s = %d layers; want %d", name, len(c.Layers), layers)
		}
		c.Close()
	}
}

func mustRead(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestDevices(t *testing.T) {
	if _, err := OpenFile(os.DevNull, false); !errors.Is(err, syscall.ENOTBLK) {
		t.Errorf("OpenFile(/dev/null) = %v; want %v", err, syscall.ENOTBLK)
	}
}

// qemu-img judges the images that we write.
func TestWriteQcow2(t *testing.T) {
	needQemuImg(t)
	dir := t.TempDir()
	for _, size := range []int64{512, mega, 512*mega - 512, 512*mega + 512, 20 << 40, 1 << 50} {
		f, err := os.Create(filepath.Join(dir, "image"))
		if err != nil {
			t.Fatal(err)
		}
		if err := WriteQcow2(f, size); err != nil {
			t.Fatal(err)
		}
		f.Close()
		out, err := exec.Command("qemu-img", "check", "-f", "qcow2", f.Name()).CombinedOutput()
		if err != nil {
			t.Errorf("size %d: qemu-img check: %v\n%s", size, err, out)
		}
		c, err := Open(f.Name(), Options{})
		if err != nil {
			t.Errorf("size %d: %v", size, err)
			continue
		}
		if got := c.Layers[0]; got.Format != Qcow2 || got.VirtualSize != size {
			t.Errorf("size %d: Open = %s, %d bytes", size, got.Format, got.VirtualSize)
		}
		c.Close()
	}
	for _, size := range []int64{-512, 0, 100, 1<<50 + 512} {
		if err := WriteQcow2(nil, size); err == nil {
			t.Errorf("WriteQcow2 of %d bytes works", size)
		}
	}
}

func FuzzInspect(f *testing.F) {
	dir := f.TempDir()
	if _, err := exec.LookPath("qemu-img"); err == nil {
		for _, format := range Formats() {
			if format == "luks" || format == "bochs" {
				continue
			}
			qemuImg(f, dir, "create", "-q", "-f", format, "image", "64K")
			b := mustRead(f, filepath.Join(dir, "image"))
			f.Add(b[:min(len(b), 4096)])
		}
		for _, format := range []string{"qcow2", "qed"} {
			qemuImg(f, dir, "create", "-q", "-f", format, "-u", "-b", "other", "-F", "raw", "image", "64K")
			b := mustRead(f, filepath.Join(dir, "image"))
			f.Add(b[:min(len(b), 4096)])
		}
	}
	f.Add([]byte("# Disk DescriptorFile\nversion=1\nRW 16384 FLAT \"x\" 0\nparentFileNameHint=\"y\"\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, size := bytes.NewReader(b), int64(len(b))
		format, err := Detect(r, size)
		if err != nil {
			t.Fatal(err)
		}
		info, err := Inspect(r, size, format)
		if err != nil {
			return
		}
		if info.VirtualSize < 0 || len(info.Backing) > vmdkTextMax {
			t.Errorf("%s: size %d, backing name of %d bytes", format, info.VirtualSize, len(info.Backing))
		}
		info.References()
	})
}
