package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"virt-tools/internal/cli/safe"
)

// Stdio are the three streams a program is started with.
type Stdio struct {
	In       io.Reader
	Out, Err io.Writer
}

// A Console is what a running tool reads from and writes to. It is for one goroutine.
type Console struct {
	In  io.Reader
	Out *bufio.Writer // flushed by Program.Run; an error in it fails the program

	program string
	verbose bool
	err     io.Writer
	safe    *safe.Writer // below Out when that is a terminal, else nil
	status  int          // only rises
}

func newConsole(program string, verbose bool, stdio Stdio) *Console {
	c := &Console{In: stdio.In, program: program, verbose: verbose, err: stdio.Err}
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

// Note prints a line when -v was given.
func (c *Console) Note(format string, args ...any) {
	if c.verbose {
		c.line("note", fmt.Sprintf(format, args...))
	}
}

func (c *Console) message(kind string, err error) {
	c.line(kind, err.Error())
	var advised *hinted
	if errors.As(err, &advised) {
		c.line("hint", advised.hint)
	}
}

// line prints text after "program: kind: ". Further lines of text, such as the last words
// of QEMU, are indented, so that none can pass for a message of its own.
// Losing a message is no reason to stop, and there is nowhere left to report it.
func (c *Console) line(kind, text string) {
	_ = c.flush() // keeps the order on a terminal; Run looks at the error
	text = strings.TrimRight(text, "\n")
	text = strings.ReplaceAll(safe.Text(text), "\n", "\n  ")
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
	return c.status
}
