package calls

import (
	"bytes"
	"compress/gzip"
	"context"
	"io/fs"
	"strings"
	"syscall"
	"testing"

	"virt-tools/pkg/guestfs"
)

func TestText(t *testing.T) {
	ctx, g := filesystem(t)
	must(t, g.Write(ctx, "/f", []byte("hello world\nfoo  bar\n\x00abcdefghi\x00xy\x00jklmnopqr")))
	for name, tc := range map[string]struct {
		call func() ([]string, error)
		want string
	}{
		"head":      {func() ([]string, error) { return g.Head(ctx, "/f") }, "hello world|foo  bar|\x00abcdefghi\x00xy\x00jklmnopqr"},
		"head_n":    {func() ([]string, error) { return g.HeadN(ctx, 1, "/f") }, "hello world"},
		"head_n -1": {func() ([]string, error) { return g.HeadN(ctx, -1, "/f") }, "hello world|foo  bar"},
		"tail":      {func() ([]string, error) { return g.Tail(ctx, "/f") }, "hello world|foo  bar|\x00abcdefghi\x00xy\x00jklmnopqr"},
		"tail_n":    {func() ([]string, error) { return g.TailN(ctx, 0, "/f") }, ""},
		"tail_n -2": {func() ([]string, error) { return g.TailN(ctx, -3, "/f") }, "\x00abcdefghi\x00xy\x00jklmnopqr"},
		"strings":   {func() ([]string, error) { return g.Strings(ctx, "/f") }, "hello world|foo  bar|abcdefghi|jklmnopqr"},
		"strings_e": {func() ([]string, error) { return g.StringsE(ctx, "b", "/f") }, ""},
	} {
		lines, err := tc.call()
		must(t, err)
		same(t, name, strings.Join(lines, "|"), tc.want)
	}
	must(t, g.Write(ctx, "/words", []byte(" one two\nthree\n")))
	for name, tc := range map[string]struct {
		call func(context.Context, guestfs.Path) (int, error)
		want int
	}{"wc_l": {g.WcL, 2}, "wc_w": {g.WcW, 3}, "wc_c": {g.WcC, 15}} {
		n, err := tc.call(ctx, "/words")
		must(t, err)
		same(t, name, n, tc.want)
		_, err = tc.call(ctx, "/none")
		wantErr(t, err, fs.ErrNotExist)
	}
	must(t, g.Write(ctx, "/known", []byte("abc\ndef\nghi")))
	dump, err := g.Hexdump(ctx, "/known")
	must(t, err)
	same(t, "hexdump", dump, "00000000  61 62 63 0a 64 65 66 0a  67 68 69                 |abc.def.ghi|\n0000000b\n")
	_, err = g.Hexdump(ctx, "/")
	wantErr(t, err, syscall.EISDIR)
	_, err = g.StringsE(ctx, "x", "/f")
	wantErr(t, err, syscall.EINVAL)
}

func TestGrep(t *testing.T) {
	ctx, g := filesystem(t)
	text := []byte("abc\nabc123\nABC\na.c\n-x\n")
	must(t, g.Write(ctx, "/f", text))
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, err := z.Write(text)
	must(t, err)
	must(t, z.Close())
	must(t, g.Write(ctx, "/f.gz", packed.Bytes()))
	type grepCall = func(context.Context, string, guestfs.Path) ([]string, error)
	with := func(opts guestfs.GrepOpts) grepCall {
		return func(ctx context.Context, regex string, path guestfs.Path) ([]string, error) {
			return g.Grep(ctx, regex, path, &opts)
		}
	}
	for _, tc := range []struct {
		name    string
		call    grepCall
		pattern string
		file    guestfs.Path
		want    string
	}{
		{"grep", with(guestfs.GrepOpts{}), "abc", "/f", "abc abc123"},
		{"grep", with(guestfs.GrepOpts{}), `^a.c$`, "/f", "abc a.c"},
		{"grep", with(guestfs.GrepOpts{}), "nomatch", "/f", ""},
		{"grep", with(guestfs.GrepOpts{}), "-x", "/f", "-x"},
		{"grep -i", with(guestfs.GrepOpts{Insensitive: true}), "abc", "/f", "abc abc123 ABC"},
		{"grep -E", with(guestfs.GrepOpts{Extended: true}), "[0-9]{3}|-", "/f", "abc123 -x"},
		{"grep -F", with(guestfs.GrepOpts{Fixed: true}), "a.c", "/f", "a.c"},
		{"grep compressed", with(guestfs.GrepOpts{Compressed: true}), "abc", "/f.gz", "abc abc123"},
		{"grep compressed", with(guestfs.GrepOpts{Compressed: true}), "abc", "/f", "abc abc123"},
		{"egrep", g.Egrep, "a(b|x)c$", "/f", "abc"},
		{"fgrep", g.Fgrep, "a.c", "/f", "a.c"},
		{"grepi", g.Grepi, "^abc$", "/f", "abc ABC"},
		{"egrepi", g.Egrepi, "^a(b)c$", "/f", "abc ABC"},
		{"fgrepi", g.Fgrepi, "A.C", "/f", "a.c"},
		{"zgrep", g.Zgrep, "^abc$", "/f.gz", "abc"},
		{"zegrep", g.Zegrep, "^a(b)c$", "/f.gz", "abc"},
		{"zfgrep", g.Zfgrep, "a.c", "/f.gz", "a.c"},
		{"zgrepi", g.Zgrepi, "^abc$", "/f.gz", "abc ABC"},
		{"zegrepi", g.Zegrepi, "^a(b)c$", "/f.gz", "abc ABC"},
		{"zfgrepi", g.Zfgrepi, "A.C", "/f.gz", "a.c"},
	} {
		lines, err := tc.call(ctx, tc.pattern, tc.file)
		must(t, err)
		same(t, tc.name+" "+tc.pattern, strings.Join(lines, " "), tc.want)
	}
	_, err = g.Grep(ctx, "x", "/f", &guestfs.GrepOpts{Extended: true, Fixed: true})
	wantErr(t, err, syscall.EINVAL)
	if _, err = g.Grep(ctx, `\(`, "/f", nil); err == nil || !strings.Contains(err.Error(), `Unmatched ( or \(`) {
		t.Errorf("grep with a bad pattern: %v", err)
	}
	_, err = g.Grep(ctx, "x", "/none", nil)
	wantErr(t, err, fs.ErrNotExist)
}

func TestFileType(t *testing.T) {
	ctx, g := filesystem(t)
	must(t, g.Write(ctx, "/text", []byte("some text\n")))
	must(t, g.Touch(ctx, "/empty"))
	must(t, g.LnS(ctx, "/text", "/link"))
	must(t, g.Mkfifo(ctx, 0o600, "/fifo"))
	must(t, g.Mkdir(ctx, "/-dir"))
	must(t, g.MknodC(ctx, 0o600, 1, 3, "/null"))
	for path, want := range map[string]string{
		"/text": "ASCII text", "/empty": "empty", "/link": "symbolic link", "/fifo": "FIFO", "/-dir": "directory", "/null": "character device",
		"/dev/sda": "Linux rev 1.0 ext4 filesystem data",
	} {
		kind, err := g.File(ctx, path)
		must(t, err)
		if !strings.HasPrefix(kind, want) {
			t.Errorf("file %s = %q; want %q", path, kind, want)
		}
	}
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, err := z.Write([]byte("#!/bin/sh\necho\n"))
	must(t, err)
	must(t, z.Close())
	must(t, g.Write(ctx, "/script.gz", packed.Bytes()))
	kind, err := g.Zfile(ctx, "gzip", "/script.gz")
	must(t, err)
	same(t, "zfile", kind, "POSIX shell script, ASCII text executable")
	_, err = g.Zfile(ctx, "zip", "/script.gz")
	wantErr(t, err, syscall.EINVAL)
	_, err = g.File(ctx, "/none")
	wantErr(t, err, fs.ErrNotExist)
}
