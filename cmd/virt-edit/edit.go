package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"virt-tools/internal/cli"
	"virt-tools/pkg/guestfs"
)

// run launches an appliance, makes all changes to copies of the files, and then puts those
// that are different in the place of the files. An error before that changes nothing.
func (o *options) run(ctx context.Context, console *cli.Console) (err error) {
	dir, err := os.MkdirTemp("", "virt-edit-") // 0700: what is in it may be secret
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	launch := o.LaunchWritable
	if o.DryRun {
		launch = o.LaunchReadOnly
	}
	h, err := launch(ctx, console)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.Close()) }()
	system, err := o.MountReadOnly(ctx, h, &o.Keys, console)
	if err != nil {
		return err
	}
	j := job{h: h, system: system, console: console, dir: dir}
	for _, e := range o.edits {
		if err := j.edit(ctx, e); err != nil {
			return fmt.Errorf("%s: %w", e.path, err)
		}
	}
	if o.Diff || o.DryRun {
		if err := j.show(); err != nil {
			return err
		}
	}
	if o.DryRun {
		return nil
	}
	return j.write(ctx, o.Backup)
}

// makeChange writes to the file next what becomes of the file now.
func makeChange(ctx context.Context, console *cli.Console, c change, next, now string) (err error) {
	src, err := os.Open(now)
	if err != nil {
		return err
	}
	defer src.Close()
	dst, err := os.OpenFile(next, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, dst.Close()) }()
	if person, ok := c.(editor); ok {
		if _, err := io.Copy(dst, src); err != nil {
			return err
		}
		return person.edit(ctx, console, next)
	}
	return c.Run(ctx, dst, src)
}

func download(ctx context.Context, h *guestfs.Handle, file, local string) (err error) {
	f, err := os.OpenFile(local, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return h.Download(ctx, file, f)
}

// localNameMax bounds the name of a copy, which an editor shows and takes the kind of
// the file from.
const localNameMax = 64

// localName makes a name for the copy of a file: nothing in it means anything to a shell,
// or to a terminal.
func localName(file string) string {
	name := file[strings.LastIndexAny(file, `/\`)+1:]
	name = strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || strings.ContainsRune("._-", r) {
			return r
		}
		return '_'
	}, name)
	return name[max(0, len(name)-localNameMax):]
}

func sameContent(a, b string) (bool, error) {
	fa, err := os.Open(a)
	if err != nil {
		return false, err
	}
	defer fa.Close()
	fb, err := os.Open(b)
	if err != nil {
		return false, err
	}
	defer fb.Close()
	bufA, bufB := make([]byte, 64<<10), make([]byte, 64<<10)
	for {
		n, errA := io.ReadFull(fa, bufA)
		m, errB := io.ReadFull(fb, bufB)
		if n != m || !bytes.Equal(bufA[:n], bufB[:m]) {
			return false, nil
		}
		if errA == io.EOF || errA == io.ErrUnexpectedEOF {
			return errB == io.EOF || errB == io.ErrUnexpectedEOF, nil
		}
		if err := errors.Join(errA, errB); err != nil {
			return false, err
		}
	}
}
