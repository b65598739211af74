package cli

import (
	"context"
	"errors"
	"os"
	"syscall"
	"testing"
	"time"
)

func TestSignals(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		ctx, stop := Signals(t.Context())
		if err := syscall.Kill(os.Getpid(), sig); err != nil {
			t.Fatal(err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(10 * time.Second):
			t.Fatalf("%v did not end the context", sig)
		}
		var stopped *Stopped
		if !errors.As(context.Cause(ctx), &stopped) || stopped.Signal != sig {
			t.Errorf("cause = %v; want %v", context.Cause(ctx), sig)
		}
		if got := statusOf(context.Cause(ctx)); got != 128+int(sig) {
			t.Errorf("statusOf(%v) = %d; want %d", sig, got, 128+int(sig))
		}
		stop()
	}
}

func TestLeaveInterrupts(t *testing.T) {
	ctx, stop := Signals(t.Context())
	defer stop()
	end := LeaveInterrupts(ctx)
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		if err := syscall.Kill(os.Getpid(), sig); err != nil {
			t.Fatal(err)
		}
	}
	select {
	case <-ctx.Done():
	case <-time.After(10 * time.Second):
		t.Fatal("SIGTERM did not end the context")
	}
	var stopped *Stopped
	if !errors.As(context.Cause(ctx), &stopped) || stopped.Signal != syscall.SIGTERM {
		t.Errorf("cause = %v; want %v", context.Cause(ctx), syscall.SIGTERM)
	}
	end()
}
