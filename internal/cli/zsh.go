package cli

import (
	"fmt"
	"strings"

	"github.com/alecthomas/kong"
)

// zsh is a completion script to be installed as _program in zsh's fpath.
func (p Program) zsh(root *kong.Node) string {
	var b strings.Builder
	fmt.Fprintf(&b, "#compdef %s\n\n_arguments -s -S \\\n", p.Name)
	for _, o := range allOptions(root) {
		fmt.Fprintf(&b, "\t%s \\\n", zshOption(o))
	}
	if commands := visibleCommands(root); len(commands) > 0 {
		var words []string
		for _, command := range commands {
			words = append(words, command.Name)
		}
		fmt.Fprintf(&b, "\t'1:command:(%s)' \\\n", strings.Join(words, " "))
	}
	b.WriteString("\t'*:file:_files'\n")
	return b.String()
}

// zshOption is one specification for _arguments. An option can be given again, hence "*".
func zshOption(o option) string {
	long := "--" + o.long
	rest := "[" + zshQuote(o.help) + "]"
	switch o.kind {
	case requiredArgument:
		long += "="
		rest += ":" + zshQuote(o.value) + ":" + zshValues(o)
	case optionalArgument:
		long += "=-"
		rest += "::" + zshQuote(o.value) + ":" + zshValues(o)
	}
	if o.short == 0 {
		return "'*" + long + rest + "'"
	}
	short := "-" + string(o.short)
	if o.kind == requiredArgument {
		short += "+"
	}
	return "'*'{" + short + "," + long + "}'" + rest + "'"
}

func zshValues(o option) string {
	switch {
	case o.takesFile():
		return "_files"
	case len(o.complete) > 0:
		return "(" + strings.Join(o.complete, " ") + ")"
	}
	return " " // a value, with nothing to offer
}

// zshQuote escapes what _arguments and the single quotes around it would take for syntax.
func zshQuote(text string) string {
	return strings.NewReplacer(`'`, `'\''`, `[`, `\[`, `]`, `\]`, `:`, `\:`, `\`, `\\`).Replace(text)
}
