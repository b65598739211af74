package daemon

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// hostOutput runs a program of the host, in the C locale, on a file of the guest.
func hostOutput(t *testing.T, file string, argv ...string) string {
	t.Helper()
	cmd := exec.Command(argv[0], append(argv[1:], file)...)
	cmd.Env = append(cmd.Environ(), "LC_ALL=C")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %v", argv, err)
	}
	return string(out)
}

// textFiles are files that the tests of text compare with programs of the host.
func textFiles(t *testing.T, root string) []string {
	t.Helper()
	noise := make([]byte, 600_000)
	rand.NewChaCha8([32]byte{3}).Read(noise)
	sparse := make([]byte, 100_000)
	copy(sparse[50_000:], "text in the middle\n")
	wide := bytes.Repeat([]byte("\x00t\x00e\x00x\x00t\x00!x\x00\x00\x00a\x00\x00\x00b\x00\x00\x00c\x00\x00\x00d\x00\x00\x00"), 9)
	var long strings.Builder
	for i := range 40_000 {
		fmt.Fprintf(&long, "line %d\n", i)
	}
	contents := map[string]string{
		"empty": "", "newline": "\n", "newlines": "\n\n\n", "no end": "one\ntwo", "lines": "one\n\ntwo \t three\n", "noise": string(noise),
		"zeroes": string(sparse), "wide": string(wide), "long": long.String(), "long, no end": long.String() + strings.Repeat("x", 300_000),
		"latin": "abc\xe4\xf6\xfcdef \xff \xa0 ghij\tk\x7f\x1b[0m", "sixteen": strings.Repeat("0123456789abcdef", 3),
	}
	var names []string
	for name, content := range contents {
		write(t, root, name, content)
		names = append(names, name)
	}
	return names
}

// TestText compares with the programs that libguestfs runs.
func TestText(t *testing.T) {
	c, root := newGuest(t)
	for _, name := range textFiles(t, root) {
		host, guest := filepath.Join(root, name), "/"+name
		same := func(what string, got []string, err error, want string) {
			t.Helper()
			if err != nil {
				t.Errorf("%s of %q: %v", what, name, err)
			} else if diff := cmp.Diff(splitLines(want), got); diff != "" {
				t.Errorf("%s of %q (-want +got):\n%.1000s", what, name, diff)
			}
		}
		for _, n := range []int{0, 1, 2, 3, 10, 39_999, 40_000, 40_001, -1, -2, -3, -39_999, -40_001} {
			got, err := doHeadN(c, n, guest)
			same(fmt.Sprintf("head %d", n), got, err, hostOutput(t, host, "head", "-n", fmt.Sprint(n)))
			got, err = doTailN(c, n, guest)
			from := fmt.Sprint(n)
			if n < 0 {
				from = fmt.Sprintf("+%d", -n)
			}
			same(fmt.Sprintf("tail %d", n), got, err, hostOutput(t, host, "tail", "-n", from))
		}
		for encoding := range stringsEncodings {
			got, err := doStringsE(c, encoding, guest)
			same("strings "+encoding, got, err, hostOutput(t, host, "strings", "-a", "-e", encoding))
		}
		dump, err := doHexdump(c, guest)
		same("hexdump", splitLines(dump), err, hostOutput(t, host, "hexdump", "-C"))
		for option, count := range map[string]func(*Call, string) (int, error){"-l": doWcL, "-w": doWcW, "-c": doWcC} {
			n, err := count(c, guest)
			want := strings.Fields(hostOutput(t, host, "wc", option))[0]
			same("wc "+option, []string{fmt.Sprint(n)}, err, want)
		}
		is, err := doIsZero(c, guest)
		same("is_zero", []string{fmt.Sprint(is)}, err, fmt.Sprint(name == "empty"))
	}
	for _, path := range []string{"/", "/none"} {
		want := map[string]error{"/": syscall.EISDIR, "/none": syscall.ENOENT}[path]
		if _, err := doHead(c, path); !isErrno(err, want) {
			t.Errorf("head of %s: %v; want %v", path, err, want)
		}
		if _, err := doWcC(c, path); !isErrno(err, want) {
			t.Errorf("wc_c of %s: %v; want %v", path, err, want)
		}
	}
	if _, err := doStringsE(c, "x", "/empty"); !isErrno(err, syscall.EINVAL) {
		t.Errorf("strings_e with encoding x: %v; want EINVAL", err)
	}
}

// TestTextTooLarge: what no message could carry is an error, not an allocation.
func TestTextTooLarge(t *testing.T) {
	c, root := newGuest(t)
	write(t, root, "f", strings.Repeat("x", 5<<20))
	for name, call := range map[string]func() error{
		"head":    func() error { _, err := doHead(c, "/f"); return err },
		"tail":    func() error { _, err := doTail(c, "/f"); return err },
		"strings": func() error { _, err := doStrings(c, "/f"); return err },
	} {
		if err := call(); !isErrno(err, syscall.EMSGSIZE) {
			t.Errorf("%s: %v; want EMSGSIZE", name, err)
		}
	}
}

func FuzzStrings(f *testing.F) {
	f.Add("b", []byte("\x00h\x00e\x00l\x00l\x00o\x00\n"))
	f.Fuzz(func(t *testing.T, encoding string, content []byte) {
		enc, ok := stringsEncodings[encoding]
		if !ok {
			return
		}
		list, err := enc.find(&Call{Context: context.Background()}, bufio.NewReader(bytes.NewReader(content)))
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range list {
			if len(s) < stringsLeast {
				t.Errorf("%q is too short", s)
			}
		}
	})
}
