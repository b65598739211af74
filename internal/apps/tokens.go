package apps

import (
	"bufio"
	"io"
	"strings"
)

// tokens takes apart XML that programs wrote: tags, and the text between. It is
// lenient, keeps no tree, and holds one tag or text of bounded length at a time,
// which encoding/xml does not.
type tokens struct {
	r    *bufio.Reader
	text string // before the tag
	tag  string // "string", "/string", "array/": the name, without attributes
	rest string // the attributes
}

var entities = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&", "&quot;", `"`, "&apos;", "'")

// blanks make a space of what may stand between attributes.
var blanks = strings.NewReplacer("\n", " ", "\t", " ", "\r", " ")

func newTokens(r io.Reader) *tokens { return &tokens{r: bufio.NewReader(r)} }

// next goes on to the next tag.
func (t *tokens) next() bool {
	text, ok := t.until('<')
	if !ok {
		return false
	}
	tag, ok := t.until('>')
	t.text, t.tag, t.rest = entities.Replace(text), tag, ""
	if i := strings.IndexAny(tag, " \t\n"); i > 0 {
		t.tag, t.rest = tag[:i], blanks.Replace(tag[i:])
		if strings.HasSuffix(tag, "/") {
			t.tag += "/"
		}
	}
	return ok
}

// attribute returns an attribute of the tag.
func (t *tokens) attribute(name string) string {
	for _, quote := range []string{`"`, "'"} {
		if _, after, ok := strings.Cut(t.rest, " "+name+"="+quote); ok {
			value, _, _ := strings.Cut(after, quote)
			return entities.Replace(value)
		}
	}
	return ""
}

// until reads up to a byte and drops what is beyond the limit of a text.
func (t *tokens) until(end byte) (string, bool) {
	var s strings.Builder
	for {
		b, err := t.r.ReadSlice(end)
		if err == nil {
			b = b[:len(b)-1]
		}
		s.Write(b[:min(len(b), max(0, maxDescription-s.Len()))])
		if err != bufio.ErrBufferFull {
			return s.String(), err == nil
		}
	}
}
