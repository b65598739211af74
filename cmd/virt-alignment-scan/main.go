// Virt-alignment-scan tells whether the partitions of a guest, or of all domains of a
// libvirt, start where the disk below them works fast.
//
//	virt-alignment-scan -a disk.qcow2
//
// main.go is the command line, scan.go asks guests and judges, output.go prints. The text is
// that of libguestfs's virt-alignment-scan, byte for byte. The manual is virt-alignment-scan.1.md.
package main

import (
	"context"
	_ "embed"
	"errors"
	"io"
	"os"

	"virt-tools/internal/cli"
)

//go:embed virt-alignment-scan.1.md
var page string

var program = cli.Program{
	Name:    "virt-alignment-scan",
	Summary: "check where the partitions of a guest start",
	Usage: []string{
		"[options]",
		"[options] -d domain",
		"[options] -a disk.img [-a disk.img ...]",
	},
	Page:    page,
	SeeAlso: []string{"`virt-filesystems`(1)", "`virt-df`(1)"},
}

// options are those of the command line.
type options struct {
	cli.Common
	cli.Guest
	JSON    bool `name:"json" xor:"output" help:"Write JSON."`
	Quiet   bool `name:"quiet" short:"q" xor:"output" help:"Print nothing; the exit status tells."`
	Threads uint `short:"P" placeholder:"N" help:"Look at N domains at a time."`
	UUID    bool `name:"uuid" help:"Print UUIDs instead of the names of domains."`
	YAML    bool `name:"yaml" xor:"output" help:"Write YAML."`

	Disks []string `arg:"" optional:"" help:"Disk images, the old way of naming them."`
}

// Check reports what is wrong with the disks.
func (o *options) Check() error {
	if err := o.Positional(o.Disks); err != nil {
		return err
	}
	if o.UUID && len(o.Drives()) > 0 {
		return errors.New("--uuid is for all domains, without -a and -d")
	}
	return o.Guest.Check()
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
	return program.Run(ctx, args, stdio, &opts, opts.run)
}
