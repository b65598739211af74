package api

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

var nameForm = regexp.MustCompile(`^[a-z][a-z0-9]*[A-Z]?(_[a-zA-Z0-9]+)*$`)

// Lint returns what is wrong with the table, or nil. The generator refuses a
// table that does not pass.
func Lint() error {
	var errs []error
	bad := func(c *Call, format string, args ...any) {
		errs = append(errs, fmt.Errorf("%s: %s", c.Name, fmt.Sprintf(format, args...)))
	}
	names := map[string]bool{}
	procs := map[int]string{}
	structs := map[string]bool{}
	for _, s := range Structs {
		structs[s.Name] = true
	}
	for _, c := range Calls() {
		if !nameForm.MatchString(c.Name) {
			bad(&c, "name is not lower case words joined by underscores")
		}
		if names[c.Name] {
			bad(&c, "stands in the table twice")
		}
		names[c.Name] = true
		lintNumber(&c, procs, bad)
		lintText(&c, bad)
		if c.Ret.Struct != "" && !structs[c.Ret.Struct] {
			bad(&c, "unknown structure %q", c.Ret.Struct)
		}
		if len(c.Opts) > 63 {
			bad(&c, "%d optional arguments do not fit into the mask", len(c.Opts))
		}
		for _, a := range append(c.Args, c.Opts...) {
			if a.Kind == Pointer && c.Side == Daemon {
				bad(&c, "argument %s: a pointer cannot be sent", a.Name)
			}
		}
		if c.Built() && c.Side == Daemon && c.Arg(FileOut) != nil && c.Ret.Kind != RetErr {
			bad(&c, "a call that sends a file cannot return a value as well")
		}
	}
	return errors.Join(errs...)
}

func lintNumber(c *Call, procs map[int]string, bad func(*Call, string, ...any)) {
	if c.Side == Library {
		if c.Proc != 0 {
			bad(c, "runs in the library but has number %d", c.Proc)
		}
		return
	}
	if c.Proc <= 0 {
		bad(c, "runs in the daemon but has no number")
	}
	if other := procs[c.Proc]; other != "" {
		bad(c, "number %d belongs to %s", c.Proc, other)
	}
	procs[c.Proc] = c.Name
}

func lintText(c *Call, bad func(*Call, string, ...any)) {
	if c.Built() && c.Summary == "" {
		bad(c, "is built but has no summary")
	}
	if strings.HasSuffix(c.Summary, ".") {
		bad(c, "summary ends in a full stop")
	}
	if (c.Status == Partial || c.Status == NotPlanned) && c.Note == "" {
		bad(c, "is %s but has no note that says why", c.Status)
	}
}
