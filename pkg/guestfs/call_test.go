package guestfs

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"virt-tools/internal/wire"
)

// peer is a daemon under the test's control: it speaks raw frames, right or
// wrong.
type peer struct {
	t    *testing.T
	conn *wire.Conn
	end  net.Conn
}

// connect returns a handle whose daemon is the function, which ends before the
// test does.
func connect(t *testing.T, own bool, daemon func(*peer)) *Handle {
	t.Helper()
	a, b := net.Pipe()
	g := New(&Options{NoEnv: true})
	g.link = newLink(a, g.progress)
	g.state = ready
	if own {
		g.own = map[string]bool{}
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		daemon(&peer{t, wire.NewConn(b), b})
	}()
	t.Cleanup(func() { a.Close(); b.Close(); <-done })
	return g
}

// take reads a message and returns its header and arguments.
func (p *peer) take() (wire.Header, *wire.Decoder) {
	f, err := p.conn.ReadFrame()
	if err != nil {
		return wire.Header{}, wire.NewDecoder(nil)
	}
	h, body, err := wire.DecodeHeader(f.Data)
	if err != nil {
		p.t.Errorf("the library sent %v", err)
	}
	return h, wire.NewDecoder(body)
}

func (p *peer) reply(h wire.Header, status wire.Status, body []byte) {
	p.conn.WriteMessage(&wire.Header{Proc: h.Proc, Serial: h.Serial, Direction: wire.Reply, Status: status}, body)
}

func text(s string) []byte {
	var e wire.Encoder
	e.String(s)
	return e.Bytes()
}

func TestCall(t *testing.T) {
	g := connect(t, true, func(p *peer) {
		h, d := p.take()
		if got := d.Strings(); len(got) != 2 || got[1] != "b" {
			t.Errorf("arguments = %q", got)
		}
		p.reply(h, wire.OK, text("a b"))
	})
	got, err := g.EchoDaemon(context.Background(), []string{"a", "b"})
	if got != "a b" || err != nil {
		t.Errorf("EchoDaemon = %q, %v; want \"a b\"", got, err)
	}
}

func TestErrorReply(t *testing.T) {
	g := connect(t, true, func(p *peer) {
		h, _ := p.take()
		p.reply(h, wire.Failed, (&wire.RemoteError{Errno: "ENOENT", Message: "/x: No such file or directory"}).Encode())
	})
	_, err := g.Statvfs(context.Background(), "/x")
	var e *Error
	if !errors.As(err, &e) || e.Op != "statvfs" || e.Path != "/x" || e.Errno != "ENOENT" {
		t.Fatalf("error = %#v", err)
	}
	if err.Error() != "statvfs: /x: No such file or directory" || !errors.Is(err, fs.ErrNotExist) || !errors.Is(err, syscall.ENOENT) || errors.Is(err, fs.ErrExist) {
		t.Errorf("error %q is not what errors.Is needs", err)
	}
}

// TestCancelCall: our own daemon is told, and the handle lives on.
func TestCancelCall(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	g := connect(t, true, func(p *peer) {
		h, _ := p.take()
		cancel()
		if f, err := p.conn.ReadFrame(); err != nil || f.Kind != wire.CancelFrame {
			t.Errorf("frame = %+v, %v; want the cancel flag", f, err)
		}
		p.reply(h, wire.Failed, (&wire.RemoteError{Errno: "EINTR", Message: "cancelled"}).Encode())
		h, _ = p.take()
		p.reply(h, wire.OK, nil)
	})
	if err := g.Sync(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Sync = %v; want %v", err, context.Canceled)
	}
	if err := g.PingDaemon(context.Background()); err != nil {
		t.Errorf("PingDaemon after a cancelled call = %v", err)
	}
}

// collect reads chunks until the end; whole is false when the library gave up.
func (p *peer) collect() (data []byte, whole bool) {
	for {
		f, err := p.conn.ReadFrame()
		if err != nil {
			return data, false
		}
		c, err := wire.DecodeChunk(f.Data)
		if err != nil || c.Cancel {
			return data, false
		}
		if len(c.Data) == 0 {
			return data, true
		}
		data = append(data, c.Data...)
	}
}

func TestUploadWhole(t *testing.T) {
	want := bytes.Repeat([]byte("0123456789"), 5000)
	g := connect(t, false, func(p *peer) {
		h, _ := p.take()
		if got, whole := p.collect(); !whole || !bytes.Equal(got, want) {
			t.Errorf("daemon got %d bytes, whole %v", len(got), whole)
		}
		p.reply(h, wire.OK, nil)
	})
	if err := g.Upload(context.Background(), bytes.NewReader(want), "/x"); err != nil {
		t.Error(err)
	}
}

// TestUploadReaderFails: the caller's error comes back, the daemon's is dropped.
func TestUploadReaderFails(t *testing.T) {
	boom := errors.New("boom")
	g := connect(t, false, func(p *peer) {
		h, _ := p.take()
		if _, whole := p.collect(); whole {
			t.Error("the daemon took half a file for a whole one")
		}
		p.reply(h, wire.Failed, (&wire.RemoteError{Message: "file upload cancelled"}).Encode())
		h, _ = p.take()
		p.reply(h, wire.OK, nil)
	})
	in := io.MultiReader(strings.NewReader("half"), failing{boom})
	if err := g.Upload(context.Background(), in, "/x"); !errors.Is(err, boom) {
		t.Errorf("Upload = %v; want %v", err, boom)
	}
	if err := g.PingDaemon(context.Background()); err != nil {
		t.Error(err)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error)  { return 0, f.err }
func (f failing) Write([]byte) (int, error) { return 0, f.err }

// TestUploadRefused: the daemon raises the flag in the middle; its error comes
// back.
func TestUploadRefused(t *testing.T) {
	g := connect(t, false, func(p *peer) {
		h, _ := p.take()
		p.conn.ReadFrame()
		go p.conn.WriteFlag(wire.CancelFlag)
		if _, whole := p.collect(); whole {
			t.Error("the library sent the whole file after the flag")
		}
		p.reply(h, wire.Failed, (&wire.RemoteError{Errno: "ENOSPC", Message: "No space left on device"}).Encode())
	})
	if err := g.Upload(context.Background(), endless{}, "/x"); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("Upload = %v; want ENOSPC", err)
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

// TestDownloadWriterFails: the daemon is told, its rest is dropped, the
// caller's error comes back and the handle lives on.
func TestDownloadWriterFails(t *testing.T) {
	g := connect(t, false, func(p *peer) {
		h, _ := p.take()
		p.reply(h, wire.OK, nil)
		flag := make(chan bool, 1)
		go func() { f, err := p.conn.ReadFrame(); flag <- err == nil && f.Kind == wire.CancelFrame }()
		for sending := true; sending; {
			select {
			case ok := <-flag:
				if !ok {
					t.Error("no cancel flag")
				}
				sending = false
			default:
				p.conn.WriteChunk(wire.Chunk{Data: make([]byte, wire.ChunkMax)})
			}
		}
		p.conn.WriteChunk(wire.Chunk{Cancel: true})
		h, _ = p.take()
		p.reply(h, wire.OK, nil)
	})
	if err := g.Download(context.Background(), "/x", failing{syscall.ENOSPC}); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("Download = %v; want ENOSPC", err)
	}
	if err := g.PingDaemon(context.Background()); err != nil {
		t.Error(err)
	}
}

// connectLane is connect with a lane; the peer gets its rows.
func connectLane(t *testing.T, daemon func(p *peer, toDaemon, toLibrary *wire.Row)) *Handle {
	memory := make([]byte, wire.LaneBytes)
	toDaemon, toLibrary := wire.Rows(memory)
	g := connect(t, true, func(p *peer) { daemon(p, toDaemon, toLibrary) })
	ours, theirs := wire.Rows(memory)
	g.link.toDaemon.Store(ours)
	g.link.toLibrary.Store(theirs)
	return g
}

// TestUploadInLane: more than all slots hold, so that they must come back.
func TestUploadInLane(t *testing.T) {
	want := make([]byte, 2*wire.LaneSlots*wire.SlotBytes+5000)
	for i := range want {
		want[i] = byte(i * i >> 8)
	}
	g := connectLane(t, func(p *peer, toDaemon, _ *wire.Row) {
		h, _ := p.take()
		var got []byte
		lane := 0
		for {
			f, err := p.conn.ReadFrame()
			if err != nil {
				return
			}
			c, err := wire.DecodeChunk(f.Data)
			if err != nil || c.Cancel {
				t.Errorf("chunk %+v, %v", c, err)
				return
			}
			if c.InLane {
				lane++
				got = append(got, toDaemon.Bytes(c.Slot.Number)[:c.Slot.Length]...)
				p.conn.WriteSlot(c.Slot.Number)
				continue
			}
			if len(c.Data) == 0 {
				break
			}
			got = append(got, c.Data...)
		}
		if !bytes.Equal(got, want) || lane != 2*wire.LaneSlots {
			t.Errorf("daemon got %d bytes in %d slots; want %d in %d", len(got), lane, len(want), 2*wire.LaneSlots)
		}
		p.reply(h, wire.OK, nil)
	})
	if err := g.Upload(context.Background(), bytes.NewReader(want), "/x"); err != nil {
		t.Error(err)
	}
}

func TestDownloadInLane(t *testing.T) {
	g := connectLane(t, func(p *peer, _, toLibrary *wire.Row) {
		h, _ := p.take()
		p.reply(h, wire.OK, nil)
		slot := <-toLibrary.Free()
		copy(toLibrary.Bytes(slot), "in the lane, ")
		p.conn.WriteChunk(wire.Chunk{InLane: true, Slot: wire.Slot{Number: slot, Length: 13}})
		if f, err := p.conn.ReadFrame(); err != nil || f.Kind != wire.SlotFrame || f.Slot != slot {
			t.Errorf("frame %+v, %v; want slot %d back", f, err, slot)
		}
		p.conn.WriteChunk(wire.Chunk{Data: []byte("inline")})
		p.conn.WriteChunk(wire.Chunk{})
	})
	var buf bytes.Buffer
	if err := g.Download(context.Background(), "/x", &buf); err != nil || buf.String() != "in the lane, inline" {
		t.Errorf("Download = %q, %v", buf.String(), err)
	}
}

// TestLaneUnasked: a daemon uses a lane that was not opened, or gives back what
// it does not have.
func TestLaneUnasked(t *testing.T) {
	g := connect(t, true, func(p *peer) {
		h, _ := p.take()
		p.reply(h, wire.OK, nil)
		p.conn.WriteChunk(wire.Chunk{InLane: true, Slot: wire.Slot{Number: 1, Length: 1}})
	})
	if err := g.Download(context.Background(), "/x", io.Discard); err == nil || !strings.Contains(err.Error(), "lane") {
		t.Errorf("Download = %v; want a word about the lane", err)
	}
	g = connectLane(t, func(p *peer, _, _ *wire.Row) { p.take(); p.conn.WriteSlot(1) })
	if err := g.Sync(context.Background()); err == nil || !strings.Contains(err.Error(), "slot 1") {
		t.Errorf("Sync = %v; want a word about slot 1", err)
	}
}

// TestDownloadBreaksOff: the reason is asked for, and the handle lives on.
func TestDownloadBreaksOff(t *testing.T) {
	g := connect(t, true, func(p *peer) {
		h, _ := p.take()
		p.reply(h, wire.OK, nil)
		p.conn.WriteChunk(wire.Chunk{Data: []byte("half")})
		p.conn.WriteChunk(wire.Chunk{Cancel: true})
		if h, _ = p.take(); h.Proc != procInternalFailure {
			t.Errorf("procedure %d; want %d", h.Proc, procInternalFailure)
		}
		var e wire.Encoder
		e.Strings([]string{"EIO", "/x: Input/output error"})
		p.reply(h, wire.OK, e.Bytes())
		h, _ = p.take()
		p.reply(h, wire.OK, nil)
	})
	err := g.Download(context.Background(), "/x", io.Discard)
	if !errors.Is(err, syscall.EIO) || err.Error() != "download: /x: Input/output error" {
		t.Errorf("Download = %v; want %v", err, syscall.EIO)
	}
	if err := g.PingDaemon(context.Background()); err != nil {
		t.Error(err)
	}
}

func TestDownloadGivenUp(t *testing.T) {
	g := connect(t, false, func(p *peer) {
		h, _ := p.take()
		p.reply(h, wire.OK, nil)
		p.conn.WriteChunk(wire.Chunk{Data: []byte("half")})
		p.conn.WriteChunk(wire.Chunk{Cancel: true})
	})
	var buf bytes.Buffer
	if err := g.Download(context.Background(), "/x", &buf); err == nil {
		t.Error("half a file gave no error")
	}
}

// TestWarnings: a reply that says there are warnings makes the library fetch
// them.
func TestWarnings(t *testing.T) {
	g := connect(t, true, func(p *peer) {
		h, _ := p.take()
		p.conn.WriteMessage(&wire.Header{Proc: h.Proc, Serial: h.Serial, Direction: wire.Reply, ProgressHint: 1}, []byte{0, 0, 0, 0})
		h, _ = p.take()
		var e wire.Encoder
		e.Strings([]string{"one disk is odd"})
		p.reply(h, wire.OK, e.Bytes())
	})
	var got []Event
	g.OnEvent(func(e Event) { got = append(got, e) })
	if _, err := g.ListFilesystems(context.Background()); err != nil {
		t.Fatal(err)
	}
	if len(got) != 1 || got[0].Kind != EventWarning || got[0].Text != "one disk is odd" || got[0].Op != "list_filesystems" {
		t.Errorf("events = %+v; want the warning", got)
	}
}

func TestProgress(t *testing.T) {
	g := connect(t, true, func(p *peer) {
		h, _ := p.take()
		p.conn.WriteProgress(wire.Progress{Proc: h.Proc, Serial: h.Serial, Position: 1, Total: 4})
		p.reply(h, wire.OK, nil)
	})
	var got []Event
	g.OnEvent(func(e Event) { got = append(got, e) })
	if err := g.Sync(context.Background()); err != nil {
		t.Fatal(err)
	}
	if len(got) != 1 || got[0].Kind != EventProgress || got[0].Position != 1 || got[0].Total != 4 {
		t.Errorf("events = %+v; want 1 of 4", got)
	}
}

func TestNotLaunched(t *testing.T) {
	g := New(&Options{NoEnv: true})
	if err := g.PingDaemon(context.Background()); !errors.Is(err, syscall.EINVAL) || !strings.Contains(err.Error(), "Launch") {
		t.Errorf("PingDaemon = %v; want EINVAL and a word about Launch", err)
	}
	g.Close()
	g.Close()
}

func TestTraceKeepsSecrets(t *testing.T) {
	g := New(&Options{NoEnv: true, Trace: true})
	var got []string
	g.OnEvent(func(e Event) { got = append(got, e.Text) })
	g.traceCall(&request{name: "luks_open", trace: []any{Device("/dev/sda1"), secret{}, "map"}})
	if want := `luks_open "/dev/sda1" *** "map"`; len(got) != 1 || got[0] != want {
		t.Errorf("trace = %q; want %q", got, want)
	}
}

func TestEnvironment(t *testing.T) {
	t.Setenv("LIBGUESTFS_MEMSIZE", "1024")
	t.Setenv("LIBGUESTFS_SMP", "2")
	t.Setenv("LIBGUESTFS_HV", "/opt/qemu")
	t.Setenv("LIBGUESTFS_BACKEND_SETTINGS", "other:force_tcg")
	t.Setenv("LIBGUESTFS_TRACE", "1")
	o := New(nil).opts
	if o.MemoryMB != 1024 || o.CPUs != 2 || o.Hypervisor != "/opt/qemu" || o.Accel != "tcg" || !o.Trace || o.Verbose {
		t.Errorf("options = %+v", o)
	}
	if o := New(&Options{MemoryMB: 600}).opts; o.MemoryMB != 600 {
		t.Errorf("MemoryMB = %d; an option must win over the environment", o.MemoryMB)
	}
	t.Setenv("LIBGUESTFS_MEMSIZE", "many")
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := New(nil).Launch(ctx); err == nil || !strings.Contains(err.Error(), "LIBGUESTFS_MEMSIZE=many") {
		t.Errorf("Launch = %v; want a word about LIBGUESTFS_MEMSIZE", err)
	}
}
