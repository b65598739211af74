// Virt-cat prints files of a guest, without starting the guest.
//
//	virt-cat -a disk.qcow2 /etc/fstab
//
// The manual is virt-cat.1.md.
package main

import (
	"context"
	_ "embed"
	"errors"
	"io"
	"os"

	"virt-tools/internal/cli"
	"virt-tools/pkg/guestfs"
)

//go:embed virt-cat.1.md
var page string

var program = cli.Program{
	Name:    "virt-cat",
	Summary: "print files of a guest",
	Usage:   []string{"[options] -a disk.img [-a disk.img ...] file [file ...]"},
	Page:    page,
	SeeAlso: []string{"`cat`(1)", "`virt-ls`(1)", "`virt-log`(1)"},
}

// options are those of the command line.
type options struct {
	cli.Common
	cli.Guest
	cli.Keys
	cli.Mounts
	Files []string `arg:"" optional:"" help:"Files of the guest."`
}

// Check reports what can be known to be wrong before anything is started.
func (o *options) Check() error {
	if len(o.Files) == 0 {
		return cli.Hint(errors.New("no file is named"), "virt-cat --help shows how it is called")
	}
	// The old way of calling it: disks, or one domain, and one file.
	if len(o.Drives()) == 0 {
		last := len(o.Files) - 1
		if err := o.Positional(o.Files[:last]); err != nil {
			return err
		}
		o.Files = o.Files[last:]
	}
	if err := errors.Join(o.Guest.Check(), o.Keys.Check(), o.Mounts.Check()); err != nil {
		return err
	}
	if len(o.Drives()) == 0 {
		return cli.Hint(errors.New("no guest is named"), "name a disk image with -a")
	}
	return nil
}

// cat prints the files. One that cannot be read does not keep the others from being printed.
func (o *options) cat(ctx context.Context, console *cli.Console) (err error) {
	g, err := o.LaunchReadOnly(ctx, console)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, g.Close()) }()
	system, err := o.MountReadOnly(ctx, g, &o.Keys, console)
	if err != nil {
		return err
	}
	for _, name := range o.Files {
		if err := print(ctx, g, system, name, console.Out); err != nil {
			if ctx.Err() != nil {
				return err
			}
			console.Fail(err)
		}
	}
	return nil
}

func print(ctx context.Context, g *guestfs.Handle, system *cli.System, name string, out io.Writer) error {
	path, err := system.Path(ctx, name)
	if err != nil {
		return err
	}
	return g.Download(ctx, string(path), out)
}

func main() {
	ctx, stop := cli.Signals(context.Background())
	status := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	var opts options
	stdio := cli.Stdio{In: stdin, Out: stdout, Err: stderr}
	return program.Run(ctx, args, stdio, &opts, opts.cat)
}
