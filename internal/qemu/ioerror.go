package qemu

import (
	"context"
	"fmt"
	"strings"
	"syscall"
	"time"

	"github.com/digitalocean/go-qemu/qmp"
)

// ioError is a request to a drive that failed on the host.
type ioError struct {
	err error
	at  time.Time
}

// noteIOError remembers a request that failed, and the first of those that were
// writes: reads that fail lose nothing, and the guest has the file.
func (m *Machine) noteIOError(data map[string]any) {
	node, _ := data["node-name"].(string)
	reason, _ := data["reason"].(string)
	m.config.Log("qemu: %v error on %s: %s", data["operation"], node, reason)
	m.mu.Lock()
	defer m.mu.Unlock()
	d := m.driveOfLocked(node)
	if d == nil {
		return
	}
	cause := errnoOf(reason)
	if data["operation"] != "write" {
		m.lastIOErr = ioError{fmt.Errorf("read %s: %w", d.name(), cause), time.Now()}
		return
	}
	err := told("the changes to the image are not complete", "write %s: %w", d.name(), cause)
	if d.ReadOnly || d.ScratchBytes > 0 {
		err = told(hintTempDir, "write the temporary data of %s in %s: %w", d.name(), m.config.tempDir(), cause)
	}
	m.lastIOErr = ioError{err, time.Now()}
	if m.ioErr == nil {
		m.ioErr = err
	}
}

// errnoOf finds the error number of the C library's words. (The event has a member for
// "no space", but it is set only where that stops the guest.)
func errnoOf(words string) syscall.Errno {
	for e := syscall.Errno(1); e < 134; e++ {
		if strings.EqualFold(e.Error(), words) {
			return e
		}
	}
	return syscall.EIO
}

// driveOfLocked finds the drive that has a node: its topmost node is called d<index>.
func (m *Machine) driveOfLocked(node string) *Drive {
	var index int
	if n, _ := fmt.Sscanf(node, "d%d", &index); n != 1 || m.drives[index] == nil {
		return nil
	}
	return &m.drives[index].Drive
}

// WriteError is the first write to a drive that failed on the host, or nil. The guest
// saw an input/output error; this says why. A full temporary folder is the usual reason.
func (m *Machine) WriteError() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.ioErr
}

// reached is an event of our own that marks a place in the queue of events.
const reached = "reached"

// TakeIOError is the last request to a drive that failed on the host since it
// was last asked for, and when, or nil. What QEMU has told until now counts.
func (m *Machine) TakeIOError(ctx context.Context) (time.Time, error) {
	// Events come before the answer; they are worked off before the mark.
	if err := m.monitor.Execute(ctx, "query-status", nil, nil); err != nil {
		return time.Time{}, nil // QEMU has ended: Err says why
	}
	mark := make(chan struct{})
	m.events.put(qmp.Event{Event: reached, Data: map[string]any{"mark": mark}})
	select {
	case <-mark:
	case <-m.done:
	case <-ctx.Done():
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	last := m.lastIOErr
	m.lastIOErr = ioError{}
	return last.at, last.err
}
