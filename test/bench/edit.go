package main

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"

	"virt-tools/test/guests"
)

// edits times tools that change a guest, each on a copy of its own.
func (b *bench) edits(ctx context.Context) error {
	demo, err := guests.Demo(ctx, os.Stderr)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	image := filepath.Join(dir, "demo.qcow2")
	if err := fromFile(demo, func(r io.Reader) error {
		f, err := os.Create(image)
		if err != nil {
			return err
		}
		_, err = io.Copy(f, r)
		return errors.Join(err, f.Close())
	}); err != nil {
		return err
	}
	if err := b.tool(ctx, "a line of a file of the demo guest", "virt-edit", "--format=qcow2", "-a", image, "/etc/hostname", "-e", "s/^/x/"); err != nil {
		return err
	}
	return b.pair(ctx, "default operations on the demo guest, beside virt-sysprep", "virt-sysprep", "virt-clone-prep", []string{"--format=qcow2", "-a", image})
}
