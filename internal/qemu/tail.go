package qemu

import (
	"bytes"
	"strings"
	"sync"
)

// tail keeps the last lines that were written to it, for error messages.
type tail struct {
	each func(line string) // told of every whole line; may be nil

	mu    sync.Mutex
	panic string // the kernel's last word; a call trace of any length follows it
	lines []string
	part  []byte // the line that is not finished yet
}

const (
	tailLines     = 12
	tailLineBytes = 512
)

// Write never fails.
func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := len(p)
	for len(p) > 0 {
		line, rest, whole := bytes.Cut(p, []byte("\n"))
		if room := tailLineBytes - len(t.part); room > 0 {
			t.part = append(t.part, line[:min(room, len(line))]...)
		}
		if p = rest; whole {
			t.flushLocked()
		}
	}
	return n, nil
}

func (t *tail) flushLocked() {
	s := strings.TrimSpace(string(t.part))
	t.part = t.part[:0]
	if s == "" {
		return
	}
	if strings.Contains(s, "Kernel panic") && t.panic == "" {
		t.panic = s
	}
	if len(t.lines) == tailLines {
		t.lines = append(t.lines[:0], t.lines[1:]...)
	}
	t.lines = append(t.lines, s)
	if t.each != nil {
		t.each(s)
	}
}

// String joins the kept lines, newest last. A kernel's panic stands alone.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.flushLocked()
	if t.panic != "" {
		return t.panic
	}
	return strings.Join(t.lines, "; ")
}
