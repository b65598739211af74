// Package compare runs the tools of libguestfs and this project's on the same
// guests and compares what they print, byte by byte.
//
//	go test ./test/compare
package compare

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"virt-tools/appliance"
	"virt-tools/test/guests"
	"virt-tools/test/reference"
)

// world is made once for the package.
type world struct {
	bin    string // folder of our programs
	ours   string // folder of our appliance
	tools  *reference.Tools
	demo   string
	matrix []string
}

var shared = sync.OnceValues(func() (*world, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	w := &world{}
	var err error
	if w.tools, err = reference.New(ctx); err != nil {
		return nil, err
	}
	if w.demo, err = guests.Demo(ctx, os.Stderr); err != nil {
		return nil, err
	}
	if w.matrix, err = guests.Matrix(ctx); err != nil {
		return nil, err
	}
	if w.bin, err = os.MkdirTemp("", "compare-"); err != nil {
		return nil, err
	}
	w.ours = filepath.Join(w.bin, "appliance")
	return w, appliance.Write(ctx, w.ours, nil)
})

func TestMain(m *testing.M) {
	code := m.Run()
	if w, err := shared(); err == nil {
		os.RemoveAll(w.bin)
	}
	os.Exit(code)
}

func setup(t *testing.T) (context.Context, *world) {
	t.Helper()
	if testing.Short() {
		t.Skip("-short: no appliance is launched")
	}
	w, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	t.Cleanup(cancel)
	return ctx, w
}

// program builds one of our programs, once, and returns its path.
func (w *world) program(ctx context.Context, t *testing.T, name string) string {
	t.Helper()
	path := filepath.Join(w.bin, name)
	if _, err := os.Stat(path); err == nil {
		return path
	}
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", path, "virt-tools/cmd/"+name).CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return path
}

// our runs our tool.
func (w *world) our(ctx context.Context, t *testing.T, name string, args ...string) *reference.Result {
	t.Helper()
	r, err := reference.Run(ctx, os.Environ(), w.program(ctx, t, name), args...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// same runs libguestfs's tool and ours with the same arguments and compares
// their output and exit status.
func (w *world) same(ctx context.Context, t *testing.T, name string, args ...string) {
	t.Helper()
	want, err := w.tools.Run(ctx, name, args...)
	if err != nil {
		t.Fatal(err)
	}
	got := w.our(ctx, t, name, args...)
	if got.Stdout != want.Stdout || got.Code != want.Code {
		t.Errorf("%s %q: exit status %d, libguestfs's %d\nours:\n%s%s\nlibguestfs's:\n%s%s",
			name, args, got.Code, want.Code, got.Stdout, got.Stderr, want.Stdout, want.Stderr)
	}
	if want.Stdout == "" {
		t.Errorf("%s %q: libguestfs's printed nothing: %s", name, args, want.Stderr)
	}
}

// onOurs runs libguestfs's tool on our appliance. That takes less time, and in libguestfs's own
// the kernel names the disks in a random order, of which the daemon hides not all: a
// physical volume and btrfsvol:/dev/sda9/x may have the name of another disk.
func (w *world) onOurs(ctx context.Context, t *testing.T, name string, args ...string) *reference.Result {
	t.Helper()
	r, err := w.tools.RunOn(ctx, w.ours, name, args...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// add are the options for disk images.
func add(images ...string) []string {
	var args []string
	for _, image := range images {
		format := map[string]string{".qcow2": "qcow2", ".img": "raw"}[filepath.Ext(image)]
		args = append(args, "--format="+format, "-a", image)
	}
	return args
}
