package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"virt-tools/internal/cli/safe"
)

// Stdio are the three streams a program is started with.
type Stdio struct {
	In       io.Reader
	Out, Err io.Writer
}

// A Console is what a running tool reads from and writes to. It is for one goroutine;
// only events may come from others.
type Console struct {
	In      io.Reader
	Out     *bufio.Writer // flushed by Program.Run; an error in it fails the program
	Command string        // the sub-command given, "" for a tool without any

	program        string
	verbose, trace bool
	safe           *safe.Writer // below Out when that is a terminal, else nil
	status         int          // only rises

	once sync.Once // says that a domain is in use

	found int // exit status for what was found, when nothing failed

	mu  sync.Mutex // guards err and bar
	err io.Writer
	bar *progressbar.ProgressBar // shown at the moment, or nil
}

func newConsole(program string, stdio Stdio) *Console {
	c := &Console{In: stdio.In, program: program, err: stdio.Err}
	out := stdio.Out
	if isTerminal(out) {
		c.safe = safe.NewWriter(out)
		out = c.safe
	}
	c.Out = bufio.NewWriter(out)
	return c
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// Fail reports err and makes the program fail in the end, but lets it go on: for a tool
// that works on several things of which one went wrong.
func (c *Console) Fail(err error) {
	c.message("error", err)
	c.status = max(c.status, statusOf(err))
}

// Warn reports err, which does not change the exit status.
func (c *Console) Warn(err error) { c.message("warning", err) }

func (c *Console) message(kind string, err error) {
	c.line(kind, err.Error())
	var a advised
	if errors.As(err, &a) && a.Hint() != "" {
		c.line("hint", a.Hint())
	}
}

// line prints text after "program: kind: ", below the output so far.
func (c *Console) line(kind, text string) {
	_ = c.flush() // an error stays in Out, where finish finds it
	c.stderr(kind, text)
}

// stderr prints text after "program: kind: ". Further lines of text, such as the last words
// of QEMU, are indented, so that none can pass for a message of its own.
// Losing a message is no reason to stop, and there is nowhere left to report it.
func (c *Console) stderr(kind, text string) {
	text = strings.TrimRight(text, "\n")
	text = strings.ReplaceAll(safe.Text(text), "\n", "\n  ")
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.bar != nil {
		c.bar.Clear()
	}
	_, _ = fmt.Fprintf(c.err, "%s: %s: %s\n", c.program, kind, text)
}

func (c *Console) flush() error {
	if err := c.Out.Flush(); err != nil {
		return err
	}
	if c.safe != nil {
		return c.safe.Flush()
	}
	return nil
}

// finish reports err, the end of the program, and returns the exit status.
func (c *Console) finish(ctx context.Context, err error) int {
	var stopped *Stopped
	if err != nil && errors.As(context.Cause(ctx), &stopped) {
		err = stopped // what the signal broke off is not worth a message
	}
	if err != nil {
		c.Fail(err)
	}
	if err := c.flush(); err != nil {
		c.Fail(fmt.Errorf("write the output: %w", err))
	}
	if c.status == StatusOK {
		return c.found
	}
	return c.status
}

// Flush brings the output so far to where it goes, for a tool that goes on for long.
func (c *Console) Flush() error { return c.flush() }

// Found sets the exit status of a program that did all that it was asked to, for what it
// has found. The highest counts, and a failure counts more.
func (c *Console) Found(status int) { c.found = max(c.found, status) }
