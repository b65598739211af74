package cli

import (
	"bytes"
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestGetopt(t *testing.T) {
	tests := []struct {
		name      string
		args      []string
		want      []string
		wantError string
	}{
		{"nothing", nil, nil, ""},
		{"long", []string{"--human-readable"}, []string{"--human-readable"}, ""},
		{"abbreviated", []string{"--human", "--for=raw"}, []string{"--human-readable", "--format=raw"}, ""},
		{"exact name wins", []string{"--help"}, []string{"--help"}, ""},
		{"ambiguous", []string{"--h"}, nil, "option --h is ambiguous: it may be --help or --human-readable"},
		{"hidden is not abbreviated", []string{"--gen=man"}, nil, "unknown option --gen"},
		{"hidden in full", []string{"--generate", "man"}, []string{"--generate=man"}, ""},
		{"alias", []string{"--number=3"}, []string{"--count=3"}, ""},
		{"abbreviated alias", []string{"--numb", "3"}, []string{"--count=3"}, ""},
		{"unknown", []string{"--nonsense"}, nil, "unknown option --nonsense"},
		{"unknown letter", []string{"-hZ"}, nil, "unknown option -Z"},
		{"no bytes of a letter", []string{"-\xff"}, nil, "unknown option -\ufffd"},
		{"bundle", []string{"-hvx"}, []string{"--human-readable", "--verbose", "--trace"}, ""},
		{"bundle with value", []string{"-hafile"}, []string{"--human-readable", "--add=file"}, ""},
		{"bundle, value apart", []string{"-ha", "file"}, []string{"--human-readable", "--add=file"}, ""},
		{"value apart", []string{"--add", "f", "-P", "3"}, []string{"--add=f", "--count=3"}, ""},
		{"value like an option", []string{"-a", "-h", "--add", "--help"}, []string{"--add=-h", "--add=--help"}, ""},
		{"value with commas and =", []string{"-a", "a,b=c"}, []string{"--add=a,b=c"}, ""},
		{"empty value", []string{"--add="}, []string{"--add="}, ""},
		{"optional value", []string{"--format", "raw"}, []string{"--format=", "--", "raw"}, ""},
		{"value missing", []string{"--add"}, nil, "option --add needs a value (FILE)"},
		{"letter's value missing", []string{"-ha"}, nil, "option -a needs a value (FILE)"},
		{"value too many", []string{"--human=3"}, nil, "option --human-readable does not take a value"},
		{"options after arguments", []string{"f", "-h", "g"}, []string{"--human-readable", "--", "f", "g"}, ""},
		{"end of options", []string{"-h", "--", "-v", "f"}, []string{"--human-readable", "--", "-v", "f"}, ""},
		{"lone dash", []string{"-"}, []string{"--", "-"}, ""},
		{"empty argument", []string{""}, []string{"--", ""}, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			line, err := getopt(sample.parser(new(sampleOptions)).Model.Node, test.args)
			if err != nil || test.wantError != "" {
				if err == nil || err.Error() != test.wantError {
					t.Fatalf("getopt(%q) = %v; want %q", test.args, err, test.wantError)
				}
				return
			}
			if diff := cmp.Diff(test.want, line.args); diff != "" {
				t.Errorf("getopt(%q) (-want +got):\n%s", test.args, diff)
			}
		})
	}
}

// commandOptions are those of an imagined tool with sub-commands.
type commandOptions struct {
	Common
	Build struct {
		Force bool   `short:"f" help:"Overwrite."`
		Dir   string `arg:"" help:"Where to."`
	} `cmd:"" help:"Build it."`
	Check struct{} `cmd:"" help:"Check it."`
}

func TestGetoptCommands(t *testing.T) {
	var opts commandOptions
	parser := sample.parser(&opts)
	line, err := getopt(parser.Model.Node, []string{"-v", "build", "dir", "-f"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"--verbose", "build", "--force", "--", "dir"}, line.args); diff != "" {
		t.Errorf("getopt (-want +got):\n%s", diff)
	}
	if _, err := parser.Parse(line.args); err != nil {
		t.Fatal(err)
	}
	if !opts.Verbose || !opts.Build.Force || opts.Build.Dir != "dir" {
		t.Errorf("parsed %+v", opts)
	}
	if _, err := getopt(parser.Model.Node, []string{"check", "-f"}); err == nil {
		t.Error("check -f was taken, although -f belongs to build")
	}
}

func TestCommand(t *testing.T) {
	tests := []struct {
		args   []string
		want   string
		stderr string
	}{
		{[]string{"-v", "build", "dir"}, "build", ""},
		{[]string{"check"}, "check", ""},
		{nil, "", "virt-sample: error: expected one of \"build\", \"check\"\nvirt-sample: hint: virt-sample --help lists the options\n"},
		{[]string{"build"}, "", "virt-sample: error: expected \"<dir>\"\nvirt-sample: hint: virt-sample --help lists the options\n"},
	}
	for _, test := range tests {
		got := ""
		var stdout, stderr bytes.Buffer
		sample.Run(t.Context(), test.args, Stdio{Out: &stdout, Err: &stderr}, new(commandOptions),
			func(_ context.Context, c *Console) error {
				got = c.Command
				return nil
			})
		if got != test.want || stderr.String() != test.stderr {
			t.Errorf("%q: command %q, stderr %q; want %q, %q", test.args, got, stderr.String(), test.want, test.stderr)
		}
	}
}

func FuzzGetopt(f *testing.F) {
	f.Add("-hafile", "--format", "--")
	f.Add("-\xff\xfe", "--=", "--a=b=c")
	root := sample.parser(new(sampleOptions)).Model.Node
	f.Fuzz(func(t *testing.T, a, b, c string) {
		line, err := getopt(root, []string{a, b, c})
		if (line == nil) == (err == nil) {
			t.Errorf("getopt(%q, %q, %q) = %v, %v", a, b, c, line, err)
		}
	})
}
