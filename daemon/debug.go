package daemon

import (
	"context"
	"fmt"
	"io"
	"log"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// debugCommands are what debug does: those of libguestfs that its tests and its
// users have, for looking at the appliance itself.
var debugCommands = map[string]func(*Call, []string) (string, error){
	"env":      debugEnv,
	"error":    debugError,
	"fds":      debugFds,
	"ls":       debugLs,
	"print":    debugPrint,
	"progress": debugProgress,
	"setenv":   debugSetenv,
	"sh":       debugSh,
	"spew":     debugSpew,
}

// doDebug runs in the appliance, not in the guest: it is the user who asks, to
// whom the appliance belongs.
func doDebug(c *Call, subcmd string, extraargs []string) (string, error) {
	if subcmd == "help" {
		names := slices.Sorted(maps.Keys(debugCommands))
		return "Commands supported: " + strings.Join(slices.Insert(names, 0, "help"), " ") + "\n", nil
	}
	run := debugCommands[subcmd]
	if run == nil {
		return "", withErrno(syscall.EINVAL, "use 'debug help 0' to list the supported commands")
	}
	return run(c, extraargs)
}

func debugEnv(c *Call, _ []string) (string, error) {
	return strings.Join(append(slices.Clone(cleanEnv), c.server.debugVariables...), "\n") + "\n", nil
}

func debugSetenv(c *Call, args []string) (string, error) {
	if len(args) != 2 {
		return "", withErrno(syscall.EINVAL, "setenv: two arguments expected")
	}
	c.server.debugVariables = append(c.server.debugVariables, args[0]+"="+args[1])
	return "ok", nil
}

// debugError fails with a message of a length.
func debugError(_ *Call, args []string) (string, error) {
	const most = 1 << 20
	if len(args) == 1 {
		if n, err := strconv.Atoi(args[0]); err == nil && n >= 0 && n <= most {
			return "", withErrno(0, "%s", strings.Repeat("a", n))
		}
	}
	return "", withErrno(syscall.EINVAL, "debug error: expecting one arg: length of error message")
}

// debugFds lists what the daemon has open.
func debugFds(*Call, []string) (string, error) {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for _, e := range entries {
		if target, err := os.Readlink("/proc/self/fd/" + e.Name()); err == nil {
			fmt.Fprintf(&b, "%2s %s\n", e.Name(), target)
		}
	}
	return b.String(), nil
}

// debugLs lists directories as ls -a does, and names what is none.
func debugLs(_ *Call, args []string) (string, error) {
	var b strings.Builder
	for _, name := range args {
		info, err := os.Stat(name)
		if err != nil {
			return "", err
		}
		if !info.IsDir() {
			fmt.Fprintln(&b, name)
			continue
		}
		entries, err := os.ReadDir(name)
		if err != nil {
			return "", err
		}
		b.WriteString(".\n..\n")
		for _, e := range entries {
			fmt.Fprintln(&b, e.Name())
		}
	}
	return b.String(), nil
}

// debugPrint writes to the console.
func debugPrint(_ *Call, args []string) (string, error) {
	log.Print(strings.Join(args, " "))
	return "ok", nil
}

// debugSpew writes many lines to the console.
func debugSpew(_ *Call, args []string) (string, error) {
	const most = 1_000_000
	n := -1
	if len(args) == 1 {
		if i, err := strconv.Atoi(args[0]); err == nil {
			n = i
		}
	}
	if n < 0 || n > most {
		return "", withErrno(syscall.EINVAL, "spew: expecting number of lines <n>")
	}
	for i := range n {
		log.Printf("line %d of %d", i, n)
	}
	return "ok", nil
}

// debugProgress reports progress for some seconds, ten times a second.
func debugProgress(c *Call, args []string) (string, error) {
	var secs uint64
	if len(args) > 0 {
		whole, _, _ := strings.Cut(args[0], ".")
		n, err := strconv.ParseUint(whole, 10, 16)
		if err != nil {
			return "", withErrno(syscall.EINVAL, "progress: expecting one or more args: time in seconds [, rate in microseconds]")
		}
		secs = n
	}
	if secs == 0 {
		return "", withErrno(syscall.EINVAL, "progress: argument is 0, less than 0, or too large")
	}
	steps := secs * 10
	for i := range steps {
		select {
		case <-c.Done():
			return "", context.Cause(c)
		case <-time.After(100 * time.Millisecond):
		}
		c.progress(i+1, steps)
	}
	return "ok", nil
}

// debugSh runs a command of the appliance's shell, and returns its errors with
// its output, but for the end of the last line.
func debugSh(c *Call, args []string) (string, error) {
	if len(args) == 0 {
		return "", withErrno(syscall.EINVAL, "sh: expecting a command to run")
	}
	argv := []string{"sh", "-c", "exec 2>&1; " + strings.Join(args, " ")}
	out, _, err := c.runProgram(&program{argv: argv, env: c.server.debugVariables})
	if err != nil && out != "" {
		err = fmt.Errorf("%s: %w", lastLines(out), err)
	}
	return strings.TrimSuffix(out, "\n"), err
}

// doDebugUpload writes a file of the appliance, as the user asks: to run it
// with debug sh, say.
func doDebugUpload(c *Call, file io.Reader, tmpname string, mode int) error {
	if mode < 0 || mode > 0o7777 {
		return withErrno(syscall.EINVAL, "mode %#o is not one", mode)
	}
	f, err := os.OpenFile(tmpname, unix.O_WRONLY|unix.O_CREAT|unix.O_TRUNC|unix.O_NOCTTY|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return err
	}
	if _, err := c.copyFile(f, file, c.header.ProgressHint); err != nil {
		f.Close()
		return err
	}
	err = unix.Fchmod(int(f.Fd()), uint32(mode))
	if e := f.Close(); err == nil {
		err = e
	}
	return err
}
