package qemu

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/digitalocean/go-qemu/qmp"
	"golang.org/x/sys/unix"
)

// Saved is a machine at rest. It can be restored any number of times, into
// machines of the same Config.
type Saved struct {
	RAM   *os.File // the guest's memory, from offset 0; restored machines never change it
	State []byte   // of processor and devices
}

const (
	maxState     = 64 << 20 // a machine's is 0.4 MB
	transferTime = 20 * time.Second
)

// newRAM makes memory that can be mapped by QEMU and read here.
func newRAM(megabytes int) (*os.File, error) {
	fd, err := unix.MemfdCreate("guest-ram", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("guest memory: %w", os.NewSyscallError("memfd_create", err))
	}
	f := os.NewFile(uintptr(fd), "guest memory")
	if err := f.Truncate(int64(megabytes) << 20); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// Save stops the machine and takes down its state. Continue makes it go on; until then
// the RAM in Saved fits the state, and it is closed when the machine ends. The machine
// must have been started with Config.Keep and have no drives.
func (m *Machine) Save(ctx context.Context) (*Saved, error) {
	if m.ram == nil {
		return nil, errors.New("save machine: its memory was not kept")
	}
	ctx, cancel := context.WithTimeout(ctx, transferTime)
	defer cancel()
	if err := m.monitor.Execute(ctx, "stop", nil, nil); err != nil {
		return nil, explain(err)
	}
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	type result struct {
		state []byte
		err   error
	}
	read := make(chan result, 1)
	go func() {
		defer r.Close()
		state, err := io.ReadAll(io.LimitReader(r, maxState+1))
		read <- result{state, err}
	}()
	err = m.transfer(ctx, "migrate", w)
	w.Close()
	if err != nil {
		r.SetReadDeadline(time.Unix(1, 0)) // QEMU may keep its end
	}
	got := <-read
	if err == nil {
		err = got.err
	}
	if err != nil {
		return nil, fmt.Errorf("save machine: %w", explain(err))
	}
	if len(got.state) > maxState {
		return nil, fmt.Errorf("save machine: its state is larger than %d bytes", maxState)
	}
	if err := unplaceLane(got.state); err != nil {
		return nil, fmt.Errorf("save machine: %w", err)
	}
	return &Saved{RAM: m.ram, State: got.state}, nil
}

// unplaceLane takes the lane's address out of a device state. QEMU notes for all shared
// memory where the guest sees it, and refuses a state in which that differs. For the
// memory of a PCI device it always does: it is nowhere until the device itself has been
// restored, later in the same state.
//
//	length of name, 1 byte | name | length of memory, 8 bytes | address, 8 bytes
func unplaceLane(state []byte) error {
	mark := binary.BigEndian.AppendUint64([]byte("/lane"), laneBytes)
	at := bytes.Index(state, mark)
	if at < 0 || len(state) < at+len(mark)+8 || bytes.Contains(state[at+1:], mark) {
		return errors.New("the memory shared with the appliance is not in the device state as expected")
	}
	clear(state[at+len(mark):][:8])
	return nil
}

// Continue makes a saved or a restored machine run.
func (m *Machine) Continue(ctx context.Context) error {
	return explain(m.monitor.Execute(ctx, "cont", nil, nil))
}

// Restore starts a machine where Save left one, and stops before it runs: Continue comes
// next. The Config must be the saved one's, and s.RAM be open for writing, although
// nothing is written to it (before 8.2, QEMU opens it so in any case). No kernel is
// needed: it is in the memory.
func Restore(ctx context.Context, c *Config, s *Saved) (*Machine, error) {
	if len(s.State) == 0 { // QEMU would wait for it
		return nil, errors.New("restore machine: there is no device state")
	}
	bare := *c
	bare.Kernel, bare.Initrd, bare.Keep = "", "", false
	config, err := bare.complete()
	if err != nil {
		return nil, err
	}
	m, err := start(ctx, config, memory{file: s.RAM}, "-incoming", "defer")
	if err != nil {
		return nil, err
	}
	if err := m.load(ctx, s.State); err != nil {
		m.Kill()
		return nil, fmt.Errorf("restore machine: %w", err)
	}
	return m, nil
}

func (m *Machine) load(ctx context.Context, state []byte) error {
	ctx, cancel := context.WithTimeout(ctx, transferTime)
	defer cancel()
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	written := make(chan struct{})
	go func() {
		defer close(written)
		defer w.Close()
		w.Write(state) // it fails when QEMU gave up, and says why itself
	}()
	err = m.transfer(ctx, "migrate-incoming", r)
	r.Close()
	if err != nil {
		w.SetWriteDeadline(time.Unix(1, 0))
	}
	<-written
	return err
}

// transfer lets the device state flow through a pipe, and waits for its end. Memory that
// is in a file stays where it is (x-ignore-shared).
func (m *Machine) transfer(ctx context.Context, command string, pipe *os.File) error {
	const name = "state"
	capabilities := []map[string]any{
		{"capability": "x-ignore-shared", "state": true},
		{"capability": "events", "state": true},
	}
	if err := m.monitor.Execute(ctx, "migrate-set-capabilities", map[string]any{"capabilities": capabilities}, nil); err != nil {
		return err
	}
	if err := m.monitor.Execute(ctx, "getfd", map[string]any{"fdname": name}, nil, pipe); err != nil {
		return err
	}
	pipe.Close()
	events := m.monitor.subscribe()
	defer m.monitor.unsubscribe(events)
	if err := m.monitor.Execute(ctx, command, map[string]any{"uri": "fd:" + name}, nil); err != nil {
		m.monitor.Execute(ctx, "closefd", map[string]any{"fdname": name}, nil)
		return err
	}
	for {
		e, ok := events.next(ctx)
		if !ok {
			return m.transferLost(ctx)
		}
		if e.Event != "MIGRATION" {
			continue
		}
		switch e.Data["status"] {
		case "completed":
			return nil
		case "failed", "cancelled":
			return m.transferFailed(ctx, e)
		}
	}
}

// transferLost says why no event came: time ran out, or QEMU ended.
func (m *Machine) transferLost(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	<-m.done
	return errors.Join(errMonitorClosed, m.Err())
}

func (m *Machine) transferFailed(ctx context.Context, e qmp.Event) error {
	var info struct {
		Desc string `json:"error-desc"`
	}
	if err := m.monitor.Execute(ctx, "query-migrate", nil, &info); err != nil || info.Desc == "" {
		return fmt.Errorf("the transfer of the device state %v%s", e.Data["status"], colon(m.proc.stderr.String()))
	}
	return fmt.Errorf("the transfer of the device state %v: %s", e.Data["status"], info.Desc)
}
