package roff

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestInline(t *testing.T) {
	tests := []struct{ in, want string }{
		{"plain", "plain"},
		{"`--csv` and *FILE*", `\fB\-\-csv\fR and \fIFILE\fR`},
		{"**bold** text", `\fBbold\fR text`},
		{"2 * 3 and a lone ` mark", "2 * 3 and a lone \\(ga mark"},
		{"`a*b`", `\fBa*b\fR`},
		{`back\slash it's ~/x^`, `back\eslash it\(aqs \(ti/x\(ha`},
		{"*", "*"},
		{"``", `\(ga\(ga`},
		{"", ""},
	}
	for _, test := range tests {
		if got := inline(test.in); got != test.want {
			t.Errorf("inline(%q) = %q; want %q", test.in, got, test.want)
		}
	}
}

func TestMarkdown(t *testing.T) {
	const text = `
First paragraph
in two lines.

Second.

    $ example

    .end

- one
  continued
- two

### Sub *title*

.dot
`
	const want = `First paragraph in two lines.
.PP
Second.
.PP
.in +4n
.EX
$ example

\&.end
.EE
.in
.IP \(bu 2
one continued
.IP \(bu 2
two
.SS Sub \fItitle\fR
\&.dot
`
	var page Page
	page.Markdown(text)
	if diff := cmp.Diff(want, page.String()); diff != "" {
		t.Errorf("Markdown (-want +got):\n%s", diff)
	}
}
