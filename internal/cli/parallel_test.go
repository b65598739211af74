package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// listing makes a virt-tools-libvirt that knows n domains and nothing about them.
func listing(t *testing.T, n int) {
	t.Helper()
	var domains []string
	for i := range n {
		domains = append(domains, fmt.Sprintf(`{"Name":"d%02d","UUID":"u%d"}`, (i*7)%n, i))
	}
	path := filepath.Join(t.TempDir(), "virt-tools-libvirt")
	script := "#!/bin/sh\nread open; echo '{\"URI\":\"x:///\"}'\nread list; echo '{\"Domains\":[" + strings.Join(domains, ",") + "]}'\nread more\n"
	if err := os.WriteFile(path, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("VIRT_TOOLS_LIBVIRT", path)
}

// Results come in the order of the names whatever finishes first, errors among them, and not
// more are worked on at once than was asked for.
func TestEachDomain(t *testing.T) {
	const n = 20
	listing(t, n)
	var now, most atomic.Int32
	gate := make(chan struct{}, n)
	work := func(_ context.Context, d *DomainGuest) (string, error) {
		most.Store(max(most.Load(), now.Add(1)))
		defer now.Add(-1)
		switch d.DomainName {
		case "d00":
			<-gate // the first one ends when another one has
		case "d03":
			return "", errors.New("broken")
		default:
			gate <- struct{}{}
		}
		return d.Name(), nil
	}
	var opts sampleOptions
	status, out, stderr := runSample(&opts, func(ctx context.Context, console *Console) error {
		return EachDomain(ctx, console, &opts.Guest, 3, work, func(r Result[string]) error {
			if r.Err != nil {
				console.FailDomain(r.Domain, r.Err)
				return nil
			}
			_, err := fmt.Fprintf(console.Out, "%s %s\n", r.Domain.DomainName, r.Value)
			return err
		})
	})
	want := ""
	for i := range n {
		if i != 3 {
			want += fmt.Sprintf("d%02d d%02d\n", i, i)
		}
	}
	if out != want || stderr != "virt-sample: error: libvirt domain d03: broken\n" || status != StatusFailed {
		t.Errorf("status %d, %q, %q; want %q", status, out, stderr, want)
	}
	if most.Load() > 3 {
		t.Errorf("%d were worked on at once; want 3 at most", most.Load())
	}
}

// What ends the tool ends the work, and no goroutine is left in it.
func TestEachDomainEnds(t *testing.T) {
	full := errors.New("no space")
	for _, how := range []string{"output", "interrupt"} {
		listing(t, 10)
		var working, done atomic.Int32
		var opts sampleOptions
		status, _, stderr := runSample(&opts, func(ctx context.Context, console *Console) error {
			ctx, stop := context.WithCancelCause(ctx)
			defer stop(nil)
			work := func(ctx context.Context, d *DomainGuest) (int, error) {
				working.Add(1)
				defer done.Add(1)
				if d.DomainName == "d00" {
					if how == "interrupt" {
						stop(full)
					}
					return 0, nil
				}
				<-ctx.Done()
				return 0, ctx.Err()
			}
			return EachDomain(ctx, console, &opts.Guest, 2, work, func(Result[int]) error { return full })
		})
		if status != StatusFailed || stderr != "virt-sample: error: no space\n" || working.Load() != done.Load() {
			t.Errorf("%s: status %d, %q, %d of %d ended", how, status, stderr, done.Load(), working.Load())
		}
	}
}

// A bar is shown on a terminal and never elsewhere, and messages do not get into it.
func TestProgress(t *testing.T) {
	work := func(context.Context, *DomainGuest) (int, error) { return 0, nil }
	tool := func(opts *sampleOptions) func(context.Context, *Console) error {
		return func(ctx context.Context, console *Console) error {
			return EachDomain(ctx, console, &opts.Guest, 1, work, func(Result[int]) error {
				console.Warn(errors.New("message"))
				return nil
			})
		}
	}
	listing(t, 3)
	var plain bytes.Buffer
	opts := new(sampleOptions)
	sample.Run(t.Context(), nil, Stdio{Out: &plain, Err: &plain}, opts, tool(opts))
	if want := strings.Repeat("virt-sample: warning: message\n", 3); plain.String() != want {
		t.Errorf("not a terminal: %q; want %q", plain.String(), want)
	}
	master, slave := terminal(t)
	opts = new(sampleOptions)
	sample.Run(t.Context(), nil, Stdio{Out: slave, Err: slave}, opts, tool(opts))
	if err := master.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Log(err) // then Read waits for ever, if nothing was written
	}
	got := ""
	for part := make([]byte, 4096); strings.Count(got, "message") < 3 || !strings.Contains(got, "0/3"); {
		n, err := master.Read(part)
		if err != nil {
			t.Fatalf("on a terminal: %q, %v; want messages and a bar", got, err)
		}
		got += string(part[:n])
	}
}

func TestWorkers(t *testing.T) {
	if got := Workers(7); got != 7 {
		t.Errorf("Workers(7) = %d", got)
	}
	if got := Workers(0); got < 1 {
		t.Errorf("Workers(0) = %d; want at least 1", got)
	}
	file := filepath.Join(t.TempDir(), "meminfo")
	for content, want := range map[string]int{"MemTotal: 9 kB\nMemAvailable:    2097152 kB\n": 2048, "MemTotal: 9 kB\n": 0, "MemAvailable: x kB\n": 0} {
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := availableMB(file); got != want {
			t.Errorf("availableMB(%q) = %d; want %d", content, got, want)
		}
	}
}

// What was found sets the exit status, but a failure counts more.
func TestFound(t *testing.T) {
	for _, fail := range []bool{false, true} {
		status, _, _ := runSample(new(sampleOptions), func(_ context.Context, c *Console) error {
			c.Found(3)
			c.Found(2)
			if fail {
				c.Fail(errors.New("failed"))
			}
			return nil
		})
		if want := map[bool]int{false: 3, true: StatusFailed}[fail]; status != want {
			t.Errorf("failed %t: status %d; want %d", fail, status, want)
		}
	}
}
