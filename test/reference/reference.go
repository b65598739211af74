// Package reference runs the tools of libguestfs, with which this project's are
// compared: results byte by byte, times in one and the same run.
//
//	r, err := reference.New(ctx)
//	out, err := r.Run(ctx, "virt-df", "-a", image)
//
// The tools are Debian's (packages guestfs-tools and libguestfs-tools). They
// build an appliance of their own from a kernel on the host; where none is
// installed they get the one that this project's appliance was made from.
package reference

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"virt-tools/appliance"
	"virt-tools/test/guests"
)

// Tools is a libguestfs that is ready to run.
type Tools struct {
	env []string
}

// Result is what a tool said.
type Result struct {
	Stdout, Stderr string
	Code           int
	Took           time.Duration
}

// New makes libguestfs ready: its kernel is found or provided and its appliance
// is built, so that a run that is timed has neither in it.
func New(ctx context.Context) (*Tools, error) {
	t := &Tools{env: append(os.Environ(), "LIBGUESTFS_BACKEND=direct", "LIBGUESTFS_BACKEND_SETTINGS=force_tcg", "LC_ALL=C")}
	installed, err := filepath.Glob("/boot/vmlinuz-*")
	if err != nil {
		return nil, err
	}
	if len(installed) == 0 {
		if err := t.provideKernel(ctx); err != nil {
			return nil, fmt.Errorf("kernel for libguestfs: %w", err)
		}
	}
	r, err := t.Run(ctx, "guestfish", "-a", "/dev/null", "run")
	if err == nil && r.Code != 0 {
		err = fmt.Errorf("guestfish: exit status %d: %s", r.Code, r.Stderr)
	}
	return t, err
}

// provideKernel gives supermin a copy of the kernel package that the appliance
// builder downloaded, with the indexes that depmod makes.
func (t *Tools) provideKernel(ctx context.Context) error {
	base, err := guests.Folder()
	if err != nil {
		return err
	}
	dir := filepath.Join(base, "reference-kernel")
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		if err := copyKernel(ctx, dir); err != nil {
			return errors.Join(err, os.RemoveAll(dir))
		}
	}
	// supermin lists /lib/modules even when it is told to look elsewhere.
	if err := os.MkdirAll("/lib/modules", 0o755); err != nil {
		return err
	}
	for variable, pattern := range map[string]string{"SUPERMIN_KERNEL": "boot/vmlinuz-*", "SUPERMIN_MODULES": "lib/modules/*"} {
		found, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil || len(found) != 1 {
			return fmt.Errorf("%d files like %s in %s; want one", len(found), pattern, dir)
		}
		t.env = append(t.env, variable+"="+found[0])
	}
	return nil
}

func copyKernel(ctx context.Context, dir string) error {
	a, err := appliance.Find(ctx, nil)
	if err != nil {
		return err
	}
	d, err := a.Describe()
	if err != nil {
		return err
	}
	// The package's folders: boot/vmlinuz-VERSION and lib/modules/VERSION.
	source := filepath.Dir(filepath.Dir(d.Kernel.Source))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, part := range []string{"boot", "lib"} {
		if out, err := exec.CommandContext(ctx, "cp", "-r", filepath.Join(source, part), dir).CombinedOutput(); err != nil {
			return fmt.Errorf("cp: %w: %s", err, out)
		}
	}
	versions, err := os.ReadDir(filepath.Join(dir, "lib/modules"))
	if err != nil {
		return err
	}
	for _, v := range versions {
		if out, err := exec.CommandContext(ctx, "/usr/sbin/depmod", "-b", dir, v.Name()).CombinedOutput(); err != nil {
			return fmt.Errorf("depmod: %w: %s", err, out)
		}
	}
	return nil
}

// Run runs a tool of libguestfs. A non-zero exit status is no error of Run.
func (t *Tools) Run(ctx context.Context, name string, args ...string) (*Result, error) {
	return Run(ctx, t.env, "/usr/bin/"+name, args...)
}

// RunOn runs a tool of libguestfs on an appliance in a folder, such as one that
// virt-appliance build wrote.
func (t *Tools) RunOn(ctx context.Context, appliance, name string, args ...string) (*Result, error) {
	return Run(ctx, t.Env(appliance), "/usr/bin/"+name, args...)
}

// Env is the environment in which the tools of libguestfs run on an appliance
// in a folder.
func (t *Tools) Env(appliance string) []string {
	return append(t.env[:len(t.env):len(t.env)], "LIBGUESTFS_PATH="+appliance)
}

// Run runs any program and returns what it said.
func Run(ctx context.Context, env []string, name string, args ...string) (*Result, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr, cmd.Env = &stdout, &stderr, env
	start := time.Now()
	err := cmd.Run()
	r := &Result{Stdout: stdout.String(), Stderr: stderr.String(), Took: time.Since(start)}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		r.Code, err = exit.ExitCode(), nil
	}
	return r, err
}
