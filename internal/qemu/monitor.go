package qemu

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"time"

	"github.com/digitalocean/go-qemu/qmp"
	"golang.org/x/sys/unix"
)

// maxReply bounds one line from QEMU; query-qmp-schema answers with 0.2 MiB.
const maxReply = 64 << 20

// Monitor speaks QMP over a connection. Commands from several goroutines are
// pipelined: each has an id, and replies find their sender. It implements go-qemu's
// qmp.Monitor, so qmp/raw's typed commands work on it.
//
// One goroutine reads; it ends when the connection does, and Disconnect waits for it.
type Monitor struct {
	conn   *net.UnixConn
	reader sync.WaitGroup

	send sync.Mutex // held while one command is written

	mu      sync.Mutex
	nextID  uint64
	pending map[uint64]chan reply
	subs    map[*subscription]struct{}
	err     error // why no more replies will come
}

var _ qmp.Monitor = (*Monitor)(nil)

// CommandError is QEMU's refusal of a command.
type CommandError struct {
	Command string
	Class   string // GenericError, DeviceNotFound, ...
	Desc    string // QEMU's own words
}

func (e *CommandError) Error() string { return "qmp " + e.Command + ": " + e.Desc }

// errMonitorClosed is the cause when QEMU closed the monitor, or we did.
var errMonitorClosed = errors.New("qemu's monitor is closed")

type reply struct {
	line   []byte
	result json.RawMessage
	err    *wireError
}

type wireError struct {
	Class string `json:"class"`
	Desc  string `json:"desc"`
}

// message is any line from QEMU: greeting, reply or event.
type message struct {
	ID     *uint64         `json:"id"`
	Return json.RawMessage `json:"return"`
	Error  *wireError      `json:"error"`
	Event  string          `json:"event"`
}

// NewMonitor makes a monitor of a connection; Connect must come next.
func NewMonitor(conn *net.UnixConn) *Monitor {
	return &Monitor{
		conn:    conn,
		pending: make(map[uint64]chan reply),
		subs:    make(map[*subscription]struct{}),
	}
}

// Connect reads QEMU's greeting and enters command mode. It implements qmp.Monitor.
func (m *Monitor) Connect() error { return m.Open(context.Background()) }

// Open is Connect with a context.
func (m *Monitor) Open(ctx context.Context) error {
	r := bufio.NewReaderSize(m.conn, 64<<10)
	stop := context.AfterFunc(ctx, func() { m.conn.SetReadDeadline(time.Unix(1, 0)) })
	line, err := readLine(r)
	if !stop() {
		return ctx.Err()
	}
	if err != nil {
		return fmt.Errorf("qmp greeting: %w", err)
	}
	var greeting struct {
		QMP *json.RawMessage `json:"QMP"`
	}
	if json.Unmarshal(line, &greeting) != nil || greeting.QMP == nil {
		return fmt.Errorf("qmp greeting: unexpected %.200q", line)
	}
	m.mu.Lock()
	if err := m.err; err != nil {
		m.mu.Unlock()
		return err
	}
	m.reader.Go(func() { m.read(r) })
	m.mu.Unlock()
	return m.Execute(ctx, "qmp_capabilities", nil, nil)
}

// endOfInput lets what has come in be read, and no more: QEMU has ended, but a
// process that it started may hold its end of the connection open.
func (m *Monitor) endOfInput() { _ = m.conn.CloseRead() } // fails when all is closed already

// Disconnect closes the connection and waits for the reader. It is safe to call twice.
func (m *Monitor) Disconnect() error {
	err := m.conn.Close()
	m.finish(nil)
	m.reader.Wait()
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// Execute runs one command. Its result is decoded into out unless that is nil.
// The files go with the command, for add-fd and getfd; they stay open here.
func (m *Monitor) Execute(ctx context.Context, name string, args, out any, files ...*os.File) error {
	r, err := m.roundTrip(ctx, qmp.Command{Execute: name, Args: args}, files)
	if err != nil {
		return fmt.Errorf("qmp %s: %w", name, err)
	}
	if r.err != nil {
		return &CommandError{Command: name, Class: r.err.Class, Desc: r.err.Desc}
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(r.result, out); err != nil {
		return fmt.Errorf("qmp %s: reply: %w", name, err)
	}
	return nil
}

// Run runs a command given as JSON and returns QEMU's whole reply. It implements qmp.Monitor.
func (m *Monitor) Run(command []byte) ([]byte, error) {
	var c qmp.Command
	if err := json.Unmarshal(command, &c); err != nil {
		return nil, fmt.Errorf("qmp command: %w", err)
	}
	r, err := m.roundTrip(context.Background(), c, nil)
	if err != nil {
		return nil, fmt.Errorf("qmp %s: %w", c.Execute, err)
	}
	if r.err != nil {
		return nil, &CommandError{Command: c.Execute, Class: r.err.Class, Desc: r.err.Desc}
	}
	return r.line, nil
}

func (m *Monitor) roundTrip(ctx context.Context, c qmp.Command, files []*os.File) (reply, error) {
	answer := make(chan reply, 1)
	m.mu.Lock()
	if m.err != nil {
		m.mu.Unlock()
		return reply{}, m.err
	}
	m.nextID++
	id := m.nextID
	m.pending[id] = answer
	m.mu.Unlock()
	defer func() {
		m.mu.Lock()
		delete(m.pending, id)
		m.mu.Unlock()
	}()

	line, err := json.Marshal(struct {
		qmp.Command
		ID uint64 `json:"id"`
	}{c, id})
	if err != nil {
		return reply{}, err
	}
	if err := m.write(ctx, append(line, '\n'), files); err != nil {
		return reply{}, err
	}
	select {
	case r, ok := <-answer:
		if !ok {
			return reply{}, m.closedErr()
		}
		return r, nil
	case <-ctx.Done():
		return reply{}, ctx.Err()
	}
}

// write sends one line. The files travel with its first byte: QEMU takes them when it
// reads that byte, so they belong to this command also when commands are pipelined.
func (m *Monitor) write(ctx context.Context, line []byte, files []*os.File) error {
	m.send.Lock()
	defer m.send.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	// A write that was cut short would garble all later ones: nothing else can be sent then.
	expired := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		m.conn.SetWriteDeadline(time.Unix(1, 0))
		close(expired)
	})
	n := 0
	var err error
	if len(files) > 0 {
		fds := make([]int, len(files))
		for i, f := range files {
			fds[i] = int(f.Fd())
		}
		n, _, err = m.conn.WriteMsgUnix(line, unix.UnixRights(fds...), nil)
	}
	if err == nil && n < len(line) {
		_, err = m.conn.Write(line[n:])
	}
	if !stop() {
		<-expired
		m.conn.SetWriteDeadline(time.Time{})
		if err != nil {
			m.conn.Close()
			return ctx.Err()
		}
	}
	if err != nil {
		return fmt.Errorf("%w: %w", errMonitorClosed, err)
	}
	return nil
}

// read hands out replies and events until the connection ends.
func (m *Monitor) read(r *bufio.Reader) {
	var err error
	for {
		var line []byte
		if line, err = readLine(r); err != nil {
			break
		}
		var msg message
		if err = json.Unmarshal(line, &msg); err != nil {
			err = fmt.Errorf("unexpected %.200q: %w", line, err)
			break
		}
		if msg.Event != "" {
			m.publish(line)
			continue
		}
		if msg.ID == nil {
			continue // a complaint about something that we did not send as a command
		}
		m.mu.Lock()
		if answer := m.pending[*msg.ID]; answer != nil { // nil when its context ended
			answer <- reply{line: line, result: msg.Return, err: msg.Error} // has room
			delete(m.pending, *msg.ID)
		}
		m.mu.Unlock()
	}
	m.conn.Close()
	m.finish(err)
}

// finish tells everybody who waits that nothing more will come. The first call counts.
func (m *Monitor) finish(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.err != nil {
		return
	}
	m.err = errMonitorClosed
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, net.ErrClosed) {
		m.err = fmt.Errorf("%w: %w", errMonitorClosed, err)
	}
	for id, answer := range m.pending {
		close(answer)
		delete(m.pending, id)
	}
	for s := range m.subs {
		s.end()
	}
}

func (m *Monitor) closedErr() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.err
}

// readLine reads one line of at most maxReply bytes. The result is the caller's.
func readLine(r *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		if len(line)+len(part) > maxReply {
			return nil, fmt.Errorf("line of more than %d bytes", maxReply)
		}
		line = append(line, part...)
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line, err
		}
	}
}
