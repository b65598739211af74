package daemon

import (
	"context"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"virt-tools/internal/wire"
)

// library is the other end of a server under test: raw frames, no guestfs.
type library struct {
	t    *testing.T
	conn *wire.Conn
	end  net.Conn
	done chan error
}

func serve(t *testing.T) *library {
	t.Helper()
	a, b := net.Pipe()
	l := &library{t: t, conn: wire.NewConn(a), end: a, done: make(chan error, 1)}
	go func() { l.done <- New(b).Serve(context.Background()) }()
	t.Cleanup(func() { a.Close(); <-l.done })
	if f := l.frame(); f.Kind != wire.LaunchFrame {
		t.Fatalf("first frame = %+v; want the launch flag", f)
	}
	return l
}

func (l *library) frame() wire.Frame {
	l.t.Helper()
	l.end.SetReadDeadline(time.Now().Add(10 * time.Second))
	f, err := l.conn.ReadFrame()
	if err != nil {
		l.t.Fatal(err)
	}
	return f
}

func (l *library) send(h wire.Header, args func(*wire.Encoder)) {
	l.t.Helper()
	var e wire.Encoder
	if args != nil {
		args(&e)
	}
	if err := l.conn.WriteMessage(&h, e.Bytes()); err != nil {
		l.t.Fatal(err)
	}
}

// reply reads the reply; message is the error, or "" when it is a success.
func (l *library) reply(serial uint32) (body []byte, errno, message string) {
	l.t.Helper()
	h, body, err := wire.DecodeHeader(l.frame().Data)
	if err != nil || h.Direction != wire.Reply || h.Serial != serial {
		l.t.Fatalf("reply header = %+v, error %v; want a reply to %d", h, err, serial)
	}
	if h.Status == wire.OK {
		return body, "", ""
	}
	e, err := wire.DecodeError(body)
	if err != nil {
		l.t.Fatal(err)
	}
	return nil, e.Errno, e.Message
}

// procOf finds a call's number in the generated table.
func procOf(t *testing.T, name string) uint32 {
	for n, p := range procedures {
		if p.name == name {
			return n
		}
	}
	t.Fatalf("no procedure %s", name)
	return 0
}

func TestServeAnswers(t *testing.T) {
	l := serve(t)
	l.send(wire.Header{Proc: procOf(t, "echo_daemon"), Serial: 7}, func(e *wire.Encoder) { e.Strings([]string{"a", "b"}) })
	body, _, msg := l.reply(7)
	if d := wire.NewDecoder(body); msg != "" || d.String() != "a b" || d.Finish() != nil {
		t.Errorf("echo_daemon = %q, error %q; want \"a b\"", body, msg)
	}
}

func TestServeRefuses(t *testing.T) {
	echo := procOf(t, "echo_daemon")
	for name, tt := range map[string]struct {
		h     wire.Header
		args  func(*wire.Encoder)
		errno string
		want  string
	}{
		"unknown number":   {wire.Header{Proc: 9999}, nil, "", "unknown procedure number 9999"},
		"a reply":          {wire.Header{Proc: echo, Direction: wire.Reply}, nil, "", "unexpected direction"},
		"status failed":    {wire.Header{Proc: echo, Status: wire.Failed}, nil, "", "status"},
		"mask without any": {wire.Header{Proc: echo, OptArgs: 1}, nil, "EINVAL", "takes no optional arguments"},
		"unknown bit":      {wire.Header{Proc: procOf(t, "mkfs"), OptArgs: 1 << 40}, nil, "EINVAL", "unknown optional argument"},
		"no arguments":     {wire.Header{Proc: echo}, nil, "", "cannot decode"},
		"too many":         {wire.Header{Proc: procOf(t, "ping_daemon")}, func(e *wire.Encoder) { e.Uint32(1) }, "", "cannot decode"},
		"NUL byte":         {wire.Header{Proc: echo}, func(e *wire.Encoder) { e.Strings([]string{"a\x00b"}) }, "EINVAL", "NUL"},
		"relative path":    {wire.Header{Proc: procOf(t, "mkdir")}, func(e *wire.Encoder) { e.String("etc") }, "EINVAL", "path must start with a / character"},
		"not a device":     {wire.Header{Proc: procOf(t, "part_list")}, func(e *wire.Encoder) { e.String("/etc") }, "EINVAL", "expecting a device name"},
		"no such device":   {wire.Header{Proc: procOf(t, "part_list")}, func(e *wire.Encoder) { e.String("/dev/nosuch") }, "ENOENT", "/dev/nosuch: No such file or directory"},
		"character device": {wire.Header{Proc: procOf(t, "part_list")}, func(e *wire.Encoder) { e.String("/dev/null") }, "ENOTBLK", "not a block device"},
		"bad GUID":         {wire.Header{Proc: procOf(t, "part_set_disk_guid")}, func(e *wire.Encoder) { e.String("/dev/null"); e.String("x") }, "ENOTBLK", "not a block device"},
	} {
		t.Run(name, func(t *testing.T) {
			l := serve(t)
			tt.h.Serial = 3
			l.send(tt.h, tt.args)
			_, errno, msg := l.reply(3)
			if errno != tt.errno || !strings.Contains(msg, tt.want) {
				t.Errorf("error = %q %q; want %q and %q in it", errno, msg, tt.errno, tt.want)
			}
			l.send(wire.Header{Proc: procOf(t, "ping_daemon"), Serial: 4}, nil)
			if _, _, msg := l.reply(4); msg != "" {
				t.Errorf("ping_daemon after the error: %s", msg)
			}
		})
	}
}

// An older library does not send the optional arguments that came after it.
func TestServeOlderLibrary(t *testing.T) {
	var got *tarInOpts
	proc := use(t, procedure{name: "older", optargs: 5, stub: func(c *Call, d *wire.Decoder, _ *wire.Encoder) error {
		a := args{c: c, d: d}
		got = &tarInOpts{Compress: optional(&a, 0, a.text), Xattrs: optional(&a, 1, a.d.Bool), Keepdirlink: optional(&a, 4, a.d.Bool)}
		return a.finish()
	}})
	for name, tt := range map[string]struct {
		mask  uint64
		args  func(*wire.Encoder)
		wrong string
	}{
		"last one missing":            {1, func(e *wire.Encoder) { e.String("gzip"); e.Bool(true) }, ""},
		"all there":                   {1, func(e *wire.Encoder) { e.String("gzip"); e.Bool(true); e.Bool(true) }, ""},
		"given but missing":           {1 | 1<<4, func(e *wire.Encoder) { e.String("gzip"); e.Bool(true) }, "too short"},
		"cut in the middle of a text": {0, func(e *wire.Encoder) { e.Uint32(4) }, "too short"},
	} {
		t.Run(name, func(t *testing.T) {
			l := serve(t)
			l.send(wire.Header{Proc: proc, Serial: 3, OptArgs: tt.mask}, tt.args)
			_, _, msg := l.reply(3)
			if tt.wrong != "" {
				if !strings.Contains(msg, tt.wrong) {
					t.Errorf("error %q; want %q in it", msg, tt.wrong)
				}
				return
			}
			if msg != "" || got.Compress == nil || *got.Compress != "gzip" || got.Xattrs != nil || got.Keepdirlink != nil {
				t.Errorf("error %q, got %+v; want compress alone", msg, got)
			}
		})
	}
}

// A call that is not built may come with a file all the same.
func TestServeUnbuiltUpload(t *testing.T) {
	for proc := range unbuiltUploads {
		l := serve(t)
		l.send(wire.Header{Proc: proc, Serial: 3}, func(e *wire.Encoder) { e.String("/") })
		if f := l.frame(); f.Kind != wire.CancelFrame {
			t.Fatalf("frame = %+v; want the cancel flag", f)
		}
		if err := l.conn.WriteChunk(wire.Chunk{Cancel: true}); err != nil {
			t.Fatal(err)
		}
		if _, _, msg := l.reply(3); !strings.Contains(msg, "unknown procedure number") {
			t.Errorf("error = %q", msg)
		}
	}
}

// use puts a procedure of the test into the table.
func use(t *testing.T, p procedure) uint32 {
	const number = 1 << 20
	procedures[number] = p
	t.Cleanup(func() { delete(procedures, number) })
	return number
}

func TestOptionalText(t *testing.T) {
	proc := use(t, procedure{name: "maybe", stub: func(c *Call, d *wire.Decoder, e *wire.Encoder) error {
		a := args{c: c, d: d}
		s := a.optText()
		e.Bool(s != nil)
		return a.finish()
	}})
	l := serve(t)
	for serial, tt := range []struct {
		text *string
		want string
	}{{nil, ""}, {new(string), ""}, {text("a\x00b"), "NUL"}} {
		l.send(wire.Header{Proc: proc, Serial: uint32(serial)}, func(e *wire.Encoder) { e.OptString(tt.text) })
		body, _, msg := l.reply(uint32(serial))
		if tt.want != "" && strings.Contains(msg, tt.want) {
			continue
		}
		if got := wire.NewDecoder(body).Bool(); msg != tt.want || got != (tt.text != nil) {
			t.Errorf("optional text %v = there %v, error %q; want error %q", tt.text, got, msg, tt.want)
		}
	}
}

func text(s string) *string { return &s }

func TestPanicIsAnError(t *testing.T) {
	proc := use(t, procedure{name: "boom", stub: func(*Call, *wire.Decoder, *wire.Encoder) error { panic("boom") }})
	l := serve(t)
	l.send(wire.Header{Proc: proc, Serial: 1}, nil)
	if _, _, msg := l.reply(1); !strings.Contains(msg, "internal error: boom") {
		t.Errorf("error = %q; want the panic", msg)
	}
}

func TestCancelEndsProgram(t *testing.T) {
	proc := use(t, procedure{name: "sleep", stub: func(c *Call, _ *wire.Decoder, _ *wire.Encoder) error {
		_, err := c.run("sleep", "600")
		return err
	}})
	l := serve(t)
	l.send(wire.Header{Proc: proc, Serial: 1}, nil)
	if err := l.conn.WriteFlag(wire.CancelFlag); err != nil {
		t.Fatal(err)
	}
	if _, errno, msg := l.reply(1); errno != "EINTR" {
		t.Errorf("error = %q %q; want EINTR", errno, msg)
	}
}

// TestLateCancel: a flag for a call that has ended does nothing to the next.
func TestLateCancel(t *testing.T) {
	proc := use(t, procedure{name: "ask", stub: func(c *Call, _ *wire.Decoder, _ *wire.Encoder) error { return c.Err() }})
	l := serve(t)
	for serial := uint32(1); serial < 50; serial++ {
		l.send(wire.Header{Proc: proc, Serial: serial}, nil)
		if _, _, msg := l.reply(serial); msg != "" {
			t.Fatalf("call %d after a late flag: %s", serial, msg)
		}
		if err := l.conn.WriteFlag(wire.CancelFlag); err != nil {
			t.Fatal(err)
		}
	}
}

func TestUpload(t *testing.T) {
	var got []byte
	proc := use(t, procedure{name: "take", fileIn: true, stub: func(c *Call, _ *wire.Decoder, _ *wire.Encoder) (err error) {
		got, err = io.ReadAll(c.upload())
		return err
	}})
	l := serve(t)
	chunk := func(c wire.Chunk) {
		t.Helper()
		if err := l.conn.WriteChunk(c); err != nil {
			t.Fatal(err)
		}
	}
	l.send(wire.Header{Proc: proc, Serial: 1}, nil)
	chunk(wire.Chunk{Data: []byte("hello ")})
	chunk(wire.Chunk{Data: []byte("world")})
	chunk(wire.Chunk{})
	if _, _, msg := l.reply(1); msg != "" || string(got) != "hello world" {
		t.Errorf("upload = %q, error %q; want \"hello world\"", got, msg)
	}
	l.send(wire.Header{Proc: proc, Serial: 2}, nil)
	chunk(wire.Chunk{Data: []byte("half")})
	chunk(wire.Chunk{Cancel: true})
	if _, errno, _ := l.reply(2); errno != "EINTR" {
		t.Errorf("a cancelled upload gave errno %q; want EINTR", errno)
	}
}

// TestUploadGivenUp: the daemon fails early, the library sees the flag, stops,
// and reads the error.
func TestUploadGivenUp(t *testing.T) {
	proc := use(t, procedure{name: "refuse", fileIn: true, stub: func(*Call, *wire.Decoder, *wire.Encoder) error {
		return withErrno(28, "no space")
	}})
	l := serve(t)
	l.send(wire.Header{Proc: proc, Serial: 1}, nil)
	if f := l.frame(); f.Kind != wire.CancelFrame {
		t.Fatalf("frame = %+v; want the cancel flag", f)
	}
	for _, c := range []wire.Chunk{{Data: []byte("late")}, {Cancel: true}} {
		if err := l.conn.WriteChunk(c); err != nil {
			t.Fatal(err)
		}
	}
	if _, errno, msg := l.reply(1); errno != "ENOSPC" || msg != "no space" {
		t.Errorf("error = %q %q; want ENOSPC, no space", errno, msg)
	}
}

func TestDownload(t *testing.T) {
	text := strings.Repeat("0123456789", 2000)
	proc := use(t, procedure{name: "give", fileOut: true, stub: func(c *Call, _ *wire.Decoder, _ *wire.Encoder) error {
		_, err := io.WriteString(c.download(), text)
		return err
	}})
	l := serve(t)
	l.send(wire.Header{Proc: proc, Serial: 1}, nil)
	if _, _, msg := l.reply(1); msg != "" {
		t.Fatal(msg)
	}
	var got strings.Builder
	for {
		c, err := wire.DecodeChunk(l.frame().Data)
		if err != nil || c.Cancel {
			t.Fatalf("chunk %+v, error %v", c, err)
		}
		if len(c.Data) == 0 {
			break
		}
		got.Write(c.Data)
	}
	if got.String() != text {
		t.Errorf("downloaded %d bytes; want %d, the same", got.Len(), len(text))
	}
}

// TestDownloadCancelled: the library has had enough; the daemon ends the file
// as a failure and goes on.
func TestDownloadCancelled(t *testing.T) {
	proc := use(t, procedure{name: "endless", fileOut: true, stub: func(c *Call, _ *wire.Decoder, _ *wire.Encoder) error {
		for {
			if _, err := c.download().Write(make([]byte, wire.ChunkMax)); err != nil {
				return err
			}
		}
	}})
	l := serve(t)
	l.send(wire.Header{Proc: proc, Serial: 1}, nil)
	if _, _, msg := l.reply(1); msg != "" {
		t.Fatal(msg)
	}
	sent := make(chan error, 1)
	go func() { sent <- l.conn.WriteFlag(wire.CancelFlag) }()
	for n := 0; ; n++ {
		c, err := wire.DecodeChunk(l.frame().Data)
		if err != nil {
			t.Fatal(err)
		}
		if c.Cancel {
			break
		}
		if n > 1000 {
			t.Fatal("the daemon sends on after the cancel flag")
		}
	}
	if err := <-sent; err != nil {
		t.Fatal(err)
	}
	l.send(wire.Header{Proc: procOf(t, "ping_daemon"), Serial: 2}, nil)
	if _, _, msg := l.reply(2); msg != "" {
		t.Error(msg)
	}
}

func TestDownloadFails(t *testing.T) {
	early := use(t, procedure{name: "early", fileOut: true, stub: func(*Call, *wire.Decoder, *wire.Encoder) error {
		return withErrno(2, "nothing there")
	}})
	l := serve(t)
	l.send(wire.Header{Proc: early, Serial: 1}, nil)
	if _, errno, msg := l.reply(1); errno != "ENOENT" || msg != "nothing there" {
		t.Errorf("error = %q %q; want ENOENT", errno, msg)
	}
}

// TestProgressTimes: nothing in the first two seconds, then at most three a
// second, and one at the end.
func TestProgressTimes(t *testing.T) {
	proc := use(t, procedure{name: "slow", stub: func(c *Call, _ *wire.Decoder, _ *wire.Encoder) error {
		for i := uint64(1); i <= 30; i++ {
			time.Sleep(100 * time.Millisecond)
			c.progress(i, 30)
		}
		return nil
	}})
	l := serve(t)
	start := time.Now()
	l.send(wire.Header{Proc: proc, Serial: 5}, nil)
	var seen []wire.Progress
	for {
		f := l.frame()
		if f.Kind != wire.ProgressFrame {
			break
		}
		if len(seen) == 0 && time.Since(start) < progressDelay {
			t.Errorf("first progress after %s; want at least %s", time.Since(start), progressDelay)
		}
		seen = append(seen, f.Progress)
	}
	if n := len(seen); n < 2 || n > 5 || seen[n-1].Position != 30 || seen[0].Serial != 5 {
		t.Errorf("progress = %+v; want 2 to 5 messages, the last at 30 of 30", seen)
	}
}
