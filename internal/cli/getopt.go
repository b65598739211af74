package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// A line is a command line, taken apart by the rules of getopt_long: options may stand
// anywhere before "--", long names may be shortened while they stay unambiguous, letters
// may be bundled, a value may follow its letter directly, and an optional value
// needs its "=".
type line struct {
	args   []string // for kong: "--name=value" each, sub-command, "--", the rest
	inform *given   // the first option that asks for information, such as --help
}

// given is one option as it was given.
type given struct {
	option option
	value  string
}

// getopt takes args apart for the program that root describes. It stops at an option that
// asks for information: whether what follows is right does not matter then.
func getopt(root *kong.Node, args []string) (*line, error) {
	l := &line{}
	node := root
	var rest []string
	for len(args) > 0 && l.inform == nil {
		arg := args[0]
		args = args[1:]
		var err error
		switch {
		case arg == "--":
			rest = append(rest, args...)
			args = nil
		case strings.HasPrefix(arg, "--"):
			args, err = l.long(options(node), arg[2:], args)
		case len(arg) > 1 && arg[0] == '-':
			args, err = l.bundle(options(node), arg[1:], args)
		case command(node, arg) != nil:
			node = command(node, arg)
			l.args = append(l.args, arg)
		default:
			rest = append(rest, arg)
		}
		if err != nil {
			return nil, err
		}
	}
	if len(rest) > 0 {
		l.args = append(append(l.args, "--"), rest...)
	}
	return l, nil
}

// command is the sub-command of node that name names, nil when there is none.
func command(node *kong.Node, name string) *kong.Node {
	for _, child := range node.Children {
		if child.Name == name {
			return child
		}
	}
	return nil
}

// long reads "name" or "name=value"; args is what follows it. It returns what is left.
func (l *line) long(known []option, text string, args []string) ([]string, error) {
	name, value, hasValue := strings.Cut(text, "=")
	o, err := findLong(known, name)
	if err != nil {
		return nil, err
	}
	switch {
	case o.kind == noArgument && hasValue:
		return nil, fmt.Errorf("option --%s does not take a value", o.long)
	case o.kind == requiredArgument && !hasValue:
		if len(args) == 0 {
			return nil, fmt.Errorf("option --%s needs a value (%s)", o.long, o.value)
		}
		value, args = args[0], args[1:]
	}
	l.add(o, value)
	return args, nil
}

// bundle reads the letters after a single "-".
func (l *line) bundle(known []option, letters string, args []string) ([]string, error) {
	for i, letter := range letters {
		at := slices.IndexFunc(known, func(o option) bool { return o.short == letter })
		if at < 0 {
			return nil, fmt.Errorf("unknown option -%c", letter)
		}
		o := known[at]
		if o.kind != requiredArgument {
			l.add(o, "")
			if l.inform != nil {
				break
			}
			continue
		}
		value := letters[i+len(string(letter)):]
		if value == "" {
			if len(args) == 0 {
				return nil, fmt.Errorf("option -%c needs a value (%s)", letter, o.value)
			}
			value, args = args[0], args[1:]
		}
		l.add(o, value)
		break
	}
	return args, nil
}

// findLong finds the option called name or, when none is, the only one with a long name that
// starts with it.
// Hidden ones must be spelled out, lest adding one break a script's abbreviation.
func findLong(known []option, name string) (option, error) {
	var candidates []option
	for _, o := range known {
		if slices.Contains(o.longNames(), name) {
			return o, nil
		}
		begins := func(long string) bool { return strings.HasPrefix(long, name) }
		if !o.hidden && slices.ContainsFunc(o.longNames(), begins) {
			candidates = append(candidates, o)
		}
	}
	switch len(candidates) {
	case 0:
		return option{}, fmt.Errorf("unknown option --%s", name)
	case 1:
		return candidates[0], nil
	}
	var names []string
	for _, o := range candidates {
		names = append(names, "--"+o.long)
	}
	return option{}, fmt.Errorf("option --%s is ambiguous: it may be %s", name, strings.Join(names, " or "))
}

func (l *line) add(o option, value string) {
	if o.informs {
		l.inform = &given{o, value}
	}
	arg := "--" + o.long
	if o.kind != noArgument {
		arg += "=" + value
	}
	l.args = append(l.args, arg)
}
