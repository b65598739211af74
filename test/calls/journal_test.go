package calls

import (
	"bytes"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"syscall"
	"testing"

	"github.com/klauspost/compress/zstd"

	"virt-tools/pkg/guestfs"
)

const journalTests = "../../internal/journal/testdata/"

func unpackJournal(t *testing.T, name string) []byte {
	t.Helper()
	f, err := os.Open(journalTests + name + ".zst")
	must(t, err)
	defer f.Close()
	d, err := zstd.NewReader(f)
	must(t, err)
	defer d.Close()
	b, err := io.ReadAll(d)
	must(t, err)
	return b
}

// exported takes apart what journalctl printed: for each entry the time and
// the fields of text but for _BOOT_ID, which it prints before the others.
func exported(text string) (times []string, fields [][]string) {
	for entry := range strings.SplitSeq(strings.TrimSpace(text), "\n\n") {
		var these []string
		for line := range strings.SplitSeq(entry, "\n") {
			name, value, ok := strings.Cut(line, "=")
			switch {
			case name == "__REALTIME_TIMESTAMP":
				times = append(times, value)
			case ok && !strings.HasPrefix(name, "__") && name != "_BOOT_ID":
				these = append(these, line)
			}
		}
		fields = append(fields, these)
	}
	return times, fields
}

// TestJournal reads journals that systemd wrote, and what is none.
func TestJournal(t *testing.T) {
	ctx, g := filesystem(t)
	const dir = "/var/log/journal/"
	const machine = dir + "9d3b2a5c1f4e4c0d8e6f7a8b9c0d1e2f/"
	must(t, g.MkdirP(ctx, machine))
	for name, to := range map[string]string{"system.journal": dir, "user-1000.journal": dir, "system@a.journal": machine} {
		b := unpackJournal(t, name)
		used := bytes.TrimRight(b, "\x00")
		must(t, g.Upload(ctx, bytes.NewReader(used), to+name))
		must(t, g.TruncateSize(ctx, guestfs.Path(to+name), int64(len(b))))
	}

	for _, err := range []error{
		g.JournalClose(ctx), g.JournalSetDataThreshold(ctx, 1), second(g.JournalNext(ctx)), second(g.JournalSkip(ctx, 1)),
		second(g.JournalGet(ctx)), second(g.JournalGetDataThreshold(ctx)), second(g.JournalGetRealtimeUsec(ctx)),
	} {
		wantErr(t, err, syscall.EINVAL)
	}
	wantErr(t, g.JournalOpen(ctx, "/none"), fs.ErrNotExist)
	wantErr(t, g.JournalOpen(ctx, dir+"system.journal"), syscall.ENOTDIR)
	wantErr(t, g.JournalOpen(ctx, "var"), syscall.EINVAL)

	must(t, g.JournalOpen(ctx, guestfs.Path(path.Clean(dir))))
	none, err := g.JournalGet(ctx)
	must(t, err)
	same(t, "fields before the first entry", none, []guestfs.XAttr{})
	wantErr(t, second(g.JournalGetRealtimeUsec(ctx)), syscall.EADDRNOTAVAIL)
	wantErr(t, g.JournalSetDataThreshold(ctx, -1), syscall.EINVAL)
	threshold, err := g.JournalGetDataThreshold(ctx)
	must(t, err)
	same(t, "threshold", threshold, int64(64<<10))

	times, want := exported(string(unpackJournal(t, "directory.export")))
	same(t, "entries of journalctl", len(times), 120)
	for i := range times {
		more, err := g.JournalNext(ctx)
		must(t, err)
		usec, err := g.JournalGetRealtimeUsec(ctx)
		must(t, err)
		same(t, "next", []any{more, usec}, []any{true, int64(1700000000000000 + i*1000003)})
		fields, err := g.JournalGet(ctx)
		must(t, err)
		var got []string
		for _, f := range fields {
			if f.Attrname != "_BOOT_ID" && f.Attrname != "BIG" && f.Attrname != "ESC" {
				got = append(got, f.Attrname+"="+string(f.Attrval))
			}
		}
		same(t, "fields of entry "+times[i], got, want[i])
	}
	more, err := g.JournalNext(ctx)
	must(t, err)
	same(t, "next at the end", more, false)

	for _, tt := range []struct{ skip, want, at int64 }{
		{-1000, 119, 0}, {0, 0, 0}, {-1, 0, 0}, {7, 7, 7}, {-2, 2, 5}, {1 << 62, 114, 119}, {-1 << 63, 119, 0}, {7, 7, 7},
	} {
		n, err := g.JournalSkip(ctx, tt.skip)
		must(t, err)
		usec, err := g.JournalGetRealtimeUsec(ctx)
		must(t, err)
		same(t, "skip", []int64{n, usec}, []int64{tt.want, 1700000000000000 + tt.at*1000003})
	}
	for _, limit := range []int64{1000, 0} { // entry 7 has a compressed field
		must(t, g.JournalSetDataThreshold(ctx, limit))
		fields, err := g.JournalGet(ctx)
		must(t, err)
		big := "BIG=" + strings.Repeat("line\n", 4000) + "\x00\x1b[31mend\xff"
		if limit > 0 {
			big = big[:limit]
		}
		found := false
		for _, f := range fields {
			if f.Attrname == "BIG" {
				found = true
				same(t, "long field", "BIG="+string(f.Attrval), big)
			}
		}
		same(t, "long field is there", found, true)
	}

	wantErr(t, g.Umount(ctx, "/", nil), syscall.EBUSY)
	must(t, g.JournalClose(ctx))
	wantErr(t, g.JournalClose(ctx), syscall.EINVAL)

	// What is no journal, cut off or a pipe is passed over.
	must(t, g.Mkdir(ctx, "/bad"))
	must(t, g.Mkfifo(ctx, 0o600, "/bad/a.journal"))
	must(t, g.Write(ctx, "/bad/b.journal", []byte("LPKSHHRH")))
	must(t, g.Write(ctx, "/bad/c.journal", nil))
	must(t, g.LnS(ctx, "/bad/loop.journal", "/bad/loop.journal"))
	must(t, g.LnS(ctx, dir+"system.journal", "/bad/link.journal"))
	must(t, g.JournalOpen(ctx, "/bad"))
	n, err := g.JournalSkip(ctx, 1000)
	must(t, err)
	same(t, "entries of what is left", n, int64(40))
	must(t, g.UmountAll(ctx)) // closes it
	wantErr(t, second(g.JournalNext(ctx)), syscall.EINVAL)
}

func second[T any](_ T, err error) error { return err }
