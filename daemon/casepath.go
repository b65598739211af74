package daemon

import (
	"os"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// doCaseSensitivePath finds the spelling in which a path is there. Its last
// part may be missing, and is returned as it is then. Of several spellings the
// given one counts, else the first by the order of characters.
func doCaseSensitivePath(c *Call, path string) (string, error) {
	var found []string
	err := c.inGuest(func() error {
		if err := unix.Chdir("/"); err != nil {
			return err
		}
		parts := strings.FieldsFunc(path, func(r rune) bool { return r == '/' })
		for i, part := range parts {
			last := i == len(parts)-1
			if part == "." || part == ".." {
				return withErrno(syscall.EINVAL, `path contains "." or ".." elements`)
			}
			name, err := spelling(part)
			if err != nil {
				return &os.PathError{Op: "read", Path: "/" + strings.Join(found, "/"), Err: errnoOf(err)}
			}
			switch {
			case name != "":
				found = append(found, name)
			case last:
				found = append(found, part)
			default:
				return withErrno(syscall.ENOENT, "%s: not found", part)
			}
			if !last || strings.HasSuffix(path, "/") {
				if err := unix.Chdir(found[i]); err != nil {
					return &os.PathError{Op: "chdir", Path: "/" + strings.Join(found, "/"), Err: err}
				}
			}
		}
		return nil
	})
	return "/" + strings.Join(found, "/"), err
}

// spelling finds a name in the current directory, or returns nothing.
func spelling(name string) (string, error) {
	d, err := os.Open(".")
	if err != nil {
		return "", err
	}
	defer d.Close()
	names, err := d.Readdirnames(-1)
	best := ""
	for _, n := range names {
		if n == name {
			return n, nil
		}
		if strings.EqualFold(n, name) && (best == "" || n < best) {
			best = n
		}
	}
	return best, err
}
