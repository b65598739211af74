// Virt-win-reg shows and changes the registry of a Windows guest.
//
//	virt-win-reg windows.qcow2 'HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion'
//	virt-win-reg windows.qcow2 --merge changes.reg
//
// main.go is the command line, registry.go knows which file of the guest a key is in, show.go
// exports, merge.go changes. Hives are read and written here, and a file of the guest is
// replaced wholly or not at all. The manual is virt-win-reg.1.md.
package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"virt-tools/internal/cli"
	"virt-tools/internal/regedit"
)

//go:embed virt-win-reg.1.md
var page string

var program = cli.Program{
	Name:    "virt-win-reg",
	Summary: "show and change the Windows registry of a guest",
	Usage: []string{
		"[options] domain|disk.img KEY [VALUE|@]",
		"[options] --merge domain|disk.img [FILE ...]",
	},
	Page:    page,
	SeeAlso: []string{"`virt-cat`(1)", "`virt-edit`(1)", "`hivexregedit`(1)"},
}

// options are those of the command line.
type options struct {
	cli.Common
	cli.Guest
	cli.Mounts
	cli.Keys
	Debug         bool   `name:"debug" help:"Have no effect; -v shows what happens."`
	DryRun        bool   `name:"dry-run" short:"n" help:"With --merge, show what would change, and change nothing."`
	Encoding      string `name:"encoding" default:"UTF-16LE" placeholder:"UTF-16LE|ASCII" complete:"UTF-16LE,ASCII" help:"With --merge, how texts stand in the registry."`
	HexStrings    bool   `name:"hex-strings" help:"Write texts in hexadecimal, as libguestfs does."`
	Merge         bool   `name:"merge" help:"Merge .reg files, or standard input, into the registry."`
	UnsafeStrings bool   `name:"unsafe-printable-strings" help:"Take all that has a type for text to be text."`
	UTF16         bool   `name:"utf-16" help:"Write UTF-16 with the line ends of Windows, as regedit does."`

	Arguments []string `arg:"" optional:"" name:"argument" help:"The guest, unless -a or -d gives it, and what to do with it."`

	encoding regedit.Encoding
	args     []string // after the guest
}

// Check reports options that do not go together, and what is wrong with the disks.
func (o *options) Check() error {
	o.args = o.Arguments
	if len(o.Drives()) == 0 {
		if len(o.args) == 0 {
			return cli.Hint(errors.New("no libvirt domain name or disk image given"), "name it before the key, or with -a or -d")
		}
		if err := o.Positional(o.args[:1]); err != nil {
			return err
		}
		o.args = o.args[1:]
	}
	encodings := map[string]regedit.Encoding{"UTF-16LE": regedit.UTF16LE, "ASCII": regedit.ASCII}
	var known bool
	o.encoding, known = encodings[strings.ToUpper(o.Encoding)]
	switch {
	case !known:
		return fmt.Errorf("--encoding %q: it must be UTF-16LE or ASCII", o.Encoding)
	case o.Merge && (o.HexStrings || o.UnsafeStrings || o.UTF16):
		return errors.New("--hex-strings, --unsafe-printable-strings and --utf-16 are for showing keys, not for --merge")
	case o.HexStrings && o.UnsafeStrings:
		return errors.New("--hex-strings and --unsafe-printable-strings exclude each other")
	case !o.Merge && o.DryRun:
		return errors.New("--dry-run is for --merge: nothing is changed without it")
	case !o.Merge && (len(o.args) == 0 || len(o.args) > 2):
		return cli.Hint(errors.New("expecting 1 or 2 more parameters, subkey path and optionally the value to export"),
			`a key is written 'HKLM\SOFTWARE\Microsoft', in quotes for the shell`)
	}
	return errors.Join(o.Guest.Check(), o.Mounts.Check(), o.Keys.Check())
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

func (o *options) run(ctx context.Context, console *cli.Console) (err error) {
	var files []parsedFile
	if o.Merge { // what is wrong with the files is said before anything is started
		if files, err = o.parse(console.In); err != nil {
			return err
		}
	}
	launch, mount := o.LaunchReadOnly, o.MountReadOnly
	if o.Merge && !o.DryRun {
		launch, mount = o.LaunchWritable, o.MountWritable
	}
	h, err := launch(ctx, console)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.Close()) }()
	system, err := mount(ctx, h, &o.Keys, console)
	if err != nil {
		return err
	}
	r, err := openRegistry(ctx, h, system, console)
	if err != nil {
		return err
	}
	if !o.Merge {
		return o.show(ctx, r, console)
	}
	if err := o.merge(ctx, r, files); err != nil {
		return err
	}
	if err := h.UmountAll(ctx); err != nil {
		return err
	}
	return h.Shutdown(ctx)
}
