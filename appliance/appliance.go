// Package appliance builds the small Linux in which guest disks are opened: a kernel and an initramfs made from files
// of the host.
//
//	a, err := appliance.Find(ctx, nil)       // from the cache, or built now
//	qemu -kernel a.Kernel -initrd a.Initrd
//
// The kernel is the host's, or a downloaded one, unpacked so that QEMU can start it at once. The initramfs holds our
// daemon as /init, kernel modules, and the programs that appliance.yaml lists with the libraries they need. Building
// takes seconds and asks for no privileges; the result is kept until one of the files it was made from changes.
//
// The same inputs give the same bytes. Nothing here starts a machine: that is internal/qemu.
package appliance

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// layout is part of every request, so that a new version of this package does not take what an old one built. Raise it
// when the same inputs give other bytes; TestLayout tells.
const layout = 3

// File names in an appliance's directory, and those libguestfs looks for in a fixed appliance.
const (
	kernelName = "kernel"
	initrdName = "initrd"
	rootName   = "root"
	readmeName = "README.fixed"
)

// Options are the choices of a caller; nil is the zero value.
type Options struct {
	// CacheDir is where appliances are kept. Default: $LIBGUESTFS_CACHEDIR, else virt-tools in $XDG_CACHE_HOME or
	// ~/.cache, for root /var/cache/virt-tools.
	CacheDir string

	// Log gets notes for the user: programs left out, a kernel being downloaded. It may be nil.
	Log func(format string, args ...any)

	root string // of the host's files, for tests
}

// Appliance is a kernel and an initramfs that go together.
type Appliance struct {
	Dir     string
	Kernel  string // a vmlinux with a PVH entry, or the distribution's image where that could not be had
	Initrd  string
	Version string // of the kernel, as uname -r prints it
	Key     string // hexadecimal; differs when the kernel or the initramfs differ

	Root, RootUUID string // filesystem with the programs, in an appliance of libguestfs only; empty otherwise
}

// request is everything that decides which appliance a caller wants, but for the host's files.
type request struct {
	kernel, modules, kernelVersion string // SUPERMIN_*
	daemon                         daemonSource
	root                           string
}

// newRequest reads the environment.
func newRequest(o *Options) (request, error) {
	r := request{kernelVersion: os.Getenv("SUPERMIN_KERNEL_VERSION"), root: o.root}
	var daemon string
	for _, v := range []struct {
		name string
		path *string
	}{{"SUPERMIN_KERNEL", &r.kernel}, {"SUPERMIN_MODULES", &r.modules}, {"VIRT_TOOLS_GUESTFSD", &daemon}} {
		value := os.Getenv(v.name)
		if value == "" {
			continue
		}
		var err error
		if *v.path, err = filepath.Abs(value); err != nil {
			return r, fmt.Errorf("%s: %w", v.name, err)
		}
	}
	r.daemon = daemonSource(daemon)
	return r, nil
}

// id names the request in the cache.
func (r request) id() (string, error) {
	daemon, err := r.daemon.identity()
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%d\n%q\n%q\n%q\n%q\n%q\n%q\n%s", layout, r.kernel, r.modules, r.kernelVersion, daemon, quickSum(embeddedAugeas()), r.root, specText))
	return hex.EncodeToString(sum[:8]), nil
}

// Find returns the appliance for this host, and builds it when there is none or a file it was made from has changed.
// Several programs may call it at once; one builds, the others wait.
func Find(ctx context.Context, o *Options) (*Appliance, error) {
	if o == nil {
		o = &Options{}
	}
	r, err := newRequest(o)
	if err != nil {
		return nil, err
	}
	id, err := r.id()
	if err != nil {
		return nil, err
	}
	c, err := openCache(o.CacheDir)
	if err != nil {
		return nil, err
	}
	if a := c.lookup(id); a != nil {
		return a, nil
	}
	unlock, err := c.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	if a := c.lookup(id); a != nil { // built while we waited
		return a, nil
	}
	if err := c.clean(); err != nil {
		return nil, fmt.Errorf("appliance cache: %w", err)
	}
	a, err := newBuilder(c, r, o.Log).build(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("build the appliance: %w", err)
	}
	return a, nil
}

// Open returns the appliance in a directory that Write made, or libguestfs's own tool for it. Its Key comes from the
// files' sizes and times.
func Open(dir string) (*Appliance, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	sum := sha256.New()
	for _, name := range []string{kernelName, initrdName, rootName, readmeName} {
		info, err := os.Stat(filepath.Join(dir, name))
		if errors.Is(err, fs.ErrNotExist) {
			return nil, withHint(fmt.Errorf("no appliance in %s: %w", dir, err), "make one with virt-appliance build "+dir)
		}
		if err != nil {
			return nil, fmt.Errorf("appliance: %w", err)
		}
		fmt.Fprintf(sum, "%q %d %d\n", filepath.Join(dir, name), info.Size(), info.ModTime().UnixNano())
	}
	return &Appliance{
		Dir: dir, Kernel: filepath.Join(dir, kernelName), Initrd: filepath.Join(dir, initrdName),
		Key: hex.EncodeToString(sum.Sum(nil)),
	}, nil
}
