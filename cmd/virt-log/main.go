// Virt-log prints the log of a guest, without starting the guest.
//
//	virt-log -a disk.qcow2
//
// main.go is the command line, log.go finds the log, entry.go prints entries of systemd's
// journal, windows.go those of Windows, blocks.go keeps what was read of them. The output is
// that of libguestfs's virt-log, byte for byte but for Windows, where that one needs
// a program on the host. The manual is virt-log.1.md.
package main

import (
	"context"
	_ "embed"
	"errors"
	"io"
	"io/fs"
	"os"

	"virt-tools/internal/cli"
	"virt-tools/pkg/guestfs"
)

//go:embed virt-log.1.md
var page string

var program = cli.Program{
	Name:    "virt-log",
	Summary: "print the log of a guest",
	Usage:   []string{"[options] -a disk.img [-a disk.img ...]"},
	Page:    page,
	SeeAlso: []string{"`journalctl`(1)", "`virt-cat`(1)"},
}

// options are those of the command line.
type options struct {
	cli.Common
	cli.Guest
	cli.Keys
	cli.Mounts
}

// Check reports what can be known to be wrong before anything is started.
func (o *options) Check() error {
	if err := errors.Join(o.Guest.Check(), o.Keys.Check(), o.Mounts.Check()); err != nil {
		return err
	}
	if len(o.Drives()) == 0 {
		return cli.Hint(errors.New("no guest is named"), "name a disk image with -a")
	}
	return nil
}

func (o *options) log(ctx context.Context, console *cli.Console) (err error) {
	g, err := o.LaunchReadOnly(ctx, console)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, g.Close()) }()
	system, err := o.MountReadOnly(ctx, g, &o.Keys, console)
	if err != nil {
		return err
	}
	if system.Windows() {
		return windows(ctx, g, system, console)
	}
	found, err := linux(ctx, g, console)
	if err != nil || found || system.Root != "" {
		return err
	}
	// With -m nobody has looked what system it is.
	path, err := g.CaseSensitivePath(ctx, eventLog)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return openEvents(ctx, g.FS(ctx), guestfs.Path(path), console)
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
	return program.Run(ctx, args, stdio, &opts, opts.log)
}
