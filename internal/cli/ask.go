package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"virt-tools/internal/cli/safe"
)

var errNoTerminal = errors.New("there is no terminal to ask on")

// nextLine is the next key from standard input, one a line.
func (k *Keys) nextLine(console *Console) (string, error) {
	if k.lines == nil {
		k.lines = bufio.NewReader(io.LimitReader(console.In, 64*maxKeyFile))
	}
	line, err := k.lines.ReadString('\n')
	if err == io.EOF && line == "" {
		return "", errors.New("standard input has no more lines")
	}
	if err != nil && err != io.EOF {
		return "", err
	}
	return strings.TrimSuffix(line, "\n"), nil
}

// askOnTerminal asks the user, whatever standard input is.
func askOnTerminal(ctx context.Context, prompt string, echo bool) (string, error) {
	tty, err := os.OpenFile("/dev/tty", os.O_RDWR, 0)
	if err != nil {
		return "", errNoTerminal
	}
	defer tty.Close()
	return askOn(ctx, tty, prompt, echo)
}

// askOn reads a line from a terminal. When ctx ends it returns; the read goes on until the
// program ends. The terminal is left as it was in any case.
func askOn(ctx context.Context, tty *os.File, prompt string, echo bool) (line string, err error) {
	if !echo {
		show, err := hideTyping(int(tty.Fd()))
		if err != nil {
			return "", err
		}
		defer func() { err = errors.Join(err, show()) }()
	}
	if _, err := fmt.Fprint(tty, safe.Text(prompt)); err != nil {
		return "", err
	}
	type answer struct {
		text string
		err  error
	}
	answers := make(chan answer, 1)
	go func() {
		text, err := bufio.NewReader(io.LimitReader(tty, maxKeyFile)).ReadString('\n')
		if err == io.EOF {
			err = nil // as an empty answer
		}
		answers <- answer{strings.TrimSuffix(text, "\n"), err}
	}()
	select {
	case a := <-answers:
		if !echo {
			fmt.Fprintln(tty) // what the user ended the line with was not shown
		}
		return a.text, a.err
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
}

// hideTyping keeps a terminal from showing what is typed, until show is called.
func hideTyping(fd int) (show func() error, err error) {
	before, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return nil, err
	}
	hidden := *before
	hidden.Lflag &^= unix.ECHO
	hidden.Lflag |= unix.ICANON | unix.ISIG
	hidden.Iflag |= unix.ICRNL
	return func() error { return unix.IoctlSetTermios(fd, unix.TCSETS, before) }, unix.IoctlSetTermios(fd, unix.TCSETS, &hidden)
}
