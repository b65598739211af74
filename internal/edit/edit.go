// Package edit changes text line by line, as virt-edit's -e does.
//
//	script, err := edit.Parse(`s/^root:[^:]*/root:/`)
//	if err == nil {
//		err = script.Run(ctx, dst, src)
//	}
//
// What sed and Perl both understand is done here. Anything else is a Perl
// expression, and takes a perl on the host. It knows nothing of guests: who
// calls it puts the new text in the place of the old.
package edit

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
)

// lineMax bounds the memory for a line, in bytes.
const lineMax = 64 << 20

// ErrNeedsPerl says that an expression is more than is done here, and that no
// perl was found.
var ErrNeedsPerl = errors.New("only perl understands this expression, and there is none here")

// Script is a parsed expression.
type Script struct {
	commands []command
	perl     string // the program, if it is for perl
	source   string
}

// Parse reads an expression: commands separated by semicolons, each of them
// s/REGEXP/REPLACEMENT/FLAGS or d, after an address or none (see command), or
// any other text, which perl will run for each line.
func Parse(source string) (*Script, error) {
	commands, err := parse(source)
	if err == nil {
		return &Script{commands: commands, source: source}, nil
	}
	// What is wrong for both is best said in perl's words, when it runs.
	program, lookErr := exec.LookPath("perl")
	if lookErr != nil {
		return nil, fmt.Errorf("expression %q: %w (%v)", source, ErrNeedsPerl, err)
	}
	return &Script{perl: program, source: source}, nil
}

// Run copies the lines of src to dst, changed. A line is what the commands see
// with its end, "\n" or "\r\n".
func (s *Script) Run(ctx context.Context, dst io.Writer, src io.Reader) error {
	if s.perl != "" {
		return s.runPerl(ctx, dst, src)
	}
	r, w := bufio.NewReaderSize(src, 64<<10), bufio.NewWriterSize(dst, 64<<10)
	for n := 1; ; n++ {
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		line, err := readLine(r)
		if err == io.EOF {
			return w.Flush()
		}
		if err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
		if _, err := w.Write(apply(s.commands, n, line)); err != nil {
			return err
		}
	}
}

// apply returns what becomes of a line.
func apply(commands []command, n int, line []byte) []byte {
	for i := range commands {
		c := &commands[i]
		switch {
		case !c.at.holds(n, line):
		case c.remove:
			return nil
		default:
			line = c.substitute(line)
		}
	}
	return line
}

var errLongLine = fmt.Errorf("longer than %d MiB", lineMax>>20)

// readLine returns the next line with its end, or io.EOF when there is none.
func readLine(r *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		if len(line)+len(part) > lineMax {
			return nil, errLongLine
		}
		line = append(line, part...)
		if err == bufio.ErrBufferFull {
			continue
		}
		if err == io.EOF && len(line) > 0 {
			return line, nil
		}
		return line, err
	}
}
