package cli

import (
	_ "embed"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"virt-tools/internal/cli/roff"
)

// standard is the prose for the options and sections that all tools share.
//
//go:embed standard.1.md
var standard string

// released is the date in the manual pages, unless SOURCE_DATE_EPOCH says otherwise.
var released = time.Date(2026, time.November, 22, 0, 0, 0, 0, time.UTC)

// closing are the sections that end a page, taken from the shared prose if the tool's
// own has none of that name.
var closing = []string{"Exit status", "Environment"}

// manual is the manual page. Its prose comes in sections ("## Description"); in the section
// Options each entry is headed by the long name ("### --csv"). Every visible option
// must have an entry, in the tool's prose or the shared one, and every entry of the
// tool's prose an option; each one missing is an error.
func (p Program) manual(root *kong.Node) (string, error) {
	own, shared := parseProse(p.Page), parseProse(standard)
	if _, found := own.section("Options"); !found {
		return "", fmt.Errorf("%s.1.md: the section Options is missing", p.Name)
	}
	date, err := manualDate()
	if err != nil {
		return "", err
	}
	var page roff.Page
	page.Title(p.Name, "1", date, "virt-tools "+version)
	page.Section("Name")
	page.Line(p.Name + " - " + p.Summary)
	page.Section("Synopsis")
	for i, usage := range p.Usage {
		if i > 0 {
			page.Break()
		}
		page.Line("`" + p.Name + "` " + usage)
	}
	for _, s := range own.sections {
		switch {
		case s.name == "Options":
			page.Section(s.name)
			if err := entries(&page, allOptions(root), own, shared); err != nil {
				return "", fmt.Errorf("%s.1.md: %w", p.Name, err)
			}
		case !slices.Contains(closing, s.name):
			page.Section(s.name)
			page.Markdown(s.text)
		}
	}
	for _, name := range closing {
		text, found := own.section(name)
		if !found {
			text, _ = shared.section(name)
		}
		page.Section(name)
		page.Markdown(text)
	}
	if len(p.SeeAlso) > 0 {
		page.Section("See also")
		page.Line(strings.Join(p.SeeAlso, ", "))
	}
	return page.String(), nil
}

// allOptions are the visible options of root and of its sub-commands, each name once.
func allOptions(root *kong.Node) []option {
	all := visible(root)
	seen := map[string]bool{}
	for _, o := range all {
		seen[o.long] = true
	}
	for _, command := range visibleCommands(root) {
		for _, o := range visible(command) {
			if !seen[o.long] {
				seen[o.long] = true
				all = append(all, o)
			}
		}
	}
	return all
}

// entries writes the options with their prose.
func entries(page *roff.Page, all []option, own, shared *prose) error {
	var errs []error
	known := map[string]bool{}
	for _, o := range all {
		known[o.long] = true
		text, found := own.entries[o.long]
		if !found {
			text, found = shared.entries[o.long]
		}
		if !found {
			errs = append(errs, fmt.Errorf("no entry for --%s", o.long))
			continue
		}
		page.Item(heading(o))
		page.ItemMarkdown(text)
	}
	for _, name := range own.order {
		if !known[name] {
			errs = append(errs, fmt.Errorf("an entry for --%s, which is no option", name))
		}
	}
	return errors.Join(errs...)
}

// heading is the head of an option's entry in Markdown: "`-a` *FILE*, `--add`=*FILE*".
func heading(o option) string {
	var b strings.Builder
	if o.short != 0 {
		fmt.Fprintf(&b, "`-%c`", o.short)
		if o.kind == requiredArgument {
			fmt.Fprintf(&b, " *%s*", o.value)
		}
		b.WriteString(", ")
	}
	for i, long := range o.longNames() {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "`--%s`", long)
		switch o.kind {
		case requiredArgument:
			fmt.Fprintf(&b, "=*%s*", o.value)
		case optionalArgument:
			fmt.Fprintf(&b, "[=*%s*]", o.value)
		}
	}
	return b.String()
}

func manualDate() (string, error) {
	when := released
	if epoch := os.Getenv("SOURCE_DATE_EPOCH"); epoch != "" {
		seconds, err := strconv.ParseInt(epoch, 10, 64)
		if err != nil {
			return "", fmt.Errorf("SOURCE_DATE_EPOCH: %w", err)
		}
		when = time.Unix(seconds, 0).UTC()
	}
	return when.Format(time.DateOnly), nil
}
