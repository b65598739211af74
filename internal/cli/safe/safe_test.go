package safe

import (
	"bytes"
	"testing"
	"unicode/utf8"
)

var cases = []struct{ name, in, want string }{
	{"plain", "disk.img:/dev/sda1\n", "disk.img:/dev/sda1\n"},
	{"tab stays", "a\tb", "a\tb"},
	{"umlaut and han", "größe 磁盘 🙂", "größe 磁盘 🙂"},
	{"escape sequence", "a\x1b]0;title\ab", `a\x1b]0;title\x07b`},
	{"carriage return", "good\rbad", `good\x0dbad`},
	{"backspace and delete", "a\bb\x7f", `a\x08b\x7f`},
	{"C1 control", "a\u009bb", `a\u009bb`},
	{"stray byte", "a\x9bb\xff", `a\x9bb\xff`},
	{"cut rune", "a\xe7\xa3", `a\xe7\xa3`},
	{"right-to-left override", "exe.\u202etxt", `exe.\u202etxt`},
	{"isolate and zero width", "\u2066a\u2069\u200b\ufeff", `\u2066a\u2069\u200b\ufeff`},
	{"tag block", "a\U000e0041", `a\U000e0041`},
	{"line separator", "a\u2028b", `a\u2028b`},
	{"soft hyphen stays", "a\u00adb", "a\u00adb"},
	{"replacement character", "a\ufffdb", `a\ufffdb`},
}

func TestText(t *testing.T) {
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			if got := Text(test.in); got != test.want {
				t.Errorf("Text(%q) = %q; want %q", test.in, got, test.want)
			}
		})
	}
}

// The same bytes must come out however the input is cut into writes.
func TestWriterInPieces(t *testing.T) {
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			for piece := 1; piece <= 5; piece++ {
				var out bytes.Buffer
				w := NewWriter(&out)
				for in := []byte(test.in); len(in) > 0; {
					n := min(piece, len(in))
					if got, err := w.Write(in[:n]); got != n || err != nil {
						t.Fatalf("Write = %d, %v; want %d, nil", got, err, n)
					}
					in = in[n:]
				}
				if err := w.Flush(); err != nil {
					t.Fatal(err)
				}
				if out.String() != test.want {
					t.Errorf("in pieces of %d: got %q; want %q", piece, out.String(), test.want)
				}
			}
		})
	}
}

func FuzzText(f *testing.F) {
	for _, test := range cases {
		f.Add(test.in)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := Text(s)
		if !utf8.ValidString(got) {
			t.Errorf("Text(%q) = %q, not UTF-8", s, got)
		}
		for _, r := range got {
			if unsafe(r) {
				t.Errorf("Text(%q) holds %U", s, r)
			}
		}
		if again := Text(got); again != got {
			t.Errorf("Text(Text(%q)) = %q; want %q", s, again, got)
		}
	})
}
