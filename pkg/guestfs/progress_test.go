package guestfs

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestLaunchProgress: a launch gives signs of life when it takes its time, and
// an end. The time is not real.
func TestLaunchProgress(t *testing.T) {
	for _, test := range []struct {
		takes time.Duration
		want  int
	}{{4 * time.Second, 0}, {5*time.Second + time.Second/2, 3}} {
		synctest.Test(t, func(t *testing.T) {
			g := New(&Options{NoEnv: true})
			var got []Event
			g.OnEvent(func(e Event) { got = append(got, e) })
			stop := g.aliveAfter(launchQuiet)
			time.Sleep(test.takes)
			stop()
			if len(got) != test.want {
				t.Fatalf("%d events in %v; want %d", len(got), test.takes, test.want)
			}
			for i, e := range got {
				if e.Kind != EventProgress || e.Total != 1 || (e.Position == 1) != (i == len(got)-1) {
					t.Errorf("event %d = %+v", i, e)
				}
			}
		})
	}
}

// TestSizeOf: what is left of a reader, where it can be told.
func TestSizeOf(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "file"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString("0123456789"); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Seek(4, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	for i, test := range []struct {
		in   io.Reader
		want uint64
	}{
		{f, 6}, {null, 0}, {strings.NewReader("abc"), 3}, {bytes.NewBufferString("ab"), 2}, {io.LimitReader(f, 2), 0},
	} {
		if got := sizeOf(test.in); got != test.want {
			t.Errorf("sizeOf(reader %d) = %d; want %d", i, got, test.want)
		}
	}
}
