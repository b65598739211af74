package cli

import (
	"cmp"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// argumentKind says whether an option takes a value.
type argumentKind int

const (
	noArgument argumentKind = iota
	requiredArgument
	optionalArgument // only as --name=value, as in getopt_long
)

// option is one option of a program: what getopt, the help text, the manual page and the
// completions need of kong's flag.
type option struct {
	long     string
	aliases  []string // other long names
	short    rune     // 0: none
	kind     argumentKind
	value    string // placeholder of the value
	help     string
	hidden   bool
	informs  bool     // asks for information; nothing else is done then
	complete []string // words to offer as the value; "file" alone offers files
}

// options lists the options that can be given at node, sorted by their long names. Three
// tags are ours beside kong's: value:"optional" (getopt's optional argument), informs:""
// (--help and the like) and complete:"file" or complete:"a,b" (what a shell offers).
func options(node *kong.Node) []option {
	var all []option
	for _, group := range node.AllFlags(false) {
		for _, flag := range group {
			all = append(all, newOption(flag))
		}
	}
	slices.SortFunc(all, func(a, b option) int { return cmp.Compare(a.long, b.long) })
	return all
}

// visible lists the options at node that are shown to people.
func visible(node *kong.Node) []option {
	return slices.DeleteFunc(options(node), func(o option) bool { return o.hidden })
}

func newOption(flag *kong.Flag) option {
	o := option{
		long:    flag.Name,
		aliases: flag.Aliases,
		short:   flag.Short,
		kind:    requiredArgument,
		help:    flag.Help,
		hidden:  flag.Hidden,
		informs: flag.Tag.Has("informs"),
	}
	switch {
	case flag.IsBool() || flag.IsCounter():
		o.kind = noArgument
	case flag.Tag.Get("value") == "optional":
		o.kind = optionalArgument
	}
	if o.kind != noArgument {
		o.value = flag.FormatPlaceHolder()
	}
	if words := flag.Tag.Get("complete"); words != "" {
		o.complete = strings.Split(words, ",")
	}
	return o
}

// takesFile says that the shell offers file names as the value.
func (o option) takesFile() bool { return len(o.complete) == 1 && o.complete[0] == "file" }

// longNames are the long names of the option, the main one first.
func (o option) longNames() []string { return append([]string{o.long}, o.aliases...) }

// spellings are the ways to write the option: "-a FILE", "--add=FILE".
func (o option) spellings() []string {
	var all []string
	if o.short != 0 {
		s := "-" + string(o.short)
		if o.kind == requiredArgument {
			s += " " + o.value
		}
		all = append(all, s)
	}
	switch o.kind {
	case requiredArgument:
		return append(all, "--"+o.long+"="+o.value)
	case optionalArgument:
		return append(all, "--"+o.long+"[="+o.value+"]")
	}
	return append(all, "--"+o.long)
}
