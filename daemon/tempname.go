package daemon

import (
	"crypto/rand"
	"os"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

const (
	tempMark  = "XXXXXX" // what a template ends in
	tempTries = 1000
)

func doMkdtemp(c *Call, tmpl string) (string, error) {
	return c.tempName(tmpl, "", func(name string) error { return unix.Mkdir(name, 0o700) })
}

func doMktemp(c *Call, tmpl string, opts *mktempOpts) (string, error) {
	suffix := ""
	if opts.Suffix != nil {
		suffix = *opts.Suffix
	}
	if strings.Contains(suffix, "/") {
		return "", withErrno(syscall.EINVAL, "suffix %q has a slash in it", suffix)
	}
	return c.tempName(tmpl, suffix, func(name string) error {
		fd, err := unix.Open(name, unix.O_RDWR|unix.O_CREAT|unix.O_EXCL|unix.O_CLOEXEC, 0o600)
		if err != nil {
			return err
		}
		return unix.Close(fd)
	})
}

// tempName makes something in the guest under a name that was not there.
func (c *Call) tempName(tmpl, suffix string, create func(name string) error) (name string, err error) {
	err = c.inGuest(func() error {
		name, err = freshName(tmpl, suffix, create)
		return err
	})
	return name, err
}

// freshName makes something under a name that was not there.
func freshName(tmpl, suffix string, create func(name string) error) (string, error) {
	start, ok := strings.CutSuffix(tmpl, tempMark)
	if !ok {
		return "", &os.PathError{Op: "mktemp", Path: tmpl, Err: syscall.EINVAL}
	}
	for range tempTries {
		name := start + rand.Text()[:len(tempMark)] + suffix
		err := create(name)
		if err == nil {
			return name, nil
		}
		if err != syscall.EEXIST {
			return "", &os.PathError{Op: "mktemp", Path: tmpl, Err: err}
		}
	}
	return "", &os.PathError{Op: "mktemp", Path: tmpl, Err: syscall.EEXIST}
}
