// Virt-ls lists files of a guest, without starting the guest.
//
//	virt-ls -lR -a disk.qcow2 /etc
//
// main.go is the command line, paths.go finds what it names, ls.go lists, visit.go goes through
// trees, line.go and tree.go print what visit.go finds. The output is that of libguestfs's
// virt-ls, byte for byte. The manual is virt-ls.1.md.
package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"virt-tools/internal/cli"
)

//go:embed virt-ls.1.md
var page string

var program = cli.Program{
	Name:    "virt-ls",
	Summary: "list files of a guest",
	Usage:   []string{"[options] -a disk.img [-a disk.img ...] directory [directory ...]"},
	Page:    page,
	SeeAlso: []string{"`ls`(1)", "`virt-cat`(1)", "`virt-filesystems`(1)"},
}

// options are those of the command line.
type options struct {
	cli.Common
	cli.Guest
	cli.Keys
	cli.Mounts
	Checksum     *string `name:"checksum" value:"optional" placeholder:"TYPE" complete:"crc,md5,sha1,sha224,sha256,sha384,sha512" help:"Print checksums of files, with -lR."`
	CSV          bool    `name:"csv" xor:"output" help:"Write comma-separated values, with -lR."`
	ExtraStats   bool    `name:"extra-stats" help:"Print device, inode, links and blocks, with -lR."`
	Human        bool    `name:"human-readable" short:"h" help:"Print sizes as 24K, 1.5G, with -lR."`
	JSON         bool    `name:"json" xor:"output" help:"Write JSON."`
	Long         bool    `name:"long" short:"l" help:"Print types, modes and sizes."`
	Recursive    bool    `name:"recursive" short:"R" help:"List what is below as well."`
	TimeDays     bool    `name:"time-days" xor:"time" help:"Print times as days before now, with -lR."`
	TimeRelative bool    `name:"time-relative" xor:"time" help:"Print times as seconds before now, with -lR."`
	TimeT        bool    `name:"time-t" xor:"time" help:"Print times as seconds since 1970, with -lR."`
	Times        bool    `name:"times" help:"Print times, with -lR."`
	UIDs         bool    `name:"uids" help:"Print owners and groups, with -lR."`
	YAML         bool    `name:"yaml" xor:"output" help:"Write YAML."`

	Directories []string `arg:"" optional:"" help:"Directories of the guest."`
}

// Check reports what can be known to be wrong before anything is started.
func (o *options) Check() error {
	columns := o.ExtraStats || o.Human || o.times() || o.UIDs
	switch {
	case o.Human && o.CSV:
		return errors.New("you cannot use -h and --csv options together")
	case o.tree() && columns:
		return errors.New("--json and --yaml hold everything but checksums: no option adds to them")
	case !o.tree() && (columns || o.CSV || o.Checksum != nil) && !(o.Long && o.Recursive):
		return cli.Hint(errors.New("used a flag which can only be combined with -lR mode"), "virt-ls --help says which")
	case o.checksum() != "" && !slices.Contains(checksums, o.checksum()):
		return fmt.Errorf("--checksum=%s: the types are %s", o.checksum(), strings.Join(checksums, ", "))
	case len(o.Directories) == 0:
		return cli.Hint(errors.New("no directory is named"), "virt-ls --help shows how it is called")
	}
	// The old way of calling it: disks, or one domain, and one directory.
	if len(o.Drives()) == 0 {
		last := len(o.Directories) - 1
		if err := o.Positional(o.Directories[:last]); err != nil {
			return err
		}
		o.Directories = o.Directories[last:]
	}
	if err := errors.Join(o.Guest.Check(), o.Keys.Check(), o.Mounts.Check()); err != nil {
		return err
	}
	if len(o.Drives()) == 0 {
		return cli.Hint(errors.New("no guest is named"), "name a disk image with -a")
	}
	return nil
}

func (o *options) tree() bool { return o.JSON || o.YAML }

func (o *options) times() bool { return o.Times || o.TimeT || o.TimeRelative || o.TimeDays }

// checksums are the types that the appliance can compute.
var checksums = []string{"crc", "md5", "sha1", "sha224", "sha256", "sha384", "sha512"}

// checksum is the type of the checksums, "" for none.
func (o *options) checksum() string {
	switch {
	case o.Checksum == nil:
		return ""
	case *o.Checksum == "":
		return "md5"
	}
	return *o.Checksum
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
	return program.Run(ctx, args, stdio, &opts, opts.ls)
}
