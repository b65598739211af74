package qemu

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// process is a running QEMU. It dies with this process, whatever kills that.
type process struct {
	pid    int
	stderr *tail
	done   chan struct{} // closed when QEMU has ended and its output has been read
	state  *os.ProcessState
	kill   func() error
}

// startProcess starts a program with the given files as descriptors 3, 4, ...
// and nothing else but /dev/null and its error output.
//
// PR_SET_PDEATHSIG fires when the thread that started the child ends, not the
// process: so one goroutine keeps its thread from the start to the end of QEMU.
func startProcess(path string, args []string, files []*os.File, stderr *tail) (*process, error) {
	cmd := exec.Command(path, args...)
	cmd.ExtraFiles = files
	cmd.Stdout, cmd.Stderr = stderr, stderr
	// A group of its own: Ctrl-C is for the tool, which then ends QEMU in good order.
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	p := &process{stderr: stderr, done: make(chan struct{})}
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		sealDescriptors()
		if err := cmd.Start(); err != nil {
			started <- err
			return
		}
		p.pid, p.kill = cmd.Process.Pid, cmd.Process.Kill
		raiseFileLimit(p.pid)
		started <- nil
		cmd.Wait() // its error is in ProcessState
		p.state = cmd.ProcessState
		close(p.done)
	}()
	if err := <-started; err != nil {
		return nil, explainStart(path, err)
	}
	return p, nil
}

// sealDescriptors keeps descriptors that this process was started with (a shell's
// lock file, say) from QEMU. Go's own are close-on-exec already.
func sealDescriptors() {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return // without /proc QEMU gets what any child of this process would get
	}
	for _, e := range entries {
		fd, err := strconv.Atoi(e.Name())
		if err != nil || fd <= 2 {
			continue
		}
		if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err == nil && flags&unix.FD_CLOEXEC == 0 {
			unix.CloseOnExec(fd)
		}
	}
}

// raiseFileLimit allows QEMU as many files as the hard limit does: 255 drives with
// long chains need more than the usual 1024. It may fail; most need few.
func raiseFileLimit(pid int) {
	var limit unix.Rlimit
	if unix.Prlimit(pid, unix.RLIMIT_NOFILE, nil, &limit) == nil {
		limit.Cur = limit.Max
		unix.Prlimit(pid, unix.RLIMIT_NOFILE, &limit, nil)
	}
}

func explainStart(path string, err error) error {
	switch {
	case errors.Is(err, os.ErrNotExist):
		return told(hintInstall, "start qemu: %w", err)
	case errors.Is(err, os.ErrPermission):
		return told("check that the file may be executed", "start qemu: %w", err)
	case errors.Is(err, syscall.ENOMEM), errors.Is(err, syscall.EAGAIN):
		return told(hintMemory, "start qemu: %w", err)
	case errors.Is(err, syscall.ENOEXEC):
		return told("LIBGUESTFS_HV must name a QEMU program for this machine", "start qemu: %w", err)
	}
	return fmt.Errorf("start qemu: %w", err)
}

// exitError says how QEMU ended; nil for exit status 0. Only after done.
func (p *process) exitError() error {
	words := p.stderr.String()
	status, ok := p.state.Sys().(syscall.WaitStatus)
	switch {
	case ok && status.Signaled():
		hint := ""
		switch status.Signal() {
		case syscall.SIGKILL:
			hint = "something killed it: the kernel when memory ran out (see dmesg), or a limit of a container; " + hintMemory
		case syscall.SIGSYS:
			hint = "its sandbox stopped it; please report this with the version of QEMU"
		}
		return told(hint, "qemu was ended by signal %d (%v)%s", int(status.Signal()), status.Signal(), colon(words))
	case p.state.ExitCode() != 0:
		return explain(fmt.Errorf("qemu ended with exit status %d%s", p.state.ExitCode(), colon(words)))
	}
	return nil
}

// colon puts a text behind a message, if there is one.
func colon(s string) string {
	if s = strings.TrimSpace(s); s == "" {
		return ""
	}
	return ": " + s
}
