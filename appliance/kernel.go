package appliance

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"virt-tools/appliance/internal/inputs"
	"virt-tools/appliance/internal/kimage"
	"virt-tools/appliance/internal/kmod"
)

// kernel is a kernel and the modules for it.
type kernel struct {
	set     *inputs.Set // in which image and modules are paths
	image   string
	modules string
	version string
}

const maxConfig = 4 << 20 // a kernel's configuration; Debian's has 0.3 MB

const noKernelHint = "install one (apt-get install linux-image-amd64), or set SUPERMIN_KERNEL and SUPERMIN_MODULES to a kernel and its modules"

// chooseKernel returns the kernel for the appliance: the one that the environment names, else the newest one of
// the host that we may read and that has modules, else one downloaded before, else one downloaded now.
func (b *builder) chooseKernel(ctx context.Context) (*kernel, error) {
	if b.request.kernel != "" {
		return b.namedKernel()
	}
	k, unreadable, err := newest(b.set, hostKernels)
	if k != nil || err != nil {
		return k, err
	}
	if k, err := b.downloadedKernel(); k != nil || err != nil {
		return k, err
	}
	k, err = b.downloadKernel(ctx)
	if err == nil {
		return k, nil
	}
	if ctx.Err() != nil {
		return nil, err
	}
	hint := noKernelHint
	var own interface{ Hint() string }
	switch {
	case unreadable != nil:
		err = fmt.Errorf("%w; %w", unreadable, err)
		hint = "make the kernel readable (sudo chmod a+r /boot/vmlinuz-*), or run this as root"
	case errors.As(err, &own):
		hint = own.Hint()
	}
	return nil, withHint(fmt.Errorf("%w: %w", ErrNoKernel, err), hint)
}

// namedKernel takes SUPERMIN_KERNEL, SUPERMIN_MODULES and SUPERMIN_KERNEL_VERSION as supermin does.
func (b *builder) namedKernel() (*kernel, error) {
	k := &kernel{set: b.set, image: b.request.kernel, modules: b.request.modules, version: b.request.kernelVersion}
	if k.version == "" {
		var err error
		if k.version, err = imageVersion(b.set, k.image); err != nil {
			return nil, withHint(fmt.Errorf("SUPERMIN_KERNEL: %w", err), "name a kernel image such as /boot/vmlinuz-*; SUPERMIN_KERNEL_VERSION can give its version")
		}
	}
	if k.modules == "" {
		k.modules = path.Join("/lib/modules", k.version)
	}
	if !kmod.Has(b.set, k.modules) {
		return nil, withHint(fmt.Errorf("no modules for %s in %s", k.image, k.modules), "set SUPERMIN_MODULES to the directory of its modules")
	}
	return k, nil
}

// kernelPlaces are where kernels are: a directory to list, and how a name in it leads to an image and its modules.
type kernelPlaces []struct {
	dir     string
	image   func(name string) string // "" when the name is no kernel's
	modules func(name string) string
}

var hostKernels = kernelPlaces{
	{"/boot",
		func(name string) string {
			if !strings.HasPrefix(name, "vmlinuz-") || strings.Contains(name, "rescue") {
				return ""
			}
			return path.Join("/boot", name)
		},
		func(name string) string { return path.Join("/lib/modules", strings.TrimPrefix(name, "vmlinuz-")) },
	},
	{"/lib/modules",
		func(name string) string { return path.Join("/lib/modules", name, "vmlinuz") },
		func(name string) string { return path.Join("/lib/modules", name) },
	},
}

// newest returns the newest kernel of the places, nil when there is none. The second result is why the newest one that
// would have done could not be read.
func newest(set *inputs.Set, places kernelPlaces) (*kernel, error, error) {
	var found []*kernel
	for _, p := range places {
		names, err := set.Names(p.dir)
		if err != nil {
			return nil, nil, err
		}
		for _, name := range names {
			if image := p.image(name); image != "" {
				found = append(found, &kernel{set: set, image: image, modules: p.modules(name), version: path.Base(p.modules(name))})
			}
		}
	}
	slices.SortStableFunc(found, func(a, b *kernel) int { return compareVersions(b.version, a.version) })
	var unreadable error
	for _, k := range found {
		if !kmod.Has(set, k.modules) {
			continue
		}
		version, err := imageVersion(set, k.image)
		switch {
		case errors.Is(err, fs.ErrPermission):
			unreadable = cmp.Or(unreadable, err)
		case err == nil && version == k.version:
			return k, nil, nil
		}
	}
	return nil, unreadable, nil
}

// imageVersion reads the version out of a kernel image.
func imageVersion(set *inputs.Set, image string) (string, error) {
	f, err := set.Open(image)
	if err != nil {
		return "", err
	}
	defer f.Close()
	start := make([]byte, 1<<16)
	n, err := io.ReadFull(f, start)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return "", fmt.Errorf("%s: %w", image, err)
	}
	version, err := kimage.Version(start[:n])
	if err != nil {
		return "", fmt.Errorf("%s: %w", image, err)
	}
	return version, nil
}

// compareVersions orders versions: numbers by value, all else by bytes.
func compareVersions(a, b string) int {
	for a != "" && b != "" {
		na, restA := leadingNumber(a)
		nb, restB := leadingNumber(b)
		if na != "" && nb != "" {
			if c := cmp.Or(cmp.Compare(len(na), len(nb)), strings.Compare(na, nb)); c != 0 {
				return c
			}
			a, b = restA, restB
			continue
		}
		if a[0] != b[0] {
			return cmp.Compare(a[0], b[0])
		}
		a, b = a[1:], b[1:]
	}
	return cmp.Compare(len(a), len(b))
}

// leadingNumber splits the digits off a text, without leading zeros.
func leadingNumber(s string) (digits, rest string) {
	rest = strings.TrimLeft(s, "0123456789")
	digits = s[:len(s)-len(rest)]
	if trimmed := strings.TrimLeft(digits, "0"); trimmed != "" || digits == "" {
		return trimmed, rest
	}
	return "0", rest
}

// takesUnsigned reports whether the kernel's configuration is known and lets it load modules without a signature.
func takesUnsigned(k *kernel) bool {
	for _, name := range []string{path.Join(path.Dir(k.image), "config-"+k.version), path.Join(k.modules, "config")} {
		config, err := k.set.ReadFile(name, maxConfig)
		if err == nil {
			return strings.Contains(string(config), "\n# CONFIG_MODULE_SIG_FORCE is not set\n")
		}
	}
	return false
}
