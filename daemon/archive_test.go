package daemon

import (
	"bytes"
	"io"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// TestUncompress reads what the program compress writes, with codes of each
// width and the table emptied. (What it writes with -b 9 it cannot read itself.)
func TestUncompress(t *testing.T) {
	var plain strings.Builder
	for i := range 200_000 {
		plain.WriteString(strings.Repeat(string(rune('a'+i*i%23)), i%5))
	}
	noise := randomText(300_000)
	for _, content := range []string{"", "a", strings.Repeat("a", 100_000), plain.String(), noise, plain.String() + noise + plain.String()} {
		for _, widest := range []string{"10", "12", "14", "16"} {
			cmd := exec.Command("compress", "-c", "-f", "-b", widest)
			cmd.Stdin = strings.NewReader(content)
			packed, err := cmd.Output()
			if err != nil {
				t.Fatalf("compress: %v", err)
			}
			u, err := newUncompressor(bytes.NewReader(packed))
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(u)
			if err != nil || string(got) != content {
				t.Errorf("%d bytes packed with -b %s: %d bytes, %v", len(content), widest, len(got), err)
			}
		}
	}
}

func randomText(size int) string {
	b := make([]byte, size)
	seed := uint32(1)
	for i := range b {
		seed = seed*1664525 + 1013904223
		b[i] = byte(seed >> 24)
	}
	return string(b)
}

func FuzzUncompress(f *testing.F) {
	f.Add([]byte("\x1f\x9d\x90a\xc4\x8c\x01"))
	f.Fuzz(func(t *testing.T, packed []byte) {
		if u, err := newUncompressor(bytes.NewReader(packed)); err == nil {
			_, _ = io.Copy(io.Discard, u) // ends, and does not panic
		}
	})
}

func TestBase64(t *testing.T) {
	for _, tc := range []struct{ text, want string }{
		{"", ""}, {"YWJj", "abc"}, {"YW\nJj\n", "abc"}, {"  Y-W*J j", "abc"}, {"YQ==", "a"}, {"YQ==Yg==", "ab"}, {"YWI=\nYw==\n", "abc"},
	} {
		got, err := io.ReadAll(&base64Reader{r: strings.NewReader(tc.text)})
		if string(got) != tc.want || err != nil {
			t.Errorf("base64 %q = %q, %v; want %q", tc.text, got, err, tc.want)
		}
	}
	for _, text := range []string{"YWJjZ", "Y===", "=", "Y=Q="} {
		if got, err := io.ReadAll(&base64Reader{r: strings.NewReader(text)}); !isErrno(err, syscall.EINVAL) {
			t.Errorf("base64 %q = %q, %v; want EINVAL", text, got, err)
		}
	}
	c, root := newGuest(t)
	for _, size := range []int{0, 1, 56, 57, 58, 114, 100_000} {
		content := randomText(size)
		write(t, root, "f", content)
		var out bytes.Buffer
		must(t, doBase64Out(c, "/f", &out))
		if want := hostOutput(t, root+"/f", "base64"); out.String() != want {
			t.Errorf("base64_out of %d bytes:\n%.200s\nwant:\n%.200s", size, out.String(), want)
		}
		if got, err := io.ReadAll(&base64Reader{r: &out}); string(got) != content || err != nil {
			t.Errorf("%d bytes there and back: %d bytes, %v", size, len(got), err)
		}
	}
}

// TestCompressOut: each type is unpacked by its own program.
func TestCompressOut(t *testing.T) {
	c, root := newGuest(t)
	content := strings.Repeat("text that can be packed ", 10_000)
	write(t, root, "f", content)
	for _, ctype := range []string{"gzip", "bzip2", "xz", "lzop"} {
		for _, level := range []*int{nil, number(1), number(9)} {
			var packed bytes.Buffer
			must(t, doCompressOut(c, ctype, "/f", &packed, &compressOutOpts{Level: level}))
			if packed.Len() > len(content)/10 {
				t.Errorf("%s: %d bytes", ctype, packed.Len())
			}
			if got := run(t, root, packed.String(), ctype, "-dc"); got != content {
				t.Errorf("%s: %d bytes come back", ctype, len(got))
			}
		}
		if err := doCompressOut(c, ctype, "/f", io.Discard, &compressOutOpts{Level: number(10)}); !isErrno(err, syscall.EINVAL) {
			t.Errorf("%s at level 10: %v; want EINVAL", ctype, err)
		}
	}
	for ctype, want := range map[string]error{"compress": syscall.ENOTSUP, "zstd": syscall.EINVAL, "": syscall.EINVAL} {
		if err := doCompressOut(c, ctype, "/f", io.Discard, &compressOutOpts{}); !isErrno(err, want) {
			t.Errorf("compress_out with %q: %v; want %v", ctype, err, want)
		}
	}
}

func number(n int) *int { return &n }
