// Package roff turns a small part of Markdown into the source of a manual page.
//
//	var page roff.Page
//	page.Title("virt-df", "1", "2026-11-22", "virt-tools 0.1.0")
//	page.Section("Description")
//	page.Markdown(prose)
//	os.Stdout.WriteString(page.String())
//
// It knows paragraphs, lists that begin with "- ", examples indented by four spaces,
// headings (## and ###), `literal`, **bold** and *emphasis*. It is not a Markdown reader:
// no links, no HTML, no nesting.
package roff

import (
	"fmt"
	"strings"
)

// Page is a manual page that is being written. The zero value is empty.
type Page struct{ b strings.Builder }

// String is the source of the page.
func (p *Page) String() string { return p.b.String() }

// Title writes the title line: name, section of the manual, date as 2006-01-02, and what
// the page belongs to.
func (p *Page) Title(name, section, date, source string) {
	fmt.Fprintf(&p.b, ".TH %s %s %s \"%s\"\n", strings.ToUpper(name), section, date, source)
}

// Section starts a section.
func (p *Page) Section(name string) {
	fmt.Fprintf(&p.b, ".SH %s\n", escape(strings.ToUpper(name)))
}

// Subsection starts a subsection.
func (p *Page) Subsection(name string) { fmt.Fprintf(&p.b, ".SS %s\n", inline(name)) }

// Line writes one line of inline Markdown.
func (p *Page) Line(text string) { p.text(text) }

// Break ends the line in the printed page.
func (p *Page) Break() { p.b.WriteString(".br\n") }

// Item starts an entry of a list of terms; what is written next explains it.
func (p *Page) Item(term string) {
	p.b.WriteString(".TP\n" + protect(inline(term)) + "\n")
}

// Markdown writes text. Inside an Item, further paragraphs stay indented under it.
func (p *Page) Markdown(text string) { p.blocks(text, ".PP") }

// ItemMarkdown writes text as the explanation of an Item.
func (p *Page) ItemMarkdown(text string) { p.blocks(text, ".IP") }

// blocks writes the paragraphs, lists and examples of text. The request between starts
// every paragraph but the first: after a heading or a term it would be one too many.
func (p *Page) blocks(text, between string) {
	first := true
	indent := between == ".IP"
	for _, block := range split(text) {
		switch {
		case strings.HasPrefix(block, "### "):
			p.Subsection(block[4:])
			first = true
			continue
		case strings.HasPrefix(block, "## "):
			p.Section(block[3:])
			first = true
			continue
		case strings.HasPrefix(block, "    "):
			p.example(block, indent)
		case strings.HasPrefix(block, "- "):
			p.list(block, indent)
		default:
			if !first {
				p.b.WriteString(between + "\n")
			}
			p.text(join(block))
		}
		first = false
	}
}

// list writes the items of a list; a line that does not begin one continues it.
func (p *Page) list(block string, indent bool) {
	if indent {
		p.b.WriteString(".RS\n")
	}
	for _, item := range strings.Split("\n"+block, "\n- ")[1:] {
		p.b.WriteString(".IP \\(bu 2\n")
		p.text(join(item))
	}
	if indent {
		p.b.WriteString(".RE\n")
	}
}

// example writes lines as they are, indented.
func (p *Page) example(block string, indent bool) {
	if indent {
		p.b.WriteString(".IP\n")
	} else {
		p.b.WriteString(".PP\n")
	}
	p.b.WriteString(".in +4n\n.EX\n")
	for line := range strings.SplitSeq(block, "\n") {
		p.b.WriteString(protect(escape(strings.TrimPrefix(line, "    "))) + "\n")
	}
	p.b.WriteString(".EE\n.in\n")
}

// lineBytes is how long a line of the source may get, for those who read it or its diffs.
const lineBytes = 80

// text writes one paragraph, in as many source lines as it needs.
func (p *Page) text(text string) {
	line := ""
	for word := range strings.FieldsSeq(inline(text)) {
		switch {
		case line == "":
			line = word
		case len(line)+1+len(word) > lineBytes:
			p.b.WriteString(protect(line) + "\n")
			line = word
		default:
			line += " " + word
		}
	}
	p.b.WriteString(protect(line) + "\n")
}

// split cuts text into blocks at empty lines. Examples with empty lines stay whole.
func split(text string) []string {
	var blocks []string
	for _, block := range strings.Split(strings.Trim(text, "\n"), "\n\n") {
		block = strings.Trim(block, "\n")
		last := len(blocks) - 1
		switch {
		case block == "":
		case last >= 0 && strings.HasPrefix(block, "    ") && strings.HasPrefix(blocks[last], "    "):
			blocks[last] += "\n\n" + block
		default:
			blocks = append(blocks, block)
		}
	}
	return blocks
}

func join(lines string) string { return strings.Join(strings.Fields(lines), " ") }
