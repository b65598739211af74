package qemu

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// ioLog collects what qemu-io says: it prints to QEMU's output, not to the monitor.
type ioLog struct {
	t     *testing.T
	lines chan string
}

func newIOLog(t *testing.T) *ioLog { return &ioLog{t, make(chan string, 10000)} }

func (l *ioLog) log(format string, args ...any) { l.lines <- fmt.Sprintf(format, args...) }

// io reads or writes a drive the way the guest would, and says whether that worked.
func (l *ioLog) io(m *Machine, index int, command string) error {
	l.t.Helper()
	for len(l.lines) > 0 {
		<-l.lines
	}
	hmp(l.t, m, fmt.Sprintf(`qemu-io -d drive%d "%s"`, index, command))
	ctx := testContext(l.t)
	for {
		select {
		case line := <-l.lines:
			switch {
			case strings.Contains(line, "failed"):
				return errors.New(line)
			case strings.Contains(line, " ops; "):
				return nil
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

const (
	writeSome = "write -P 0x5a 0 4096"
	readSome  = "read -P 0x5a 0 4096"
)
