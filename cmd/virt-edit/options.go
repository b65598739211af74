package main

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"virt-tools/internal/cli"
	"virt-tools/internal/edit"
)

// options are those of the command line.
type options struct {
	cli.Common
	cli.Guest
	cli.Mounts
	cli.Keys
	Append    cli.Step `type:"append" placeholder:"FILE:TEXT" help:"Add a line to the end of a file; TEXT may be @LOCAL, a file here."`
	Backup    string   `short:"b" placeholder:".EXT" help:"Keep the old file in the guest, as FILE.EXT."`
	Diff      bool     `name:"diff" help:"Show what changes."`
	DryRun    bool     `name:"dry-run" short:"n" help:"Change nothing in the guest."`
	Edit      cli.Step `short:"e" type:"edit" aliases:"expr" placeholder:"EXPR" help:"Run an expression for each line, instead of an editor."`
	JSONPatch cli.Step `name:"json-patch" type:"json-patch" placeholder:"FILE:PATCH" help:"Change a JSON file by a JSON patch (RFC 6902), or @LOCAL, a file with one."`
	Write     cli.Step `type:"write" placeholder:"FILE:TEXT" help:"Give a file a new content, or make it; TEXT may be @LOCAL, a file here."`
	YAMLSet   cli.Step `name:"yaml-set" type:"yaml-set" placeholder:"FILE:KEY=VALUE" help:"Set a value in a YAML file."`

	Files []string `arg:"" optional:"" help:"Files in the guest."`

	scripts []change   // of -e, for all Files
	edits   []fileEdit // the others, in order
}

// fileEdit is what will be done to one file.
type fileEdit struct {
	path    string // as the user wrote it
	create  bool   // when it is missing
	changes []change
}

// newFileMode is that of a file which --write makes.
const newFileMode = 0o644

// Steps takes the options whose order counts.
func (o *options) Steps() map[string]func(string) error {
	return map[string]func(string) error{
		"edit": func(expr string) error {
			script, err := edit.Parse(expr)
			if errors.Is(err, edit.ErrNeedsPerl) {
				return cli.Hint(err, "install perl, or write it as s/REGEXP/TEXT/")
			}
			if err == nil {
				o.scripts = append(o.scripts, script)
			}
			return err
		},
		"append": func(value string) error {
			return o.add(value, false, func(text string) (change, error) { return textOf(text, appended) })
		},
		"write": func(value string) error {
			return o.add(value, true, func(text string) (change, error) { return textOf(text, written) })
		},
		"json-patch": func(value string) error { return o.add(value, false, newJSONPatch) },
		"yaml-set":   func(value string) error { return o.add(value, false, newYAMLSet) },
	}
}

// drive is the start of a Windows path: its colon does not end the name.
var drive = regexp.MustCompile(`^[A-Za-z]:[\\/]`)

// add takes a value FILE:TEXT. Changes to the same file that follow each other are one edit.
func (o *options) add(value string, create bool, parse func(string) (change, error)) error {
	start := 0
	if drive.MatchString(value) {
		start = 2
	}
	name, text, found := strings.Cut(value[start:], ":")
	name = value[:start] + name
	if !found || name == "" {
		return fmt.Errorf("%q: expected the name of a file, a colon and what to do with it", value)
	}
	c, err := parse(text)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if n := len(o.edits); n > 0 && o.edits[n-1].path == name {
		o.edits[n-1].changes = append(o.edits[n-1].changes, c)
		return nil
	}
	o.edits = append(o.edits, fileEdit{name, create, []change{c}})
	return nil
}

// Check reports options that do not go together, and what is wrong with the disks.
func (o *options) Check() error {
	files := o.Files
	if len(o.Drives()) == 0 && len(files) > 0 { // the old way: the disk, then the files
		if err := o.Positional(files[:1]); err != nil {
			return err
		}
		files = files[1:]
	}
	switch {
	case len(o.Drives()) == 0:
		return cli.Hint(errors.New("which guest?"), "name a disk image with -a, or a libvirt domain with -d")
	case len(files) == 0 && len(o.scripts) > 0:
		return errors.New("-e needs a file to edit")
	case len(files) == 0 && len(o.edits) == 0:
		return cli.Hint(errors.New("which file?"), "name files of the guest after the options: /etc/hostname")
	case strings.Contains(o.Backup, "/"):
		return fmt.Errorf("%q cannot be the end of a backup's name", o.Backup)
	}
	changes := o.scripts
	if len(changes) == 0 {
		changes = []change{editor{}}
	}
	named := make([]fileEdit, 0, len(files)+len(o.edits))
	for _, file := range files {
		named = append(named, fileEdit{path: file, changes: changes})
	}
	o.edits = append(named, o.edits...)
	return errors.Join(o.Guest.Check(), o.Mounts.Check(), o.Keys.Check())
}
