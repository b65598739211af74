// Virt-clone-prep makes a copy of a guest distinct from the original: it resets
// its hostname, its identities and its UUIDs.
//
//	virt-clone-prep -a golden.qcow2 --copy-to web-01.qcow2 --hostname web-01
//
// main.go is the command line, plan.go makes of it, and of a recipe, what is to
// be done; clone.go does it for each clone; disks.go keeps the originals and makes
// the changes wholly or not at all. What is done to the guest is in
// internal/cloneprep. The manual is virt-clone-prep.1.md.
package main

import (
	"context"
	_ "embed"
	"io"
	"os"

	"virt-tools/internal/cli"
)

//go:embed virt-clone-prep.1.md
var page string

var program = cli.Program{
	Name:    "virt-clone-prep",
	Summary: "make a copy of a guest distinct: hostname, identities, UUIDs",
	Usage: []string{
		"[options] -a disk.img",
		"[options] -a disk.img --copy-to new.qcow2 [--count N --name PATTERN]",
		"--list-operations",
	},
	Page:    page,
	SeeAlso: []string{"`virt-df`(1)", "`virt-appliance`(1)", "`qemu-img`(1)"},
}

// options are those of the command line.
type options struct {
	cli.Common
	cli.Guest
	cli.Keys
	copying
	operating
	customizing
	Recipe      string `placeholder:"FILE" complete:"file" help:"Do what a recipe says."`
	PrintRecipe bool   `name:"print-recipe" help:"Print the command line as a recipe and exit."`
	Report      string `placeholder:"FORMAT" enum:",json,yaml" default:"" complete:"json,yaml" help:"Write what was changed, as json or yaml."`
	Quiet       bool   `short:"q" help:"Do not say what is being done."`
	DryRun      bool   `name:"dry-run" short:"n" aliases:"dryrun" help:"Do all of it, and then keep nothing."`
	Force       bool   `help:"Go on when the clone may not boot."`
}

// copying are the options about new disks.
type copying struct {
	CopyTo  []string `name:"copy-to" sep:"none" placeholder:"FILE" complete:"file" help:"Make the clone there, and only read the original."`
	Overlay bool     `help:"Make the clone an overlay of the original."`
	Count   uint     `placeholder:"N" help:"Make N clones."`
	Pattern string   `name:"name" placeholder:"PATTERN" help:"Name the clones, such as web-%02d."`
	Start   uint     `placeholder:"N" default:"1" help:"Count from N."`
}

// operating are the options that choose operations, and what these need.
type operating struct {
	Enable          string   `placeholder:"LIST" help:"Choose these operations alone."`
	Operations      []string `aliases:"operation" sep:"none" placeholder:"LIST" help:"Add operations, or remove them."`
	ListOperations  bool     `name:"list-operations" help:"List the operations and exit."`
	KeepAccounts    []string `name:"keep-user-accounts" placeholder:"LIST" help:"Keep these accounts."`
	RemoveAccounts  []string `name:"remove-user-accounts" placeholder:"LIST" help:"Remove these accounts."`
	MachineID       string   `name:"machine-id" placeholder:"fresh|empty|VALUE" help:"Set the machine-id."`
	RegenerateSSH   bool     `name:"regenerate-ssh-keys" help:"Make new SSH host keys."`
	MountOptions    string   `name:"mount-options" placeholder:"DIR:OPTIONS" help:"Mount filesystems with options."`
	NoNetwork       bool     `name:"no-network" help:"Have no effect: there is no network."`
	SelinuxRelabel  bool     `name:"selinux-relabel" help:"Have no effect: it is done anyway."`
	NoSelinuxLabels bool     `name:"no-selinux-relabel" help:"Leave the labels of SELinux to the guest."`
	Crypto          string   `name:"password-crypto" placeholder:"HASH" help:"Hash passwords with sha256, sha512 or yescrypt."`
}

// customizing are the options of operation customize. All but the hostname are
// steps, done in the order of the command line.
type customizing struct {
	Hostname string `placeholder:"NAME" help:"Set the hostname."`

	AppendLine       cli.Step `name:"append-line" type:"append-line" placeholder:"FILE:LINE" help:"Add a line to the end of a file."`
	Chmod            cli.Step `type:"chmod" placeholder:"MODE:FILE" help:"Change the mode of a file; the mode is octal."`
	Chown            cli.Step `type:"chown" placeholder:"UID:GID:PATH" help:"Change the owner and group of a file."`
	Copy             cli.Step `type:"copy" placeholder:"SOURCE:DEST" help:"Copy files within the guest."`
	CopyIn           cli.Step `name:"copy-in" type:"copy-in" placeholder:"LOCAL:DIR" help:"Copy a file or directory into a directory of the guest."`
	Delete           cli.Step `type:"delete" placeholder:"PATH" help:"Remove files or directories; a pattern may be given."`
	Firstboot        cli.Step `type:"firstboot" placeholder:"SCRIPT" complete:"file" help:"Run a script when the guest starts for the first time."`
	FirstbootCommand cli.Step `name:"firstboot-command" type:"firstboot-command" placeholder:"COMMAND" help:"Run a command when the guest starts for the first time."`
	Link             cli.Step `type:"link" placeholder:"TARGET:LINK" help:"Make a symbolic link."`
	Mkdir            cli.Step `type:"mkdir" placeholder:"DIR" help:"Make a directory, and those above it."`
	Move             cli.Step `type:"move" placeholder:"SOURCE:DEST" help:"Rename files within the guest."`
	Password         cli.Step `type:"password" placeholder:"USER:SELECTOR" help:"Set the password of a user."`
	RootPassword     cli.Step `name:"root-password" type:"root-password" placeholder:"SELECTOR" help:"Set the password of root."`
	Run              cli.Step `type:"run" placeholder:"SCRIPT" complete:"file" help:"Run a script in the guest's files."`
	RunCommand       cli.Step `name:"run-command" type:"run-command" placeholder:"COMMAND" help:"Run a command in the guest's files."`
	Scrub            cli.Step `type:"scrub" placeholder:"FILE" help:"Overwrite a file and remove it."`
	SSHInject        cli.Step `name:"ssh-inject" type:"ssh-inject" placeholder:"USER[:SELECTOR]" help:"Add a public key to those that may log in."`
	TarIn            cli.Step `name:"tar-in" type:"tar-in" placeholder:"ARCHIVE:DIR" help:"Unpack a tar archive into a directory."`
	Timezone         cli.Step `type:"timezone" placeholder:"TIMEZONE" help:"Set the time zone, such as Europe/Berlin."`
	Touch            cli.Step `type:"touch" placeholder:"FILE" help:"Make an empty file, or set its time."`
	Truncate         cli.Step `type:"truncate" placeholder:"FILE" help:"Empty a file."`
	Upload           cli.Step `type:"upload" placeholder:"LOCAL:DEST" help:"Copy a file of this computer to one of the guest."`
	User             cli.Step `type:"user" placeholder:"NAME[:SELECTOR]" help:"Make an account, with a password where one is given."`
	Write            cli.Step `type:"write" placeholder:"FILE:TEXT" help:"Write a text into a file."`

	steps []step
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
