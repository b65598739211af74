package daemon

import (
	"io"
	"time"

	"virt-tools/internal/wire"
)

// The first progress message of a call goes out after progressDelay, later
// ones are progressPeriod apart.
const (
	progressDelay  = 2 * time.Second
	progressPeriod = time.Second / 3
)

// progress tells the library how far the call is; most reports are held back.
// The last one is sent whenever an earlier one was, so that a progress bar can
// end at 100 %.
func (c *Call) progress(position, total uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	last := c.sent > 0 && position == total
	if !last && (now.Sub(c.started) < progressDelay || c.sent > 0 && now.Sub(c.lastSent) < progressPeriod) {
		return
	}
	c.sent++
	c.lastSent = now
	// An error here shows again at the reply, which nobody misses.
	_ = c.server.conn.WriteProgress(wire.Progress{Proc: c.header.Proc, Serial: c.header.Serial, Position: position, Total: total})
}

// pulse sends signs of life for a call that cannot tell how far it is. The
// caller must call stop before it returns.
func (c *Call) pulse() (stop func()) {
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(progressPeriod)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				c.progress(0, 1)
			case <-done:
				c.progress(1, 1)
				return
			}
		}
	}()
	return func() { close(done); <-ended }
}

// nowhere is the stream of a call that nobody made: what it says goes nowhere.
type nowhere struct{}

func (nowhere) Read([]byte) (int, error)    { return 0, io.EOF }
func (nowhere) Write(p []byte) (int, error) { return len(p), nil }
