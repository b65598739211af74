// Virt-filesystems lists the filesystems, partitions, volumes and disks of a guest, without
// starting the guest.
//
//	virt-filesystems -a disk.qcow2 --all --long --uuid
//
// main.go is the command line, collect.go asks the guest, table.go and tree.go print. The
// text and the CSV are those of libguestfs's virt-filesystems, byte for byte, but for the
// parents of volume groups, which that one gets wrong. The manual is virt-filesystems.1.md.
package main

import (
	"context"
	_ "embed"
	"errors"
	"io"
	"os"

	"virt-tools/internal/cli"
)

//go:embed virt-filesystems.1.md
var page string

var program = cli.Program{
	Name:    "virt-filesystems",
	Summary: "list filesystems, partitions, volumes and disks of a guest",
	Usage:   []string{"[options] -a disk.img [-a disk.img ...]"},
	Page:    page,
	SeeAlso: []string{"`virt-df`(1)", "`lsblk`(8)"},
}

// options are those of the command line.
type options struct {
	cli.Common
	cli.Guest
	cli.Keys
	All         bool `name:"all" help:"List everything."`
	Devices     bool `name:"blkdevs" aliases:"block-devices" help:"List disks."`
	CSV         bool `name:"csv" xor:"output" help:"Write comma-separated values."`
	Extra       bool `name:"extra" help:"List what holds no files as well: swap, unknown data."`
	Filesystems bool `name:"filesystems" help:"List filesystems, as without any such option."`
	Human       bool `name:"human-readable" short:"h" help:"Print sizes as 24K, 1.5G."`
	JSON        bool `name:"json" xor:"output" help:"Write JSON."`
	Long        bool `name:"long" short:"l" help:"Print types, labels, sizes and parents."`
	Volumes     bool `name:"lvs" aliases:"logvols,logical-volumes" help:"List LVM logical volumes."`
	NoTitle     bool `name:"no-title" help:"Leave the headings out."`
	Partitions  bool `name:"parts" aliases:"partitions" help:"List partitions."`
	Physical    bool `name:"pvs" aliases:"physvols,physical-volumes" help:"List LVM physical volumes."`
	UUID        bool `name:"uuid" aliases:"uuids" help:"Print UUIDs in long output."`
	Groups      bool `name:"vgs" aliases:"volgroups,volume-groups" help:"List LVM volume groups."`
	YAML        bool `name:"yaml" xor:"output" help:"Write YAML."`
}

// Check reports options that do not go together, and what is wrong with the disks.
func (o *options) Check() error {
	tree := o.JSON || o.YAML
	switch {
	case o.Human && o.CSV:
		return errors.New("you cannot use -h and --csv options together")
	case o.Human && tree:
		return errors.New("-h does not go with --json and --yaml: they hold bytes")
	case o.NoTitle && tree:
		return errors.New("--no-title does not go with --json and --yaml: they have none")
	}
	if err := errors.Join(o.Guest.Check(), o.Keys.Check()); err != nil {
		return err
	}
	if len(o.Drives()) == 0 {
		return cli.Hint(errors.New("no guest is named"), "name a disk image with -a")
	}
	return nil
}

// selection is what the options say is listed.
func (o *options) selection() selection {
	if o.All {
		return selection{true, true, true, true, true, true, true}
	}
	s := selection{o.Filesystems || o.Extra, o.Extra, o.Volumes, o.Groups, o.Physical, o.Partitions, o.Devices}
	if s == (selection{}) {
		s.filesystems = true
	}
	return s
}

// columns is what is asked about each thing.
func (o *options) columns() columns {
	if o.JSON || o.YAML {
		return columns{long: true, uuid: true}
	}
	return columns{long: o.Long, uuid: o.Long && o.UUID}
}

func (o *options) list(ctx context.Context, console *cli.Console) (err error) {
	g, err := o.LaunchReadOnly(ctx, console)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, g.Close()) }()
	if err := o.OpenGiven(ctx, g, console); err != nil {
		return err
	}
	rows, err := collect(ctx, g, o.selection(), o.columns())
	if err != nil {
		return err
	}
	return o.print(console.Out, rows)
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
	return program.Run(ctx, args, stdio, &opts, opts.list)
}
