package edit

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"strconv"
	"strings"
	"unicode"
)

// command is one change to the lines of its address.
type command struct {
	at     address
	remove bool // the line

	re      *regexp.Regexp
	with    []piece
	matches int // how many are replaced: 1, or -1 for all
}

// address says which lines a command is for: all, line N, lines N to M (N,M),
// or those that match (/REGEXP/).
type address struct {
	first, last int // 0: any
	re          *regexp.Regexp
}

func (a *address) holds(n int, line []byte) bool {
	switch {
	case a.re != nil:
		return a.re.Match(line)
	case a.first != 0:
		return n >= a.first && n <= a.last
	}
	return true
}

// substitute replaces what matches. Bytes that are no UTF-8 stay as they are.
func (c *command) substitute(line []byte) []byte {
	found := c.re.FindAllSubmatchIndex(line, c.matches)
	if found == nil {
		return line
	}
	var out []byte
	end := 0
	for _, at := range found {
		out = append(out, line[end:at[0]]...)
		for _, p := range c.with {
			switch {
			case p.group < 0:
				out = append(out, p.text...)
			case at[2*p.group] >= 0:
				out = append(out, line[at[2*p.group]:at[2*p.group+1]]...)
			}
		}
		end = at[1]
	}
	return append(out, line[end:]...)
}

// errPerl is the reason for what only perl can do; text is the rest to read.
func errPerl(text string) error { return fmt.Errorf("not a substitution at %q", text) }

var (
	errUnended = errors.New("not ended")
	errGroup   = errors.New("no such group")
)

// parse reads what sed and Perl both understand.
func parse(text string) ([]command, error) {
	var commands []command
	for {
		text = strings.TrimLeft(text, " \t\n;")
		if text == "" {
			break
		}
		c, rest, err := parseCommand(text)
		if err != nil {
			return nil, err
		}
		if rest = strings.TrimLeft(rest, " \t\n"); rest != "" && rest[0] != ';' {
			return nil, errPerl(rest)
		}
		commands, text = append(commands, c), rest
	}
	if len(commands) == 0 {
		return nil, errPerl("")
	}
	return commands, nil
}

func parseCommand(text string) (c command, rest string, err error) {
	if c.at, text, err = parseAddress(text); err != nil {
		return c, "", err
	}
	switch {
	case strings.HasPrefix(text, "d") && c.at != (address{}):
		c.remove = true
		return c, text[1:], nil
	case len(text) < 2 || text[0] != 's' || !delimits(text[1]):
		return c, "", errPerl(text)
	}
	delim := text[1]
	pattern, rest, err := until(text[2:], delim)
	if err != nil {
		return c, "", err
	}
	with, rest, err := until(rest, delim)
	if err != nil {
		return c, "", err
	}
	flags := rest[:len(rest)-len(strings.TrimLeftFunc(rest, unicode.IsLetter))]
	if c.re, c.matches, err = compile(pattern, flags); err != nil {
		return c, "", err
	}
	c.with, err = replacement(with, c.re.NumSubexp())
	return c, rest[len(flags):], err
}

func parseAddress(text string) (a address, rest string, err error) {
	if strings.HasPrefix(text, "/") {
		pattern, rest, err := until(text[1:], '/')
		if err != nil {
			return a, "", err
		}
		a.re, _, err = compile(pattern, "")
		return a, strings.TrimLeft(rest, " "), err
	}
	number := func() (n int, err error) {
		digits := text[:len(text)-len(strings.TrimLeft(text, "0123456789"))]
		text = text[len(digits):]
		n, err = strconv.Atoi(digits)
		if err == nil && n == 0 {
			err = errPerl(text)
		}
		return n, err
	}
	if text[0] < '0' || text[0] > '9' {
		return a, text, nil
	}
	if a.first, err = number(); err != nil {
		return a, "", err
	}
	a.last = a.first
	if strings.HasPrefix(text, ",") {
		text = text[1:]
		if a.last, err = number(); err != nil {
			return a, "", err
		}
	}
	return a, strings.TrimLeft(text, " "), nil
}

// delimits tells whether a character can stand around the parts of s. Perl
// pairs brackets, and takes ' and # to mean more.
func delimits(b byte) bool { return strings.IndexByte("/|!,:;%@+=~^\"&*.-_?", b) >= 0 && b != '_' }

// until splits text at the delimiter. One after a backslash does not count, and
// stands for itself unless it would mean something in a regular expression.
func until(text string, delim byte) (part, rest string, err error) {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == delim:
			return b.String(), text[i+1:], nil
		case text[i] == '\\' && i+1 < len(text):
			i++
			if text[i] == delim {
				if regexp.QuoteMeta(string(delim)) != string(delim) {
					return "", "", errPerl(text)
				}
			} else {
				b.WriteByte('\\')
			}
		}
		b.WriteByte(text[i])
	}
	return "", "", fmt.Errorf("%q: %w", text, errUnended)
}

// compile makes a regular expression mean what it does in Perl: $ is the end of
// the line before its "\n" or after it. Where a variable would be put in, or the
// syntax is Perl's alone, it fails.
func compile(pattern, flags string) (re *regexp.Regexp, matches int, err error) {
	matches = 1
	mode := syntax.Perl
	for _, f := range flags {
		switch f {
		case 'g':
			matches = -1
		case 'i':
			mode |= syntax.FoldCase
		case 's':
			mode |= syntax.DotNL
		case 'm':
			mode &^= syntax.OneLine
		default:
			return nil, 0, fmt.Errorf("flag %q", f)
		}
	}
	// An empty pattern is the one before in Perl.
	if pattern == "" || interpolates(pattern) {
		return nil, 0, errPerl(pattern)
	}
	tree, err := syntax.Parse(pattern, mode)
	if err != nil {
		return nil, 0, err
	}
	endLine(tree)
	re, err = regexp.Compile(tree.String())
	return re, matches, err
}

// endLine lets $ match before the end of a line too. There is one at most, and
// it comes last, so that this is the same as at the end of lines.
func endLine(tree *syntax.Regexp) {
	if tree.Op == syntax.OpEndText && tree.Flags&syntax.WasDollar != 0 {
		tree.Op = syntax.OpEndLine
	}
	for _, sub := range tree.Sub {
		endLine(sub)
	}
}

// interpolates tells whether Perl would put a variable into the pattern.
func interpolates(pattern string) bool {
	for i := 0; i+1 < len(pattern); i++ {
		switch next := rune(pattern[i+1]); {
		case pattern[i] == '\\':
			i++
		case pattern[i] == '$' && (unicode.IsLetter(next) || unicode.IsDigit(next) || strings.ContainsRune("_{$&:", next)):
			return true
		}
	}
	return false
}
