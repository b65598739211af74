package daemon

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	programTimeout = time.Hour // a mkfs of a large slow disk is legitimate
	stdoutMax      = 32 << 20  // bytes of output kept; the rest is an error
	stderrMax      = 64 << 10  // bytes of messages kept
)

// program is a program to run in the appliance. It is never run by a shell and
// sees none of the daemon's environment.
type program struct {
	argv   []string
	stdin  io.Reader
	stdout io.Writer // takes the output, which otherwise is returned
	env    []string  // beside the clean environment
	okExit []int     // exit codes that are no failure, beside 0
	leaves bool      // a process stays behind, which keeps the output open
	guest  *guestProgram
}

const programPath = "/usr/sbin:/usr/bin:/sbin:/bin"

var cleanEnv = []string{"PATH=" + programPath, "LC_ALL=C", "TERM=dumb", "HOME=/root", "TMPDIR=/tmp"}

// programError is a program that failed: what it was, how it ended and what it
// said last.
type programError struct {
	argv   []string
	code   int
	signal syscall.Signal
	stderr string
}

func (e *programError) Error() string {
	how := fmt.Sprintf("exit status %d", e.code)
	if e.signal != 0 {
		how = "killed by signal " + e.signal.String()
	}
	name := e.argv[0][strings.LastIndex(e.argv[0], "/")+1:]
	if e.stderr == "" {
		return name + ": " + how
	}
	return name + ": " + strings.TrimPrefix(e.stderr, name+": ")
}

// diskErrors are the errors that callers tell apart whichever program met them,
// and how programs word them.
var diskErrors = []struct {
	errno  syscall.Errno
	phrase string
}{
	{syscall.ENOSPC, "no space left on device"},
	{syscall.ENOSPC, "insufficient free space"}, // LVM
	{syscall.ENOSPC, "insufficient suitable allocatable extents"},
	{syscall.EIO, "input/output error"},
	{syscall.EIO, "i/o error"},
	{syscall.EROFS, "read-only file system"},
}

// errno is the error number that the program gave in words, or 0.
func (e *programError) errno() syscall.Errno {
	text := strings.ToLower(e.stderr)
	for _, d := range diskErrors {
		if strings.Contains(text, d.phrase) {
			return d.errno
		}
	}
	return 0
}

// run runs a program and returns its standard output.
func (c *Call) run(argv ...string) (string, error) {
	out, _, err := c.runProgram(&program{argv: argv})
	return out, err
}

// runProgram runs a program in a process group of its own, which is killed when
// the call is cancelled. It returns its standard output and its exit code.
func (c *Call) runProgram(p *program) (stdout string, code int, err error) {
	ctx, cancel := context.WithTimeout(c, programTimeout)
	defer cancel()
	path, err := p.find()
	if err != nil {
		return "", -1, err
	}
	var out, msg limitedBuffer
	out.limit, msg.limit = stdoutMax, stderrMax
	cmd := exec.Command(path, p.argv[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = p.stdin, &out, &msg
	if p.stdout != nil {
		cmd.Stdout = p.stdout
	}
	if p.leaves {
		// Not a pipe: that would be waited for until all have closed it.
		f, e := os.CreateTemp("/tmp", "output-")
		if e != nil {
			return "", -1, e
		}
		defer f.Close()
		defer func() {
			text, e := io.ReadAll(io.NewSectionReader(f, 0, stderrMax))
			var failed *programError
			if errors.As(err, &failed) && e == nil {
				failed.stderr = lastLines(string(text))
			}
		}()
		if e := os.Remove(f.Name()); e != nil {
			return "", -1, e
		}
		cmd.Stdout, cmd.Stderr = f, f
	}
	cmd.Env = append(slices.Clone(cleanEnv), p.env...)
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if p.guest != nil {
		p.guest.prepare(cmd)
	}
	state, err := runReaped(ctx, cmd)
	if err != nil {
		return "", -1, fmt.Errorf("%s: %w", p.argv[0], err)
	}
	if ctx.Err() != nil && !state.Success() {
		if c.Err() != nil {
			return "", -1, fmt.Errorf("%s: %w", p.argv[0], c.Err())
		}
		return "", -1, withErrno(syscall.ETIMEDOUT, "%s: no end after %s", p.argv[0], programTimeout)
	}
	code = state.ExitCode()
	if code != 0 && !slices.Contains(p.okExit, code) {
		e := &programError{argv: p.argv, code: code, stderr: lastLines(msg.String())}
		if ws, ok := state.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
			e.signal = ws.Signal()
		}
		return out.String(), code, e
	}
	if out.over {
		return "", code, withErrno(syscall.EFBIG, "%s: more than %d MiB of output", p.argv[0], stdoutMax>>20)
	}
	return out.String(), code, nil
}

func (p *program) find() (string, error) {
	if p.guest != nil {
		return p.guest.path, nil
	}
	path, err := exec.LookPath(p.argv[0])
	if err != nil {
		return "", withErrno(syscall.ENOTSUP, "program %s is not in this appliance", p.argv[0])
	}
	return path, nil
}

func lastLines(s string) string {
	const most = 20
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return strings.Join(lines[max(0, len(lines)-most):], "\n")
}

// limitedBuffer keeps the first limit bytes and swallows the others, so that a
// program which talks without end neither blocks nor fills the memory.
type limitedBuffer struct {
	bytes.Buffer
	limit int
	over  bool
}

func (b *limitedBuffer) Write(p []byte) (int, error) {
	n := min(len(p), b.limit-b.Len())
	if n < len(p) {
		b.over = true
	}
	b.Buffer.Write(p[:n])
	return len(p), nil
}

// children are the processes that a call waits for. As process 1 the daemon
// also gets every orphan, and must leave these to their callers.
var children struct {
	mu   sync.Mutex
	pids map[int]chan struct{} // closed when the caller has reaped it
}

// runReaped starts a program, kills its process group when the context ends
// and waits for it.
func runReaped(ctx context.Context, cmd *exec.Cmd) (*os.ProcessState, error) {
	return runStarted(ctx, cmd, make(chan struct{}))
}

// runStarted is runReaped, and closes a channel when the program has started.
func runStarted(ctx context.Context, cmd *exec.Cmd, started chan<- struct{}) (*os.ProcessState, error) {
	done := make(chan struct{})
	children.mu.Lock()
	if err := cmd.Start(); err != nil {
		children.mu.Unlock()
		return nil, err
	}
	if children.pids == nil {
		children.pids = map[int]chan struct{}{}
	}
	children.pids[cmd.Process.Pid] = done
	children.mu.Unlock()
	close(started)

	stop := context.AfterFunc(ctx, func() { syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) })
	err := cmd.Wait()
	stop()
	children.mu.Lock()
	delete(children.pids, cmd.Process.Pid)
	children.mu.Unlock()
	close(done)
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return nil, err
	}
	return cmd.ProcessState, nil
}

// reapOrphans takes in every dead process that no call waits for. It looks at
// each before it takes it, so that cmd.Wait never loses its own.
func reapOrphans() {
	for {
		var info unix.Siginfo
		err := unix.Waitid(unix.P_ALL, 0, &info, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil)
		pid := siginfoPid(&info)
		if err != nil || pid == 0 {
			return
		}
		children.mu.Lock()
		done, mine := children.pids[pid]
		children.mu.Unlock()
		if mine {
			<-done
			continue
		}
		var status unix.WaitStatus
		if _, err := unix.Wait4(pid, &status, unix.WNOHANG, nil); err != nil {
			return
		}
	}
}
