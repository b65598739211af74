package cli

import "strings"

// prose is the source of a manual page, cut at its headings.
type prose struct {
	sections []section         // in order
	entries  map[string]string // of the section Options, by long name
	order    []string          // the keys of entries
}

type section struct{ name, text string }

// parseProse cuts Markdown at "## Section" and, in Options, at "### --name". What stands
// before the first section, such as a title, is for readers of the Markdown only.
func parseProse(markdown string) *prose {
	p := &prose{entries: map[string]string{}}
	parts := strings.Split("\n"+markdown, "\n## ")
	for _, part := range parts[1:] {
		name, text, _ := strings.Cut(part, "\n")
		p.sections = append(p.sections, section{name, text})
		if name == "Options" {
			p.parseEntries(text)
		}
	}
	return p
}

func (p *prose) parseEntries(text string) {
	parts := strings.Split("\n"+text, "\n### --")
	for _, part := range parts[1:] {
		name, body, _ := strings.Cut(part, "\n")
		p.entries[name] = body
		p.order = append(p.order, name)
	}
}

func (p *prose) section(name string) (text string, found bool) {
	for _, s := range p.sections {
		if s.name == name {
			return s.text, true
		}
	}
	return "", false
}
