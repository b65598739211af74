package interop

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestInterrupt: Ctrl-C ends the transfer that is under way, at any place of it,
// and not the appliance. The call before them takes long enough for progress
// messages.
func TestInterrupt(t *testing.T) {
	ctx, w := setup(t)
	dir := t.TempDir()
	const diskBytes, fileBytes = 384 << 20, 256 << 20
	for _, name := range []string{"disk", "other"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(filepath.Join(dir, name), diskBytes); err != nil {
			t.Fatal(err)
		}
	}
	master, slave := terminal(t)
	cmd := exec.CommandContext(ctx, "/usr/bin/guestfish", "--progress-bars", "--format=raw", "-a", "disk", "-a", "other")
	cmd.Dir = dir
	cmd.Env = append(w.tools.Env(w.ours), "HOME="+dir, "TERM=xterm")
	var stdout, stderr strings.Builder
	cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, &stdout, &stderr // only at a terminal does guestfish take SIGINT for itself
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	transfers := []string{"download /dev/sdb pipe0", "upload pipe1 /dev/sdb", "tar-out / pipe2", "tar-in pipe3 /"}
	commands := "run\nchecksum-device md5 /dev/sdb\nmkfs ext2 /dev/sda\nmount /dev/sda /\ntouch /big\n" + fmt.Sprintf("truncate-size /big %d\n", fileBytes)
	for i, transfer := range transfers {
		if err := unix.Mkfifo(filepath.Join(dir, fmt.Sprintf("pipe%d", i)), 0o600); err != nil {
			t.Fatal(err)
		}
		commands += fmt.Sprintf("%s\necho-daemon \"still there %d\"\n", transfer, i)
	}
	if _, err := master.WriteString(commands + "umount-all\nquit\n"); err != nil {
		t.Fatal(err)
	}
	n := uint64(time.Now().UnixNano())
	t.Logf("seed %d", n)
	random := rand.New(rand.NewPCG(n, 0))
	interrupted := make(chan error, 1)
	go func() {
		for i, transfer := range transfers {
			at := 1 + random.Int64N(fileBytes/8)
			pipe := filepath.Join(dir, fmt.Sprintf("pipe%d", i))
			if err := interruptAt(cmd.Process, pipe, strings.Contains(transfer, "out") || i == 0, at); err != nil {
				interrupted <- fmt.Errorf("%s at %d: %w", transfer, at, err)
				return
			}
		}
		interrupted <- nil
	}()
	if err := cmd.Wait(); err != nil {
		t.Errorf("guestfish: %v\n%s", err, stderr.String())
	}
	select {
	case err := <-interrupted:
		if err != nil {
			t.Error(err)
		}
	default:
		t.Error("guestfish ended before all transfers were interrupted")
	}
	for i := range transfers {
		if want := fmt.Sprintf("still there %d\n", i); !strings.Contains(stdout.String(), want) {
			t.Errorf("stdout = %q; want %q after the interrupt", stdout.String(), want)
		}
	}
	if got := strings.Count(stderr.String(), "operation cancelled by user"); got != len(transfers) {
		t.Errorf("stderr = %q; want %d cancelled transfers", stderr.String(), len(transfers))
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

// interruptAt lets a number of bytes of a transfer pass through a pipe, sends
// the program SIGINT and goes on until the program closes the pipe.
func interruptAt(p *os.Process, pipe string, fromProgram bool, at int64) error {
	flag := os.O_WRONLY
	if fromProgram {
		flag = os.O_RDONLY
	}
	f, err := os.OpenFile(pipe, flag, 0) // waits for the program
	if err != nil {
		return err
	}
	defer f.Close()
	var from io.Reader = f
	var to io.Writer = io.Discard
	if !fromProgram {
		var head bytes.Buffer
		if err := tar.NewWriter(&head).WriteHeader(&tar.Header{Name: "file", Size: 1 << 40, Mode: 0o644}); err != nil {
			return err
		}
		from, to = io.MultiReader(&head, zeros{}), f
	}
	if _, err := io.CopyN(to, from, at); err != nil {
		return err
	}
	if err := p.Signal(os.Interrupt); err != nil {
		return err
	}
	_, err = io.Copy(to, from)
	if errors.Is(err, syscall.EPIPE) {
		err = nil
	}
	return err
}

// zeros has no end.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }
