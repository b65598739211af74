package guestfs

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"virt-tools/internal/wire"
)

// TestBrokenDaemon: whatever a daemon sends, the call ends with an error and
// so does the next one.
func TestBrokenDaemon(t *testing.T) {
	raw := func(b ...byte) func(*peer) {
		return func(p *peer) { p.take(); p.end.Write(b); p.end.Close() }
	}
	for name, tt := range map[string]struct {
		daemon func(*peer)
		want   string
	}{
		"closes":          {raw(), "lost the connection"},
		"huge length":     {raw(0x7f, 0xff, 0xff, 0xff), "limit"},
		"cut message":     {raw(0, 0, 0, 40, 1, 2), "lost the connection"},
		"garbage header":  {raw(append([]byte{0, 0, 0, 40}, bytes.Repeat([]byte{7}, 40)...)...), "wrong program"},
		"launch flag":     {raw(0xf5, 0xf5, 0x5f, 0xf5), "started again"},
		"wrong serial":    {func(p *peer) { h, _ := p.take(); h.Serial++; p.reply(h, wire.OK, text("x")) }, "does not fit call"},
		"wrong procedure": {func(p *peer) { h, _ := p.take(); h.Proc++; p.reply(h, wire.OK, text("x")) }, "does not fit call"},
		"a call": {func(p *peer) {
			h, _ := p.take()
			p.conn.WriteMessage(&wire.Header{Proc: h.Proc, Serial: h.Serial}, nil)
		}, "sent a call"},
		"bad error": {func(p *peer) { h, _ := p.take(); p.reply(h, wire.Failed, []byte{1, 2, 3}) }, "too short"},
	} {
		t.Run(name, func(t *testing.T) {
			g := connect(t, true, tt.daemon)
			_, err := g.EchoDaemon(context.Background(), nil)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error = %v; want %q in it", err, tt.want)
			}
			if err := g.PingDaemon(context.Background()); err == nil {
				t.Error("a call after that gave no error")
			}
		})
	}
	t.Run("bad result", func(t *testing.T) {
		g := connect(t, true, func(p *peer) { h, _ := p.take(); p.reply(h, wire.OK, []byte{0xff, 0xff, 0xff, 0xff}) })
		if _, err := g.EchoDaemon(context.Background(), nil); !errors.Is(err, wire.ErrTruncated) {
			t.Errorf("error = %v; want %v", err, wire.ErrTruncated)
		}
	})
}

// TestSilentDaemon: one that never answers is given some time after the context
// has ended, then the call ends and so does the appliance. The time is not real.
func TestSilentDaemon(t *testing.T) {
	for name, call := range map[string]func(context.Context, *Handle) error{
		"call":     func(ctx context.Context, g *Handle) error { return g.Sync(ctx) },
		"upload":   func(ctx context.Context, g *Handle) error { return g.Upload(ctx, strings.NewReader("x"), "/x") },
		"download": func(ctx context.Context, g *Handle) error { return g.Download(ctx, "/x", io.Discard) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := connect(t, true, func(p *peer) { io.Copy(io.Discard, p.end) })
				ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
				defer cancel()
				if err := call(ctx, g); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("%s = %v; want %v", name, err, context.DeadlineExceeded)
				}
				if err := g.PingDaemon(context.Background()); !errors.Is(err, syscall.EINVAL) {
					t.Errorf("the next call = %v; want %v: the appliance has been stopped", err, syscall.EINVAL)
				}
			})
		})
	}
}

// TestGarbageInFile: a daemon that answers well and then sends no chunks.
func TestGarbageInFile(t *testing.T) {
	for name, garbage := range map[string][]byte{
		"huge chunk":  {0, 0, 0, 12, 0, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff, 1, 1, 1, 1},
		"no chunk":    {0, 0, 0, 4, 9, 9, 9, 9},
		"launch flag": {0xf5, 0xf5, 0x5f, 0xf5},
	} {
		t.Run(name, func(t *testing.T) {
			g := connect(t, true, func(p *peer) {
				h, _ := p.take()
				p.reply(h, wire.OK, nil)
				p.end.Write(garbage)
			})
			if err := g.Download(context.Background(), "/x", io.Discard); err == nil || !strings.Contains(err.Error(), "lost the connection") {
				t.Errorf("Download = %v; want a lost connection", err)
			}
			if err := g.PingDaemon(context.Background()); err == nil {
				t.Error("a call after that gave no error")
			}
		})
	}
}

// TestWrongCount: an answer for more or fewer names than were asked about is
// never matched with them.
func TestWrongCount(t *testing.T) {
	daemon := func(p *peer) {
		for range 2 {
			h, _ := p.take()
			p.reply(h, wire.OK, []byte{0, 0, 0, 0}) // an empty list
		}
	}
	ctx, g := context.Background(), connect(t, true, daemon)
	if list, err := g.Lstatnslist(ctx, "/d", []string{"a"}); err == nil || !strings.Contains(err.Error(), "0 names of 1") {
		t.Errorf("Lstatnslist = %v, %v; want an error", list, err)
	}
	if list, err := g.Readlinklist(ctx, "/d", []string{"a", "b"}); err == nil || !strings.Contains(err.Error(), "0 names of 2") {
		t.Errorf("Readlinklist = %v, %v; want an error", list, err)
	}
}
