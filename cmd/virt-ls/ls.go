package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"syscall"

	"virt-tools/internal/cli"
	"virt-tools/internal/cli/record"
	"virt-tools/pkg/guestfs"
)

// guest is what virt-ls asks of a launched guest: a *guestfs.Handle.
type guest interface {
	GlobExpand(ctx context.Context, pattern guestfs.Path, opts *guestfs.GlobExpandOpts) ([]string, error)
	Ls(ctx context.Context, directory guestfs.Path) ([]string, error)
	Ll(ctx context.Context, directory guestfs.Path) (string, error)
	Find0(ctx context.Context, directory guestfs.Path, files io.Writer) error
	Lstatns(ctx context.Context, path guestfs.Path) (*guestfs.StatNS, error)
	Lstatnslist(ctx context.Context, path guestfs.Path, names []string) ([]guestfs.StatNS, error)
	Readlink(ctx context.Context, path guestfs.Path) (string, error)
	Readlinklist(ctx context.Context, path guestfs.Path, names []string) ([]string, error)
	Checksum(ctx context.Context, csumtype string, path guestfs.Path) (string, error)
}

// ls lists the directories. One that cannot be listed does not keep the others from it.
func (o *options) ls(ctx context.Context, console *cli.Console) (err error) {
	g, err := o.LaunchReadOnly(ctx, console)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, g.Close()) }()
	system, err := o.MountReadOnly(ctx, g, &o.Keys, console)
	if err != nil {
		return err
	}
	l := o.lister(ctx, g, console)
	for _, name := range o.Directories {
		targets, err := expand(ctx, g, system, name)
		if err != nil {
			console.Fail(err)
		}
		for _, t := range targets {
			if err := l.list(t); err != nil {
				console.Fail(err)
			}
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return l.end()
}

// lister lists in the way that the options say.
type lister struct {
	list func(target) error
	end  func() error
}

func (o *options) lister(ctx context.Context, g guest, console *cli.Console) lister {
	nothing := func() error { return nil }
	v := &visitor{ctx: ctx, g: g, recursive: o.Recursive, checksum: o.checksum(), fail: console.Fail}
	switch {
	case o.tree():
		t := &tree{}
		v.show = t.add
		v.inside = !o.Recursive
		write := record.YAML
		if o.JSON {
			write = record.JSON
		}
		return lister{v.start, func() error { return write(console.Out, t.report()) }}
	case o.Long && o.Recursive:
		p := o.lines(console.Out)
		v.show = p.print
		return lister{v.start, nothing}
	case o.Long:
		return lister{func(t target) error { return long(ctx, g, t, console.Out) }, nothing}
	case o.Recursive:
		return lister{func(t target) error { return below(ctx, g, t, console.Out) }, nothing}
	}
	return lister{func(t target) error { return names(ctx, g, t, console.Out) }, nothing}
}

// names prints the names in a directory. A file that a pattern matches is printed itself.
func names(ctx context.Context, g guest, t target, out io.Writer) error {
	list, err := g.Ls(ctx, t.path)
	if t.matched && errors.Is(err, syscall.ENOTDIR) {
		list, err = []string{string(t.path)}, nil
	}
	if err != nil {
		return err
	}
	for _, name := range list {
		if _, err := fmt.Fprintln(out, name); err != nil {
			return err
		}
	}
	return nil
}

// long prints what ls -la prints.
func long(ctx context.Context, g guest, t target, out io.Writer) error {
	text, err := g.Ll(ctx, t.path)
	if err != nil {
		return err
	}
	_, err = io.WriteString(out, text)
	return err
}

// below prints the paths below a directory, relative to it.
func below(ctx context.Context, g guest, t target, out io.Writer) error {
	lines := &zeroToNewline{w: bufio.NewWriter(out)}
	err := g.Find0(ctx, t.path, lines)
	if t.matched && errors.Is(err, syscall.ENOTDIR) {
		_, err = fmt.Fprintln(lines.w, t.path)
	}
	return errors.Join(err, lines.w.Flush())
}

// zeroToNewline ends with a newline what ended with a zero byte.
type zeroToNewline struct{ w *bufio.Writer }

func (z *zeroToNewline) Write(p []byte) (int, error) {
	return z.w.Write(bytes.ReplaceAll(p, []byte{0}, []byte{'\n'}))
}
