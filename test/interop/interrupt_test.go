package interop

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestInterrupt: Ctrl-C ends the download that is under way, not the appliance.
// The call before it takes long enough for progress messages.
func TestInterrupt(t *testing.T) {
	ctx, w := setup(t)
	dir := t.TempDir()
	disk, out := filepath.Join(dir, "disk"), filepath.Join(dir, "out")
	const diskBytes = 384 << 20
	if err := os.WriteFile(disk, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(disk, diskBytes); err != nil {
		t.Fatal(err)
	}
	master, slave := terminal(t)
	cmd := exec.CommandContext(ctx, "/usr/bin/guestfish", "--progress-bars", "--format=raw", "-a", disk)
	cmd.Env = append(w.tools.Env(w.ours), "HOME="+dir, "TERM=xterm")
	var stdout, stderr strings.Builder
	cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, &stdout, &stderr // only at a terminal does guestfish take SIGINT for itself
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	commands := "run\nchecksum-device md5 /dev/sda\ndownload /dev/sda " + out + "\nping-daemon\necho-daemon \"still there\"\nquit\n"
	if _, err := master.WriteString(commands); err != nil {
		t.Fatal(err)
	}
	watch, stop := context.WithCancel(ctx)
	defer stop()
	interrupted := make(chan int64, 1)
	go func() { interrupted <- interruptAt(watch, cmd.Process, out, 8<<20) }()
	if err := cmd.Wait(); err != nil {
		t.Errorf("guestfish: %v\n%s", err, stderr.String())
	}
	stop()
	if size := <-interrupted; size == 0 || size >= diskBytes {
		t.Errorf("interrupted at %d bytes", size)
	}
	if !strings.Contains(stdout.String(), "still there\n") {
		t.Errorf("stdout = %q; want the answer after the interrupt", stdout.String())
	}
	if !strings.Contains(stderr.String(), "operation cancelled by user") {
		t.Errorf("stderr = %q; want a cancelled download", stderr.String())
	}
	if !strings.Contains(stdout.String(), "100%") {
		t.Errorf("no progress bar in %q", stdout.String())
	}
}

// terminal opens a pseudoterminal.
func terminal(t *testing.T) (master, slave *os.File) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { master.Close() })
	number, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	slave, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { slave.Close() })
	return master, slave
}

// interruptAt sends a program SIGINT once a file has reached a size and returns
// the size then.
func interruptAt(ctx context.Context, p *os.Process, file string, size int64) int64 {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for ctx.Err() == nil {
		if st, err := os.Stat(file); err == nil && st.Size() >= size {
			if err := p.Signal(os.Interrupt); err != nil {
				return 0
			}
			return st.Size()
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
	}
	return 0
}
