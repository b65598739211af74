package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// change makes the new content of a file of the old one. src is a file of the host that
// holds the old content; name is the file's in the guest.
type change interface {
	Run(ctx context.Context, dst io.Writer, src io.Reader) error
}

// changeFunc is a change without anything to remember.
type changeFunc func(ctx context.Context, dst io.Writer, src io.Reader) error

// Run calls f.
func (f changeFunc) Run(ctx context.Context, dst io.Writer, src io.Reader) error {
	return f(ctx, dst, src)
}

// textOf reads a text of the command line, or @LOCAL, into use. The file is opened
// before anything is started, and read when its turn comes.
func textOf(text string, use func(text io.Reader) change) (change, error) {
	local, isFile := strings.CutPrefix(text, "@")
	if !isFile {
		return use(strings.NewReader(text)), nil
	}
	f, err := os.Open(local) // closed when the program ends
	if err != nil {
		return nil, err
	}
	if info, err := f.Stat(); err != nil || info.IsDir() {
		return nil, errors.Join(err, fmt.Errorf("%s: a directory", local))
	}
	return use(f), nil
}

// written is the text alone.
func written(text io.Reader) change {
	return changeFunc(func(_ context.Context, dst io.Writer, _ io.Reader) error {
		_, err := io.Copy(dst, text)
		return err
	})
}

// appended adds lines: both the old content and the text get an end of line if they lack
// one, of the kind that the file has.
func appended(text io.Reader) change {
	return changeFunc(func(_ context.Context, dst io.Writer, src io.Reader) error {
		old := &lastLine{w: dst}
		if _, err := io.Copy(old, src); err != nil {
			return err
		}
		if err := old.end(old.crlf); err != nil {
			return err
		}
		more := &lastLine{w: dst}
		if _, err := io.Copy(more, text); err != nil {
			return err
		}
		return more.end(old.crlf)
	})
}

// lastLine passes a text on and knows how it ends.
type lastLine struct {
	w       io.Writer
	last    byte // 0 before the first
	crlf    bool // the first line ends in "\r\n"
	lineEnd bool // a line has ended
}

func (l *lastLine) Write(b []byte) (int, error) {
	for _, c := range b {
		if c == '\n' && !l.lineEnd {
			l.crlf, l.lineEnd = l.last == '\r', true
		}
		l.last = c
	}
	return l.w.Write(b)
}

func (l *lastLine) end(crlf bool) error {
	switch {
	case l.last == 0 || l.last == '\n':
		return nil
	case crlf:
		_, err := io.WriteString(l.w, "\r\n")
		return err
	}
	_, err := io.WriteString(l.w, "\n")
	return err
}
