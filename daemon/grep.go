package daemon

import (
	"bufio"
	"io"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// grepping says how grep looks for a pattern.
type grepping struct {
	extended, fixed, insensitive, compressed bool
}

func doGrep(c *Call, regex, path string, opts *grepOpts) ([]string, error) {
	yes := func(p *bool) bool { return p != nil && *p }
	return c.grep(regex, path, grepping{yes(opts.Extended), yes(opts.Fixed), yes(opts.Insensitive), yes(opts.Compressed)})
}

func doEgrep(c *Call, regex, path string) ([]string, error) {
	return c.grep(regex, path, grepping{extended: true})
}

func doFgrep(c *Call, pattern, path string) ([]string, error) {
	return c.grep(pattern, path, grepping{fixed: true})
}

func doGrepi(c *Call, regex, path string) ([]string, error) {
	return c.grep(regex, path, grepping{insensitive: true})
}

func doEgrepi(c *Call, regex, path string) ([]string, error) {
	return c.grep(regex, path, grepping{extended: true, insensitive: true})
}

func doFgrepi(c *Call, pattern, path string) ([]string, error) {
	return c.grep(pattern, path, grepping{fixed: true, insensitive: true})
}

func doZgrep(c *Call, regex, path string) ([]string, error) {
	return c.grep(regex, path, grepping{compressed: true})
}

func doZegrep(c *Call, regex, path string) ([]string, error) {
	return c.grep(regex, path, grepping{extended: true, compressed: true})
}

func doZfgrep(c *Call, pattern, path string) ([]string, error) {
	return c.grep(pattern, path, grepping{fixed: true, compressed: true})
}

func doZgrepi(c *Call, regex, path string) ([]string, error) {
	return c.grep(regex, path, grepping{insensitive: true, compressed: true})
}

func doZegrepi(c *Call, regex, path string) ([]string, error) {
	return c.grep(regex, path, grepping{extended: true, insensitive: true, compressed: true})
}

func doZfgrepi(c *Call, pattern, path string) ([]string, error) {
	return c.grep(pattern, path, grepping{fixed: true, insensitive: true, compressed: true})
}

// grep runs the program, since its regular expressions are what is asked for.
// No line that matches is no error.
func (c *Call) grep(pattern, path string, how grepping) ([]string, error) {
	if how.extended && how.fixed {
		return nil, withErrno(syscall.EINVAL, "can't use 'extended' and 'fixed' flags at the same time")
	}
	argv := []string{"grep"}
	for _, o := range []struct {
		name string
		on   bool
	}{{"-E", how.extended}, {"-F", how.fixed}, {"-i", how.insensitive}} {
		if o.on {
			argv = append(argv, o.name)
		}
	}
	f, err := c.openRegular(path, unix.O_RDONLY, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var text io.Reader = f
	if how.compressed {
		if text, err = unpackedText(f); err != nil {
			return nil, err
		}
	}
	const noMatch = 1
	out, _, err := c.runProgram(&program{argv: append(argv, "-e", pattern), stdin: text, okExit: []int{noMatch}})
	if err != nil {
		return nil, err
	}
	return splitLines(out), nil
}

// unpackedText unpacks a file that is packed; others it reads as they are.
func unpackedText(f *os.File) (io.Reader, error) {
	r := bufio.NewReaderSize(f, copyBytes)
	name := packedAs(r)
	if name == "" {
		return r, nil
	}
	return unpackedReader(&name, r)
}
