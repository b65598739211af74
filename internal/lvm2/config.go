package lvm2

import (
	"slices"
	"strconv"
	"strings"
)

// section is a part of LVM's text format: "name { ... }" with keys and further
// sections in it. A value is a list; a single one is a list of one.
type section struct {
	values   map[string][]string
	sections map[string]*section
	names    []string // of the sections, as they stand in the text
}

func newSection() *section {
	return &section{values: map[string][]string{}, sections: map[string]*section{}}
}

// value returns a single value, or "".
func (s *section) value(key string) string {
	if v := s.values[key]; len(v) == 1 {
		return v[0]
	}
	return ""
}

// has tells whether a section has nothing in it but keys and sections that are
// known.
func (s *section) has(keys, sections []string) bool {
	for key := range s.values {
		if !slices.Contains(keys, key) {
			return false
		}
	}
	return only(s.names, sections...)
}

// only tells whether a list has nothing but what is allowed.
func only(list []string, allowed ...string) bool {
	return !slices.ContainsFunc(list, func(s string) bool { return !slices.Contains(allowed, s) })
}

// number returns a single value that is a number up to most.
func (s *section) number(key string, most uint64) (uint64, error) {
	n, err := strconv.ParseUint(s.value(key), 10, 64)
	if err != nil || n > most {
		return 0, notPlain("metadata: %s is %q", key, s.value(key))
	}
	return n, nil
}

const depthMax = 8

// parseConfig reads the text.
func parseConfig(text string) (*section, error) {
	p := &parser{rest: text}
	p.next()
	root, err := p.section(0)
	if err == nil && p.token != "" {
		err = notPlain("metadata: %q where nothing should be", p.token)
	}
	return root, err
}

// parser has the token it stands at. A text in quotes keeps its first quote,
// which tells it from a word; "" is the end.
type parser struct {
	rest  string
	token string
	bad   bool
}

func (p *parser) next() {
	p.token = ""
	for {
		p.rest = strings.TrimLeft(p.rest, " \t\r\n\x00")
		if !strings.HasPrefix(p.rest, "#") {
			break
		}
		_, p.rest, _ = strings.Cut(p.rest, "\n")
	}
	if p.rest == "" {
		return
	}
	switch c := p.rest[0]; {
	case strings.IndexByte("{}[]=,", c) >= 0:
		p.token, p.rest = p.rest[:1], p.rest[1:]
	case c == '"':
		p.quoted()
	default:
		n := strings.IndexAny(p.rest, " \t\r\n\x00{}[]=,\"#")
		if n < 0 {
			n = len(p.rest)
		}
		p.token, p.rest = p.rest[:n], p.rest[n:]
	}
}

// quoted takes a text in quotes, in which a backslash stands before quotes and
// backslashes.
func (p *parser) quoted() {
	var b strings.Builder
	b.WriteByte('"')
	for i := 1; i < len(p.rest); i++ {
		switch c := p.rest[i]; c {
		case '"':
			p.token, p.rest = b.String(), p.rest[i+1:]
			return
		case '\\':
			i++
			if i < len(p.rest) {
				b.WriteByte(p.rest[i])
			}
		default:
			b.WriteByte(c)
		}
	}
	p.bad, p.rest = true, ""
}

// section reads up to the closing brace, or the end on the outermost level.
func (p *parser) section(depth int) (*section, error) {
	if depth > depthMax {
		return nil, notPlain("metadata is too deep")
	}
	s := newSection()
	for p.token != "" && p.token != "}" {
		name := p.token
		p.next()
		switch p.token {
		case "{":
			p.next()
			sub, err := p.section(depth + 1)
			if err != nil {
				return nil, err
			}
			if p.token != "}" || s.sections[name] != nil {
				return nil, notPlain("metadata: section %s is damaged", name)
			}
			s.sections[name] = sub
			s.names = append(s.names, name)
			p.next()
		case "=":
			p.next()
			values, err := p.list(name)
			if err != nil {
				return nil, err
			}
			if s.values[name] != nil {
				return nil, notPlain("metadata: two values of %s", name)
			}
			s.values[name] = values
		default:
			return nil, notPlain("metadata: %q after %q", p.token, name)
		}
	}
	if p.bad {
		return nil, notPlain("metadata ends within a text")
	}
	return s, nil
}

func (p *parser) list(name string) ([]string, error) {
	if p.token != "[" {
		v, err := p.single(name)
		return []string{v}, err
	}
	values := []string{}
	p.next()
	for p.token != "]" {
		v, err := p.single(name)
		if err != nil {
			return nil, err
		}
		values = append(values, v)
		if p.token == "," {
			p.next()
		}
	}
	p.next()
	return values, nil
}

func (p *parser) single(name string) (string, error) {
	if p.token == "" || strings.Contains("{}[]=,", p.token) {
		return "", notPlain("metadata: no value for %s", name)
	}
	v := strings.TrimPrefix(p.token, `"`)
	p.next()
	return v, nil
}
