package daemon

import (
	"bytes"
	"os"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestNonZeroRuns(t *testing.T) {
	p := make([]byte, 5*zeroBlock+100)
	for _, at := range []int{0, zeroBlock + 7, 4*zeroBlock - 1, 5*zeroBlock + 99} {
		p[at] = 1
	}
	want := [][2]int{{0, 2 * zeroBlock}, {3 * zeroBlock, 4 * zeroBlock}, {5 * zeroBlock, 5*zeroBlock + 100}}
	if diff := cmp.Diff(want, nonZeroRuns(p)); diff != "" {
		t.Errorf("nonZeroRuns (-want +got):\n%s", diff)
	}
}

// blocks is how many blocks of 512 bytes a file takes.
func blocks(t *testing.T, image string) int64 {
	t.Helper()
	st, err := os.Stat(image)
	if err != nil {
		t.Fatal(err)
	}
	return st.Sys().(*syscall.Stat_t).Blocks
}

func TestZeroDevice(t *testing.T) {
	image := sparse(t, 10)
	patch(t, image, 3<<20+5, bytes.Repeat([]byte{1}, 10000)...)
	patch(t, image, 10<<20-1, 1)
	before := blocks(t, image)
	if err := doZeroDevice(testCall(t), image); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(image)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, make([]byte, 10<<20)) {
		t.Error("the image is not zero")
	}
	if after := blocks(t, image); after > before {
		t.Errorf("the image grew from %d blocks to %d", before, after)
	}
}

func TestZero(t *testing.T) {
	for _, size := range []int64{10 << 20, zeroHead, 1000} {
		image := sparse(t, 0)
		if err := os.WriteFile(image, bytes.Repeat([]byte{1}, int(size)), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := doZero(testCall(t), image); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(image)
		if err != nil {
			t.Fatal(err)
		}
		want := bytes.Repeat([]byte{1}, int(size))
		clear(want[:min(size, zeroHead)])
		if !bytes.Equal(got, want) {
			t.Errorf("size %d: not the first %d bytes, and only these, are zero", size, zeroHead)
		}
	}
}

func TestZeroCancelled(t *testing.T) {
	c := testCall(t)
	c.cancel()
	if err := doZeroDevice(c, sparse(t, 1)); errnoName(err) != "EINTR" {
		t.Errorf("doZeroDevice() = %v; want EINTR", err)
	}
}

func TestWipefs(t *testing.T) {
	image := gptImage(t)
	if err := doWipefs(testCall(t), image); err != nil {
		t.Fatal(err)
	}
	if out := tool(t, "", "wipefs", image); out != "" {
		t.Errorf("wipefs still finds:\n%s", out)
	}
}

func TestPreadPwriteDevice(t *testing.T) {
	c, image := testCall(t), sparse(t, 1)
	if n, err := doPwriteDevice(c, image, []byte("hello"), 1000); n != 5 || err != nil {
		t.Errorf("doPwriteDevice() = %d, %v", n, err)
	}
	tests := []struct {
		count  int
		offset int64
		want   string
		fails  bool
	}{
		{5, 1000, "hello", false},
		{7, 999, "\x00hello\x00", false},
		{0, 1000, "", false},
		{10, 1<<20 - 2, "\x00\x00", false},
		{10, 1 << 30, "", false},
		{-1, 0, "", true},
		{1, -1, "", true},
		{4 << 20, 0, "", true},
	}
	for _, tt := range tests {
		got, err := doPreadDevice(c, image, tt.count, tt.offset)
		if string(got) != tt.want || (err != nil) != tt.fails {
			t.Errorf("doPreadDevice(%d, %d) = %q, %v; want %q", tt.count, tt.offset, got, err, tt.want)
		}
	}
	if _, err := doPwriteDevice(c, image, []byte("x"), -1); errnoName(err) != "EINVAL" {
		t.Errorf("doPwriteDevice(-1) = %v; want EINVAL", err)
	}
}
