// Virt-inspector says what operating systems are in a guest and what is installed in them,
// without starting the guest.
//
//	virt-inspector -a disk.qcow2
//
// main.go is the command line, inspect.go asks the guest, xml.go, tree.go and sbom.go print,
// xpath.go is the mode that reads XML. The XML is that of libguestfs's virt-inspector;
// virt-inspector.rng is its schema. The manual is virt-inspector.1.md.
package main

import (
	"context"
	_ "embed"
	"errors"
	"io"
	"os"

	"virt-tools/internal/cli"
)

//go:embed virt-inspector.1.md
var page string

var program = cli.Program{
	Name:    "virt-inspector",
	Summary: "show the operating systems of a guest and what is installed",
	Usage: []string{
		"[options] -a disk.img [-a disk.img ...]",
		"--xpath=query < report.xml",
	},
	Page:    page,
	SeeAlso: []string{"`virt-filesystems`(1)", "`virt-df`(1)"},
}

// options are those of the command line.
type options struct {
	cli.Common
	cli.Guest
	cli.Keys
	CycloneDX      bool    `name:"cyclonedx" xor:"output" help:"Write a bill of materials: CycloneDX in JSON."`
	Facts          bool    `name:"facts" help:"Add network, users, services and more to the XML."`
	JSON           bool    `name:"json" xor:"output" help:"Write JSON."`
	NoApplications bool    `name:"no-applications" help:"Leave the installed applications out."`
	NoIcon         bool    `name:"no-icon" help:"Leave the icon out."`
	XPath          *string `name:"xpath" xor:"output" placeholder:"QUERY" help:"Query XML from standard input."`
	YAML           bool    `name:"yaml" xor:"output" help:"Write YAML."`

	Disks []string `arg:"" optional:"" help:"Disk images, the old way of naming them."`
}

// Check reports options that do not go together, and what is wrong with the disks.
func (o *options) Check() error {
	tree := o.JSON || o.YAML
	switch {
	case o.XPath != nil && (len(o.Drives()) > 0 || len(o.Disks) > 0 || len(o.Key) > 0 || o.KeysFromStdin || o.EchoKeys || o.NoApplications || o.NoIcon || o.Facts):
		return errors.New("cannot use --xpath together with other options")
	case o.XPath != nil:
		return nil
	case o.Facts && tree:
		return errors.New("--facts does not go with --json and --yaml: they always have them")
	case o.Facts && o.CycloneDX:
		return errors.New("--facts does not go with --cyclonedx, which has no place for them")
	case o.NoApplications && o.CycloneDX:
		return errors.New("--no-applications does not go with --cyclonedx, which lists them")
	case o.NoIcon && o.CycloneDX:
		return errors.New("--no-icon does not go with --cyclonedx, which has none")
	}
	if err := o.Positional(o.Disks); err != nil {
		return err
	}
	if err := errors.Join(o.Guest.Check(), o.Keys.Check()); err != nil {
		return err
	}
	if len(o.Drives()) == 0 {
		return cli.Hint(errors.New("no guest is named"), "name a disk image with -a")
	}
	return nil
}

// run launches the guest, unless XML from standard input is wanted, and prints.
func (o *options) run(ctx context.Context, console *cli.Console) (err error) {
	if o.XPath != nil {
		return query(console.In, console.Out, *o.XPath)
	}
	g, err := o.LaunchReadOnly(ctx, console)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, g.Close()) }()
	if err := o.Open(ctx, g, console); err != nil {
		return err
	}
	systems, err := look(ctx, g, console, o.wanted())
	if err != nil {
		return err
	}
	return o.print(console.Out, systems)
}

// wanted is what costs time and is asked only when it will be printed.
func (o *options) wanted() wanted {
	return wanted{
		applications: !o.NoApplications,
		snaps:        !o.NoApplications && (o.JSON || o.YAML), // the XML has no place for them
		icon:         !o.NoIcon && !o.CycloneDX,
		facts:        o.Facts || o.JSON || o.YAML,
	}
}

// print writes the systems in the format that the options ask for.
func (o *options) print(w io.Writer, systems []system) error {
	switch {
	case o.JSON, o.YAML:
		return writeTree(w, systems, o.YAML)
	case o.CycloneDX:
		return writeSBOM(w, o.Name(), systems)
	}
	return writeXML(w, systems)
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
