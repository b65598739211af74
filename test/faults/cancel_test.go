package faults

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"
)

// seed is that of $SEED, or a new one; it is printed when a test fails.
func seed(t *testing.T) *rand.Rand {
	t.Helper()
	n := uint64(time.Now().UnixNano())
	if s := os.Getenv("SEED"); s != "" {
		var err error
		n, err = strconv.ParseUint(s, 10, 64)
		must(t, err)
	}
	t.Logf("SEED=%d", n)
	return rand.New(rand.NewPCG(n, 0))
}

const (
	cancelBytes = 24 << 20 // more than the lane holds
	cancelRuns  = 8        // of each call
)

// TestCancel: transfers whose context ends at any place stop, and the next
// whole one is right.
func TestCancel(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: no appliance is launched")
	}
	r := seed(t)
	dir := t.TempDir()
	ctx, g := launch(t, dir)
	content := make([]byte, cancelBytes)
	for i := 0; i < len(content); i += 8 {
		content[i] = byte(r.Uint32())
	}
	tarball := archive(t, content)
	must(t, g.Mkdir(ctx, "/dir"))
	must(t, g.Upload(ctx, bytes.NewReader(content), "/dir/file"))

	for name, call := range map[string]func(ctx context.Context, pull *tripper) error{
		"upload":   func(ctx context.Context, p *tripper) error { return g.Upload(ctx, p.reader(content), "/upload") },
		"download": func(ctx context.Context, p *tripper) error { return g.Download(ctx, "/dir/file", p) },
		"tar_in":   func(ctx context.Context, p *tripper) error { return g.TarIn(ctx, p.reader(tarball), "/", nil) },
		"tar_out":  func(ctx context.Context, p *tripper) error { return g.TarOut(ctx, "/dir", p, nil) },
	} {
		for range cancelRuns {
			cancelled, cancel := context.WithCancel(ctx)
			at := 1 + r.IntN(cancelBytes*7/8)
			if at%3 == 0 {
				at = 1 + r.IntN(20_000) // within the first messages
			}
			err := call(cancelled, &tripper{tripwire{after: at, pull: cancel}, nil})
			cancel()
			if !errors.Is(err, context.Canceled) {
				t.Errorf("%s cancelled at %d = %v; want %v", name, at, err, context.Canceled)
			}
			if err := g.PingDaemon(ctx); err != nil {
				t.Fatalf("ping after %s was cancelled at %d: %v", name, at, err)
			}
		}
	}

	var back bytes.Buffer
	must(t, g.Upload(ctx, bytes.NewReader(content), "/upload"))
	must(t, g.Download(ctx, "/upload", &back))
	if !bytes.Equal(back.Bytes(), content) {
		t.Error("a transfer after those that were cancelled brings something else")
	}
	must(t, g.Mkdir(ctx, "/in"))
	must(t, g.TarIn(ctx, bytes.NewReader(tarball), "/in", nil))
	back.Reset()
	must(t, g.TarOut(ctx, "/in", &back, nil))
	for members := tar.NewReader(&back); ; {
		h, err := members.Next()
		must(t, err)
		if h.Name == "./file" {
			got, err := io.ReadAll(members)
			must(t, err)
			if !bytes.Equal(got, content) {
				t.Error("tar_in and tar_out after those that were cancelled bring something else")
			}
			break
		}
	}
	// Nothing holds a file open in the appliance, and nothing is left here.
	must(t, g.UmountAll(ctx))
	must(t, g.Shutdown(ctx))
	nothingLeft(t, dir)
}

// tripper is a tripwire on a stream of some content.
type tripper struct {
	tripwire
	from io.Reader
}

func (p *tripper) reader(content []byte) io.Reader {
	p.from = bytes.NewReader(content)
	return struct{ io.Reader }{p}
}

func (p *tripper) Read(b []byte) (int, error) {
	n, err := p.from.Read(b)
	p.pass(n)
	return n, err
}
