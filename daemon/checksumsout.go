package daemon

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// doChecksumsOut sends a line for each regular file below a directory, as
// md5sum and its kind, or cksum, print them.
func doChecksumsOut(c *Call, csumtype, directory string, sumsfile io.Writer) error {
	if _, err := newChecksum(csumtype); err != nil {
		return err
	}
	return c.inGuest(func() error {
		return c.walk(directory, ".", func(name, path string, kind fs.FileMode) error {
			if !kind.IsRegular() {
				return nil
			}
			h, err := newChecksum(csumtype)
			if err != nil {
				return err
			}
			fd, err := unix.Open(name, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
			if err != nil {
				return &os.PathError{Op: "open", Path: path, Err: err}
			}
			f, err := blockingFile(fd, path)
			if err != nil {
				return err
			}
			sum, err := c.checksum(h, f)
			if err != nil {
				return err
			}
			if crc, ok := h.(*cksum); ok {
				_, err = fmt.Fprintf(sumsfile, "%s %d %s\n", sum, crc.n, path)
				return err
			}
			// A name that would break the line is escaped, and a backslash says so.
			escaped := sumEscape.Replace(path)
			if escaped != path {
				sum = `\` + sum
			}
			_, err = fmt.Fprintf(sumsfile, "%s  %s\n", sum, escaped)
			return err
		})
	})
}

var sumEscape = strings.NewReplacer(`\`, `\\`, "\n", `\n`, "\r", `\r`)
