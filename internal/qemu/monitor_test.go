package qemu

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

const greeting = `{"QMP": {"version": {}, "capabilities": []}}` + "\r\n"

// fakeQEMU connects a monitor to a function that plays QEMU.
func fakeQEMU(t *testing.T, qemu func(r *bufio.Scanner, conn net.Conn)) *Monitor {
	t.Helper()
	p, err := newPairs(1)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.FileConn(p.theirs[0])
	if err != nil {
		t.Fatal(err)
	}
	p.closeTheirs()
	var done sync.WaitGroup
	done.Go(func() {
		defer conn.Close()
		qemu(bufio.NewScanner(conn), conn)
	})
	m := NewMonitor(p.ours[0])
	t.Cleanup(func() {
		m.Disconnect()
		done.Wait()
	})
	return m
}

// readID reads one command and returns its id.
func readID(r *bufio.Scanner) uint64 {
	var c struct{ ID uint64 }
	if r.Scan() {
		json.Unmarshal(r.Bytes(), &c)
	}
	return c.ID
}

// handshake plays QEMU up to command mode.
func handshake(r *bufio.Scanner, conn net.Conn) {
	fmt.Fprint(conn, greeting)
	fmt.Fprintf(conn, `{"return": {}, "id": %d}`+"\n", readID(r))
}

func TestMonitorOrder(t *testing.T) {
	m := fakeQEMU(t, func(r *bufio.Scanner, conn net.Conn) {
		handshake(r, conn)
		a, b := readID(r), readID(r)
		fmt.Fprintln(conn, `{"event": "RESET", "data": {}, "timestamp": {"seconds": 1, "microseconds": 2}}`)
		fmt.Fprintln(conn, `{"return": {}, "id": 99999}`)         // nobody's
		fmt.Fprintln(conn, `{"error": {"class":"x","desc":"y"}}`) // without id
		fmt.Fprintf(conn, `{"return": %d, "id": %d}`+"\n", b, b)
		fmt.Fprintf(conn, `{"return": %d, "id": %d}`+"\n", a, a)
	})
	if err := m.Connect(); err != nil {
		t.Fatal(err)
	}
	got := make(chan uint64, 2)
	for range 2 {
		go func() {
			var id uint64
			if err := m.Execute(testContext(t), "x", nil, &id); err != nil {
				t.Error(err)
			}
			got <- id
		}()
	}
	if a, b := <-got, <-got; a+b != 5 || a == b {
		t.Errorf("replies = %d, %d; want 2 and 3", a, b)
	}
}

func TestMonitorFaults(t *testing.T) {
	tests := []struct {
		name string
		qemu func(r *bufio.Scanner, conn net.Conn)
		want string
	}{
		{"closed at once", func(*bufio.Scanner, net.Conn) {}, "greeting"},
		{"not a greeting", func(_ *bufio.Scanner, c net.Conn) { fmt.Fprintln(c, `{"hello": 1}`) }, "unexpected"},
		{"half a greeting", func(_ *bufio.Scanner, c net.Conn) { fmt.Fprint(c, greeting[:20]) }, "greeting"},
		{"closed later", func(r *bufio.Scanner, c net.Conn) { handshake(r, c); r.Scan() }, "closed"},
		{"not JSON", func(r *bufio.Scanner, c net.Conn) { handshake(r, c); r.Scan(); fmt.Fprintln(c, "{{{") }, "unexpected"},
		{"endless line", func(r *bufio.Scanner, c net.Conn) {
			handshake(r, c)
			chunk := []byte(strings.Repeat(" ", 1<<20))
			for err := error(nil); err == nil; {
				_, err = c.Write(chunk)
			}
		}, "closed"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m := fakeQEMU(t, test.qemu)
			ctx := testContext(t)
			err := m.Open(ctx)
			if err == nil {
				err = m.Execute(ctx, "query-status", nil, nil)
			}
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error = %v; want %q", err, test.want)
			}
		})
	}
}

// A command that is not answered ends with its context, and the next one works.
func TestMonitorSilence(t *testing.T) {
	m := fakeQEMU(t, func(r *bufio.Scanner, conn net.Conn) {
		handshake(r, conn)
		late := readID(r)
		next := readID(r)
		fmt.Fprintf(conn, `{"return": 1, "id": %d}`+"\n"+`{"return": 2, "id": %d}`+"\n", late, next)
	})
	if err := m.Connect(); err != nil {
		t.Fatal(err)
	}
	short, cancel := context.WithTimeout(testContext(t), 20*time.Millisecond)
	defer cancel()
	if err := m.Execute(short, "x", nil, nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Execute = %v; want %v", err, context.DeadlineExceeded)
	}
	var got int
	if err := m.Execute(testContext(t), "x", nil, &got); err != nil || got != 2 {
		t.Errorf("Execute = %d, %v; want 2", got, err)
	}
}

// Machines leave no descriptor behind in this process, whichever way they end.
func TestDescriptors(t *testing.T) {
	count := func() int {
		entries, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		return len(entries)
	}
	startIdle(t, Config{}).Kill() // whatever is opened once
	before := count()
	for range 3 {
		m := startIdle(t, Config{})
		if err := m.Plug(testContext(t), Drive{ScratchBytes: 512}, Drive{Index: 1, File: "missing"}); err == nil {
			t.Error("Plug of a missing file works")
		}
		m.Kill()
		m = startIdle(t, Config{})
		if err := m.Quit(testContext(t)); err != nil {
			t.Error(err)
		}
		if _, err := Start(testContext(t), &Config{Args: []string{"-nonsense"}}); err == nil {
			t.Error("Start with a bad argument works")
		}
	}
	if after := count(); after > before {
		t.Errorf("%d descriptors before, %d after", before, after)
	}
}
