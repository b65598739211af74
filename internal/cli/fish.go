package cli

import (
	"fmt"
	"strings"

	"github.com/alecthomas/kong"
)

// fish is a completion script for fish.
func (p Program) fish(root *kong.Node) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# fish completion for %s\n", p.Name)
	for _, o := range allOptions(root) {
		fmt.Fprintf(&b, "complete -c %s -l %s", p.Name, o.long)
		if o.short != 0 {
			fmt.Fprintf(&b, " -s %c", o.short)
		}
		switch {
		case o.kind == noArgument:
		case o.takesFile():
			b.WriteString(" -r -F")
		case o.kind == requiredArgument:
			b.WriteString(" -x")
		default: // the value is optional, so the option alone must complete as well
			b.WriteString(" -f")
		}
		if o.kind != noArgument && !o.takesFile() && len(o.complete) > 0 {
			fmt.Fprintf(&b, " -a %s", fishQuote(strings.Join(o.complete, " ")))
		}
		fmt.Fprintf(&b, " -d %s\n", fishQuote(o.help))
	}
	for _, command := range visibleCommands(root) {
		fmt.Fprintf(&b, "complete -c %s -n __fish_use_subcommand -a %s -d %s\n", p.Name, command.Name, fishQuote(command.Help))
	}
	return b.String()
}

func fishQuote(text string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(text) + "'"
}
