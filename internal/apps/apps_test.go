package apps

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// tree is a guest with the files given, path then text.
func tree(files ...string) fstest.MapFS {
	m := fstest.MapFS{}
	for i := 0; i < len(files); i += 2 {
		m[files[i]] = &fstest.MapFile{Data: []byte(files[i+1])}
	}
	return m
}

// check lists a guest and compares all that List answers.
func check(t *testing.T, fsys fs.FS, sys System, want []Application, warnings ...string) {
	t.Helper()
	got, told := List(fsys, sys)
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("List(%+v) -want +got:\n%s", sys, d)
	}
	if d := cmp.Diff(warnings, told); d != "" {
		t.Errorf("warnings -want +got:\n%s", d)
	}
}

// unchanging reads a hostile database, where only bounds and no panic count.
func unchanging(t *testing.T, fsys fs.FS, sys System) {
	t.Helper()
	list, warnings := List(fsys, sys)
	if len(list) > maxApps || len(warnings) > maxWarnings {
		t.Errorf("%d applications, %d warnings", len(list), len(warnings))
	}
	for _, a := range list {
		if len(a.Name) > maxField || len(a.Description) > maxDescription || strings.Contains(a.Name+a.Summary+a.Description, "\x00") {
			t.Errorf("a field is out of bounds in %.200q", fmt.Sprint(a))
		}
	}
}

func TestVersion(t *testing.T) {
	for text, want := range map[string]Application{
		"1":             {Version: "1"},
		"1-2":           {Version: "1", Release: "2"},
		"3:1.0-rc1-2":   {Epoch: 3, Version: "1.0-rc1", Release: "2"},
		"0:1":           {Version: "1"},
		"2147483647:1":  {Epoch: 2147483647, Version: "1"},
		"2147483648:1":  {Version: "2147483648:1"},
		"x:1-1":         {Version: "x:1", Release: "1"},
		"":              {},
		"1:2:3-1.1+b-9": {Epoch: 1, Version: "2:3-1.1+b", Release: "9"},
	} {
		var got Application
		got.setVersion(text)
		if got != want {
			t.Errorf("setVersion(%q) = %+v; want %+v", text, got, want)
		}
	}
}

// A fifo, a device and a directory are not read, and a link that leads nowhere
// or to itself is like a file that is not there.
func TestNotRegular(t *testing.T) {
	for format, file := range map[string]string{"deb": dpkgStatus, "apk": apkDatabases[0]} {
		for _, mode := range []fs.FileMode{fs.ModeNamedPipe, fs.ModeDevice, fs.ModeSocket, fs.ModeDir} {
			check(t, fstest.MapFS{file: {Mode: mode}}, System{Format: format}, nil, "applications: open "+file+": not a regular file")
		}
		check(t, fstest.MapFS{}, System{Format: format}, nil, "applications: open "+last(format)+": file does not exist")
	}
	check(t, fstest.MapFS{}, System{Format: "pacman"}, nil, "applications: open var/lib/pacman/local: file does not exist")
	check(t, fstest.MapFS{}, System{Format: "unknown"}, nil)
	check(t, fstest.MapFS{}, System{}, nil)
}

func last(format string) string {
	if format == "apk" {
		return apkDatabases[1]
	}
	return dpkgStatus
}

// Fields and lists end where they would be unreasonable.
func TestBounds(t *testing.T) {
	long := strings.Repeat("é", maxDescription)
	text := "P:" + strings.Repeat("n", 2*maxField) + "\nV:1\nT:x" + long + "\n\nP:b\nV:1\x002\n"
	list, _ := List(tree(apkDatabases[0], text), System{Format: "apk"})
	if len(list) != 2 {
		t.Fatalf("%d applications; want 2", len(list))
	}
	if list[0].Name != "b" || list[0].Version != "1" {
		t.Errorf("a zero byte in the version: %+v", list[0])
	}
	d := list[1].Description
	if len(list[1].Name) != maxField || len(d) < maxDescription-8 || len(d) > maxDescription || !strings.HasSuffix(d, "é") {
		t.Errorf("a name of %d bytes, a description of %d that ends in %q", len(list[1].Name), len(d), d[len(d)-4:])
	}

	var many bytes.Buffer
	for i := range maxApps + 10 {
		fmt.Fprintf(&many, "P:%d\nV:1\n\n", i)
	}
	fsys := fstest.MapFS{apkDatabases[0]: {Data: many.Bytes()}}
	list, warnings := List(fsys, System{Format: "apk"})
	want := []string{"applications: too many; those after the first 200000 are not listed"}
	if d := cmp.Diff(want, warnings); len(list) != maxApps || d != "" {
		t.Errorf("%d applications, warnings -want +got:\n%s", len(list), d)
	}
}

// A receiver that has enough is not given more, in any format.
func TestStop(t *testing.T) {
	for format, fsys := range map[string]fs.FS{
		"apk":    tree(apkDatabases[0], "P:a\nV:1\n\nP:b\nV:1\n"),
		"deb":    tree(dpkgStatus, "Package: a\nStatus: install ok installed\nVersion: 1\n\nPackage: b\nStatus: install ok installed\nVersion: 1\n", dpkgFolder+"/c", "Package: c\nVersion: 1\n"),
		"pacman": tree(pacmanFolders[0]+"/a/desc", "%NAME%\na\n\n%VERSION%\n1-1\n", pacmanFolders[0]+"/b/desc", "%NAME%\nb\n\n%VERSION%\n1-1\n"),
	} {
		n := 0
		for range Each(fsys, System{Format: format}, func(w string) { t.Errorf("%s: %s", format, w) }) {
			n++
			break
		}
		if n != 1 {
			t.Errorf("%s: %d applications; want 1", format, n)
		}
	}
}

// Of 5,000 packages with 6 MB of text, one at a time is in memory.
func TestMemory(t *testing.T) {
	var b bytes.Buffer
	for i := range 5000 {
		fmt.Fprintf(&b, "Package: p%d\nStatus: install ok installed\nVersion: 1\nDescription: x\n%s\n", i, strings.Repeat(" A line of the description.\n", 40))
	}
	dir := t.TempDir()
	file := filepath.Join(dir, filepath.FromSlash(dpkgStatus))
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	b = bytes.Buffer{}
	heap := func() int64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	n, before, most := 0, heap(), int64(0)
	for range Each(os.DirFS(dir), System{Format: "deb"}, func(w string) { t.Error(w) }) {
		if n++; n%500 == 0 {
			most = max(most, heap()-before)
		}
	}
	if n != 5000 || most > 1<<20 {
		t.Errorf("%d packages, %d bytes in memory; want 5000, less than 1 MiB", n, most)
	}
}

// Warnings end, however many packages are damaged.
func TestWarnings(t *testing.T) {
	m := fstest.MapFS{}
	for i := range 200 {
		m[fmt.Sprintf("%s/%03d/desc", pacmanFolders[0], i)] = &fstest.MapFile{Data: []byte("x")}
	}
	_, warnings := List(m, System{Format: "pacman"})
	if len(warnings) != maxWarnings || warnings[maxWarnings-1] != "applications: more warnings are not shown" {
		t.Errorf("%d warnings, the last is %q", len(warnings), warnings[len(warnings)-1])
	}
}
