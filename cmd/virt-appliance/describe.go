package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"virt-tools/appliance"
	"virt-tools/internal/cli"
	"virt-tools/internal/cli/record"
	"virt-tools/internal/cli/size"
)

type describeOptions struct {
	JSON bool   `name:"json" xor:"output" help:"Write JSON."`
	YAML bool   `name:"yaml" xor:"output" help:"Write YAML."`
	Dir  string `arg:"" optional:"" help:"Folder of an appliance, instead of the one that would be used."`
}

func (o *options) describe(ctx context.Context, c *cli.Console) error {
	a, err := o.chosen(ctx, c)
	if err != nil {
		return err
	}
	d, err := a.Describe()
	if err != nil {
		return err
	}
	switch {
	case o.Describe.JSON:
		return record.JSON(c.Out, d)
	case o.Describe.YAML:
		return record.YAML(c.Out, d)
	}
	return printDescription(c.Out, d)
}

func (o *options) chosen(ctx context.Context, c *cli.Console) (*appliance.Appliance, error) {
	if o.Describe.Dir != "" {
		return appliance.Open(o.Describe.Dir)
	}
	return appliance.Find(ctx, notes(c))
}

// printDescription writes the text for people.
func printDescription(w io.Writer, d *appliance.Description) error {
	out := &lines{w: w}
	out.item("folder", d.Dir)
	out.item("kernel", fmt.Sprintf("%s, %s, %s, from %s", d.Kernel.Version, d.Kernel.Format, human(d.Kernel.Bytes), d.Kernel.Source))
	out.item("initramfs", fmt.Sprintf("%s in %d files", human(d.Initrd.Bytes), d.Initrd.Files))
	out.item("daemon", human(d.Initrd.DaemonBytes))
	var on, off []string
	for _, name := range slices.Sorted(maps.Keys(d.Features)) {
		if d.Features[name] {
			on = append(on, name)
		} else {
			off = append(off, name)
		}
	}
	out.item("features", strings.Join(on, " "))
	if len(off) > 0 {
		out.item("incomplete", strings.Join(off, " "))
		out.item("left out", strings.Join(d.Missing, " "))
	}
	out.parts("programs", d.Programs)
	out.parts("libraries", d.Libraries)
	out.parts("modules", d.Modules)
	return out.err
}

// lines writes until the first error, which it keeps.
type lines struct {
	w   io.Writer
	err error
}

func (l *lines) printf(format string, args ...any) {
	if l.err == nil {
		_, l.err = fmt.Fprintf(l.w, format, args...)
	}
}

func (l *lines) item(name, value string) { l.printf("%-14s%s\n", name+":", value) }

// parts lists programs and the like, the largest first.
func (l *lines) parts(title string, parts []appliance.Part) {
	var total int64
	for _, p := range parts {
		total += p.Bytes
	}
	l.printf("\n%s: %d, %s\n", title, len(parts), human(total))
	sorted := slices.SortedStableFunc(slices.Values(parts), func(a, b appliance.Part) int {
		return int(b.Bytes - a.Bytes)
	})
	for _, p := range sorted {
		l.printf("%8s  %s\n", human(p.Bytes), p.Name)
	}
}

func human(bytes int64) string { return size.Human(bytes, 1) }
