package edit

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"
)

const passwd = "root:x:0:0:root:/root:/bin/bash\ndaemon:x:1:1::/usr/sbin:/usr/sbin/nologin\nlast:x:2:2::/:/bin/sh"

// Each is done here, and where Perl understands it too, does the same.
var natives = []struct {
	expr, in, want string
	sedOnly        bool
}{
	{expr: `s/foo/bar/`, in: "foo foo\nx foo\n", want: "bar foo\nx bar\n"},
	{expr: `s/foo/bar/g`, in: "foo foo\nx\n", want: "bar bar\nx\n"},
	{expr: `s/FOO/b/gi; s/b$/c/`, in: "foo Foo\r\nFOO\n", want: "b b\r\nc\n"},
	{expr: `s/^root:.*?:/root::/`, in: passwd, want: strings.Replace(passwd, "root:x", "root:", 1)},
	{expr: `s|/bin/bash$|/bin/sh|`, in: passwd, want: strings.Replace(passwd, "/bin/bash", "/bin/sh", 1)},
	{expr: `s/:[^:]*$//`, in: "a:b\nc:d", want: "ac"},
	{expr: `s/\s+$//`, in: "a \nb\t\n", want: "ab"},
	{expr: `s/$/!/`, in: "a\nb", want: "a!\nb!"},
	{expr: `s/(\w+) (\w+)/$2 $1/`, in: "one two three\n", want: "two one three\n"},
	{expr: `s/(\w+)/<${1}>\t\1 $&/`, in: "one\n", want: "<one>\tone one\n"},
	{expr: `s/a\/b/\/c&\$/`, in: "xa/b\n", want: "x/c&$\n"},
	{expr: `s,a\.b,c\,d,`, in: "a.b axb\n", want: "c,d axb\n"},
	{expr: `s/\n/;/`, in: "a\nb", want: "a;b"},
	{expr: `s/b/x/`, in: "a\xffb\xfe\n", want: "a\xffx\xfe\n"},
	{expr: `s/(a)|(b)/[$2]/g`, in: "ab\n", want: "[][b]\n"},
	{expr: `s/x.y/-/`, in: "x\xc3y\n", want: "-\n"},
	{expr: `2d`, in: "1\n2\n3\n", want: "1\n3\n", sedOnly: true},
	{expr: `2,3 s/^/#/`, in: "1\n2\n3\n4\n", want: "1\n#2\n#3\n4\n", sedOnly: true},
	{expr: `/^daemon:/d`, in: passwd, want: strings.Replace(passwd, "daemon:x:1:1::/usr/sbin:/usr/sbin/nologin\n", "", 1), sedOnly: true},
	{expr: `/^root/ s/x/!/; /^last/d`, in: passwd, want: "root:!:0:0:root:/root:/bin/bash\ndaemon:x:1:1::/usr/sbin:/usr/sbin/nologin\n", sedOnly: true},
	{expr: `s/x/admin@example.com/`, in: "x\n", want: "admin@example.com\n", sedOnly: true},
	{expr: `s/a/b/`, in: "", want: ""},
}

func run(t *testing.T, s *Script, in string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	err := s.Run(t.Context(), &out, strings.NewReader(in))
	return out.String(), err
}

func TestNative(t *testing.T) {
	perl, err := exec.LookPath("perl")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range natives {
		commands, err := parse(test.expr)
		if err != nil {
			t.Errorf("parse(%q): %v", test.expr, err)
			continue
		}
		got, err := run(t, &Script{commands: commands}, test.in)
		if err != nil || got != test.want {
			t.Errorf("%q on %q = %q, %v; want %q", test.expr, test.in, got, err, test.want)
		}
		if test.sedOnly {
			continue
		}
		if got, err := run(t, &Script{perl: perl, source: test.expr}, test.in); err != nil || got != test.want {
			t.Errorf("perl: %q on %q = %q, %v; want %q", test.expr, test.in, got, err, test.want)
		}
	}
}

func TestPerl(t *testing.T) {
	for _, test := range []struct{ expr, in, want string }{
		{`$_ = "" if /^daemon:/`, "a\ndaemon:\nb\n", "a\nb\n"},
		{`$_ = "$lineno $_"`, "a\nb", "1 a\n2 b"},
		{`s/(\w+)/\U$1/`, "abc d\n", "ABC d\n"},
		{`s/(?<=a)b/x/ # a comment`, "ab b\n", "ax b\n"},
		{`s/(a+)\1/x/`, "aaaa\n", "x\n"},
		{`s{a}{b}`, "a\n", "b\n"},
		{`s/a/1+1/e`, "a\n", "2\n"},
		{`s/$lineno/x/`, "1\n1\n", "x\n1\n"},
		{`tr/a-z/A-Z/`, "abc\n", "ABC\n"},
		{"s/\xff/x/", "a\xffb\n", "axb\n"},
		{`y/a/b/; s/b/$lineno/`, "a\xff\n", "1\xff\n"},
	} {
		if _, err := parse(test.expr); err == nil {
			t.Errorf("parse(%q) succeeds; it is for perl", test.expr)
		}
		s, err := Parse(test.expr)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := run(t, s, test.in); err != nil || got != test.want {
			t.Errorf("%q on %q = %q, %v; want %q", test.expr, test.in, got, err, test.want)
		}
	}
}

func TestErrors(t *testing.T) {
	for _, test := range []struct{ expr, want string }{
		{`s/a/b`, "perl: Substitution replacement not terminated at expression line 1."},
		{`die "no more\n" if $lineno == 2`, "perl: no more"},
		{`exit 3`, "perl: exit status 3"},
	} {
		s, err := Parse(test.expr)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := run(t, s, "1\n2\n"); err == nil || err.Error() != test.want {
			t.Errorf("%q: error %v; want %s", test.expr, err, test.want)
		}
	}
	s, err := Parse("s/a/b/")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Run(t.Context(), io.Discard, io.LimitReader(zeroes{}, lineMax+1)); !errors.Is(err, errLongLine) {
		t.Errorf("a long line: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, expr := range []string{"s/a/b/", "$_ = $_"} {
		s, err := Parse(expr)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Run(ctx, io.Discard, strings.NewReader("a\n")); !errors.Is(err, context.Canceled) {
			t.Errorf("%s, cancelled: %v", expr, err)
		}
	}
	t.Setenv("PATH", "")
	if _, err := Parse(`$_ = ""`); !errors.Is(err, ErrNeedsPerl) {
		t.Errorf("Parse without perl: %v", err)
	}
	if _, err := Parse(`s/a/b/`); err != nil {
		t.Errorf("Parse of a substitution without perl: %v", err)
	}
}

type zeroes struct{}

func (zeroes) Read(b []byte) (int, error) { clear(b); return len(b), nil }

func FuzzParse(f *testing.F) {
	for _, test := range natives {
		f.Add(test.expr, test.in)
	}
	f.Add(`s/(/x/`, "a")
	f.Add(`s/a/$2/`, "a")
	f.Add("9999999999999999999d", "a")
	f.Fuzz(func(t *testing.T, expr, in string) {
		commands, err := parse(expr)
		if err != nil {
			return
		}
		for i, line := range strings.SplitAfter(in, "\n") {
			apply(commands, i+1, []byte(line))
		}
	})
}
