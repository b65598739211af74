package initramfs

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"virt-tools/internal/cpio"
)

// archive packs name, text, name, text, ... as cpio; a name ends in a slash
// for a directory.
func archive(t testing.TB, files ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := cpio.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		h := cpio.Header{Name: files[i], Mode: cpio.File | 0o644, Size: int64(len(files[i+1]))}
		if name, ok := strings.CutSuffix(files[i], "/"); ok {
			h = cpio.Header{Name: name, Mode: cpio.Dir | 0o755}
		}
		if err := w.Add(h, strings.NewReader(files[i+1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// pack runs a program of the host on b.
func pack(t *testing.T, b []byte, argv ...string) []byte {
	t.Helper()
	if _, err := exec.LookPath(argv[0]); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Stdin = bytes.NewReader(b)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %v", argv, err)
	}
	return out
}

func texts(files map[string]*File) map[string]string {
	m := map[string]string{}
	for name, f := range files {
		m[name] = string(f.Data)
	}
	return m
}

var packers = map[string][]string{
	"plain": {"cat"}, "gzip": {"gzip", "-c"}, "xz": {"xz", "--check=crc32", "-c"}, "zstd": {"zstd", "-q", "-c"},
	"lz4": {"lz4", "-q", "-l", "-c1"}, "bzip2": {"bzip2", "-c"}, "lzma": {"xz", "--format=lzma", "-c"},
}

// Early microcode, a packed archive, and what Append made twice: the last file
// of each name counts. cpio of the host agrees on the appended part.
func TestReadAppend(t *testing.T) {
	early := append(archive(t, "kernel/", "", "kernel/x86/ucode.bin", "microcode"), make([]byte, 512)...)
	main := archive(t, "etc/", "", "etc/crypttab", "old\n", "conf/param.conf", "ROOT=old\n", "etc/big", strings.Repeat("x", maxFile+1))
	for name, argv := range packers {
		t.Run(name, func(t *testing.T) {
			image := append(bytes.Clone(early), pack(t, main, argv...)...)
			want := map[string]string{"kernel/x86/ucode.bin": "microcode", "etc/crypttab": "old\n", "conf/param.conf": "ROOT=old\n"}
			for _, text := range []string{"old\n", "new\n", "third\n"} {
				files, err := Read(image)
				if err != nil {
					t.Fatal(err)
				}
				want["etc/crypttab"] = text
				if d := cmp.Diff(want, texts(files)); d != "" {
					t.Fatalf("-want +got:\n%s", d)
				}
				f := *files["etc/crypttab"]
				f.Data = []byte(map[string]string{"old\n": "new\n", "new\n": "third\n"}[text])
				more, err := Append(len(image), []*File{&f})
				if err != nil {
					t.Fatal(err)
				}
				image = append(image, more...)
			}
		})
	}
}

func TestAppendedIsCpio(t *testing.T) {
	more, err := Append(4, []*File{{Name: "etc/b", Mode: cpio.File | 0o600, Data: []byte("b")}, {Name: "etc/a", Mode: cpio.File | 0o644}})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(pack(t, more, "cpio", "-t", "--quiet")), "etc/a\netc/b\n"; got != want {
		t.Errorf("cpio -t = %q; want %q", got, want)
	}
}

func TestErrors(t *testing.T) {
	whole := archive(t, "a", "text")
	many := bytes.Repeat(whole, maxArchives+1)
	for name, test := range map[string]struct {
		image []byte
		want  error
	}{
		"empty":         {nil, ErrNone},
		"zeroes":        {make([]byte, 4096), ErrNone},
		"text":          {[]byte("not one at all"), ErrNone},
		"lzo":           {[]byte("\x89LZO\x00\r\n\x1a\n"), ErrFormat},
		"damaged gzip":  {[]byte("\x1f\x8b\x08\x00 not gzip at all"), ErrFormat},
		"cut":           {whole[:len(whole)-130], io.ErrUnexpectedEOF},
		"many archives": {many, ErrFormat},
	} {
		if _, err := Read(test.image); !errors.Is(err, test.want) {
			t.Errorf("%s: Read = %v; want %v", name, err, test.want)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(archive(f, "etc/a", "text", "etc/b", "more"))
	f.Add([]byte("\x1f\x8b\x08\x00"))
	f.Add([]byte(fmt.Sprintf("070701%s", strings.Repeat("F", 104))))
	f.Fuzz(func(t *testing.T, image []byte) {
		files, err := Read(image)
		if err == nil && files == nil {
			t.Error("neither files nor an error")
		}
	})
}
