// Package safe makes text from a guest harmless to a terminal.
//
//	fmt.Fprintln(os.Stderr, safe.Text(err.Error()))
//	out := safe.NewWriter(os.Stdout) // when it is a terminal
//	defer out.Flush()
//
// File names, labels and error texts of a guest may hold escape sequences that move
// the cursor, change the window title or feed input, and bidirectional controls that
// reorder what is read. Text and Writer show each of them as \x1b or \u202e instead.
// They are for terminals: what goes into a file or a pipe stays as it is.
package safe

import (
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Text returns s with every rune that can steer a terminal written as a backslash
// escape, also bytes that are not UTF-8. Newlines and tabs stay.
func Text(s string) string {
	if !strings.ContainsFunc(s, unsafe) {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		appendRune(&b, r, s[:n])
		s = s[n:]
	}
	return b.String()
}

func appendRune(b *strings.Builder, r rune, raw string) {
	switch {
	case r == utf8.RuneError && len(raw) == 1:
		fmt.Fprintf(b, `\x%02x`, raw[0])
	case !unsafe(r):
		b.WriteString(raw)
	case r < 0x80:
		fmt.Fprintf(b, `\x%02x`, r)
	case r < 0x10000:
		fmt.Fprintf(b, `\u%04x`, r)
	default:
		fmt.Fprintf(b, `\U%08x`, r)
	}
}

// unsafe says that r must not reach a terminal. RuneError is in it so that
// stray bytes, which an 8-bit terminal may take for C1 controls, are looked at.
func unsafe(r rune) bool {
	switch {
	case r == '\n' || r == '\t':
		return false
	case r == utf8.RuneError, unicode.IsControl(r):
		return true
	case r == '\u2028' || r == '\u2029':
		return true
	}
	// Format characters: bidirectional marks, embeddings and isolates,
	// zero-width ones, the tag block.
	return unicode.Is(unicode.Cf, r) && r != '\u00ad'
}

// Writer passes on what is written to it as Text would.
// It holds back a rune that is cut at the end of a write until the rest comes.
type Writer struct {
	w       io.Writer
	pending []byte // at most utf8.UTFMax-1 bytes
}

// NewWriter returns a Writer on w. Call Flush when done.
func NewWriter(w io.Writer) *Writer { return &Writer{w: w} }

// Write writes p, made harmless.
func (s *Writer) Write(p []byte) (int, error) {
	data := append(s.pending, p...)
	whole := len(data) - cutRune(data)
	s.pending = append([]byte(nil), data[whole:]...)
	if _, err := io.WriteString(s.w, Text(string(data[:whole]))); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Flush writes what is left of a rune that was never completed.
func (s *Writer) Flush() error {
	rest := Text(string(s.pending))
	s.pending = nil
	if rest == "" {
		return nil
	}
	_, err := io.WriteString(s.w, rest)
	return err
}

// cutRune is the length of the incomplete rune at the end of data, 0 when there is none.
func cutRune(data []byte) int {
	for n := 1; n < utf8.UTFMax && n <= len(data); n++ {
		tail := data[len(data)-n:]
		if utf8.RuneStart(tail[0]) {
			if utf8.FullRune(tail) {
				return 0
			}
			return n
		}
	}
	return 0
}
