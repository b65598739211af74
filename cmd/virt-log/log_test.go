package main

import (
	"bytes"
	"context"
	"io"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"virt-tools/internal/cli"
	"virt-tools/internal/journal"
)

// What virt-log 1.48 prints for such entries.
func TestEntry(t *testing.T) {
	local := time.Local
	time.Local = time.UTC
	t.Cleanup(func() { time.Local = local })
	tests := []struct {
		fields []string
		want   string
	}{
		{[]string{"PRIORITY=0", "SYSLOG_IDENTIFIER=prog0", "MESSAGE=message 0"}, " prog0 emerg: message 0"},
		{[]string{"PRIORITY=7", "_COMM=comm", "MESSAGE=m"}, " comm debug: m"},
		{[]string{"_COMM=comm", "SYSLOG_IDENTIFIER=ident", "_PID=12", "PRIORITY=9", "MESSAGE=m"}, " ident[12] info: m"},
		{[]string{"_PID=12", "PRIORITY=x"}, "[12] info:"},
		{[]string{"MESSAGE=a=b\nc", "MESSAGE=second", "broken"}, " info: a=b\nc"},
		{[]string{"MESSAGE=", "PRIORITY="}, " info: "},
		{nil, " info:"},
	}
	for _, test := range tests {
		var fields [][]byte
		for _, f := range test.fields {
			fields = append(fields, []byte(f))
		}
		var b bytes.Buffer
		if err := printEntry(&b, &journal.Entry{Realtime: 1700000000_000000}, slices.Values(fields)); err != nil {
			t.Fatal(err)
		}
		if want := "Nov 14 22:13:20" + test.want + "\n"; b.String() != want {
			t.Errorf("%q is printed as %q; want %q", test.fields, b.String(), want)
		}
	}
}

// counted counts the reads of its files.
type counted struct {
	fs.FS
	reads int
}

func (c *counted) Open(name string) (fs.File, error) {
	f, err := c.FS.Open(name)
	if err != nil {
		return nil, err
	}
	return countedFile{f, f.(io.ReaderAt), c}, nil
}

type countedFile struct {
	fs.File
	r io.ReaderAt
	c *counted
}

func (f countedFile) ReadAt(p []byte, offset int64) (int, error) {
	f.c.reads++
	return f.r.ReadAt(p, offset)
}

func TestBlocks(t *testing.T) {
	const most = 4
	data := bytes.Repeat([]byte("0123456789abcdef"), (most+2)*blockBytes/16)
	data = append(data, "the end"...)
	c := &counted{FS: fstest.MapFS{"big": {Data: data}}}
	b := newBlocks(c)
	b.most = most
	f, err := b.Open("big")
	if err != nil {
		t.Fatal(err)
	}
	r := f.(io.ReaderAt)
	for _, test := range []struct {
		offset int64
		n      int
		reads  int // made until then
	}{
		{0, 16, 1}, {100, 1000, 1}, {blockBytes - 3, 7, 2}, {int64(len(data)) - 7, 7, 3}, {5, 5, 3},
	} {
		p := make([]byte, test.n)
		if n, err := r.ReadAt(p, test.offset); n != test.n || err != nil || !bytes.Equal(p, data[test.offset:test.offset+int64(n)]) {
			t.Errorf("ReadAt(%d, %d) = %d, %v: %.30q", test.n, test.offset, n, err, p)
		}
		if c.reads != test.reads {
			t.Errorf("ReadAt(%d, %d): %d reads were made; want %d", test.n, test.offset, c.reads, test.reads)
		}
	}
	p := make([]byte, 10)
	if n, err := r.ReadAt(p, int64(len(data))-4); n != 4 || err != io.EOF {
		t.Errorf("at the end: %d, %v", n, err)
	}
	if n, err := r.ReadAt(p, int64(len(data))+blockBytes); n != 0 || err != io.EOF {
		t.Errorf("behind the end: %d, %v", n, err)
	}
	if _, err := r.ReadAt(p, -1); err == nil {
		t.Error("before the start: no error")
	}
	// What was not used for long is not kept.
	for i := range int64(most + 2) {
		if _, err := r.ReadAt(p, i*blockBytes); err != nil {
			t.Fatal(err)
		}
	}
	before := c.reads
	if _, err := r.ReadAt(p, 0); err != nil || c.reads != before+1 {
		t.Errorf("%d reads for a block that was dropped, %v; want 1", c.reads-before, err)
	}
	if len(b.held) != most || b.recent.Len() != most {
		t.Errorf("%d and %d blocks are held; want %d", len(b.held), b.recent.Len(), most)
	}
}

// A damaged journal gives warnings, not too many of them, and no failure.
func TestDamagedJournal(t *testing.T) {
	files := fstest.MapFS{}
	for i := range 2 * maxWarnings {
		files[journalFolder+"/"+string(rune('a'+i))+".journal"] = &fstest.MapFile{Data: bytes.Repeat([]byte("x"), 300)}
	}
	var out, errs bytes.Buffer
	status := program.Run(t.Context(), nil, cli.Stdio{Out: &out, Err: &errs}, new(struct{ cli.Common }), func(ctx context.Context, console *cli.Console) error {
		n, err := printJournal(ctx, newBlocks(files), console)
		if n != 0 {
			t.Errorf("%d entries; want none", n)
		}
		return err
	})
	if status != 0 || out.Len() > 0 || strings.Count(errs.String(), "virt-log: warning: ") != maxWarnings+1 || !strings.Contains(errs.String(), "and 10 more") {
		t.Errorf("status %d, stdout %q, stderr\n%s", status, out.String(), errs.String())
	}
}

// An event log that is damaged is printed as far as it goes, and the XML is whole.
func TestEvents(t *testing.T) {
	const chunkBytes = 64 << 10
	file := make([]byte, 4096+chunkBytes)
	copy(file, "ElfFile\x00")
	copy(file[4096:], "ElfChnk\x00")
	file[4096+48], file[4096+49] = 0, 3 // records up to 768; the first is none
	var out, errs bytes.Buffer
	status := program.Run(t.Context(), nil, cli.Stdio{Out: &out, Err: &errs}, new(struct{ cli.Common }), func(ctx context.Context, console *cli.Console) error {
		return printEvents(ctx, bytes.NewReader(file), int64(len(file)), console)
	})
	const want = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Events>\n</Events>\n"
	if status != 0 || out.String() != want || errs.String() != "virt-log: warning: at 0x200 of a chunk: not a record\n" {
		t.Errorf("status %d, stdout %q, stderr %q", status, out.String(), errs.String())
	}
}
