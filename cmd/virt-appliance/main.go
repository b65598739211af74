// Virt-appliance builds, shows and checks the appliance, the small Linux in which guest disks are opened.
//
//	virt-appliance build /srv/appliance
//	virt-appliance describe --json
//	virt-appliance check
//
// main.go is the command line; each command has a file of its own. The manual is virt-appliance.1.md.
package main

import (
	"context"
	_ "embed"
	"fmt"
	"io"
	"os"

	"virt-tools/appliance"
	"virt-tools/internal/cli"
)

//go:embed virt-appliance.1.md
var page string

var program = cli.Program{
	Name:    "virt-appliance",
	Summary: "build, show and check the appliance of the virt tools",
	Usage:   []string{"build [DIR]", "describe [--json|--yaml] [DIR]", "check [--qemu PATH] [--timeout TIME]", "template [list|make|remove] [NAME...]"},
	Page:    page,
	SeeAlso: []string{"`virt-df`(1)"},
}

// options are those of the command line.
type options struct {
	cli.Common
	Build    buildOptions    `cmd:"" help:"Build the appliance, into a folder if one is given."`
	Describe describeOptions `cmd:"" help:"Show what the appliance is made of."`
	Check_   checkOptions    `cmd:"" name:"check" help:"Start the appliance, work in it and print what a bug report needs."`
	Template templateOptions `cmd:"" help:"List, make or remove the saved appliances that launches start from."`
}

// commands are what the commands do, by name.
var commands = map[string]func(*options, context.Context, *cli.Console) error{
	"build":    (*options).build,
	"describe": (*options).describe,
	"check":    (*options).check,
	"template": (*options).template,
}

func main() {
	ctx, stop := cli.Signals(context.Background())
	status := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	var opts options
	return program.Run(ctx, args, cli.Stdio{In: stdin, Out: stdout, Err: stderr}, &opts,
		func(ctx context.Context, c *cli.Console) error { return commands[c.Command](&opts, ctx, c) })
}

// notes passes on what the builder has to tell.
func notes(c *cli.Console) *appliance.Options {
	return &appliance.Options{Log: func(format string, args ...any) { c.Warn(fmt.Errorf(format, args...)) }}
}
