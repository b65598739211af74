package main

import (
	"context"
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"virt-tools/internal/cli"
	"virt-tools/internal/cli/record"
	"virt-tools/pkg/guestfs"
)

type templateOptions struct {
	System bool     `help:"Make or remove the template for all users."`
	All    bool     `help:"Remove all templates."`
	JSON   bool     `name:"json" xor:"output" help:"Write the list as JSON."`
	YAML   bool     `name:"yaml" xor:"output" help:"Write the list as YAML."`
	Action string   `arg:"" optional:"" enum:"list,make,remove" default:"list" help:"list, make or remove."`
	Names  []string `arg:"" optional:"" name:"name" help:"Templates to remove."`
}

// check refuses what an action has no use for.
func (t *templateOptions) check() error {
	switch {
	case t.Action != "list" && (t.JSON || t.YAML):
		return fmt.Errorf("template %s: --json and --yaml are for the list", t.Action)
	case t.Action == "list" && t.System:
		return errors.New("template list: --system is not needed: all are listed")
	case t.Action != "remove" && (t.All || len(t.Names) > 0):
		return fmt.Errorf("template %s: names and --all are for remove", t.Action)
	case t.Action == "remove" && t.All == (len(t.Names) > 0):
		return cli.Hint(errors.New("template remove: either names or --all are needed"), "virt-appliance template lists the names")
	}
	return nil
}

func (o *options) template(ctx context.Context, c *cli.Console) error {
	t := &o.Template
	if err := t.check(); err != nil {
		return err
	}
	switch t.Action {
	case "make":
		return guestfs.SaveTemplate(ctx, nil, t.System)
	case "remove":
		return t.remove()
	}
	list, err := guestfs.Templates(nil)
	if err != nil {
		return err
	}
	return t.print(c, list)
}

func (t *templateOptions) remove() error {
	names := t.Names
	if t.All {
		list, err := guestfs.Templates(nil)
		if err != nil {
			return err
		}
		for _, e := range list {
			if e.System == t.System {
				names = append(names, e.Name)
			}
		}
	}
	var errs []error
	for _, name := range names {
		errs = append(errs, guestfs.RemoveTemplate(nil, name, t.System))
	}
	return errors.Join(errs...)
}

// templateRecord is a template in the output for programs.
type templateRecord struct {
	Name     string `json:"name" yaml:"name"`
	Path     string `json:"path" yaml:"path"`
	System   bool   `json:"system" yaml:"system"`
	Bytes    int64  `json:"bytes" yaml:"bytes"`
	Kernel   string `json:"kernel" yaml:"kernel"`
	QEMU     string `json:"qemu" yaml:"qemu"`
	Accel    string `json:"accelerator" yaml:"accelerator"`
	MemoryMB int    `json:"memory_mb" yaml:"memory_mb"`
	Made     string `json:"made" yaml:"made"`
	Used     string `json:"used" yaml:"used"`
	Damage   string `json:"damage,omitempty" yaml:"damage,omitempty"`
}

func (t *templateOptions) print(c *cli.Console, list []guestfs.TemplateInfo) error {
	records := []templateRecord{}
	for _, e := range list {
		records = append(records, templateRecord{
			Name: e.Name, Path: e.Path, System: e.System, Bytes: e.Bytes, Kernel: e.Kernel, QEMU: e.QEMU, Accel: e.Accel,
			MemoryMB: e.MemoryMB, Made: e.Made.Format(time.RFC3339), Used: e.Used.Format(time.RFC3339), Damage: e.Damage,
		})
	}
	switch {
	case t.JSON:
		return record.JSON(c.Out, records)
	case t.YAML:
		return record.YAML(c.Out, records)
	case len(list) == 0:
		return nil
	}
	w := tabwriter.NewWriter(c.Out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "NAME\tSIZE\tUSED\tMEMORY\tACCELERATOR\tKERNEL\tFOR")
	for _, e := range list {
		who := "this user"
		if e.System {
			who = "all users"
		}
		if e.Damage != "" {
			who = "nobody: " + e.Damage
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%d MB\t%s\t%s\t%s\n", e.Name, human(e.Bytes), e.Used.Format("2006-01-02 15:04"), e.MemoryMB, e.Accel, orDash(e.Kernel), who)
	}
	return w.Flush()
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
