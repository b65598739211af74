package daemon

import (
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// optionList builds the command line of a program from optional arguments. The
// first error sticks.
type optionList struct {
	argv []string
	err  error
}

func (l *optionList) fail(format string, v ...any) {
	if l.err == nil {
		l.err = withErrno(syscall.EINVAL, format, v...)
	}
}

// flag adds an option that has no value.
func (l *optionList) flag(option string, on *bool) {
	if on != nil && *on {
		l.argv = append(l.argv, option)
	}
}

// either adds an option with one of two values.
func (l *optionList) either(option, yes, no string, on *bool) {
	switch {
	case on == nil:
	case *on:
		l.text(option, &yes)
	default:
		l.text(option, &no)
	}
}

// joined adds an option whose value is a list with commas.
func (l *optionList) joined(option string, values *optionList) {
	if l.err = values.err; len(values.argv) > 0 {
		l.argv = append(l.argv, option, strings.Join(values.argv, ","))
	}
}

// text adds an option with a value; an empty option is for values alone.
func (l *optionList) text(option string, s *string) {
	if s == nil {
		return
	}
	if option != "" {
		l.argv = append(l.argv, option)
	}
	l.argv = append(l.argv, *s)
}

func (l *optionList) oneOf(option, name string, s *string, words ...string) {
	if s != nil && !slices.Contains(words, *s) {
		l.fail("invalid %s parameter: %s", name, *s)
	}
	l.text(option, s)
}

// count adds an option whose value is a number that is not negative, behind a
// prefix as in -E stride=16.
func (l *optionList) count(option, prefix, name string, n *int) {
	if n != nil {
		wide := int64(*n)
		l.count64(option, prefix, name, &wide)
	}
}

func (l *optionList) count64(option, prefix, name string, n *int64) {
	if n == nil {
		return
	}
	if *n < 0 {
		l.fail("%s must be >= 0", name)
	}
	value := prefix + strconv.FormatInt(*n, 10)
	l.text(option, &value)
}

// power adds an option whose value is a power of two.
func (l *optionList) power(option, name string, n *int) {
	if n != nil && (*n <= 0 || *n&(*n-1) != 0) {
		l.fail("%s must be > 0 and a power of two", name)
	}
	l.count(option, "", name, n)
}
