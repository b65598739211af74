// Package servers offers disk images over the network, on loopback, to tests: with
// qemu-nbd, nbdkit, a web server and sshd.
//
//	socket := servers.NBD(t, "disk.qcow2", "--format=raw", "--export-name=disk")
//	url := servers.Web(t, dir) + "/disk.img"
//
// Each server ends with its test. A program that is missing fails the test: scripts/deps.sh
// installs them. Nothing but tests may use the package.
package servers

import (
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// NBD serves an image with qemu-nbd on a Unix socket, whose path it returns.
func NBD(t testing.TB, image string, args ...string) string {
	t.Helper()
	socket := filepath.Join(shortDir(t), "nbd")
	args = append([]string{"--persistent", "--shared=0", "--socket=" + socket}, append(args, image)...)
	start(t, exec.Command("qemu-nbd", args...), "unix", socket)
	return socket
}

// NBDTCP serves an image with qemu-nbd on a port of an address of loopback.
func NBDTCP(t testing.TB, address, image string, args ...string) (port int) {
	t.Helper()
	port = freePort(t, address)
	args = append([]string{"--persistent", "--shared=0", "--bind=" + address, "--port=" + strconv.Itoa(port)}, append(args, image)...)
	start(t, exec.Command("qemu-nbd", args...), "tcp", net.JoinHostPort(address, strconv.Itoa(port)))
	return port
}

// Nbdkit serves with nbdkit's filters and plugins on a Unix socket.
func Nbdkit(t testing.TB, args ...string) (socket string) {
	t.Helper()
	socket = filepath.Join(shortDir(t), "nbdkit")
	start(t, exec.Command("nbdkit", append([]string{"--foreground", "--unix=" + socket}, args...)...), "unix", socket)
	return socket
}

// Web serves the files of a folder, with ranges, and returns its URL. check may refuse a
// request by answering it and returning false; it may be nil.
func Web(t testing.TB, dir string, check func(http.ResponseWriter, *http.Request) bool) string {
	t.Helper()
	files := http.FileServer(http.Dir(dir))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if check == nil || check(w, r) {
			files.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// Silent takes connections on loopback and says nothing.
func Silent(t testing.TB) (port int) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { conn.Close() })
		}
	}()
	return listener.Addr().(*net.TCPAddr).Port
}

// Line is a connection to a server that can be disturbed.
type Line struct {
	Port int

	mu    sync.Mutex
	conns []net.Conn
	stall bool
}

// NewLine listens on loopback and passes all on to a Unix socket.
func NewLine(t testing.TB, socket string) *Line {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &Line{Port: listener.Addr().(*net.TCPAddr).Port}
	t.Cleanup(func() {
		listener.Close()
		l.Drop()
	})
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("unix", socket)
			if err != nil {
				client.Close()
				continue
			}
			l.mu.Lock()
			l.conns = append(l.conns, client, server)
			l.mu.Unlock()
			go l.pass(client, server)
			go l.pass(server, client)
		}
	}()
	return l
}

func (l *Line) pass(to, from net.Conn) {
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		l.mu.Lock()
		stall := l.stall
		l.mu.Unlock()
		if err != nil {
			to.Close()
			return
		}
		if !stall {
			to.Write(buffer[:n]) // an error shows at the next Read
		}
	}
}

// Stall keeps the connections open and passes nothing on any more.
func (l *Line) Stall() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stall = true
}

// Drop closes all connections.
func (l *Line) Drop() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range l.conns {
		c.Close()
	}
}

// start starts a server and waits until it can be connected to.
func start(t testing.TB, cmd *exec.Cmd, network, address string) {
	t.Helper()
	var output strings.Builder
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		cmd.Process.Kill()
		<-ended
	})
	for deadline := time.Now().Add(time.Minute); ; {
		conn, err := net.Dial(network, address)
		if err == nil {
			conn.Close()
			return
		}
		select {
		case err := <-ended:
			ended <- err
			t.Fatalf("%s: %v\n%s", cmd, err, output.String())
		case <-time.After(20 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: it does not listen: %v", cmd, err)
		}
	}
}

// freePort finds a port that nobody listens on.
func freePort(t testing.TB, address string) int {
	t.Helper()
	listener, err := net.Listen("tcp", net.JoinHostPort(address, "0"))
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port
}

// shortDir is a folder with a name that is short enough for a socket in it.
func shortDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "srv")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}
