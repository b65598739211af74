package cli

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// sampleOptions are those of an imagined tool with every kind of option.
type sampleOptions struct {
	Common
	Guest
	Human bool     `name:"human-readable" short:"h" help:"Print sizes in units."`
	Count int      `aliases:"number" short:"P" placeholder:"N" help:"Use N: it's [a] number."`
	Names []string `sep:"none" placeholder:"NAME" help:"Name something."`
	Files []string `arg:"" optional:"" help:"Files."`
}

const samplePage = `# sample

## Description

Does nothing.

## Options

### --human-readable

Units.

### --count

A number.

### --names

Names.
`

var sample = Program{
	Name:    "virt-sample",
	Summary: "do nothing",
	Usage:   []string{"[options] -a disk.img", "[options] disk.img"},
	Page:    samplePage,
	SeeAlso: []string{"`virt-df`(1)"},
}

// runSample runs the tool with do and returns what it printed.
func runSample(opts *sampleOptions, do func(context.Context, *Console) error, args ...string) (status int, out, err string) {
	var stdout, stderr bytes.Buffer
	status = sample.Run(context.Background(), args, Stdio{Out: &stdout, Err: &stderr}, opts, do)
	return status, stdout.String(), stderr.String()
}

func nothing(context.Context, *Console) error { return nil }

// image makes a file that can pass for a disk image.
func image(t *testing.T, name string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestHelp(t *testing.T) {
	status, out, stderr := runSample(new(sampleOptions), nothing, "--help", "--nonsense")
	if status != StatusOK || stderr != "" {
		t.Errorf("status %d, stderr %q; want 0 and none", status, stderr)
	}
	for _, want := range []string{
		"virt-sample: do nothing\n",
		"  virt-sample [options] disk.img\n",
		"  -a, --add=FILE              Add a disk image.\n",
		"      --blocksize[=512|4096]  Set the sector size",
		"  -h, --human-readable        Print sizes in units.\n",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("--help lacks %q:\n%s", want, out)
		}
	}
	if strings.Contains(out, "generate") {
		t.Errorf("--help shows a hidden option:\n%s", out)
	}
}

func TestOptionLists(t *testing.T) {
	_, out, _ := runSample(new(sampleOptions), nothing, "--long-options")
	const long = "--add\n--blocksize\n--connect\n--count\n--number\n--domain\n--format\n--freeze\n--help\n--human-readable\n--names\n--trace\n--verbose\n--version\n"
	if out != long {
		t.Errorf("--long-options = %q; want %q", out, long)
	}
	_, out, _ = runSample(new(sampleOptions), nothing, "--short-options")
	if want := "-a\n-c\n-P\n-d\n-h\n-x\n-v\n-V\n"; out != want {
		t.Errorf("--short-options = %q; want %q", out, want)
	}
}

func TestVersion(t *testing.T) {
	for _, arg := range []string{"-V", "--version", "-hV", "--vers"} {
		if _, out, _ := runSample(new(sampleOptions), nothing, arg); out != "virt-sample "+version+"\n" {
			t.Errorf("%s = %q", arg, out)
		}
	}
}

func TestStatus(t *testing.T) {
	stopped, stop := context.WithCancelCause(context.Background())
	stop(&Stopped{2})
	tests := []struct {
		name   string
		ctx    context.Context
		do     func(context.Context, *Console) error
		status int
		stderr string
	}{
		{"fine", nil, nothing, 0, ""},
		{"error", nil, func(context.Context, *Console) error { return errors.New("mount: no") }, 1,
			"virt-sample: error: mount: no\n"},
		{"hint inside", nil, func(context.Context, *Console) error {
			return errors.Join(Hint(io.ErrUnexpectedEOF, "look at %s", "it"))
		}, 1, "virt-sample: error: unexpected EOF\nvirt-sample: hint: look at it\n"},
		{"warning", nil, func(_ context.Context, c *Console) error {
			c.Warn(errors.New("skipped"))
			return nil
		}, 0, "virt-sample: warning: skipped\n"},
		{"one of several", nil, func(_ context.Context, c *Console) error {
			c.Fail(errors.New("first"))
			return nil
		}, 1, "virt-sample: error: first\n"},
		{"hostile text", nil, func(context.Context, *Console) error {
			return errors.New("label \x1b[2J\nvirt-sample: error: forged\n")
		}, 1, "virt-sample: error: label \\x1b[2J\n  virt-sample: error: forged\n"},
		{"signal", stopped, func(ctx context.Context, _ *Console) error { return ctx.Err() }, 130,
			"virt-sample: error: stopped: interrupt\n"},
		{"too late a signal", stopped, nothing, 0, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			ctx := test.ctx
			if ctx == nil {
				ctx = context.Background()
			}
			var stdout, stderr bytes.Buffer
			got := sample.Run(ctx, nil, Stdio{Out: &stdout, Err: &stderr}, new(sampleOptions), test.do)
			if got != test.status || stderr.String() != test.stderr {
				t.Errorf("Run = %d, %q; want %d, %q", got, stderr.String(), test.status, test.stderr)
			}
		})
	}
}

// Output that does not arrive is a failure: a full disk must not look like success.
func TestFullDisk(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skipf("no /dev/full: %v", err)
	}
	defer full.Close()
	var stderr bytes.Buffer
	status := sample.Run(context.Background(), []string{"--help"}, Stdio{Out: full, Err: &stderr}, new(sampleOptions), nothing)
	if want := "virt-sample: error: write the output: write /dev/full: no space left on device\n"; status != 1 || stderr.String() != want {
		t.Errorf("Run = %d, %q; want 1, %q", status, stderr.String(), want)
	}
}
