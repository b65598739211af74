package daemon

import "strings"

// excluded tells whether a name in an archive, such as ./etc/passwd, matches
// one of the patterns of --exclude as GNU tar reads them: a pattern may match
// at the start or behind any slash, a wildcard matches slashes too, and what
// matches a directory matches all that is in it.
func excluded(patterns []string, name string) bool {
	for _, p := range patterns {
		for start := 0; start < len(name); start++ {
			if start > 0 && (name[start-1] != '/' || name[start] == '/') {
				continue
			}
			if matchLeading(p, name[start:]) {
				return true
			}
		}
	}
	return false
}

// matchLeading matches a shell pattern, byte by byte, with a name or with the
// directories that the name begins with. Its time is bounded by the product of
// the lengths.
func matchLeading(pattern, name string) bool {
	p, n := 0, 0
	star, starName := -1, 0 // where to try again: the last * and what it has swallowed
	for {
		if p == len(pattern) && (n == len(name) || name[n] == '/') {
			return true
		}
		if p < len(pattern) && pattern[p] == '*' {
			star, starName = p, n
			p++
			continue
		}
		if p < len(pattern) && n < len(name) {
			if ok, size := matchOne(pattern[p:], name[n]); ok {
				p += size
				n++
				continue
			}
		}
		if star < 0 || starName == len(name) {
			return false
		}
		starName++
		p, n = star+1, starName
	}
}

// matchOne matches the first element of a pattern, which is no *, with a byte.
func matchOne(pattern string, c byte) (ok bool, size int) {
	switch {
	case pattern[0] == '?':
		return true, 1
	case pattern[0] == '\\' && len(pattern) > 1:
		return pattern[1] == c, 2
	case pattern[0] == '[':
		if ok, size := matchSet(pattern, c); size > 0 {
			return ok, size
		}
	}
	return pattern[0] == c, 1
}

// matchSet matches a bracket expression; its size is 0 when it has no end.
func matchSet(pattern string, c byte) (ok bool, size int) {
	i, negated := 1, false
	if i < len(pattern) && (pattern[i] == '!' || pattern[i] == '^') {
		negated = true
		i++
	}
	for first := true; i < len(pattern); first = false {
		if pattern[i] == ']' && !first {
			return ok != negated, i + 1
		}
		if class, found := strings.CutPrefix(pattern[i:], "[:"); found {
			if name, _, found := strings.Cut(class, ":]"); found && inClass(name, c) != nil {
				ok = ok || *inClass(name, c)
				i += len("[::]") + len(name)
				continue
			}
		}
		low, next := setByte(pattern, i)
		high := low
		if next+1 < len(pattern) && pattern[next] == '-' && pattern[next+1] != ']' {
			high, next = setByte(pattern, next+1)
		}
		ok = ok || low <= c && c <= high
		i = next
	}
	return false, 0
}

// setByte takes one byte of a set, which a backslash may stand before.
func setByte(pattern string, i int) (b byte, next int) {
	if pattern[i] == '\\' && i+1 < len(pattern) {
		i++
	}
	return pattern[i], i + 1
}

// inClass tells whether a byte is in a class of the C locale, or nil when there
// is no such class.
func inClass(name string, c byte) *bool {
	lower, upper, digit := c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9'
	graph := c > ' ' && c < 0x7f
	classes := map[string]bool{
		"alpha": lower || upper, "lower": lower, "upper": upper, "digit": digit, "alnum": lower || upper || digit,
		"xdigit": digit || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F', "blank": c == ' ' || c == '\t',
		"space": c == ' ' || c >= '\t' && c <= '\r', "graph": graph, "print": graph || c == ' ',
		"punct": graph && !(lower || upper || digit), "cntrl": c < ' ' || c == 0x7f,
	}
	if in, ok := classes[name]; ok {
		return &in
	}
	return nil
}
