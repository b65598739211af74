package edit

import (
	"fmt"
	"strings"
)

// piece is a part of a replacement: text, or what a group matched.
type piece struct {
	text  string
	group int // -1: text; 0: all that matched
}

var escapes = map[byte]string{'n': "\n", 'r': "\r", 't': "\t"}

// replacement reads $1, ${1}, \1 and $& as what was matched, and backslashes as
// Perl does. An & or @ is itself. Other variables and \U and its like are for perl.
func replacement(text string, groups int) ([]piece, error) {
	var pieces []piece
	var plain strings.Builder
	group := func(n int) error {
		if n > groups {
			return fmt.Errorf("$%d: %w", n, errGroup)
		}
		if plain.Len() > 0 {
			pieces = append(pieces, piece{plain.String(), -1})
			plain.Reset()
		}
		pieces = append(pieces, piece{group: n})
		return nil
	}
	for text != "" {
		n, size := reference(text)
		switch {
		case size > 0:
			if err := group(n); err != nil {
				return nil, err
			}
			text = text[size:]
		case text[0] == '\\' && len(text) > 1:
			s, known := escapes[text[1]]
			if !known && isWord(text[1]) {
				return nil, errPerl(text)
			}
			if !known {
				s = text[1:2]
			}
			plain.WriteString(s)
			text = text[2:]
		case text[0] == '$' && len(text) > 1:
			return nil, errPerl(text)
		default:
			plain.WriteByte(text[0])
			text = text[1:]
		}
	}
	if plain.Len() > 0 {
		pieces = append(pieces, piece{plain.String(), -1})
	}
	return pieces, nil
}

// reference returns the group that text begins with, and the bytes it takes.
func reference(text string) (group, size int) {
	digit := func(i int) bool { return len(text) > i && text[i] >= '1' && text[i] <= '9' }
	switch {
	case strings.HasPrefix(text, "$&"):
		return 0, 2
	case text[0] == '$' || text[0] == '\\':
		// $10 could be the tenth group or not: perl knows.
		if digit(1) && (len(text) < 3 || text[2] < '0' || text[2] > '9') {
			return int(text[1] - '0'), 2
		}
		if text[0] == '$' && len(text) > 3 && text[1] == '{' && digit(2) && text[3] == '}' {
			return int(text[2] - '0'), 4
		}
	}
	return 0, 0
}

func isWord(b byte) bool {
	return b == '_' || b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z'
}
