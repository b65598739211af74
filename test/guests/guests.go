// Package guests makes the guest images that the demo, the benchmarks and the
// tests work on. They are made with real tools and with pkg/guestfs itself, and
// kept in a cache folder: a second run finds them there.
//
//	image, err := guests.Demo(ctx, os.Stderr)
package guests

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// Folder is where guests are kept.
func Folder() (string, error) {
	base, err := os.UserCacheDir()
	if err != nil {
		if os.Geteuid() != 0 {
			return "", err
		}
		base = "/var/cache" // root without a home, as in CI
	}
	dir := filepath.Join(base, "virt-tools-guests")
	return dir, os.MkdirAll(dir, 0o755)
}

// makeOnce makes a file of the cache once. Two programs that want it at the same
// time wait for each other, and a failed attempt leaves nothing.
func makeOnce(name string, write func(temp string) error) (string, error) {
	dir, err := Folder()
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, name)
	lock, err := os.OpenFile(path+".lock", os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return "", err
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return "", err
	}
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	temp := path + ".new"
	if err := write(temp); err != nil {
		return "", errors.Join(err, os.RemoveAll(temp))
	}
	return path, os.Rename(temp, path)
}

// run runs a program of the host; what it says goes into the error.
func run(ctx context.Context, argv ...string) error {
	out, err := exec.CommandContext(ctx, argv[0], argv[1:]...).CombinedOutput()
	if err != nil {
		lines := strings.Split(strings.TrimSpace(string(out)), "\n")
		return fmt.Errorf("%s: %w: %s", strings.Join(argv, " "), err, strings.Join(lines[max(0, len(lines)-5):], "\n"))
	}
	return nil
}

// asRoot runs a program that only root can run.
func asRoot(ctx context.Context, argv ...string) error {
	if os.Geteuid() != 0 {
		argv = append([]string{"sudo", "-n"}, argv...)
	}
	return run(ctx, argv...)
}

// DebianTree returns a tar archive of a minimal Debian of the release, made by
// debootstrap.
func DebianTree(ctx context.Context, release string, log io.Writer) (string, error) {
	return debootstrap(ctx, "debian-"+release+".tar", release, log, "--variant=minbase")
}

// debootstrap makes a tree of the release with the options and keeps it as name.
func debootstrap(ctx context.Context, name, release string, log io.Writer, options ...string) (string, error) {
	return makeOnce(name, func(temp string) error {
		fmt.Fprintf(log, "making a Debian %s tree with debootstrap; this takes a minute or two\n", release)
		dir, err := os.MkdirTemp("", "debootstrap-")
		if err != nil {
			return err
		}
		defer asRoot(context.WithoutCancel(ctx), "rm", "-rf", dir)
		root := filepath.Join(dir, "root")
		argv := append(append([]string{"debootstrap"}, options...), release, root)
		if err := asRoot(ctx, argv...); err != nil {
			return err
		}
		if err := asRoot(ctx, "tar", "-C", root, "--numeric-owner", "--exclude=./var/cache/apt/archives/*.deb", "-cf", temp, "."); err != nil {
			return err
		}
		return asRoot(ctx, "chmod", "644", temp)
	})
}
