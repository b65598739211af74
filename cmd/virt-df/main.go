// Virt-df shows how much space is free on the filesystems of a guest, or of all
// domains of a libvirt, without starting the guest.
//
//	virt-df -a disk.qcow2
//	virt-df -P 4
//
// main.go is the command line, df.go asks guests, output.go prints. The text and the
// CSV are those of libguestfs's virt-df, byte for byte. The manual is virt-df.1.md.
package main

import (
	"context"
	_ "embed"
	"errors"
	"io"
	"os"

	"virt-tools/internal/cli"
)

//go:embed virt-df.1.md
var page string

var program = cli.Program{
	Name:    "virt-df",
	Summary: "show free space on the filesystems of a guest",
	Usage: []string{
		"[options]",
		"[options] -d domain",
		"[options] -a disk.img [-a disk.img ...]",
	},
	Page:    page,
	SeeAlso: []string{"`df`(1)", "`virt-appliance`(1)"},
}

// options are those of the command line.
type options struct {
	cli.Common
	cli.Guest
	CSV   bool `name:"csv" xor:"output" help:"Write comma-separated values."`
	Human bool `name:"human-readable" short:"h" help:"Print sizes as 24K, 1.5G."`
	Inode bool `name:"inodes" short:"i" help:"Show inodes instead of blocks."`
	JSON  bool `name:"json" xor:"output" help:"Write JSON."`
	YAML  bool `name:"yaml" xor:"output" help:"Write YAML."`

	Prometheus  bool `name:"prometheus" xor:"output" help:"Write metrics for Prometheus."`
	OnePerGuest bool `name:"one-per-guest" help:"Have no effect: every guest has its own appliance."` // older scripts give it
	Threads     uint `short:"P" placeholder:"N" help:"Look at N domains at a time."`
	UUID        bool `name:"uuid" help:"Print UUIDs instead of the names of domains."`
	Watch       uint `name:"watch" placeholder:"SECONDS" help:"Do it again and again."`

	Disks []string `arg:"" optional:"" help:"Disk images, the old way of naming them."`
}

// Check reports options that do not go together, and what is wrong with the disks.
func (o *options) Check() error {
	switch {
	case o.Human && o.CSV:
		return errors.New("you cannot use -h and --csv options together")
	case o.Human && (o.JSON || o.YAML || o.Prometheus):
		return errors.New("-h does not go with --json, --yaml and --prometheus: they hold bytes")
	case o.Inode && (o.JSON || o.YAML || o.Prometheus):
		return errors.New("-i does not go with --json, --yaml and --prometheus: they hold blocks and inodes")
	case o.Watch > 0 && o.Prometheus:
		return errors.New("--watch does not go with --prometheus: a timer should call virt-df")
	}
	if err := o.Positional(o.Disks); err != nil {
		return err
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
	return program.Run(ctx, args, stdio, &opts, opts.df)
}
