package appliance

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"virt-tools/appliance/internal/inputs"
	"virt-tools/appliance/internal/kimage"
)

const maxImage = 512 << 20 // a kernel image as distributed

// builder builds one appliance.
type builder struct {
	cache   *cache
	request request
	spec    []byte      // appliance.yaml
	augeas  []byte      // archive, or nothing
	set     *inputs.Set // the host's files
	own     *inputs.Set // files outside of a test's root: the daemon, downloaded kernels
	log     func(format string, args ...any)
}

func newBuilder(c *cache, r request, log func(string, ...any)) *builder {
	if log == nil {
		log = func(string, ...any) {}
	}
	return &builder{cache: c, request: r, spec: specText, augeas: embeddedAugeas(), set: inputs.New(cmp.Or(r.root, "/")), own: inputs.New("/"), log: log}
}

// build makes kernel and initramfs, at the same time, in a temporary folder, and keeps them. The lock must be held.
func (b *builder) build(ctx context.Context, id string) (*Appliance, error) {
	k, err := b.chooseKernel(ctx)
	if err != nil {
		return nil, err
	}
	tmp, err := b.cache.temp()
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(tmp) // nothing is left to remove when all went well

	var kernelSum []byte
	kernelDone := make(chan error, 1)
	go func() {
		var err error
		kernelSum, err = createSum(ctx, filepath.Join(tmp, kernelName), func(w io.Writer) error { return b.writeKernel(w, k) })
		kernelDone <- err
	}()
	initrdSum, err := createSum(ctx, filepath.Join(tmp, initrdName), func(w io.Writer) error { return b.writeInitrd(ctx, w, k) })
	if kernelErr := <-kernelDone; err == nil {
		err = kernelErr
	}
	if err != nil {
		return nil, err
	}
	if err := syncDir(tmp); err != nil {
		return nil, err
	}
	key := sha256.Sum256(slices.Concat(kernelSum, initrdSum))
	stamps := append(b.set.Stamps(), b.own.Stamps()...)
	a, err := b.cache.keep(tmp, id, &Appliance{Key: hex.EncodeToString(key[:]), Version: k.version}, stamps)
	if err != nil {
		return nil, err
	}
	return a, b.cache.prune()
}

// writeKernel writes the kernel in the form that starts fastest.
func (b *builder) writeKernel(w io.Writer, k *kernel) error {
	image, err := k.set.ReadFile(k.image, maxImage)
	if err != nil {
		return err
	}
	vmlinux := image
	if !bytes.HasPrefix(image, []byte("\x7fELF")) {
		vmlinux, err = kimage.Vmlinux(image)
	}
	if err == nil {
		var small bytes.Buffer
		if err = kimage.Shrink(&small, vmlinux); err == nil {
			_, err := w.Write(small.Bytes())
			return err
		}
	}
	b.log("%s is used as it is, which starts slower: %v", k.image, err)
	_, err = w.Write(image)
	return err
}

// createSum writes a file safely to disk and returns the checksum of what was written.
func createSum(ctx context.Context, name string, write func(io.Writer) error) ([]byte, error) {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	w := &summed{ctx: ctx, w: f, sum: sha256.New()}
	if err := write(w); err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Base(name), err)
	}
	if err := f.Sync(); err != nil {
		return nil, err
	}
	return w.sum.Sum(nil), f.Close()
}

// summed passes on what is written, sums it up, and stops when the context ends.
type summed struct {
	ctx context.Context
	w   io.Writer
	sum hash.Hash
}

func (s *summed) Write(p []byte) (int, error) {
	if s.ctx.Err() != nil {
		return 0, context.Cause(s.ctx)
	}
	s.sum.Write(p)
	return s.w.Write(p)
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// replaceFile writes a file beside its place and moves it there.
func replaceFile(name string, mode os.FileMode, write func(io.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(name), tempPrefix+strings.TrimPrefix(filepath.Base(name), ".")+"-")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // fails when all went well
	defer f.Close()
	if err := write(f); err != nil {
		return err
	}
	if err := f.Chmod(mode); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}
