package calls

import (
	"context"
	"errors"
	"syscall"
	"testing"
	"time"

	"virt-tools/pkg/guestfs"
)

func TestUmask(t *testing.T) {
	ctx, g := filesystem(t)
	mask, err := g.GetUmask(ctx)
	must(t, err)
	same(t, "umask at the start", mask, 0o022)
	old, err := g.Umask(ctx, 0o077)
	must(t, err)
	same(t, "old umask", old, 0o022)
	must(t, g.Mkdir(ctx, "/d"))
	must(t, g.Touch(ctx, "/f"))
	must(t, g.CpR(ctx, "/f", "/g"))
	for path, want := range map[guestfs.Path]int64{"/d": 0o40700, "/f": 0o100600, "/g": 0o100600} {
		st, err := g.Lstatns(ctx, path)
		must(t, err)
		same(t, "mode of "+string(path), st.StMode, want)
	}
	old, err = g.Umask(ctx, 0o022)
	must(t, err)
	same(t, "old umask", old, 0o077)
	_, err = g.Umask(ctx, 0o1777)
	wantErr(t, err, syscall.EINVAL)
	_, err = g.Umask(ctx, -1)
	wantErr(t, err, syscall.EINVAL)
}

func TestSleep(t *testing.T) {
	ctx, g := shared(t)
	start := time.Now()
	must(t, g.Sleep(ctx, 1))
	if d := time.Since(start); d < time.Second {
		t.Errorf("slept %s; want 1s", d)
	}
	short, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	err := g.Sleep(short, 60)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("sleep that was stopped: %v", err)
	}
	must(t, g.PingDaemon(ctx))
}
