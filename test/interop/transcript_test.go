package interop

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The scripts are what guestfish reads, one command a line; # begins a comment.
// Three marks may stand before a command:
//
//	~ CMD   what it prints changes from run to run: digits become N
//	? CMD   it fails with words of the program behind it: only the name of the call is compared
//	! CMD   a command of the host (guestfish's own mark)
//
// A transcript has each command, what it printed and its error.

// command is a line of a script.
type command struct {
	line int
	text string // without mark
	mark byte
}

func readScript(t *testing.T, file string) []command {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var commands []command
	for i, line := range strings.Split(string(data), "\n") {
		if line == "" || line[0] == '#' {
			continue
		}
		c := command{line: i + 1, text: line}
		if line[0] == '~' || line[0] == '?' {
			c.mark, c.text = line[0], strings.TrimSpace(line[1:])
		}
		commands = append(commands, c)
	}
	return commands
}

// source is the script as guestfish gets it: a mark on stdout and in the trace
// before each command, and no command that fails ends it.
func source(dir string, commands []command) string {
	var b strings.Builder
	fmt.Fprintf(&b, "lcd %s\n", dir)
	for _, c := range commands {
		fmt.Fprintf(&b, "echo \"\\n@@%d\"\nset-program @@%d\n", c.line, c.line)
		if !strings.HasPrefix(c.text, "!") {
			b.WriteByte('-')
		}
		fmt.Fprintln(&b, c.text)
	}
	return b.String()
}

// session runs a script in dir and returns what each command printed, and the
// calls that succeeded in it. An empty appliance means libguestfs's own.
func (w *world) session(ctx context.Context, t *testing.T, appliance, dir string, commands []command) (transcript []string, made []string) {
	t.Helper()
	script := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(script, []byte(source(dir, commands)), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"-x", "-f", script}
	run := w.tools.Run
	if appliance != "" {
		run = func(ctx context.Context, name string, args ...string) (result, error) {
			return w.tools.RunOn(ctx, appliance, name, args...)
		}
	}
	r, err := run(ctx, "guestfish", args...)
	if err != nil {
		t.Fatal(err)
	}
	if r.Code != 0 {
		t.Errorf("guestfish: exit status %d", r.Code)
	}
	stdout := byCommand(r.Stdout, regexp.MustCompile(`(?m)^@@(\d+)\n`))
	stderr := byCommand(r.Stderr, regexp.MustCompile(`(?m)^libguestfs: trace: set_program "@@(\d+)"\n`))
	for _, c := range commands {
		printed := c.clean(strings.TrimSuffix(stdout[c.line], "\n"), errorsOf(stderr[c.line]))
		transcript = append(transcript, "> "+c.text+"\n"+printed)
	}
	return transcript, successes(r.Stderr)
}

// compare checks a transcript against the one in a golden file.
func compare(t *testing.T, golden string, commands []command, transcript []string) {
	t.Helper()
	data, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Split("\n"+strings.TrimSuffix(string(data), "\n"), "\n> ")[1:]
	if len(want) != len(transcript) {
		t.Fatalf("%s has %d commands, the script %d; run with -update", golden, len(want), len(transcript))
	}
	for i, got := range transcript {
		want := "> " + want[i] + "\n"
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("line %d: %s: libguestfs's appliance (-), ours (+):\n%s", commands[i].line, commands[i].text, diff)
		}
	}
}

// byCommand cuts text at the marks and keys the pieces by the mark's number.
func byCommand(text string, mark *regexp.Regexp) map[int]string {
	pieces := map[int]string{}
	found := mark.FindAllStringSubmatchIndex(text, -1)
	for i, m := range found {
		end := len(text)
		if i+1 < len(found) {
			end = found[i+1][0]
		}
		line, _ := strconv.Atoi(text[m[2]:m[3]]) // the pattern has digits only
		pieces[line] = text[m[1]:end]
	}
	return pieces
}

var (
	errorPrefix = regexp.MustCompile(`^(\S+:\d+: )?(libguestfs: )?`)
	stubName    = regexp.MustCompile(`^(error: \w+: )\w+_stub: `) // of libguestfs's generated code
)

// errorsOf is what is left of stderr without the trace.
func errorsOf(stderr string) []string {
	var lines []string
	for line := range strings.Lines(stderr) {
		line = strings.TrimRight(line, "\n")
		if line == "" || strings.HasPrefix(line, "libguestfs: trace: ") {
			continue
		}
		line = line[len(errorPrefix.FindString(line)):]
		lines = append(lines, nameOnce(stubName.ReplaceAllString(line, "$1")))
	}
	return lines
}

// nameOnce drops the name of a C function from errors of Augeas, where it comes
// again after the name of the call.
func nameOnce(line string) string {
	call, rest, _ := strings.Cut(strings.TrimPrefix(line, "error: "), ": ")
	for _, again := range []string{call + ": ", "do_" + call + ": "} {
		if message, ok := strings.CutPrefix(rest, again); ok && strings.HasPrefix(call, "aug_") {
			return "error: " + call + ": " + message
		}
	}
	return line
}

var (
	uuidForm    = regexp.MustCompile(`(?i)\b[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}\b`)
	lvmUUIDForm = regexp.MustCompile(`\b[[:alnum:]]{6}-?([[:alnum:]]{4}-?){5}[[:alnum:]]{6}\b`)
	digits      = regexp.MustCompile(`\d+`)
)

// fixedUUIDs were set by the scripts, so they must come back as they are.
var fixedUUIDs = regexp.MustCompile(`(?i)^(01234567|11111111|a3c1f4ee|c12a7328|0fc63daf|00000000)`)

// clean replaces what is random and returns output and errors as a transcript
// has them.
func (c command) clean(stdout string, errs []string) string {
	random := func(s string) string {
		if fixedUUIDs.MatchString(s) {
			return s
		}
		return "UUID"
	}
	stdout = uuidForm.ReplaceAllStringFunc(stdout, random)
	stdout = lvmUUIDForm.ReplaceAllStringFunc(stdout, random)
	switch c.mark {
	case '~':
		stdout = digits.ReplaceAllString(stdout, "N")
	case '?':
		var calls []string
		for _, e := range errs {
			if f := strings.SplitN(e, ": ", 3); len(f) == 3 && f[0] == "error" {
				calls = append(calls, f[0]+": "+f[1]+": ...")
			}
		}
		errs = calls
	}
	if stdout != "" && !strings.HasSuffix(stdout, "\n") {
		stdout += "\n"
	}
	for _, e := range errs {
		stdout += e + "\n"
	}
	return stdout
}

var traced = regexp.MustCompile(`(?m)^libguestfs: trace: (\w+) = (.*)$`)

// successes are the calls that the trace shows to have succeeded.
func successes(trace string) []string {
	var names []string
	for _, m := range traced.FindAllStringSubmatch(trace, -1) {
		if !strings.HasSuffix(m[2], "(error)") {
			names = append(names, m[1])
		}
	}
	return names
}
