package appliance

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// A host without a kernel (a container, most often) gets one as a package: fetched and checked by apt-get, unpacked by
// dpkg-deb into the cache, never installed. That needs no privileges. What was fetched once is used for good; removing
// the folder "kernels" of the cache fetches the current one at the next build.

const kernelsDir = "kernels"

// metaPackages are the packages whose dependency is the current kernel: Debian's, Ubuntu's.
var metaPackages = []string{"linux-image-amd64", "linux-image-generic"}

// kernelPackage matches packages that hold a kernel or modules of it.
var kernelPackage = regexp.MustCompile(`^linux-(image|modules|modules-extra)-(unsigned-)?[0-9][a-z0-9.+-]*$`)

// downloadedKernel returns the newest kernel that is in the cache, nil if there is none.
func (b *builder) downloadedKernel() (*kernel, error) {
	dir := filepath.Join(b.cache.dir, kernelsDir)
	packages, err := b.own.Names(dir)
	if err != nil {
		return nil, err
	}
	var places kernelPlaces
	for _, name := range packages {
		root := filepath.Join(dir, name)
		boot := filepath.Join(root, "boot")
		modules := filepath.Join(root, "lib/modules")
		if _, err := os.Stat(modules); err != nil {
			modules = filepath.Join(root, "usr/lib/modules") // packages since Debian 13
		}
		places = append(places, struct {
			dir            string
			image, modules func(string) string
		}{boot,
			func(name string) string {
				if !strings.HasPrefix(name, "vmlinuz-") {
					return ""
				}
				return path.Join(boot, name)
			},
			func(name string) string { return path.Join(modules, strings.TrimPrefix(name, "vmlinuz-")) },
		})
	}
	k, _, err := newest(b.own, places)
	return k, err
}

// downloadKernel fetches the kernel that the distribution would install.
func (b *builder) downloadKernel(ctx context.Context) (*kernel, error) {
	for _, tool := range []string{"apt-cache", "apt-get", "dpkg-deb"} {
		if _, err := exec.LookPath(tool); err != nil {
			return nil, fmt.Errorf("none on this system, and no %s to fetch one", tool)
		}
	}
	packages, err := kernelPackages(ctx)
	if err != nil {
		return nil, err
	}
	b.log("no kernel on this system: downloading %s", strings.Join(packages, " "))
	tmp, err := b.cache.temp()
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(tmp)
	args := []string{"download", "-q", "-o", "Acquire::Retries=2", "-o", "Acquire::http::Timeout=30"}
	if os.Geteuid() == 0 {
		args = append(args, "-o", "APT::Sandbox::User=root") // apt's own user cannot write to our folder
	}
	if _, err := run(ctx, tmp, "apt-get", append(args, packages...)...); err != nil {
		return nil, withHint(err, "check the network and run apt-get update, or "+noKernelHint)
	}
	debs, err := filepath.Glob(filepath.Join(tmp, "*.deb"))
	if err != nil {
		return nil, err
	}
	if len(debs) != len(packages) {
		return nil, fmt.Errorf("apt-get download: %d packages, %d asked for", len(debs), len(packages))
	}
	root := filepath.Join(tmp, "root")
	for _, deb := range debs {
		if _, err := run(ctx, tmp, "dpkg-deb", "-x", deb, root); err != nil {
			return nil, err
		}
	}
	if err := os.RemoveAll(filepath.Join(root, "usr/share")); err != nil {
		return nil, err
	}
	kept := filepath.Join(b.cache.dir, kernelsDir, strings.TrimSuffix(filepath.Base(debs[0]), ".deb"))
	if err := os.MkdirAll(filepath.Dir(kept), 0o700); err != nil {
		return nil, err
	}
	if err := os.RemoveAll(kept); err != nil {
		return nil, err
	}
	if err := os.Rename(root, kept); err != nil {
		return nil, err
	}
	k, err := b.downloadedKernel()
	if k == nil && err == nil {
		err = fmt.Errorf("%s: no kernel with modules in it", strings.Join(packages, " "))
	}
	return k, err
}

// kernelPackages asks apt which packages the newest kernel is made of.
func kernelPackages(ctx context.Context) ([]string, error) {
	for _, meta := range metaPackages {
		var found []string
		queue := []string{meta}
		for len(queue) > 0 {
			out, err := run(ctx, "/", "apt-cache", "depends", "--no-recommends", "--no-suggests", queue[0])
			if ctx.Err() != nil {
				return nil, err
			}
			if err != nil {
				break // apt does not know it
			}
			queue = queue[1:]
			for line := range strings.Lines(out) {
				name, ok := strings.CutPrefix(strings.TrimSpace(line), "Depends: ")
				if ok && kernelPackage.MatchString(name) && !slices.Contains(found, name) {
					found = append(found, name)
					queue = append(queue, name)
				}
			}
		}
		if len(found) > 0 {
			slices.Sort(found)
			return found, nil
		}
	}
	return nil, withHint(errors.New("none on this system, and apt knows no kernel package"),
		"run apt-get update, or "+noKernelHint)
}
