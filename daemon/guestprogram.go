package daemon

import (
	"debug/elf"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// guestProgram says that a program is one of the guest's: where it is there,
// and the group of processes that it and its children belong to.
type guestProgram struct {
	path  string
	group *processGroup
}

func (g *guestProgram) prepare(cmd *exec.Cmd) {
	cmd.SysProcAttr.Chroot = sysroot
	cmd.SysProcAttr.UseCgroupFD = true
	cmd.SysProcAttr.CgroupFD = int(g.group.dir.Fd())
}

// lookInGuest finds a program in the guest by its name.
func (c *Call) lookInGuest(name string) (found string, err error) {
	if strings.Contains(name, "/") {
		return name, nil
	}
	err = c.inGuest(func() error {
		for dir := range strings.SplitSeq(programPath, ":") {
			file := path.Join(dir, name)
			var st unix.Stat_t
			if unix.Stat(file, &st) == nil && st.Mode&unix.S_IFMT == unix.S_IFREG && st.Mode&0o111 != 0 {
				found = file
				return nil
			}
		}
		return &os.PathError{Op: "exec", Path: name, Err: syscall.ENOENT}
	})
	return found, err
}

// foreignProgram explains why the kernel does not start a program, or returns
// nil when that is not because of its processor.
func (c *Call) foreignProgram(name string) error {
	f, err := c.openRegular(name, unix.O_RDONLY, 0)
	if err != nil {
		return nil
	}
	defer f.Close()
	program, err := elf.NewFile(f)
	if err != nil {
		return nil
	}
	machine := strings.ToLower(strings.TrimPrefix(program.Machine.String(), "EM_"))
	return withErrno(syscall.ENOEXEC, "%s is a program for %s; this appliance runs programs for %s", name, machine, runtime.GOARCH)
}

// Processes of the guest run in a control group, by which all of them can be
// killed, whatever they have become.
const (
	groupRoot  = "/run/cgroup"
	groupGrace = 10 * time.Second // for killed processes to go
)

var mountGroups = sync.OnceValue(func() error {
	if err := os.MkdirAll(groupRoot, 0o700); err != nil {
		return err
	}
	if err := unix.Mount("cgroup2", groupRoot, "cgroup2", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""); err != nil {
		return fmt.Errorf("mount cgroup2: %w", err)
	}
	return nil
})

type processGroup struct{ dir *os.File }

func newProcessGroup() (*processGroup, error) {
	if err := mountGroups(); err != nil {
		return nil, err
	}
	name := groupRoot + "/guest"
	if err := os.Mkdir(name, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	dir, err := os.Open(name)
	return &processGroup{dir}, err
}

// end kills what is left of the group and waits until it is gone.
func (g *processGroup) end() error {
	defer g.dir.Close()
	name := g.dir.Name()
	if err := os.WriteFile(name+"/cgroup.kill", []byte("1"), 0); err != nil {
		return err
	}
	for deadline := time.Now().Add(groupGrace); ; time.Sleep(time.Millisecond) {
		err := os.Remove(name)
		if err == nil || !errors.Is(err, syscall.EBUSY) || time.Now().After(deadline) {
			return err
		}
	}
}
