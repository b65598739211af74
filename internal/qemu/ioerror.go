package qemu

import (
	"fmt"
	"strings"
	"syscall"
)

// noteIOError remembers the first write that failed. Reads that fail are the guest's to
// report: it has the sector and the file.
func (m *Machine) noteIOError(data map[string]any) {
	node, _ := data["node-name"].(string)
	reason, _ := data["reason"].(string)
	m.config.Log("qemu: %v error on %s: %s", data["operation"], node, reason)
	if data["operation"] != "write" {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	d := m.driveOfLocked(node)
	if m.ioErr != nil || d == nil {
		return
	}
	cause := errnoOf(reason)
	if d.ReadOnly || d.ScratchBytes > 0 {
		m.ioErr = told(hintTempDir, "write the temporary data of %s in %s: %w", d.name(), m.config.tempDir(), cause)
		return
	}
	m.ioErr = told("the changes to the image are not complete", "write %s: %w", d.name(), cause)
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
