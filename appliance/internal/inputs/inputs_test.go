package inputs

import (
	"bufio"
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// host makes a root directory with files (text) and links ("-> target").
func host(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		file := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		var err error
		if target, ok := bytes.CutPrefix([]byte(text), []byte("-> ")); ok {
			err = os.Symlink(string(target), file)
		} else {
			err = os.WriteFile(file, []byte(text), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestResolve(t *testing.T) {
	root := host(t, map[string]string{
		"lib":                       "-> usr/lib",
		"usr/lib/libc.so.6":         "-> libc-2.36.so",
		"usr/lib/libc-2.36.so":      "c",
		"usr/sbin/mkfs":             "-> /etc/alternatives/mkfs",
		"etc/alternatives/mkfs":     "-> ../../usr/sbin/mke2fs",
		"usr/sbin/mke2fs":           "m",
		"loop":                      "-> loop",
		"out":                       "-> ../../../../../../etc/alternatives/mkfs",
		"usr/lib/dangling.so":       "-> nothing",
		"usr/lib/file-as-directory": "x",
	})
	set := New(root)
	tests := []struct {
		name, real string
		links      int
		err        error
	}{
		{"/usr/sbin/mke2fs", "/usr/sbin/mke2fs", 0, nil},
		{"/lib/libc.so.6", "/usr/lib/libc-2.36.so", 2, nil},
		{"/usr/sbin/mkfs", "/usr/sbin/mke2fs", 2, nil},
		{"/out", "/usr/sbin/mke2fs", 2, nil}, // .. at the top stays at the top
		{"/usr/lib/../sbin/./mke2fs", "/usr/sbin/mke2fs", 0, nil},
		{"/nothing", "", 0, fs.ErrNotExist},
		{"/usr/lib/dangling.so", "", 1, fs.ErrNotExist},
		{"/usr/lib/file-as-directory/x", "", 0, errNotDir},
	}
	for _, test := range tests {
		real, links, err := set.Resolve(test.name)
		if real != test.real || len(links) != test.links || !errors.Is(err, test.err) {
			t.Errorf("Resolve(%s) = %q, %v, %v; want %q, %d links, %v", test.name, real, links, err, test.real, test.links, test.err)
		}
	}
	if _, _, err := set.Resolve("/loop"); err == nil {
		t.Error("Resolve(/loop) found an end")
	}
}

func TestChanged(t *testing.T) {
	past := time.Now().Add(-time.Hour)
	tests := []struct {
		name   string
		change func(root string) error
		want   bool
	}{
		{"nothing", func(string) error { return nil }, false},
		{"a file that nobody looked at", func(r string) error { return os.WriteFile(r+"/etc/other", nil, 0o644) }, false},
		{"same size, other time", func(r string) error { return os.Chtimes(r+"/etc/conf", past, past) }, true},
		{"permissions", func(r string) error { return os.Chmod(r+"/etc/conf", 0o600) }, true},
		{"removed", func(r string) error { return os.Remove(r + "/etc/conf") }, true},
		{"one that was not there", func(r string) error { return os.WriteFile(r+"/etc/local", nil, 0o644) }, true},
		{"a name in a directory", func(r string) error { return os.WriteFile(r+"/etc/conf.d/b", nil, 0o644) }, true},
		{"a link", func(r string) error {
			return errors.Join(os.Remove(r+"/etc/link"), os.Symlink("conf.d/a", r+"/etc/link"))
		}, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			root := host(t, map[string]string{"etc/conf": "1", "etc/conf.d/a": "2", "etc/link": "-> conf"})
			if err := os.Chtimes(root+"/etc/conf.d", past, past); err != nil {
				t.Fatal(err)
			}
			set := New(root)
			if names, err := set.Names("/etc/conf.d"); err != nil || !cmp.Equal(names, []string{"a"}) {
				t.Fatalf("Names = %v, %v", names, err)
			}
			if _, err := set.ReadFile("/etc/link", 10); err != nil {
				t.Fatal(err)
			}
			if _, err := set.Lstat("/etc/local"); !errors.Is(err, fs.ErrNotExist) {
				t.Fatal(err)
			}
			var text bytes.Buffer
			if err := WriteStamps(&text, set.Stamps()); err != nil {
				t.Fatal(err)
			}
			stamps, err := ReadStamps(bufio.NewScanner(&text))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(set.Stamps(), stamps); diff != "" {
				t.Fatalf("stamps read are not those written:\n%s", diff)
			}
			if err := test.change(root); err != nil {
				t.Fatal(err)
			}
			if got := Changed(stamps); (got != "") != test.want {
				t.Errorf("Changed = %q; want a change: %v", got, test.want)
			}
		})
	}
}

func TestReadFileLimit(t *testing.T) {
	set := New(host(t, map[string]string{"big": "0123456789"}))
	if _, err := set.ReadFile("/big", 9); err == nil {
		t.Error("ReadFile took more than its limit")
	}
	if _, err := set.ReadFile("/", 9); err == nil {
		t.Error("ReadFile took a directory")
	}
}

func FuzzReadStamps(f *testing.F) {
	f.Add("- \"/a\"\n420 1 2 \"/b\"\n")
	f.Add("420 1 2")
	f.Fuzz(func(t *testing.T, text string) {
		stamps, err := ReadStamps(bufio.NewScanner(bytes.NewReader([]byte(text))))
		if err == nil {
			var out bytes.Buffer
			if err := WriteStamps(&out, stamps); err != nil {
				t.Fatal(err)
			}
		}
	})
}
