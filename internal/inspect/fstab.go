package inspect

import (
	"fmt"
	"strings"
)

// Entry is one line of /etc/fstab, its octal escapes undone.
type Entry struct {
	Spec, Dir, Type string
	Options         []string
}

// Bounds on tables of the guest. A table of this size is none of a person or an
// installer.
const (
	maxLines = 500  // that say something
	maxLine  = 4096 // bytes in a line
)

// ParseFstab returns the entries of an fstab. A line that is not one is told
// in warnings and left out: it never hides the rest.
func ParseFstab(text string) (entries []Entry, warnings []string) {
	n := 0
	for line := range strings.Lines(text) {
		n++
		f := strings.Fields(line)
		if len(f) == 0 || f[0][0] == '#' {
			continue
		}
		if len(entries)+len(warnings) >= maxLines {
			return entries, append(warnings, fmt.Sprintf("fstab: more than %d lines; the others are not read", maxLines))
		}
		if len(line) > maxLine {
			warnings = append(warnings, fmt.Sprintf("fstab line %d: longer than %d bytes", n, maxLine))
			continue
		}
		// Only the type may be left out, as mount allows it.
		if len(f) < 2 {
			warnings = append(warnings, fmt.Sprintf("fstab line %d: no mount point", n))
			continue
		}
		if strings.ContainsRune(line, 0) {
			warnings = append(warnings, fmt.Sprintf("fstab line %d: a zero byte", n))
			continue
		}
		e := Entry{Spec: unescape(strings.Trim(f[0], `"`)), Dir: unescape(f[1]), Type: "auto"}
		if len(f) > 2 {
			e.Type = f[2]
		}
		if len(f) > 3 {
			e.Options = strings.Split(f[3], ",")
		}
		entries = append(entries, e)
	}
	return entries, warnings
}

// unescape undoes \040 and its like.
func unescape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) && s[i+1] >= '0' && s[i+1] <= '3' && octal(s[i+2]) && octal(s[i+3]) {
			b.WriteByte((s[i+1]-'0')<<6 | (s[i+2]-'0')<<3 | (s[i+3] - '0'))
			i += 3
			continue
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

func octal(c byte) bool { return c >= '0' && c <= '7' }
