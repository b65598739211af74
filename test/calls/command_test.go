package calls

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"virt-tools/pkg/guestfs"
)

// guestWithShell makes a guest of some programs of the host and what they need.
func guestWithShell(t *testing.T) (context.Context, *guestfs.Handle) {
	t.Helper()
	ctx, g := filesystem(t)
	programs := []string{"/bin/sh", "/bin/cat", "/bin/sleep", "/usr/bin/id"}
	out, err := exec.Command("ldd", programs...).Output()
	must(t, err)
	files := map[string]bool{}
	for _, f := range append(regexp.MustCompile(`/[^ ]*lib[^ :]*`).FindAllString(string(out), -1), programs...) {
		files[f] = true
	}
	for _, dir := range []guestfs.Path{"/dev", "/proc", "/sys", "/tmp", "/etc"} {
		must(t, g.Mkdir(ctx, dir))
	}
	for f := range files {
		content, err := os.ReadFile(f) // the links of the host are files in the guest
		must(t, err)
		must(t, g.MkdirP(ctx, guestfs.Path(f[:strings.LastIndex(f, "/")])))
		must(t, g.Upload(ctx, bytes.NewReader(content), f))
		must(t, g.Chmod(ctx, 0o755, guestfs.Path(f)))
	}
	return ctx, g
}

func TestCommand(t *testing.T) {
	ctx, g := guestWithShell(t)
	mounts, err := g.Mountpoints(ctx)
	must(t, err)
	must(t, g.Write(ctx, "/f", []byte("one\ntwo\n")))
	out, err := g.Command(ctx, []string{"/bin/cat", "/f"})
	must(t, err)
	same(t, "command", out, "one\ntwo\n")
	lines, err := g.CommandLines(ctx, []string{"cat", "f"}) // found by its name; / is the current directory
	must(t, err)
	same(t, "command_lines", lines, []string{"one", "two"})
	out, err = g.Sh(ctx, `echo "$PATH" "$LC_ALL" $HOME; read x; echo "[$x]"; cat /proc/self/comm; [ -c /dev/null ] && [ -e /dev/pts/ptmx ] && [ -d /sys/block/sda ] && echo bound`)
	must(t, err)
	same(t, "sh", out, "/usr/sbin:/usr/bin:/sbin:/bin C /root\n[]\ncat\nbound\n")
	lines, err = g.ShLines(ctx, "echo a; echo; echo b")
	must(t, err)
	same(t, "sh_lines", lines, []string{"a", "", "b"})
	var file bytes.Buffer
	must(t, g.CommandOut(ctx, []string{"cat", "/f"}, &file))
	same(t, "command_out", file.String(), "one\ntwo\n")
	file.Reset()
	must(t, g.ShOut(ctx, "i=0; while [ $i -lt 1000 ]; do echo 0123456789012345678901234567890123456789; i=$((i+1)); done", &file))
	same(t, "bytes of sh_out", file.Len(), 41_000)
	must(t, g.Write(ctx, "/script", []byte("echo script $1\n"))) // has no #!
	must(t, g.Chmod(ctx, 0o755, "/script"))
	out, err = g.Command(ctx, []string{"/script", "arg"})
	must(t, err)
	same(t, "a script without #!", out, "script arg\n")

	_, err = g.Sh(ctx, "echo to stderr >&2; exit 3")
	if err == nil || !strings.Contains(err.Error(), "to stderr") {
		t.Errorf("sh that fails: %v", err)
	}
	err = g.ShOut(ctx, "echo early; echo to stderr >&2; exit 3", &file)
	if err == nil || !strings.Contains(err.Error(), "to stderr") {
		t.Errorf("sh_out that fails: %v", err)
	}
	_, err = g.Command(ctx, nil)
	wantErr(t, err, syscall.EINVAL)
	_, err = g.Command(ctx, []string{"none"})
	wantErr(t, err, fs.ErrNotExist)
	_, err = g.Command(ctx, []string{"/none"})
	wantErr(t, err, fs.ErrNotExist)
	_, err = g.Command(ctx, []string{"/f"})
	wantErr(t, err, fs.ErrPermission)
	_, err = g.Command(ctx, []string{"cat", strings.Repeat("x", 200_000)})
	wantErr(t, err, syscall.E2BIG)
	after, err := g.Mountpoints(ctx)
	must(t, err)
	same(t, "mounts after commands", after, mounts)
	must(t, g.Umount(ctx, "/", nil))
}

// TestCommandLeftovers: children that a command leaves behind are ended, and
// what it has mounted on the appliance's directories goes with them.
func TestCommandLeftovers(t *testing.T) {
	ctx, g := guestWithShell(t)
	start := time.Now()
	_, err := g.Sh(ctx, "sleep 1000 >/dev/null 2>&1 & cd /dev; (sleep 1000 <&- >&- 2>&-) & exit 0")
	must(t, err)
	if d := time.Since(start); d > 30*time.Second {
		t.Errorf("the command took %s", d)
	}
	short, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	if _, err := g.Sh(short, "sleep 1000; echo done"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a command that was stopped: %v", err)
	}
	out, err := g.Sh(ctx, "for p in /proc/[0-9]*; do cat $p/comm; done")
	must(t, err)
	if strings.Contains(out, "sleep\n") {
		t.Errorf("processes after the commands:\n%s", out)
	}
	must(t, g.Umount(ctx, "/", nil)) // nothing keeps it busy
	_, err = g.Sh(ctx, "true")
	wantErr(t, err, syscall.EINVAL)
}

// TestCommandHostile: directories that are links out of the guest, and a
// program for another processor.
func TestCommandHostile(t *testing.T) {
	ctx, g := guestWithShell(t)
	for _, dir := range []guestfs.Path{"/dev", "/proc", "/sys"} {
		must(t, g.Rmdir(ctx, dir))
		must(t, g.LnS(ctx, "/tmp", dir))
	}
	out, err := g.Sh(ctx, "echo /tmp/*; echo /dev/*")
	must(t, err)
	same(t, "directories that are links", out, "/tmp/*\n/dev/*\n")
	elf := append([]byte("\x7fELF\x02\x01\x01"), make([]byte, 57)...)
	elf[16], elf[18], elf[20], elf[52], elf[54] = 2, 22, 1, 64, 56 // executable, s390
	must(t, g.Write(ctx, "/foreign", elf))
	must(t, g.Chmod(ctx, 0o755, "/foreign"))
	_, err = g.Command(ctx, []string{"/foreign"})
	wantErr(t, err, syscall.ENOEXEC)
	if err != nil && !strings.Contains(err.Error(), "program for s390") {
		t.Errorf("a program for another processor: %v", err)
	}
}
