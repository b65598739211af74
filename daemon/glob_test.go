package daemon

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestGlobExpand: the results are what glob(3) of Debian 12 gives.
func TestGlobExpand(t *testing.T) {
	c, root := newGuest(t)
	for _, name := range []string{"b/c/d", "sp ace/x1", "a*b", "x[1]", "q{z}", ".hid", ".h/f", "back\\slash"} {
		write(t, root, name, "")
	}
	for link, target := range map[string]string{"lb": "b", "dang": "nowhere", "up": "/b"} {
		must(t, os.Symlink(target, filepath.Join(root, link)))
	}
	no := false
	for _, tc := range []struct {
		pattern string
		opts    globExpandOpts
		want    string
	}{
		{"/*", globExpandOpts{}, "/a*b|/b/|/back\\slash|/dang|/lb/|/q{z}|/sp ace/|/up/|/x[1]"},
		{"/*", globExpandOpts{&no}, "/a*b|/b|/back\\slash|/dang|/lb|/q{z}|/sp ace|/up|/x[1]"},
		{"/{b,l*}/", globExpandOpts{}, "/b/|/lb/"},
		{"/{l*,b}/", globExpandOpts{}, "/lb/|/b/"},
		{"/.*", globExpandOpts{}, "/../|/./|/.h/|/.hid"},
		{"/nothere", globExpandOpts{}, ""},
		{"/dang", globExpandOpts{}, "/dang"},
		{`/a\*b`, globExpandOpts{}, "/a*b"},
		{"/x[[]1]", globExpandOpts{}, "/x[1]"},
		{"/[!a-k]*", globExpandOpts{}, "/lb/|/q{z}|/sp ace/|/up/|/x[1]"},
		{"/[[:alpha:]]", globExpandOpts{}, "/b/"},
		{"/{b,{lb,dang}}*", globExpandOpts{}, "/b/|/back\\slash|/lb/|/dang"},
		{"/{b", globExpandOpts{}, ""},
		{"/q{z}", globExpandOpts{}, ""},
		{`/q\{z}`, globExpandOpts{}, "/q{z}"},
		{"/b//c/*", globExpandOpts{}, "/b//c/d"},
		{"//b/*", globExpandOpts{}, "//b/c/"},
		{"/b/../b/*", globExpandOpts{}, "/b/../b/c/"},
		{"/b", globExpandOpts{}, "/b/"},
		{"/b/", globExpandOpts{}, "/b/"},
		{"/a?b/", globExpandOpts{}, ""},
		{"/*/", globExpandOpts{&no}, "/b/|/lb/|/sp ace/|/up/"},
		{"/*/c", globExpandOpts{}, "/b/c/|/lb/c/|/up/c/"},
		{"/up/*", globExpandOpts{}, "/up/c/"}, // an absolute link leads into the guest
		{"/", globExpandOpts{}, "/"},
	} {
		got, err := doGlobExpand(c, tc.pattern, &tc.opts)
		if err != nil {
			t.Errorf("%s: %v", tc.pattern, err)
		} else if diff := cmp.Diff(tc.want, strings.Join(got, "|")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tc.pattern, diff)
		}
	}
	start := time.Now()
	if _, err := doGlobExpand(c, strings.Repeat("{a,b}", 30), &globExpandOpts{}); !isErrno(err, syscall.E2BIG) {
		t.Errorf("braces without end: %v; want E2BIG", err)
	}
	if d := time.Since(start); d > 5*time.Second {
		t.Errorf("braces without end took %s", d)
	}
}

func FuzzExpandBraces(f *testing.F) {
	f.Add(`/{a,b{c,d}}\{x}`)
	f.Fuzz(func(t *testing.T, pattern string) {
		if all, ok := expandBraces(pattern, 100); ok && (len(all) == 0 || len(all) > 100) {
			t.Errorf("%q expands to %d patterns", pattern, len(all))
		}
	})
}
