package appliance

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"virt-tools/appliance/internal/inputs"
)

func TestNoKernel(t *testing.T) {
	root := newHost(t)
	if err := os.RemoveAll(root + "/boot"); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", "")
	_, err := Find(t.Context(), options(t, root))
	if !errors.Is(err, ErrNoKernel) || strings.Contains(err.Error(), "\n") {
		t.Errorf("Find: %v; want %v", err, ErrNoKernel)
	}
	if hint := hintOf(err); !strings.Contains(hint, "SUPERMIN_KERNEL") {
		t.Errorf("hint: %q", hint)
	}
}

// TestDownloadFails has an apt that knows the package but cannot fetch it.
func TestDownloadFails(t *testing.T) {
	root := newHost(t)
	if err := os.RemoveAll(root + "/boot"); err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	write(t, bin, "apt-cache", []byte("#!/bin/sh\necho '  Depends: linux-image-6.1.0-1-amd64'\n"))
	write(t, bin, "apt-get", []byte("#!/bin/sh\necho working >&2\necho 'E: Failed to fetch it' >&2\nexit 100\n"))
	write(t, bin, "dpkg-deb", []byte("#!/bin/sh\nexit 1\n"))
	t.Setenv("PATH", bin+":/usr/bin:/bin")
	o := options(t, root)
	_, err := Find(t.Context(), o)
	if !errors.Is(err, ErrNoKernel) || !strings.Contains(err.Error(), "exit status 100: E: Failed to fetch it") {
		t.Errorf("Find: %v", err)
	}
	if hint := hintOf(err); !strings.Contains(hint, "apt-get update") {
		t.Errorf("hint: %q", hint)
	}
	if left := names(t, o.CacheDir); !cmp.Equal(left, []string{lockName}) {
		t.Errorf("left behind: %v", left)
	}
}

func TestNamedKernel(t *testing.T) {
	root := newHost(t)
	write(t, root, "own/bzImage", kernelImage("5.4.3-own"))
	write(t, root, "own/modules/modules.dep", nil)
	write(t, root, "lib/modules/5.4.3-own/modules.dep", nil)
	write(t, root, "own/strange", []byte("not an image"))
	tests := []struct {
		kernel, modules, version string
		want                     kernel
		err                      string
	}{
		{"/own/bzImage", "", "", kernel{modules: "/lib/modules/5.4.3-own", version: "5.4.3-own"}, ""},
		{"/own/bzImage", "/own/modules", "", kernel{modules: "/own/modules", version: "5.4.3-own"}, ""},
		{"/own/strange", "/own/modules", "1.2", kernel{modules: "/own/modules", version: "1.2"}, ""},
		{"/own/strange", "/own/modules", "", kernel{}, "not an x86 kernel image"},
		{"/own/bzImage", "/own", "", kernel{}, "no modules for /own/bzImage in /own"},
		{"/own/none", "", "", kernel{}, "no such file"},
	}
	for _, test := range tests {
		r := request{kernel: test.kernel, modules: test.modules, kernelVersion: test.version, root: root}
		k, err := newBuilder(nil, r, nil).chooseKernel(t.Context())
		if test.err != "" {
			if err == nil || !strings.Contains(err.Error(), test.err) || hintOf(err) == "" {
				t.Errorf("%+v: %v, hint %q; want %q", test, err, hintOf(err), test.err)
			}
			continue
		}
		if err != nil || k.image != test.kernel || k.modules != test.want.modules || k.version != test.want.version {
			t.Errorf("%+v: %+v, %v", test, k, err)
		}
	}
}

func TestCompareVersions(t *testing.T) {
	ascending := []string{"4.19", "5.9.0", "5.10.0", "6.1.0-9-amd64", "6.1.0-18-amd64", "6.1.0-18-cloud-amd64", "6.1.00000000000000000000019", "6.10.0"}
	for i, a := range ascending {
		for j, b := range ascending {
			if got := compareVersions(a, b); (got < 0) != (i < j) || (got > 0) != (i > j) {
				t.Errorf("compareVersions(%s, %s) = %d", a, b, got)
			}
		}
	}
}

func TestCache(t *testing.T) {
	dir := t.TempDir()
	for _, test := range []struct {
		name string
		make func(dir string) error
		want string
	}{
		{"new", func(string) error { return nil }, ""},
		{"deep", func(string) error { return nil }, ""},
		{"ours", func(d string) error { return os.Mkdir(d, 0o700) }, ""},
		{"shared", func(d string) error { return errors.Join(os.Mkdir(d, 0o700), os.Chmod(d, 0o777)) }, "others may write"},
		{"file", func(d string) error { return os.WriteFile(d, nil, 0o600) }, "not a directory"},
		{"link", func(d string) error { return os.Symlink(dir, d) }, "not a directory"},
	} {
		d := filepath.Join(dir, test.name)
		if err := test.make(d); err != nil {
			t.Fatal(err)
		}
		_, err := openCache(d)
		if (err == nil) != (test.want == "") || err != nil && (!strings.Contains(err.Error(), test.want) || hintOf(err) == "") {
			t.Errorf("%s: %v; want %q", test.name, err, test.want)
		}
		if info, statErr := os.Lstat(d); err == nil && (statErr != nil || info.Mode().Perm() != 0o700) {
			t.Errorf("%s: mode %v, %v; want 0700", test.name, info.Mode(), statErr)
		}
	}
}

func TestSpec(t *testing.T) {
	s, err := parseSpec(specText)
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Modules.Boot) == 0 || len(s.Programs) == 0 {
		t.Errorf("appliance.yaml: %d modules, %d programs", len(s.Modules.Boot), len(s.Programs))
	}
	for _, bad := range []string{
		"programs: [{name: a, feature: f, package: p}]",
		"programs: [{name: a, why: w}]",
		"programs: [{name: a, feature: f, package: p, why: w, as: [a]}]",
		"programs: [{name: a, colour: red}]",
		"modules: {boot: [{name: a, why: w}], demand: [{names: [a], why: w}]}",
		"files: [{path: relative, why: w}]",
		"libraries: [{why: w}]",
		"nonsense",
	} {
		if _, err := parseSpec([]byte(bad)); err == nil {
			t.Errorf("parseSpec(%q) took it", bad)
		}
	}
}

func TestTree(t *testing.T) {
	root := t.TempDir()
	write(t, root, "usr/lib/x86/libz.so.1.2", []byte("z"))
	write(t, root, "usr/lib/ld.so", []byte("ld"))
	for link, target := range map[string]string{"lib64": "usr/lib", "usr/lib/x86/libz.so.1": "libz.so.1.2", "usr/lib/alias": "x86"} {
		if err := os.Symlink(target, filepath.Join(root, link)); err != nil {
			t.Fatal(err)
		}
	}
	tr, err := newTree(inputs.New(root))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"/usr/lib/x86/libz.so.1", "/usr/lib/alias/libz.so.1", "/lib64/ld.so", "/lib64/ld.so"} {
		if err := tr.addHost(name); err != nil {
			t.Errorf("addHost(%s): %v", name, err)
		}
	}
	if err := tr.addText("/lib/own", 0o644, []byte("own")); err != nil {
		t.Error(err)
	}
	if err := tr.addText("/usr/lib/own", 0o644, []byte("other")); err == nil {
		t.Error("two files in one place were taken")
	}
	if err := tr.addText("/usr/lib/own/below", 0o644, nil); err == nil {
		t.Error("a file below a file was taken")
	}
	if err := tr.addHost("/usr/lib/x86"); err == nil {
		t.Error("a directory was taken")
	}
	got := map[string]string{}
	for _, name := range []string{"/usr/lib/x86/libz.so.1", "/usr/lib/alias/libz.so.1", "/usr/lib64/ld.so", "/usr/lib/own"} {
		got[name] = string(tr.nodes[name].data)
	}
	want := map[string]string{
		"/usr/lib/x86/libz.so.1":   "libz.so.1.2",
		"/usr/lib/alias/libz.so.1": "/usr/lib/x86/libz.so.1.2",
		"/usr/lib64/ld.so":         "/usr/lib/ld.so",
		"/usr/lib/own":             "own",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestWrite(t *testing.T) {
	if _, err := findProgram(inputs.New("/"), "mke2fs"); err != nil {
		t.Fatal("mke2fs is not installed")
	}
	o := options(t, newHost(t))
	dir := filepath.Join(t.TempDir(), "out")
	var roots [2][]byte
	for i := range roots { // the second time over the first
		if err := Write(t.Context(), dir, o); err != nil {
			t.Fatal(err)
		}
		want := []string{readmeName, initrdName, kernelName, rootName}
		if got := names(t, dir); !cmp.Equal(got, want) {
			t.Fatalf("written: %v; want %v", got, want)
		}
		var err error
		if roots[i], err = os.ReadFile(filepath.Join(dir, rootName)); err != nil {
			t.Fatal(err)
		}
	}
	if string(roots[0]) != string(roots[1]) {
		t.Error("the root filesystem is not the same twice")
	}
	if out, err := exec.Command("e2fsck", "-fn", filepath.Join(dir, rootName)).CombinedOutput(); err != nil {
		t.Errorf("e2fsck -fn: %v\n%s", err, out)
	}
	a, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	d, err := a.Describe()
	if err != nil || d.Kernel.Version != testVersion || d.Kernel.Format != "bzImage" {
		t.Errorf("Describe = %+v, %v", d, err)
	}
	if err := os.Remove(filepath.Join(dir, readmeName)); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir); !errors.Is(err, os.ErrNotExist) || hintOf(err) == "" {
		t.Errorf("Open of half an appliance: %v", err)
	}
}
