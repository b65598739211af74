package cli

import (
	"fmt"
	"strings"

	"github.com/alecthomas/kong"
)

// bash is a completion script for bash 4 and later that needs no bash-completion package.
// Bash gives "--format=ra" to it as three words, "--format", "=" and "ra".
func (p Program) bash(root *kong.Node) string {
	name := functionName(p.Name)
	var b strings.Builder
	fmt.Fprintf(&b, "# bash completion for %s\n", p.Name)
	fmt.Fprintf(&b, "%s() {\n", name)
	b.WriteString(`	local cur=${COMP_WORDS[COMP_CWORD]} option=
	COMPREPLY=()
	if [[ $cur == "=" ]]; then
		option=${COMP_WORDS[COMP_CWORD-1]} cur=
	elif [[ ${COMP_WORDS[COMP_CWORD-1]} == "=" ]]; then
		option=${COMP_WORDS[COMP_CWORD-2]}
	else
		case ${COMP_WORDS[COMP_CWORD-1]} in
`)
	all := allOptions(root)
	var waiting []string // options whose value may be the next word
	for _, o := range all {
		if o.kind == requiredArgument {
			waiting = append(waiting, names(o)...)
		}
	}
	if len(waiting) > 0 {
		fmt.Fprintf(&b, "\t\t%s) option=${COMP_WORDS[COMP_CWORD-1]} ;;\n", strings.Join(waiting, "|"))
	}
	b.WriteString("\t\tesac\n\tfi\n\tcase $option in\n")
	for _, o := range all {
		if o.kind != noArgument {
			fmt.Fprintf(&b, "\t%s)\n\t\t%s\n\t\treturn ;;\n", strings.Join(names(o), "|"), bashValues(o))
		}
	}
	b.WriteString("\tesac\n\tcase $cur in\n\t-*)\n")
	fmt.Fprintf(&b, "\t\tmapfile -t COMPREPLY < <(compgen -W '%s' -- \"$cur\")\n", strings.Join(bashWords(all), " "))
	b.WriteString(`		[[ ${COMPREPLY[0]} == *= ]] && compopt -o nospace
		return ;;
	esac
`)
	fmt.Fprintf(&b, "\t%s\n}\n", bashArguments(root))
	fmt.Fprintf(&b, "complete -F %s %s\n", name, p.Name)
	return b.String()
}

const bashFiles = "compopt -o filenames\n\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$cur\")"

func bashValues(o option) string {
	switch {
	case o.takesFile():
		return bashFiles
	case len(o.complete) > 0:
		return fmt.Sprintf("mapfile -t COMPREPLY < <(compgen -W '%s' -- \"$cur\")", strings.Join(o.complete, " "))
	}
	return ":" // nothing to offer
}

// bashWords are the long options, with "=" where a value follows.
func bashWords(all []option) []string {
	var words []string
	for _, o := range all {
		word := "--" + o.long
		if o.kind == requiredArgument {
			word += "="
		}
		words = append(words, word)
	}
	return words
}

// bashArguments offers what can stand beside options: sub-commands, or files.
func bashArguments(root *kong.Node) string {
	commands := visibleCommands(root)
	if len(commands) == 0 {
		return strings.ReplaceAll(bashFiles, "\n\t\t", "\n\t")
	}
	var words []string
	for _, command := range commands {
		words = append(words, command.Name)
	}
	return fmt.Sprintf("compopt -o default\n\tmapfile -t COMPREPLY < <(compgen -W '%s' -- \"$cur\")", strings.Join(words, " "))
}

// names are the ways to spell an option without its value.
func names(o option) []string {
	if o.short == 0 {
		return []string{"--" + o.long}
	}
	return []string{"-" + string(o.short), "--" + o.long}
}

// functionName is a shell function's name for a program.
func functionName(program string) string { return "_" + strings.ReplaceAll(program, "-", "_") }
