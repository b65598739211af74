package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"

	"github.com/alecthomas/kong"
)

// version of the whole suite. A build sets it with -ldflags "-X virt-tools/internal/cli.version=...".
var version = "0.1.0"

// Program is what a tool says about itself.
type Program struct {
	Name    string   // virt-df
	Summary string   // one line, lower case, no full stop
	Usage   []string // what follows the name, one way to call it each
	Page    string   // the prose of the manual page: virt-df.1.md
	SeeAlso []string // virt-cat(1)
}

// Run parses args into opts, a pointer to the tool's struct of options, checks them and
// calls do. It reports the error and returns the exit status.
//
// When opts has a method Check, that is called after parsing, before do.
func (p Program) Run(ctx context.Context, args []string, stdio Stdio, opts Options, do func(context.Context, *Console) error) int {
	console := newConsole(p.Name, stdio)
	parser := p.parser(opts)
	line, err := getopt(parser.Model.Node, args)
	if err != nil {
		return console.finish(ctx, p.usage(err))
	}
	if line.inform != nil {
		return console.finish(ctx, p.inform(parser.Model.Node, *line.inform, console.Out))
	}
	parsed, err := parser.Parse(line.args)
	if err != nil {
		return console.finish(ctx, p.usage(err))
	}
	if selected := parsed.Selected(); selected != nil {
		console.Command = selected.Name
	}
	console.verbose, console.trace = opts.common().Verbose, opts.common().Trace
	if checker, ok := opts.(interface{ Check() error }); ok {
		if err := checker.Check(); err != nil {
			return console.finish(ctx, err)
		}
	}
	return console.finish(ctx, do(ctx, console))
}

// parser builds the model of opts. An error in it is a mistake in the tool's struct tags,
// which every start of the tool and every test meets.
func (p Program) parser(opts Options) *kong.Kong {
	settings := []kong.Option{kong.Name(p.Name), kong.NoDefaultHelp()}
	if g, ok := opts.(interface{ guest() *Guest }); ok {
		settings = append(settings, g.guest().mappers()...)
	}
	if st, ok := opts.(stepper); ok {
		for name, take := range st.Steps() {
			settings = append(settings, kong.NamedMapper(name, mapper(take)))
		}
	}
	parser, err := kong.New(opts, settings...)
	if err != nil {
		panic(fmt.Sprintf("%s: options in %v: %v", p.Name, reflect.TypeOf(opts), err))
	}
	return parser
}

// usage adds the usual advice to an error in the command line that brings none itself.
func (p Program) usage(err error) error {
	var a advised
	if errors.As(err, &a) {
		return err
	}
	return Hint(err, "%s --help lists the options", p.Name)
}

// inform carries out an option that only asks for information.
func (p Program) inform(root *kong.Node, asked given, out io.Writer) error {
	text := ""
	switch asked.option.long {
	case "help":
		text = p.help(root)
	case "version":
		text = p.Name + " " + version + "\n"
	case "long-options":
		for _, o := range visible(root) {
			for _, long := range o.longNames() {
				text += "--" + long + "\n"
			}
		}
	case "short-options":
		for _, o := range visible(root) {
			if o.short != 0 {
				text += "-" + string(o.short) + "\n"
			}
		}
	case "generate":
		var err error
		if text, err = p.generate(root, asked.value); err != nil {
			return err
		}
	}
	_, err := io.WriteString(out, text)
	return err
}
