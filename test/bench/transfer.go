package main

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"text/tabwriter"
	"time"

	"virt-tools/pkg/guestfs"
	"virt-tools/test/guests"
)

const (
	transferBytes = 256 << 20
	diskBytes     = 4 << 30
	smallCalls    = 3000
)

// transfers times bulk transfers, guestfish's and ours, to an ext4 filesystem on a raw disk
// of their own, and then small calls of ours.
func (b *bench) transfers(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	big := filepath.Join(dir, "big")
	if err := randomFile(big, transferBytes); err != nil {
		return err
	}
	tree, err := guests.DebianTree(ctx, "bookworm", os.Stderr)
	if err != nil {
		return err
	}
	members, size, err := describeTar(tree)
	if err != nil {
		return err
	}
	theirs, err := b.theirTransfers(ctx, dir, big, tree)
	if err != nil {
		return err
	}
	ours := make([]time.Duration, len(theirs))
	for range b.runs {
		times, err := ourTransfers(ctx, dir, big, tree)
		if err != nil {
			return err
		}
		for i, t := range times {
			if ours[i] == 0 || t < ours[i] {
				ours[i] = t
			}
		}
	}
	fmt.Printf("\ntransfers: a file of %d MiB; a Debian tree of %d files, %d MiB\n", transferBytes>>20, members, size>>20)
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "\tguestfish\tours\tratio\t")
	for i, name := range []string{"upload", "download", "tar_in", "tar_out"} {
		fmt.Fprintf(w, "%s\t%s\t%s\t1/%.1f\t\n", name, seconds(theirs[i]), seconds(ours[i]), theirs[i].Seconds()/ours[i].Seconds())
	}
	return w.Flush()
}

func randomFile(name string, size int64) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	_, err = io.CopyN(f, rand.Reader, size)
	return errors.Join(err, f.Close())
}

// describeTar counts the members of an archive and its bytes.
func describeTar(name string) (members int, size int64, err error) {
	f, err := os.Open(name)
	if err != nil {
		return 0, 0, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return 0, 0, err
	}
	for r := tar.NewReader(f); ; members++ {
		if _, err := r.Next(); err == io.EOF {
			return members, info.Size(), nil
		} else if err != nil {
			return 0, 0, err
		}
	}
}

// elapsed is what guestfish's command time prints.
var elapsed = regexp.MustCompile(`elapsed time: ([0-9.]+) seconds`)

func (b *bench) theirTransfers(ctx context.Context, dir, big, tree string) ([]time.Duration, error) {
	script := filepath.Join(dir, "transfers.gf")
	text := fmt.Sprintf(`sparse %[1]s/theirs.img %[2]d
run
mkfs ext4 /dev/sda
mount /dev/sda /
time upload %[3]s /big
time download /big %[1]s/out
mkdir /tree
time tar-in %[4]s /tree
time tar-out /tree %[1]s/out.tar
umount-all
`, dir, diskBytes, big, tree)
	if err := os.WriteFile(script, []byte(text), 0o600); err != nil {
		return nil, err
	}
	r, err := b.tools.Run(ctx, "guestfish", "-f", script)
	if err := failed("guestfish", r, err); err != nil {
		return nil, err
	}
	var times []time.Duration
	for _, m := range elapsed.FindAllStringSubmatch(r.Stdout, -1) {
		n, err := strconv.ParseFloat(m[1], 64)
		if err != nil {
			return nil, err
		}
		times = append(times, time.Duration(n*float64(time.Second)))
	}
	if len(times) != 4 {
		return nil, fmt.Errorf("guestfish timed %d of 4 transfers: %s", len(times), r.Stdout)
	}
	return times, nil
}

func ourTransfers(ctx context.Context, dir, big, tree string) (times []time.Duration, err error) {
	image := filepath.Join(dir, "ours.img")
	if err := errors.Join(os.RemoveAll(image), os.WriteFile(image, nil, 0o600), os.Truncate(image, diskBytes)); err != nil {
		return nil, err
	}
	g := guestfs.New(nil)
	defer g.Close()
	if err := errors.Join(g.AddDrive(image, &guestfs.AddDriveOpts{Format: "raw"}), g.Launch(ctx),
		g.Mkfs(ctx, "ext4", "/dev/sda", nil), g.Mount(ctx, "/dev/sda", "/"), g.Mkdir(ctx, "/tree")); err != nil {
		return nil, err
	}
	for _, transfer := range []func() error{
		func() error { return fromFile(big, func(r io.Reader) error { return g.Upload(ctx, r, "/big") }) },
		func() error {
			return toFile(filepath.Join(dir, "out"), func(w io.Writer) error { return g.Download(ctx, "/big", w) })
		},
		func() error { return fromFile(tree, func(r io.Reader) error { return g.TarIn(ctx, r, "/tree", nil) }) },
		func() error {
			return toFile(filepath.Join(dir, "out.tar"), func(w io.Writer) error { return g.TarOut(ctx, "/tree", w, nil) })
		},
	} {
		start := time.Now()
		if err := transfer(); err != nil {
			return nil, err
		}
		times = append(times, time.Since(start))
	}
	return times, g.Shutdown(ctx)
}

func fromFile(name string, use func(io.Reader) error) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	return use(f)
}

func toFile(name string, use func(io.Writer) error) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	return errors.Join(use(f), f.Close())
}

// calls times small calls, one after the other.
func calls(ctx context.Context) error {
	g := guestfs.New(nil)
	defer g.Close()
	if err := errors.Join(g.AddDriveScratch(64<<20, nil), g.Launch(ctx), g.Mkfs(ctx, "ext4", "/dev/sda", nil),
		g.Mount(ctx, "/dev/sda", "/"), g.Write(ctx, "/small", bytes.Repeat([]byte("x"), 1000))); err != nil {
		return err
	}
	for name, call := range map[string]func() error{
		"statns":                  func() error { _, err := g.Statns(ctx, "/small"); return err },
		"read_file of 1000 bytes": func() error { _, err := g.ReadFile(ctx, "/small"); return err },
	} {
		start := time.Now()
		for range smallCalls {
			if err := call(); err != nil {
				return err
			}
		}
		fmt.Printf("\n%s: %.0f calls a second\n", name, smallCalls/time.Since(start).Seconds())
	}
	return g.Shutdown(ctx)
}
