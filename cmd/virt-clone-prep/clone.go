package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"virt-tools/internal/cli"
	"virt-tools/internal/cli/record"
	"virt-tools/internal/cloneprep"
	"virt-tools/pkg/guestfs"
)

// clone is a clone in the report.
type clone struct {
	Disks    []string `json:"disks"`
	Hostname string   `json:"hostname,omitempty"` // as it was set
	DryRun   bool     `json:"dry_run"`
	*cloneprep.Report
}

type report struct {
	Clones []clone `json:"clones"`
}

func (o *options) run(ctx context.Context, console *cli.Console) error {
	if o.ListOperations {
		return listOperations(console)
	}
	recipe, err := o.recipe()
	if err != nil {
		return err
	}
	if o.PrintRecipe {
		return recipe.Print(console.Out)
	}
	if err := o.FilesOnly(ctx); err != nil {
		return err
	}
	if err := o.checkTargets(); err != nil {
		return err
	}
	plan, err := settings(recipe)
	if err != nil {
		return err
	}
	if plan.MountOptions, err = parseMountOptions(o.MountOptions); err != nil {
		return err
	}
	plan.Unlock = func(ctx context.Context, g *guestfs.Handle) error { return o.Keys.Open(ctx, g, console) }
	start := time.Now()
	plan.Log = func(text string) {
		if !o.Quiet && o.Report == "" {
			fmt.Fprintf(console.Out, "[%6.1f] %s\n", time.Since(start).Seconds(), text)
			_ = console.Out.Flush() // an error stays, and fails the program
		}
	}
	done := report{Clones: []clone{}}
	for n := range max(o.Count, 1) {
		name := o.cloneName(n)
		if name != "" {
			plan.Hostname = name
		}
		c, err := o.clone(ctx, console, plan, name)
		if err != nil {
			if o.Count > 0 {
				err = fmt.Errorf("%s: %w", name, err)
			}
			return errors.Join(err, o.write(console, done))
		}
		done.Clones = append(done.Clones, *c)
	}
	return o.write(console, done)
}

// write writes the report, also of the clones made before one failed.
func (o *options) write(console *cli.Console, done report) error {
	switch o.Report {
	case "json":
		return record.JSON(console.Out, done)
	case "yaml":
		return record.YAML(console.Out, done)
	}
	return nil
}

// clone makes one clone.
func (o *options) clone(ctx context.Context, console *cli.Console, plan cloneprep.Settings, name string) (_ *clone, err error) {
	var targets []string
	for i := range o.CopyTo {
		targets = append(targets, o.target(i, name))
	}
	d, err := newDisks(ctx, o.Drives(), targets, o.Overlay, o.DryRun, console)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, d.discard()) }()
	if name != "" {
		plan.Log("Making " + name)
	}
	done, err := o.prepare(ctx, console, plan, d)
	if err != nil {
		return nil, err
	}
	for _, warning := range done.Warnings {
		console.Warn(errors.New(warning))
	}
	if err := d.keep(ctx); err != nil {
		return nil, err
	}
	return &clone{Disks: d.names(), Hostname: plan.Hostname, DryRun: o.DryRun, Report: done}, nil
}

// prepare changes what is in the overlays.
func (o *options) prepare(ctx context.Context, console *cli.Console, plan cloneprep.Settings, d *disks) (_ *cloneprep.Report, err error) {
	g, err := o.LaunchOver(ctx, console, d.overlays)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, g.Close()) }()
	done, err := cloneprep.Run(ctx, g, plan)
	if err != nil {
		return nil, advise(err)
	}
	return done, g.Shutdown(ctx)
}

// advise adds what can be done about an error.
func advise(err error) error {
	var blocked *cloneprep.BlockedError
	var hibernated *cloneprep.HibernatedError
	switch {
	case errors.As(err, &blocked):
		return cli.Hint(err, "nothing was changed; --force goes on all the same, --operations defaults,-uuids,-lvm-uuids keeps the identifiers")
	case errors.As(err, &hibernated):
		return cli.Hint(err, "nothing was changed; start Windows, and shut it down with: shutdown /s /t 0")
	case errors.Is(err, cloneprep.ErrNoSystem):
		return cli.Hint(err, "give all disks of the guest, in order; an encrypted one needs --key")
	}
	return err
}

// listOperations prints a line for each: its name, a star when it is a default,
// what it does.
func listOperations(console *cli.Console) error {
	width := 0
	for _, op := range cloneprep.Operations() {
		width = max(width, len(op.Name))
	}
	for _, op := range cloneprep.Operations() {
		star := " "
		if op.IsDefault {
			star = "*"
		}
		if _, err := fmt.Fprintf(console.Out, "%-*s %s %s\n", width, op.Name, star, op.Heading); err != nil {
			return err
		}
	}
	return nil
}
