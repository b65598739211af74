package roff

import "strings"

// spans are the marks of inline Markdown, the longer one first, and the font of each.
var spans = []struct{ mark, font string }{
	{"`", `\fB`},
	{"**", `\fB`},
	{"*", `\fI`},
}

// inline turns `literal`, **bold** and *emphasis* into font changes.
func inline(text string) string {
	var b strings.Builder
	for text != "" {
		inner, font, rest, found := cutSpan(text)
		if !found {
			at := strings.IndexAny(text[1:], "`*") + 1
			if at == 0 {
				at = len(text)
			}
			b.WriteString(escape(text[:at]))
			text = text[at:]
			continue
		}
		b.WriteString(font + escape(inner) + `\fR`)
		text = rest
	}
	return b.String()
}

// cutSpan takes the span that text begins with, if it begins with one.
func cutSpan(text string) (inner, font, rest string, found bool) {
	for _, span := range spans {
		after, ok := strings.CutPrefix(text, span.mark)
		if !ok {
			continue
		}
		inner, rest, ok = strings.Cut(after, span.mark)
		if ok && inner != "" && inner[0] != ' ' {
			return inner, span.font, rest, true
		}
	}
	return "", "", "", false
}

// escapes are the characters that roff would take for its own or print as typographic
// variants, which cannot be copied into a shell.
var escapes = strings.NewReplacer(
	`\`, `\e`,
	`-`, `\-`,
	`'`, `\(aq`,
	"`", `\(ga`,
	`^`, `\(ha`,
	`~`, `\(ti`,
)

func escape(text string) string { return escapes.Replace(text) }

// protect keeps a line that begins with a dot from being read as a request.
// An apostrophe, the other such character, is escaped everywhere.
func protect(line string) string {
	if strings.HasPrefix(line, ".") {
		return `\&` + line
	}
	return line
}
