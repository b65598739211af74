package main

import (
	"context"
	"fmt"
	"os"
	"text/tabwriter"
	"time"

	"virt-tools/pkg/guestfs"
)

// part is a piece of the work of virt-df.
type part struct {
	name string
	took time.Duration
}

// printParts does the work of virt-df in this process and prints how long each
// part of the fastest run took.
func printParts(ctx context.Context, image, setting string, runs int) error {
	if err := os.Setenv("LIBGUESTFS_BACKEND_SETTINGS", "force_tcg:"+setting); err != nil {
		return err
	}
	var best []part
	var bestTotal time.Duration
	for range runs {
		parts, err := measureParts(ctx, image)
		if err != nil {
			return err
		}
		var total time.Duration
		for _, p := range parts {
			total += p.took
		}
		if best == nil || total < bestTotal {
			best, bestTotal = parts, total
		}
	}
	fmt.Printf("\nwhere the time goes, %s, %s\n", image, setting)
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, p := range append(best, part{"in all", bestTotal}) {
		fmt.Fprintf(w, "%s\t%s\t\n", p.name, seconds(p.took))
	}
	return w.Flush()
}

func measureParts(ctx context.Context, image string) (parts []part, err error) {
	g := guestfs.New(nil)
	defer g.Close()
	step := func(name string, do func() error) {
		if err != nil {
			return
		}
		start := time.Now()
		if err = do(); err == nil {
			parts = append(parts, part{name, time.Since(start)})
		}
	}
	if err := g.AddDrive(image, &guestfs.AddDriveOpts{ReadOnly: true}); err != nil {
		return nil, err
	}
	if err := g.Launch(ctx); err != nil {
		return nil, err
	}
	t := g.Timings()
	parts = []part{{"find the appliance", t.Appliance}, {"start QEMU", t.QEMU}, {"kernel and daemon", t.Boot}, {"find the drives, assemble", t.Attach}}
	var list guestfs.Pairs
	step("list_filesystems", func() (err error) { list, err = g.ListFilesystems(ctx); return err })
	var mounting, asking time.Duration
	for _, fs := range list {
		if fs.Value == "swap" || fs.Value == "unknown" {
			continue
		}
		start := time.Now()
		if err := g.MountRo(ctx, guestfs.Mountable(fs.Key), "/"); err != nil {
			return nil, err
		}
		mounting += time.Since(start)
		start = time.Now()
		if _, err := g.Statvfs(ctx, "/"); err != nil {
			return nil, err
		}
		asking += time.Since(start)
		start = time.Now()
		if err := g.UmountAll(ctx); err != nil {
			return nil, err
		}
		mounting += time.Since(start)
	}
	parts = append(parts, part{"mount_ro, umount_all", mounting}, part{"statvfs", asking})
	step("shut down", func() error { return g.Shutdown(ctx) })
	return parts, err
}

// manyDrives times a launch with many drives.
func manyDrives(ctx context.Context, n int) error {
	for _, setting := range []string{cold, warm} {
		if err := os.Setenv("LIBGUESTFS_BACKEND_SETTINGS", "force_tcg:"+setting); err != nil {
			return err
		}
		took, err := launchWith(ctx, n)
		if err != nil {
			return err
		}
		fmt.Printf("\nlaunch with %d drives, %s: %s\n", n, setting, seconds(took))
	}
	return nil
}

func launchWith(ctx context.Context, n int) (time.Duration, error) {
	g := guestfs.New(nil)
	defer g.Close()
	for range n {
		if err := g.AddDriveScratch(64<<20, nil); err != nil {
			return 0, err
		}
	}
	start := time.Now()
	if err := g.Launch(ctx); err != nil {
		return 0, err
	}
	took := time.Since(start)
	return took, g.Shutdown(ctx)
}
