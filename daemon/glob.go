package daemon

import (
	"os"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"virt-tools/internal/wire"
)

// Rules of expansion, which are those of glob(3) with GLOB_BRACE:
//   - {a,b} is expanded first, and a brace that is not closed stands for itself;
//     what comes from one alternative is sorted on its own;
//   - * ? and [...] match within a part of the path, and a dot at its start
//     only when the pattern has one there; a backslash makes a character plain;
//   - a path without any of them is returned when it is there;
//   - a directory gets a slash at its end unless the caller wants none.

const bracesMax = 10_000 // patterns that braces may expand to

func doGlobExpand(c *Call, pattern string, opts *globExpandOpts) ([]string, error) {
	patterns, ok := expandBraces(pattern, bracesMax)
	if !ok {
		return nil, withErrno(syscall.E2BIG, "%s: braces expand to more than %d patterns", pattern, bracesMax)
	}
	g := globber{c: c, slash: opts.Directoryslash == nil || *opts.Directoryslash, found: []string{}}
	err := c.inGuest(func() error {
		for _, p := range patterns {
			start := len(g.found)
			if err := g.expand("", p); err != nil {
				return err
			}
			slices.Sort(g.found[start:])
		}
		return nil
	})
	return g.found, err
}

// expandBraces returns false when there would be more than most patterns.
func expandBraces(pattern string, most int) ([]string, bool) {
	open, close, commas := findBraces(pattern)
	if close < 0 {
		return []string{pattern}, true
	}
	var all []string
	from := open + 1
	for _, to := range append(commas, close) {
		more, ok := expandBraces(pattern[:open]+pattern[from:to]+pattern[close+1:], most-len(all))
		if !ok || len(all)+len(more) > most {
			return nil, false
		}
		all = append(all, more...)
		from = to + 1
	}
	return all, true
}

// findBraces finds the first braces that are to be expanded, and their commas.
// close is -1 when there are none.
func findBraces(pattern string) (open, close int, commas []int) {
	for open = 0; open < len(pattern); open++ {
		switch pattern[open] {
		case '\\':
			open++
			continue
		case '{':
		default:
			continue
		}
		depth := 0
		commas = nil
		for i := open; i < len(pattern); i++ {
			switch pattern[i] {
			case '\\':
				i++
			case '{':
				depth++
			case ',':
				if depth == 1 {
					commas = append(commas, i)
				}
			case '}':
				if depth--; depth == 0 {
					return open, i, commas
				}
			}
		}
		return 0, -1, nil
	}
	return 0, -1, nil
}

// globber collects the paths that match a pattern; it works on the guest's
// thread.
type globber struct {
	c     *Call
	slash bool
	found []string
	size  messageBudget
}

// expand matches the rest of a pattern below a path that is there.
func (g *globber) expand(done, rest string) error {
	if err := g.c.Err(); err != nil {
		return err
	}
	slashes := len(rest) - len(strings.TrimLeft(rest, "/"))
	done, rest = done+rest[:slashes], rest[slashes:]
	if rest == "" {
		return g.add(done)
	}
	part, after, more := strings.Cut(rest, "/")
	if more {
		after = "/" + after
	}
	if !strings.ContainsAny(part, "*?[") {
		path := done + unescape(part)
		var st unix.Stat_t
		if unix.Lstat(path, &st) != nil {
			return nil
		}
		return g.expand(path, after)
	}
	names, err := matchingNames(done, part)
	if err != nil {
		return err
	}
	for _, name := range names {
		if after != "" && !isDirectory(done+name) {
			continue
		}
		if err := g.expand(done+name, after); err != nil {
			return err
		}
	}
	return nil
}

// matchingNames returns nothing for a directory that cannot be read.
func matchingNames(dir, pattern string) ([]string, error) {
	fd, err := unix.Open(dir, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, nil
	}
	d := os.NewFile(uintptr(fd), dir)
	defer d.Close()
	all, err := d.Readdirnames(-1)
	if err != nil {
		return nil, err
	}
	if strings.HasPrefix(unescape(pattern), ".") {
		all = append(all, ".", "..")
	}
	return slices.DeleteFunc(all, func(name string) bool { return !matchName(pattern, name) }), nil
}

// matchName matches a name without slashes. A dot at its start is only matched
// by a dot.
func matchName(pattern, name string) bool {
	if strings.HasPrefix(name, ".") && !strings.HasPrefix(unescape(pattern), ".") {
		return false
	}
	return matchLeading(pattern, name)
}

// unescape takes the backslashes out of a part of a pattern.
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

func isDirectory(path string) bool {
	var st unix.Stat_t
	return unix.Stat(path, &st) == nil && st.Mode&unix.S_IFMT == unix.S_IFDIR
}

func (g *globber) add(path string) error {
	isDir := isDirectory(path)
	if strings.HasSuffix(path, "/") && !isDir {
		return nil
	}
	if isDir && g.slash && !strings.HasSuffix(path, "/") {
		path += "/"
	}
	g.found = append(g.found, path)
	return g.size.add(len(path))
}

// messageBudget counts what goes into a reply, so that a call stops before it
// has filled the memory with what no message could carry.
type messageBudget struct{ used int }

// add counts a text or structure of so many bytes.
func (b *messageBudget) add(bytes int) error {
	const overhead = 8 // length and padding
	b.used += overhead + bytes
	if b.used > wire.MessageMax+overhead {
		return withErrno(syscall.EMSGSIZE, "the result is too large for one message")
	}
	return nil
}
