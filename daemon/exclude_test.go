package daemon

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestExcluded compares with GNU tar.
func TestExcluded(t *testing.T) {
	dir := t.TempDir()
	tree := []string{"x/y/z.o", "foo/k", "dir/q", "ac/l", "bc", "-c", "]c", "*", "[", "a[b", `back\slash`, "Upper", "x/.hidden", "foo/foo/foo"}
	names := []string{"."}
	for _, name := range tree {
		write(t, dir, name, "")
		for part := name; part != "."; part = filepath.Dir(part) {
			names = append(names, "./"+part)
		}
	}
	for _, pattern := range []string{
		"a", "*.o", "./x/y", "x/*", "d?r", "[ab]c", "foo/", `\*`, "y", ".", "./", "y/z.o", "/x", "*", "./*", "*/y", "[!a]c", "[^a]c",
		"f[", "[", "a[b", "[]]c", "[]a]c", "[a-]c", "[-a]c", "[a-b]c", "[[:upper:]]*", "[[:nope:]]*", `back\\slash`, `back\slash`, `[\]]c`,
		"*o*o", "foo/foo", "./foo", "?", "??", "", "x/y/z.o/", "**", "*[", "x*o", "./dir/q/r", ".*",
	} {
		archive, err := exec.Command("tar", "-C", dir, "--exclude="+pattern, "-cf", "-", ".").Output()
		if err != nil {
			t.Fatal(err)
		}
		list := exec.Command("tar", "-t", "-f", "-")
		list.Stdin = strings.NewReader(string(archive))
		out, err := list.Output()
		if err != nil {
			t.Fatal(err)
		}
		kept := map[string]bool{}
		for line := range strings.Lines(string(out)) {
			line = strings.ReplaceAll(strings.TrimSuffix(line, "\n"), `\\`, `\`)
			kept[strings.TrimSuffix(line, "/")] = true
		}
		for _, name := range names {
			got := false // a name below an excluded one is excluded as well
			for part := name; ; part = "./" + filepath.Dir(part) {
				part = strings.Replace(part, "././", "./", 1)
				got = got || excluded([]string{pattern}, strings.TrimSuffix(part, "/."))
				if filepath.Clean(part) == "." {
					break
				}
			}
			got = got || excluded([]string{pattern}, ".")
			if got == kept[name] {
				t.Errorf("excluded(%q, %q) = %v; tar has it: %v", pattern, name, got, kept[name])
			}
		}
	}
}

// TestExcludedTime: a pattern from outside must not cost exponential time.
func TestExcludedTime(t *testing.T) {
	start := time.Now()
	excluded([]string{strings.Repeat("a*", 100) + "b"}, strings.Repeat("a", 4000))
	if d := time.Since(start); d > 5*time.Second {
		t.Errorf("a hard pattern took %s", d)
	}
}

func FuzzExcluded(f *testing.F) {
	f.Add("[a-]*\\", "./a/b")
	f.Add("[[:alpha:]][!]-x]", "./a/b")
	f.Fuzz(func(t *testing.T, pattern, name string) {
		if len(pattern) < 100 && len(name) < 200 {
			excluded([]string{pattern}, name)
		}
	})
}
