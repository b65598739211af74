package daemon

import (
	"bytes"
	"io"
	"math"
	"os"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"virt-tools/internal/wire"
)

// readText opens a file for a call that returns text out of it.
func (c *Call) readText(path string, fn func(f *os.File) error) error {
	f, err := c.openRegular(path, unix.O_RDONLY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	return fn(f)
}

const defaultLines = 10 // of head and tail

func doHead(c *Call, path string) ([]string, error) { return doHeadN(c, defaultLines, path) }

func doTail(c *Call, path string) ([]string, error) { return doTailN(c, defaultLines, path) }

// doHeadN returns the first lines, or with a negative number all but the last.
func doHeadN(c *Call, nrlines int, path string) (lines []string, err error) {
	err = c.readText(path, func(f *os.File) error {
		from, to, err := int64(0), int64(0), error(nil)
		if nrlines < 0 {
			to, err = c.lastLines(f, -nrlines)
		} else {
			to, err = c.firstLines(f, nrlines)
		}
		if err == nil {
			lines, err = linesBetween(f, from, to)
		}
		return err
	})
	return lines, err
}

// doTailN returns the last lines, or with a negative number those from the
// line of that number.
func doTailN(c *Call, nrlines int, path string) (lines []string, err error) {
	err = c.readText(path, func(f *os.File) error {
		var from int64
		var err error
		if nrlines < 0 {
			from, err = c.firstLines(f, -nrlines-1)
		} else {
			from, err = c.lastLines(f, nrlines)
		}
		if err == nil {
			lines, err = linesBetween(f, from, math.MaxInt64)
		}
		return err
	})
	return lines, err
}

// firstLines returns where the first n lines end.
func (c *Call) firstLines(r io.ReaderAt, n int) (int64, error) {
	buf := make([]byte, copyBytes)
	for at := int64(0); ; {
		if n == 0 {
			return at, nil
		}
		if err := c.Err(); err != nil {
			return 0, err
		}
		got, err := r.ReadAt(buf, at)
		piece := buf[:got]
		for len(piece) > 0 && n > 0 {
			i := bytes.IndexByte(piece, '\n')
			if i < 0 {
				at += int64(len(piece))
				break
			}
			at, piece, n = at+int64(i)+1, piece[i+1:], n-1
		}
		if err == io.EOF && n > 0 {
			return at, nil
		}
		if err != nil && err != io.EOF {
			return 0, err
		}
	}
}

// lastLines returns where the last n lines begin. A line end at the end of the
// file ends the last line.
func (c *Call) lastLines(f *os.File, n int) (int64, error) {
	end, err := fileSize(f)
	if err != nil {
		return 0, err
	}
	at := int64(end)
	if n == 0 {
		return at, nil
	}
	buf := make([]byte, copyBytes)
	for last := true; at > 0; {
		if err := c.Err(); err != nil {
			return 0, err
		}
		piece := buf[:min(at, copyBytes)]
		if _, err := f.ReadAt(piece, at-int64(len(piece))); err != nil && err != io.EOF {
			return 0, err
		}
		if last && piece[len(piece)-1] == '\n' {
			piece, at = piece[:len(piece)-1], at-1
		}
		last = false
		for len(piece) > 0 {
			i := bytes.LastIndexByte(piece, '\n')
			if i < 0 {
				at -= int64(len(piece))
				break
			}
			if n--; n == 0 {
				return at - int64(len(piece)-i-1), nil
			}
			at, piece = at-int64(len(piece)-i), piece[:i]
		}
	}
	return 0, nil
}

// linesBetween reads lines without their ends.
func linesBetween(r io.ReaderAt, from, to int64) ([]string, error) {
	text, err := io.ReadAll(io.NewSectionReader(r, from, min(to-from, wire.MessageMax+1)))
	if err != nil {
		return nil, err
	}
	if len(text) > wire.MessageMax {
		return nil, (&messageBudget{}).add(len(text))
	}
	return splitLines(string(text)), nil
}

// splitLines splits the output of a program.
func splitLines(text string) []string {
	if text == "" {
		return []string{}
	}
	return strings.Split(strings.TrimSuffix(text, "\n"), "\n")
}

func doWcL(c *Call, path string) (int, error) { return c.count(path, &lineCounter{}) }

func doWcW(c *Call, path string) (int, error) { return c.count(path, &wordCounter{}) }

func doWcC(c *Call, path string) (int, error) {
	st, err := c.statGuest(path, true)
	if err == nil {
		err = checkRegular(path, &st)
	}
	if err != nil {
		return 0, err
	}
	return countFits(path, st.Size)
}

// counter counts what is written to it.
type counter interface {
	io.Writer
	total() int64
}

func (c *Call) count(path string, n counter) (int, error) {
	err := c.readText(path, func(f *os.File) error {
		_, err := c.copyFile(n, f, 0)
		return err
	})
	if err != nil {
		return 0, err
	}
	return countFits(path, n.total())
}

// countFits checks that a count fits into the result of the call.
func countFits(path string, n int64) (int, error) {
	if n > math.MaxInt32 {
		return 0, withErrno(syscall.EOVERFLOW, "%s: %d does not fit into the result", path, n)
	}
	return int(n), nil
}

type lineCounter struct{ n int64 }

func (l *lineCounter) total() int64 { return l.n }

func (l *lineCounter) Write(p []byte) (int, error) {
	l.n += int64(bytes.Count(p, []byte{'\n'}))
	return len(p), nil
}

// wordCounter counts words as wc does in the C locale: a word has at least one
// printable character.
type wordCounter struct {
	n    int64
	word bool // in a word
}

func (w *wordCounter) total() int64 { return w.n }

func (w *wordCounter) Write(p []byte) (int, error) {
	for _, b := range p {
		switch {
		case b == ' ' || '\t' <= b && b <= '\r':
			w.word = false
		case b > ' ' && b < 0x7f && !w.word:
			w.word = true
			w.n++
		}
	}
	return len(p), nil
}
