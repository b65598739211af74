package cli

import (
	"fmt"
	"strings"

	"github.com/alecthomas/kong"
)

// helpColumn is where the explanations begin.
const helpColumn = 30

// help is what --help shows.
func (p Program) help(root *kong.Node) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n\nUsage:\n", p.Name, p.Summary)
	for _, usage := range p.Usage {
		fmt.Fprintf(&b, "  %s %s\n", p.Name, usage)
	}
	if commands := visibleCommands(root); len(commands) > 0 {
		b.WriteString("\nCommands:\n")
		for _, command := range commands {
			helpLine(&b, command.Name, command.Help)
		}
	}
	b.WriteString("\nOptions:\n")
	for _, o := range visible(root) {
		helpOption(&b, o)
	}
	for _, command := range visibleCommands(root) {
		own := command.Flags
		if len(own) == 0 {
			continue
		}
		fmt.Fprintf(&b, "\nOptions of %s:\n", command.Name)
		for _, flag := range own {
			if !flag.Hidden {
				helpOption(&b, newOption(flag))
			}
		}
	}
	fmt.Fprintf(&b, "\nThe manual page %s(1) says more.\n", p.Name)
	return b.String()
}

func visibleCommands(root *kong.Node) []*kong.Node {
	var commands []*kong.Node
	for _, child := range root.Children {
		if child.Type == kong.CommandNode && !child.Hidden {
			commands = append(commands, child)
		}
	}
	return commands
}

func helpOption(b *strings.Builder, o option) {
	spellings := o.spellings()
	long := spellings[len(spellings)-1]
	left := "    " + long
	if o.short != 0 {
		left = "-" + string(o.short) + ", " + long
	}
	helpLine(b, left, o.help)
}

func helpLine(b *strings.Builder, left, help string) {
	if len(left)+4 > helpColumn {
		fmt.Fprintf(b, "  %s\n%*s%s\n", left, helpColumn, "", help)
		return
	}
	fmt.Fprintf(b, "  %-*s%s\n", helpColumn-2, left, help)
}
