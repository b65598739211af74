package cli

import (
	"reflect"

	"github.com/alecthomas/kong"
)

// Step is an option that may be given again and again, and whose place among its
// like counts: an edit of several, done one after the other. The tag type:"name"
// says which function of Steps takes its values:
//
//	Write cli.Step `type:"write" placeholder:"FILE:TEXT" help:"..."`
type Step struct{}

// stepper is a tool's struct of options that has options of the type Step. The
// functions are called in the order of the command line, before Check.
type stepper interface {
	Steps() map[string]func(value string) error
}

// mapper makes kong call take with the value of an option, and keep nothing.
func mapper(take func(string) error) kong.MapperFunc {
	return func(ctx *kong.DecodeContext, _ reflect.Value) error {
		value, err := ctx.Scan.PopValue("text")
		if err != nil {
			return err
		}
		return take(value.String())
	}
}
