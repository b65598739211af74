package cli

import (
	"context"
	"fmt"
	"strings"
	"testing"
)

type stepOptions struct {
	Common
	Write  Step `type:"write" placeholder:"X" help:"Write X."`
	Append Step `short:"p" type:"append" aliases:"add-line" placeholder:"X" help:"Append X."`

	steps []string
}

func (o *stepOptions) Steps() map[string]func(string) error {
	note := func(name string) func(string) error {
		return func(value string) error {
			if value == "" {
				return fmt.Errorf("nothing to %s", name)
			}
			o.steps = append(o.steps, name+" "+value)
			return nil
		}
	}
	return map[string]func(string) error{"write": note("write"), "append": note("append")}
}

func TestSteps(t *testing.T) {
	p := Program{Name: "virt-steps"}
	run := func(args ...string) (steps, stderr string) {
		var o stepOptions
		var out, errs strings.Builder
		p.Run(t.Context(), args, Stdio{strings.NewReader(""), &out, &errs}, &o, func(context.Context, *Console) error { return nil })
		return strings.Join(o.steps, ", "), errs.String()
	}
	steps, stderr := run("--write=a", "-pb", "--write", "c", "--add-line", "d", "--app=e")
	if want := "write a, append b, write c, append d, append e"; steps != want || stderr != "" {
		t.Errorf("steps %q, stderr %q; want %q", steps, stderr, want)
	}
	if _, stderr := run("--write="); !strings.Contains(stderr, "nothing to write") {
		t.Errorf("stderr %q", stderr)
	}
	if steps, stderr := run("--add-l=x"); steps != "append x" || stderr != "" {
		t.Errorf("a shortened alias: steps %q, stderr %q", steps, stderr)
	}
}
