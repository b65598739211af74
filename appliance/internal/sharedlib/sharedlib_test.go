package sharedlib

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"virt-tools/appliance/internal/inputs"
)

// TestLdd compares with the loader itself, for programs that the tests are installed with.
func TestLdd(t *testing.T) {
	set := inputs.New("/")
	for _, program := range []string{"/usr/bin/ls", "/usr/sbin/mke2fs", "/usr/sbin/lvm", "/usr/sbin/cryptsetup", "/usr/sbin/sgdisk", "/usr/bin/qemu-img"} {
		t.Run(filepath.Base(program), func(t *testing.T) {
			if _, err := os.Stat(program); err != nil {
				if os.Getenv("CI") != "" {
					t.Fatal(err)
				}
				t.Skip(err)
			}
			r, err := New(set)
			if err != nil {
				t.Fatal(err)
			}
			if err := r.Add(program); err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, f := range r.Files() {
				real, _, err := set.Resolve(f)
				if err != nil {
					t.Fatal(err)
				}
				if f != program && !slices.Contains(got, real) {
					got = append(got, real)
				}
			}
			slices.Sort(got)
			if diff := cmp.Diff(ldd(t, program), got); diff != "" {
				t.Errorf("(-ldd +Files):\n%s", diff)
			}
		})
	}
}

// ldd returns the libraries of a program, without links.
func ldd(t *testing.T, program string) []string {
	t.Helper()
	cmd := exec.Command("ldd", program)
	cmd.Env = []string{"LC_ALL=C", "PATH=/usr/bin:/bin"}
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("ldd: %v", err)
	}
	var files []string
	for line := range strings.Lines(string(out)) {
		for _, word := range strings.Fields(line) {
			if !strings.HasPrefix(word, "/") {
				continue
			}
			real, err := filepath.EvalSymlinks(word)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Contains(files, real) {
				files = append(files, real)
			}
		}
	}
	slices.Sort(files)
	return files
}

// cc builds with the C compiler below root.
func cc(t *testing.T, root string, args ...string) {
	t.Helper()
	if _, err := exec.LookPath("cc"); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("cc", append([]string{"-nostdlib", "-x", "c", "-", "-x", "none"}, args...)...)
	cmd.Dir = root
	cmd.Stdin = strings.NewReader("int main(void) { return 0; }\n")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", cmd.Args, err, out)
	}
}

// TestPaths is about the ways a library can be found; libraries are empty but have names, needs and paths.
func TestPaths(t *testing.T) {
	root := t.TempDir()
	for _, dir := range []string{"usr/bin", "usr/lib", "opt/lib", "opt/deep", "local", "etc/ld.so.conf.d"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	shared := func(file string, args ...string) {
		cc(t, root, append([]string{"-shared", "-fPIC", "-Wl,--no-as-needed", "-Wl,--allow-shlib-undefined", "-Wl,-soname," + filepath.Base(file), "-o", file}, args...)...)
	}
	program := func(file string, args ...string) {
		cc(t, root, append([]string{"-fPIE", "-pie", "-Wl,--no-as-needed", "-Wl,--allow-shlib-undefined", "-Wl,-e,main", "-o", file}, args...)...)
	}
	shared("usr/lib/libc.so.6")
	shared("local/liblocal.so", "usr/lib/libc.so.6")
	shared("opt/deep/libdeep.so")
	shared("opt/lib/libopt.so", "opt/deep/libdeep.so")
	program("usr/bin/conf", "local/liblocal.so", "usr/lib/libc.so.6")
	program("usr/bin/runpath", "opt/lib/libopt.so", "-Wl,--enable-new-dtags", "-Wl,-rpath,$ORIGIN/../../opt/lib")
	program("usr/bin/rpath", "opt/lib/libopt.so", "-Wl,--disable-new-dtags", "-Wl,-rpath,/opt/lib:/opt/deep")
	for name, text := range map[string]string{
		"etc/ld.so.conf":          "# own\ninclude ld.so.conf.d/*.conf\n",
		"etc/ld.so.conf.d/a.conf": "/local # here\nhwcap 1 x\n",
		"etc/ld.so.conf.d/b.txt":  "/opt/deep\n",
		"usr/bin/script":          "#!/bin/sh\n",
		"usr/bin/text":            "text",
	} {
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}

	tests := []struct {
		program string
		files   []string
		err     error
	}{
		{"/usr/bin/conf", []string{"/local/liblocal.so", "/usr/bin/conf", "/usr/lib/libc.so.6"}, nil},
		{"/usr/bin/runpath", nil, fs.ErrNotExist}, // libopt is found, but RUNPATH does not count for what it needs
		{"/usr/bin/rpath", []string{"/opt/deep/libdeep.so", "/opt/lib/libopt.so", "/usr/bin/rpath"}, nil},
		{"/usr/bin/script", nil, ErrScript},
		{"/usr/bin/none", nil, fs.ErrNotExist},
	}
	for _, test := range tests {
		r, err := New(inputs.New(root))
		if err != nil {
			t.Fatal(err)
		}
		err = r.Add(test.program)
		if !errors.Is(err, test.err) {
			t.Errorf("Add(%s): %v; want %v", test.program, err, test.err)
		}
		files := slices.DeleteFunc(r.Files(), func(f string) bool { return strings.Contains(f, "ld-linux") })
		if len(test.files)+len(files) > 0 && !slices.Equal(files, test.files) {
			t.Errorf("Add(%s) found %v; want %v", test.program, files, test.files)
		}
		if test.program == "/usr/bin/conf" && !cmp.Equal(r.Links(), map[string]string{"/usr/lib/liblocal.so": "/local/liblocal.so"}) {
			t.Errorf("links of %s: %v", test.program, r.Links())
		}
	}
	r, _ := New(inputs.New(root))
	if err := r.Add("/usr/bin/text"); err == nil {
		t.Error("Add took a text")
	}
}

func TestConfLoop(t *testing.T) {
	root := t.TempDir()
	if err := os.Mkdir(filepath.Join(root, "etc"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "etc/ld.so.conf"), []byte("include ld.so.conf\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := New(inputs.New(root)); err == nil {
		t.Error("an ld.so.conf that includes itself was taken")
	}
}
