package guestfs

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// qemuInfo is what QEMU says of an image.
type qemuInfo struct {
	Format        string `json:"format"`
	VirtualSize   int64  `json:"virtual-size"`
	ClusterSize   int    `json:"cluster-size"`
	Backing       string `json:"backing-filename"`
	BackingFormat string `json:"backing-filename-format"`
	Specific      struct {
		Data struct {
			Compat string `json:"compat"`
		} `json:"data"`
	} `json:"format-specific"`
}

func askQEMU(t *testing.T, file string) qemuInfo {
	t.Helper()
	out, err := exec.Command("qemu-img", "info", "--output=json", file).Output()
	if err != nil {
		t.Fatalf("qemu-img info %s: %v", file, err)
	}
	var info qemuInfo
	if err := json.Unmarshal(out, &info); err != nil {
		t.Fatal(err)
	}
	return info
}

// TestDiskImages makes images, reads them back, and asks QEMU the same.
func TestDiskImages(t *testing.T) {
	dir, g, ctx := t.TempDir(), New(nil), t.Context()
	defer g.Close()
	if err := os.WriteFile(filepath.Join(dir, "old"), []byte("QFI\xfb old content"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("old", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, format string
		size         int64
		opts         *DiskCreateOpts
		want         qemuInfo
	}{
		{"raw", "raw", 5, nil, qemuInfo{Format: "raw", VirtualSize: 512}},
		{"empty", "raw", 0, nil, qemuInfo{Format: "raw"}},
		{"link", "raw", 1 << 20, &DiskCreateOpts{Preallocation: "sparse"}, qemuInfo{Format: "raw", VirtualSize: 1 << 20}},
		{"full", "raw", 1 << 20, &DiskCreateOpts{Preallocation: "full"}, qemuInfo{Format: "raw", VirtualSize: 1 << 20}},
		{"a, b.qcow2", "qcow2", 10 << 20, nil, qemuInfo{Format: "qcow2", VirtualSize: 10 << 20, ClusterSize: 65536}},
		{"old.qcow2", "qcow2", 10<<20 + 1, &DiskCreateOpts{Preallocation: "metadata", Compat: "0.10", ClusterSize: 4096},
			qemuInfo{Format: "qcow2", VirtualSize: 10<<20 + 512, ClusterSize: 4096}},
		{"over", "qcow2", -1, &DiskCreateOpts{BackingFile: "a, b.qcow2", BackingFormat: "qcow2", Preallocation: "off"},
			qemuInfo{Format: "qcow2", VirtualSize: 10 << 20, ClusterSize: 65536, Backing: "a, b.qcow2", BackingFormat: "qcow2"}},
		{"overraw", "qcow2", -1, &DiskCreateOpts{BackingFile: filepath.Join(dir, "full"), Compat: "1.1"},
			qemuInfo{Format: "qcow2", VirtualSize: 1 << 20, ClusterSize: 65536, Backing: filepath.Join(dir, "full"), BackingFormat: "raw"}},
	} {
		file := filepath.Join(dir, test.name)
		if err := g.DiskCreate(ctx, file, test.format, test.size, test.opts); err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		got := askQEMU(t, file)
		if test.format == "qcow2" {
			test.want.Specific.Data.Compat = "1.1"
			if test.opts != nil && test.opts.Compat != "" {
				test.want.Specific.Data.Compat = test.opts.Compat
			}
		}
		if test.want.Format == "raw" {
			got.ClusterSize = 0
		}
		if got != test.want {
			t.Errorf("%s: QEMU says %+v; want %+v", test.name, got, test.want)
		}
		format, err1 := g.DiskFormat(ctx, file)
		size, err2 := g.DiskVirtualSize(ctx, file)
		backing, err3 := g.DiskHasBackingFile(ctx, file)
		if err := errors.Join(err1, err2, err3); err != nil || format != got.Format || size != got.VirtualSize || backing != (got.Backing != "") {
			t.Errorf("%s: %s, %d bytes, backing file %v, %v; QEMU says %+v", test.name, format, size, backing, err, got)
		}
	}
	if st, err := os.Lstat(filepath.Join(dir, "link")); err != nil || st.Mode().IsRegular() {
		t.Errorf("the symbolic link was replaced: %v", err)
	}
	var st syscall.Stat_t
	if err := syscall.Stat(filepath.Join(dir, "full"), &st); err != nil || st.Blocks*512 < 1<<20 || st.Mode&0o777 != uint32(newFileMode()) {
		t.Errorf("full: %d blocks, mode %o, %v; want 1 MiB, mode %o", st.Blocks, st.Mode, err, newFileMode())
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".*")); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

// TestDiskVirtualSizeFromQEMU: a format whose header only QEMU reads.
func TestDiskVirtualSizeFromQEMU(t *testing.T) {
	file := filepath.Join(t.TempDir(), "luks")
	cmd := exec.Command("qemu-img", "create", "-q", "-f", "luks", "--object", "secret,id=s,data=x", "-o", "key-secret=s,iter-time=10", file, "1M")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	g := New(nil)
	defer g.Close()
	size, err := g.DiskVirtualSize(t.Context(), file)
	if format, _ := g.DiskFormat(t.Context(), file); err != nil || size != 1<<20 || format != "luks" {
		t.Errorf("size %d of %s, %v; want 1 MiB of luks", size, format, err)
	}
}

// TestDiskBackingNotOpened: only the file that the caller names is read, never
// the one that it names.
func TestDiskBackingNotOpened(t *testing.T) {
	dir, g, ctx := t.TempDir(), New(nil), t.Context()
	defer g.Close()
	middle, top := filepath.Join(dir, "middle"), filepath.Join(dir, "top")
	args := []string{"create", "-q", "-u", "-f", "qcow2", "-F", "raw", "-b", filepath.Join(dir, "missing"), middle, "1M"}
	if out, err := exec.Command("qemu-img", args...).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	size, err := g.DiskVirtualSize(ctx, middle)
	backing, err2 := g.DiskHasBackingFile(ctx, middle)
	if err := errors.Join(err, err2); err != nil || size != 1<<20 || !backing {
		t.Errorf("size %d, backing file %v, %v; want 1 MiB, true", size, backing, err)
	}
	if err := g.DiskCreate(ctx, top, "qcow2", -1, &DiskCreateOpts{BackingFile: "middle", BackingFormat: "qcow2"}); err != nil {
		t.Error(err)
	}
	err = g.DiskCreate(ctx, top, "qcow2", -1, &DiskCreateOpts{BackingFile: "middle"})
	if err == nil || !strings.Contains(err.Error(), "names another file") {
		t.Errorf("a guessed format whose header names a file: %v; want a refusal", err)
	}
}

func TestDiskErrors(t *testing.T) {
	dir, g, ctx := t.TempDir(), New(nil), t.Context()
	defer g.Close()
	if err := syscall.Mkfifo(filepath.Join(dir, "fifo"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, format string
		size         int64
		opts         DiskCreateOpts
		is           error
	}{
		{"x", "foo", 1, DiskCreateOpts{}, syscall.EINVAL},
		{"x", "raw", -1, DiskCreateOpts{}, syscall.EINVAL},
		{"x", "qcow2", -1, DiskCreateOpts{}, syscall.EINVAL},
		{"x", "raw", 1, DiskCreateOpts{BackingFile: "y"}, syscall.EINVAL},
		{"x", "raw", 1, DiskCreateOpts{Compat: "1.1"}, syscall.EINVAL},
		{"x", "raw", 1, DiskCreateOpts{ClusterSize: 65536}, syscall.EINVAL},
		{"x", "raw", 1, DiskCreateOpts{Preallocation: "metadata"}, syscall.EINVAL},
		{"x", "qcow2", 1, DiskCreateOpts{Preallocation: "foo"}, syscall.EINVAL},
		{"x", "qcow2", 1, DiskCreateOpts{Compat: "2"}, syscall.EINVAL},
		{"x", "qcow2", 1, DiskCreateOpts{ClusterSize: 1000}, syscall.EINVAL},
		{"x", "qcow2", 1, DiskCreateOpts{BackingFormat: "raw"}, syscall.EINVAL},
		{"x", "qcow2", 1, DiskCreateOpts{BackingFile: "y"}, syscall.EINVAL},
		{"x", "qcow2", -1, DiskCreateOpts{BackingFile: "y"}, fs.ErrNotExist},
		{"x", "qcow2", -1, DiskCreateOpts{BackingFile: "fifo", BackingFormat: "raw"}, syscall.ENOTBLK},
		{"x", "qcow2", -1, DiskCreateOpts{BackingFile: "nbd:x", BackingFormat: "raw"}, syscall.EINVAL},
		{"x", "qcow2", -1, DiskCreateOpts{BackingFile: "y", BackingFormat: "foo"}, syscall.EINVAL},
		{"none/x", "raw", 1, DiskCreateOpts{}, fs.ErrNotExist},
		{"fifo", "raw", 1, DiskCreateOpts{}, fs.ErrExist},
		{"", "raw", 1, DiskCreateOpts{}, fs.ErrExist}, // the directory
	} {
		err := g.DiskCreate(ctx, filepath.Join(dir, test.name), test.format, test.size, &test.opts)
		if !errors.Is(err, test.is) {
			t.Errorf("%q %s %d %+v: error %v; want %v", test.name, test.format, test.size, test.opts, err, test.is)
		}
	}
	for name, is := range map[string]error{"none": fs.ErrNotExist, "fifo": syscall.ENOTBLK, ".": syscall.EISDIR} {
		_, err1 := g.DiskFormat(ctx, filepath.Join(dir, name))
		_, err2 := g.DiskVirtualSize(ctx, filepath.Join(dir, name))
		_, err3 := g.DiskHasBackingFile(ctx, filepath.Join(dir, name))
		for _, err := range []error{err1, err2, err3} {
			if !errors.Is(err, is) {
				t.Errorf("%s: error %v; want %v", name, err, is)
			}
		}
	}
	if names, _ := os.ReadDir(dir); len(names) != 1 {
		t.Errorf("files were left behind: %v", names)
	}
}

func TestAddDriveWithInterface(t *testing.T) {
	g := New(nil)
	defer g.Close()
	err := errors.Join(g.AddCdrom("/cd"), g.AddDriveWithIf("/a", "virtio"), g.AddDriveRoWithIf("/b", "ide"))
	if err != nil || len(g.drives) != 3 {
		t.Fatalf("%d drives, %v; want 3", len(g.drives), err)
	}
	for i, want := range []struct {
		file string
		ro   bool
	}{{"/cd", true}, {"/a", false}, {"/b", true}} {
		if d := g.drives[i].spec; d.File != want.file || d.ReadOnly != want.ro {
			t.Errorf("drive %d is %s, read-only %v; want %+v", i, d.File, d.ReadOnly, want)
		}
	}
	for _, err := range []error{g.AddDriveWithIf("/a", ""), g.AddDriveRoWithIf("/a", "x,y"), g.AddCdrom("")} {
		if !errors.Is(err, syscall.EINVAL) {
			t.Errorf("error %v; want EINVAL", err)
		}
	}
}
