package edit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
)

// The expression sees a line in $_ and its number in $lineno. What it returns
// does not matter; if it dies, so does the whole edit.
const (
	perlBefore = "binmode STDIN; binmode STDOUT; $lineno = 0;\nwhile (<STDIN>) { $lineno++;\n# line 1 \"expression\"\n"
	perlAfter  = "\n;\nprint STDOUT $_ or die \"write: $!\\n\"; }\nclose(STDOUT) or die \"write: $!\\n\";\n"
)

// wordsMax bounds what is repeated of perl's complaints.
const wordsMax = 2000

func (s *Script) runPerl(ctx context.Context, dst io.Writer, src io.Reader) error {
	cmd := exec.CommandContext(ctx, s.perl, "-e", perlBefore+s.source+perlAfter)
	var words bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = src, dst, &words
	err := cmd.Run()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return err
	}
	said := strings.TrimSpace(words.String())
	if len(said) > wordsMax {
		said = said[:wordsMax] + "..."
	}
	if said == "" {
		return fmt.Errorf("perl: %w", err)
	}
	return fmt.Errorf("perl: %s", said)
}
