// Virt-edit changes files in a guest, in an editor or by itself.
//
//	virt-edit -a disk.qcow2 /etc/hostname
//	virt-edit -a disk.qcow2 /etc/passwd -e 's/^root:[^:]*/root:/'
//
// main.go is the command line, options.go turns it into edits, edit.go and job.go do them to copies of
// the files, change.go, structured.go and editor.go are the ways to change a file, diff.go shows
// it. A file of the guest is replaced wholly or not at all by the daemon. The manual is virt-edit.1.md.
package main

import (
	"context"
	_ "embed"
	"io"
	"os"

	"virt-tools/internal/cli"
)

//go:embed virt-edit.1.md
var page string

var program = cli.Program{
	Name:    "virt-edit",
	Summary: "edit files in a guest",
	Usage:   []string{"[options] -a disk.img [-a disk.img ...] FILE ...", "[options] -d domain FILE ..."},
	Page:    page,
	SeeAlso: []string{"`virt-cat`(1)", "`virt-clone-prep`(1)", "`perlre`(1)"},
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
