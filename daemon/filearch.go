package daemon

import (
	"errors"
	"io"
	"path"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"virt-tools/internal/inspect"
)

// initrdPrograms are what is looked at in an initial RAM disk, the surest
// first: a folder with firmware has programs for other machines as well.
var initrdPrograms = []string{"ls", "rm", "modprobe", "sh", "bash", "dash", "nash", "busybox", "init", "systemd"}

// doFileArchitecture knows programs of Linux and its kin, and of Windows, packed
// ones too, and archives of an initial RAM disk with a program in them.
func doFileArchitecture(c *Call, filename string) (string, error) {
	f, err := c.openRegular(filename, unix.O_RDONLY, 0)
	if err != nil {
		return "", err
	}
	defer f.Close()
	text, err := unpackedText(f)
	if err != nil {
		return "", err
	}
	head := make([]byte, inspect.HeadBytes)
	n, err := io.ReadFull(text, head)
	if err != nil && err != io.ErrUnexpectedEOF && err != io.EOF {
		return "", err
	}
	head = head[:n]
	machine := inspect.Machine(head)
	if s := string(head); machine == "" && (strings.HasPrefix(s, cpioNewc) || strings.HasPrefix(s, cpioCRC)) {
		machine, err = c.initrdMachine(filename)
		if err != nil {
			return "", err
		}
	}
	if machine == "" {
		return "", withErrno(syscall.EINVAL, "unknown architecture: %s", filename)
	}
	return machine, nil
}

// errFound ends the reading of an archive.
var errFound = errors.New("found")

func (c *Call) initrdMachine(filename string) (string, error) {
	best, rank := "", len(initrdPrograms)
	err := c.readInitrd(filename, func(e *cpioEntry) error {
		name := initrdName(e.name)
		r := initrdRank(name)
		if r >= rank || e.mode&unix.S_IFMT != unix.S_IFREG {
			return nil
		}
		head := make([]byte, inspect.HeadBytes)
		n, err := io.ReadFull(e.content, head)
		if err != nil && err != io.ErrUnexpectedEOF && err != io.EOF {
			return err
		}
		if m := inspect.Machine(head[:n]); m != "" {
			best, rank = m, r
		}
		if rank == 0 {
			return errFound
		}
		return nil
	})
	// What is damaged behind the program does not matter.
	if errors.Is(err, errFound) || best != "" && c.Err() == nil {
		err = nil
	}
	return best, err
}

// initrdRank is the place of a program in initrdPrograms, or their number.
func initrdRank(name string) int {
	if dir := strings.TrimPrefix(path.Dir(name), "usr/"); dir == "bin" || dir == "sbin" || dir == "lib/systemd" || name == "init" {
		for i, p := range initrdPrograms {
			if path.Base(name) == p {
				return i
			}
		}
	}
	return len(initrdPrograms)
}
