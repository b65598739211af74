package cli

import (
	"time"

	"github.com/schollz/progressbar/v3"
)

// bar shows how many of several things are done, on standard error and only where that is a
// terminal. Messages come between: each takes the bar away, and the next step
// brings it back.
type bar struct {
	console *Console
	bar     *progressbar.ProgressBar // nil: not shown
}

func (c *Console) progress(all int) *bar {
	b := &bar{console: c}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !isTerminal(c.err) || c.verbose || c.trace {
		return b
	}
	b.bar = progressbar.NewOptions(all,
		progressbar.OptionSetWriter(c.err), progressbar.OptionSetDescription(c.program), progressbar.OptionShowCount(),
		progressbar.OptionSetWidth(30), progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish(),
		progressbar.OptionSetPredictTime(false), progressbar.OptionSetRenderBlankState(true))
	c.bar = b.bar
	return b
}

// step counts one more thing that is done. It may be called from any goroutine.
func (b *bar) step() { b.do(func() { b.bar.Add(1) }) } // an error in writing shows elsewhere

// hide makes room for output.
func (b *bar) hide() { b.do(func() { b.bar.Clear() }) }

func (b *bar) end() {
	b.do(func() {
		b.bar.Clear()
		b.console.bar = nil
	})
}

func (b *bar) do(f func()) {
	if b.bar == nil {
		return
	}
	b.console.mu.Lock()
	defer b.console.mu.Unlock()
	f()
}
