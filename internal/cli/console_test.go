package cli

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// terminal opens a pseudo-terminal: what is written to slave can be read from master.
func terminal(t *testing.T) (master, slave *os.File) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("no pseudo-terminals: %v", err)
	}
	t.Cleanup(func() { master.Close() })
	if err := unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	number, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
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

// A name chosen by the guest must not steer a terminal, and must reach a file unchanged.
func TestHostileOutput(t *testing.T) {
	const name = "vol\x1b]0;x\a\u202e\xff 磁"
	show := func(_ context.Context, c *Console) error {
		_, err := fmt.Fprintln(c.Out, name)
		return err
	}
	var stderr bytes.Buffer

	var file bytes.Buffer
	if status := sample.Run(t.Context(), nil, Stdio{Out: &file, Err: &stderr}, new(sampleOptions), show); status != 0 {
		t.Fatalf("status %d, %s", status, stderr.String())
	}
	if file.String() != name+"\n" {
		t.Errorf("a file gets %q; want %q", file.String(), name+"\n")
	}

	master, slave := terminal(t)
	if status := sample.Run(t.Context(), nil, Stdio{Out: slave, Err: &stderr}, new(sampleOptions), show); status != 0 {
		t.Fatalf("status %d, %s", status, stderr.String())
	}
	line := make([]byte, 1024)
	n, err := master.Read(line)
	if err != nil {
		t.Fatal(err)
	}
	const want = `vol\x1b]0;x\x07\u202e\xff 磁`
	if got := strings.TrimRight(string(line[:n]), "\r\n"); got != want {
		t.Errorf("a terminal gets %q; want %q", got, want)
	}
}
