package guestfs

import (
	"fmt"
	"os"
	"strings"
	"sync"
)

// EventKind tells what an event is about.
type EventKind int

// The kinds of events.
const (
	EventAppliance EventKind = iota // Text: output of the appliance's console, any number of bytes
	EventLibrary                    // Text: what the library does, one line; only when Verbose
	EventTrace                      // Text: a call and its result, one line; only when Trace
	EventWarning                    // Text: something was passed over and the call went on, one line
	EventProgress                   // Position of Total, in units of the call's own; 0 of 1 is a sign of life
)

// Event is something that happens beside a call. Text may come from the guest:
// clean it before it goes to a terminal.
type Event struct {
	Kind     EventKind
	Op       string // the call under way, where there is one
	Text     string
	Position uint64
	Total    uint64
}

// OnEvent sets the function that gets all events. It is called from several
// goroutines, one at a time, and must not call the handle. Without one,
// warnings, traces and, when Verbose, all messages go to standard error.
func (g *Handle) OnEvent(fn func(Event)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.onEvent = fn
}

// events serialises the deliveries of all handles to their functions.
var events sync.Mutex

func (g *Handle) emit(e Event) {
	g.mu.Lock()
	fn := g.onEvent
	g.mu.Unlock()
	events.Lock()
	defer events.Unlock()
	if fn != nil {
		fn(e)
		return
	}
	g.print(e)
}

func (g *Handle) print(e Event) {
	switch e.Kind {
	case EventAppliance:
		if g.opts.Verbose {
			fmt.Fprint(os.Stderr, e.Text)
		}
	case EventLibrary:
		fmt.Fprintln(os.Stderr, "libguestfs:", e.Text)
	case EventTrace:
		fmt.Fprintln(os.Stderr, "libguestfs: trace:", e.Text)
	case EventWarning:
		fmt.Fprintln(os.Stderr, "libguestfs: warning:", e.Text)
	}
}

func (g *Handle) debugf(format string, args ...any) {
	if g.opts.Verbose {
		g.emit(Event{Kind: EventLibrary, Text: fmt.Sprintf(format, args...)})
	}
}

// secret and stream stand for arguments in a trace.
type (
	secret struct{}
	stream struct{}
)

func (secret) String() string { return "***" }
func (stream) String() string { return "<stream>" }

func (g *Handle) traceCall(r *request) {
	if !g.opts.Trace {
		return
	}
	var b strings.Builder
	b.WriteString(r.name)
	for _, a := range r.trace {
		switch a := a.(type) {
		case secret, stream:
			fmt.Fprintf(&b, " %v", a)
		case string, Device, Path, Mountable:
			fmt.Fprintf(&b, " %q", a)
		case []byte:
			const shown = 64
			fmt.Fprintf(&b, " %q", a[:min(len(a), shown)])
			if len(a) > shown {
				fmt.Fprintf(&b, "<and %d bytes more>", len(a)-shown)
			}
		default:
			fmt.Fprintf(&b, " %+v", a)
		}
	}
	g.emit(Event{Kind: EventTrace, Op: r.name, Text: b.String()})
}

func (g *Handle) traceResult(r *request, err error) {
	if !g.opts.Trace {
		return
	}
	text := r.name + " = done"
	if err != nil {
		text = r.name + " = error: " + err.Error()
	}
	g.emit(Event{Kind: EventTrace, Op: r.name, Text: text})
}

// tail keeps the end of what is written to it: the last words of an appliance
// that died.
type tail struct {
	mu   sync.Mutex
	text []byte
}

const tailMax = 16 << 10

func (t *tail) add(p []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p...)
	if over := len(t.text) - tailMax; over > 0 {
		t.text = append(t.text[:0], t.text[over:]...)
	}
}

// lines returns the last n lines.
func (t *tail) lines(n int) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	lines := strings.Split(strings.TrimSpace(strings.ReplaceAll(string(t.text), "\r", "")), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

// consoleWriter sends the appliance's console to the events and the tail.
type consoleWriter struct{ g *Handle }

func (w consoleWriter) Write(p []byte) (int, error) {
	w.g.console.add(p)
	w.g.emit(Event{Kind: EventAppliance, Text: string(p)})
	return len(p), nil
}
