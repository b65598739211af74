package calls

import (
	"bytes"
	"slices"
	"strings"
	"syscall"
	"testing"

	"virt-tools/pkg/guestfs"
)

// oddNames are names that a shell, an option or a text file would take for something else.
var oddNames = []string{
	" a b ", "a\nb", "-rf", "--help", `q"'\`, "\xff\xfe", "*[?]{a,b}", "$(x)`y`", "%s%n", "#", "tab\there", "\x1b[31m", strings.Repeat("n", 255),
}

// TestOddNames gives them to calls that are done in Go, by programs and through archives.
func TestOddNames(t *testing.T) {
	ctx, g := filesystem(t)
	must(t, g.Mkdir(ctx, "/d"))
	must(t, g.Mkdir(ctx, "/copy"))
	for _, name := range oddNames {
		path := guestfs.Path("/d/" + name)
		must(t, g.Write(ctx, path, []byte(name)))
		content, err := g.ReadFile(ctx, path)
		must(t, err)
		same(t, "read_file", string(content), name)
		kind, err := g.File(ctx, string(path))
		must(t, err)
		if kind == "" || strings.Contains(kind, "No such file") {
			t.Errorf("file %q = %q", name, kind)
		}
		_, err = g.Checksum(ctx, "sha256", path)
		must(t, err)
		must(t, g.CpA(ctx, path, "/copy/"))
		lines, err := g.Grep(ctx, ".", path, nil)
		must(t, err)
		same(t, "grep "+name, len(lines), strings.Count(name, "\n")+1)
		must(t, g.ReplaceFile(ctx, strings.NewReader("new"), path, nil))
		must(t, g.Mv(ctx, path, "/moved"))
		must(t, g.Mv(ctx, "/moved", path))
	}
	sorted := slices.Sorted(slices.Values(oddNames))
	names, err := g.Ls(ctx, "/d")
	must(t, err)
	same(t, "ls", names, sorted)
	names, err = g.Ls(ctx, "/copy")
	must(t, err)
	same(t, "ls of the copies", names, sorted)
	var packed bytes.Buffer
	must(t, g.TarOut(ctx, "/d", &packed, nil))
	must(t, g.Mkdir(ctx, "/unpacked"))
	must(t, g.TarIn(ctx, &packed, "/unpacked", nil))
	names, err = g.Ls(ctx, "/unpacked")
	must(t, err)
	same(t, "ls of what was unpacked", names, sorted)
	for _, name := range oddNames {
		must(t, g.Rm(ctx, guestfs.Path("/unpacked/"+name)))
	}
	must(t, g.Rmdir(ctx, "/unpacked"))
}

// TestLongList sends nearly as many bytes of arguments as a message can hold, and then more.
func TestLongList(t *testing.T) {
	ctx, g := filesystem(t)
	must(t, g.Touch(ctx, "/there"))
	must(t, g.Chmod(ctx, 0o755, "/there"))
	long := strings.Repeat("x", 250)
	for _, count := range []int{15_000, 20_000} { // 3.8 MB; 5 MB, which the library sends in pieces
		names := slices.Repeat([]string{long}, count)
		names[7] = "there"
		stats, err := g.Lstatnslist(ctx, "/", names)
		must(t, err)
		same(t, "lstatnslist", len(stats), count)
		same(t, "there", stats[7].StIno > 0, true)
		same(t, "not there", stats[8].StIno, int64(-1))
	}
	// A program takes less than a message does, and a message less than that.
	for _, count := range []int{15_000, 20_000} {
		_, err := g.Command(ctx, append([]string{"/there"}, slices.Repeat([]string{long}, count)...))
		wantErr(t, err, syscall.E2BIG)
		must(t, g.PingDaemon(ctx))
	}
}
