package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// read reads from f until it has read what ends in end.
func read(t *testing.T, f *os.File, end string) string {
	t.Helper()
	var all strings.Builder
	buf := make([]byte, 256)
	for !strings.HasSuffix(all.String(), end) {
		n, err := f.Read(buf)
		if err != nil {
			t.Fatalf("after %q: %v", all.String(), err)
		}
		all.Write(buf[:n])
	}
	return all.String()
}

func echoes(t *testing.T, f *os.File) bool {
	t.Helper()
	settings, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	return settings.Lflag&unix.ECHO != 0
}

func TestAsk(t *testing.T) {
	for _, echo := range []bool{false, true} {
		user, program := terminal(t)
		done := make(chan error)
		go func() {
			got, err := askOn(t.Context(), program, "Key\x1b: ", echo)
			if err == nil && got != "secret" {
				err = fmt.Errorf("the answer is %q", got)
			}
			done <- err
		}()
		if prompt := read(t, user, ": "); prompt != `Key\x1b: ` {
			t.Errorf("prompt %q", prompt)
		}
		fmt.Fprintln(user, "secret")
		if shown := read(t, user, "\n"); (strings.Contains(shown, "secret")) != echo {
			t.Errorf("echo %v: the terminal shows %q", echo, shown)
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
		if !echoes(t, program) {
			t.Error("the terminal shows nothing that is typed any more")
		}
	}
}

// A user who gives up finds the terminal as it was.
func TestAskStopped(t *testing.T) {
	user, program := terminal(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	done := make(chan error)
	go func() {
		_, err := askOn(ctx, program, "Key: ", false)
		done <- err
	}()
	read(t, user, ": ")
	stopped := errors.New("stopped")
	cancel(stopped)
	if err := <-done; !errors.Is(err, stopped) {
		t.Errorf("askOn = %v; want %v", err, stopped)
	}
	if !echoes(t, program) {
		t.Error("the terminal shows nothing that is typed any more")
	}
	fmt.Fprintln(user) // lets the read end
}
