package daemon

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"syscall"

	"golang.org/x/sys/unix"
)

func doCommand(c *Call, arguments []string) (string, error) {
	return c.guestCommand(arguments, nil)
}

func doCommandLines(c *Call, arguments []string) ([]string, error) {
	out, err := c.guestCommand(arguments, nil)
	return splitLines(out), err
}

// doCommandOut sends the output when the command has ended, so that a failure
// has a message; an output of more than stdoutMax is sent while it comes.
func doCommandOut(c *Call, arguments []string, output io.Writer) error {
	late := &lateWriter{w: output}
	_, err := c.guestCommand(arguments, late)
	if err == nil {
		err = late.flush()
	}
	return err
}

const guestShell = "/bin/sh"

func doSh(c *Call, command string) (string, error) {
	return doCommand(c, []string{guestShell, "-c", command})
}

func doShLines(c *Call, command string) ([]string, error) {
	return doCommandLines(c, []string{guestShell, "-c", command})
}

func doShOut(c *Call, command string, output io.Writer) error {
	return doCommandOut(c, []string{guestShell, "-c", command}, output)
}

// guestCommand runs a program of the guest with the guest's root as its own. It
// finds the appliance's /dev, /proc and /sys there. When it has ended, its
// children are killed and these are unmounted.
func (c *Call) guestCommand(argv []string, stdout io.Writer) (out string, err error) {
	if err := requireRoot(); err != nil {
		return "", err
	}
	if len(argv) == 0 || argv[0] == "" {
		return "", withErrno(syscall.EINVAL, "passed an empty list")
	}
	defer c.pulse()()
	unmount, err := c.mountForGuest()
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, unmount()) }()
	group, err := newProcessGroup()
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, group.end()) }()

	path, err := c.lookInGuest(argv[0])
	if err != nil {
		return "", err
	}
	out, _, err = c.runProgram(&program{argv: argv, stdout: stdout, guest: &guestProgram{path, group}})
	if errors.Is(err, syscall.ENOEXEC) {
		foreign := c.foreignProgram(path)
		if foreign != nil {
			return "", foreign
		}
		// As execvp(3): what is no program is given to the shell.
		argv = append([]string{guestShell, path}, argv[1:]...)
		out, _, err = c.runProgram(&program{argv: argv, stdout: stdout, guest: &guestProgram{guestShell, group}})
	}
	return out, err
}

// guestDirs are the directories that a program of the guest cannot do without.
var guestDirs = []struct {
	path  string
	flags uint
}{
	{"/dev", unix.AT_RECURSIVE}, // with /dev/pts
	{"/proc", 0},
	{"/sys", 0},
}

// mountForGuest makes the appliance's directories appear in the guest. Where the
// guest has no directory of the name, or a symbolic link, nothing is mounted.
func (c *Call) mountForGuest() (unmount func() error, err error) {
	before, err := guestMounts(sysroot)
	if err != nil {
		return nil, err
	}
	for _, d := range guestDirs {
		tree, err := unix.OpenTree(unix.AT_FDCWD, d.path, unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC|d.flags)
		if err != nil {
			return nil, fmt.Errorf("open_tree: %s: %w", d.path, err)
		}
		err = c.inGuest(func() error {
			// A failure is for the program to notice, as with libguestfs.
			_ = unix.MoveMount(tree, "", unix.AT_FDCWD, d.path, unix.MOVE_MOUNT_F_EMPTY_PATH)
			return nil
		})
		unix.Close(tree)
		if err != nil {
			return nil, err
		}
	}
	return func() error { return unmountNew(before) }, nil
}

// unmountNew unmounts what has come on or below the guestDirs.
func unmountNew(before []mountEntry) error {
	after, err := guestMounts(sysroot)
	if err != nil {
		return err
	}
	known := map[string]int{}
	for _, m := range before {
		known[m.Target]++
	}
	var added []string
	for _, m := range after {
		if known[m.Target]--; known[m.Target] >= 0 {
			continue
		}
		for _, d := range guestDirs {
			if _, ok := inside(m.Target, sysroot+d.path); ok {
				added = append(added, m.Target)
			}
		}
	}
	var errs []error
	for i := len(added) - 1; i >= 0; i-- {
		if err := unix.Unmount(added[i], unix.MNT_DETACH|unix.UMOUNT_NOFOLLOW); err != nil {
			errs = append(errs, fmt.Errorf("umount: %s: %w", added[i], err))
		}
	}
	return errors.Join(errs...)
}

// lateWriter keeps the first stdoutMax bytes back.
type lateWriter struct {
	w     io.Writer
	kept  bytes.Buffer
	begun bool
}

func (l *lateWriter) Write(p []byte) (int, error) {
	if !l.begun && l.kept.Len()+len(p) <= stdoutMax {
		return l.kept.Write(p)
	}
	if err := l.flush(); err != nil {
		return 0, err
	}
	return l.w.Write(p)
}

func (l *lateWriter) flush() error {
	l.begun = true
	_, err := l.kept.WriteTo(l.w)
	return err
}
