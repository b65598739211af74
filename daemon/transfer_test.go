package daemon

import (
	"bytes"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

func TestTransfer(t *testing.T) {
	c, root := newGuest(t)
	content := bytes.Repeat([]byte("0123456789"), 100_000)
	write(t, root, "f", strings.Repeat("old", 1_000_000))
	at := target{Path: "/f"}
	must(t, doUpload(c, pieces{bytes.NewReader(content)}, at))
	if got := read(t, root, "f"); got != string(content) {
		t.Errorf("upload leaves %d bytes; want the %d that were sent", len(got), len(content))
	}
	for _, test := range []struct{ offset, size int64 }{{0, 10}, {999_990, 10}, {999_990, 100}, {2_000_000, 5}, {5, 0}, {1, 1<<63 - 1}} {
		var out bytes.Buffer
		must(t, doDownloadOffset(c, at, &out, test.offset, test.size))
		start := min(test.offset, int64(len(content)))
		want := content[start:min(int64(len(content)), start+min(test.size, int64(len(content))))]
		if !bytes.Equal(out.Bytes(), want) {
			t.Errorf("download_offset(%d, %d) sends %d bytes; want %d", test.offset, test.size, out.Len(), len(want))
		}
	}
	must(t, doUploadOffset(c, strings.NewReader("XY"), at, 4))
	var out bytes.Buffer
	must(t, doDownload(c, at, &out))
	if got := out.String(); len(got) != len(content) || got[:8] != "0123XY67" {
		t.Errorf("download after upload_offset sends %d bytes, %.8q; want %d, 0123XY67", len(got), got, len(content))
	}
	must(t, doUploadOffset(c, strings.NewReader("end"), target{Path: "/hole"}, 1<<20))
	var st unix.Stat_t
	must(t, unix.Stat(root+"/hole", &st))
	if st.Size != 1<<20+3 || st.Blocks > 64 {
		t.Errorf("upload_offset makes a file of %d bytes in %d blocks; want a hole", st.Size, st.Blocks)
	}
}

// pieces reads as an upload does: in small pieces.
type pieces struct{ r io.Reader }

func (p pieces) Read(b []byte) (int, error) { return p.r.Read(b[:min(len(b), 8192)]) }

func TestUploadErrors(t *testing.T) {
	c, root := newGuest(t)
	must(t, os.Mkdir(root+"/full", 0o755))
	must(t, unix.Mount("tmpfs", root+"/full", "tmpfs", 0, "size=64k"))
	defer unix.Unmount(root+"/full", unix.MNT_DETACH)
	big := io.LimitReader(zeros{}, 1<<20)
	if err := doUpload(c, big, target{Path: "/full/x"}); !isErrno(err, syscall.ENOSPC) {
		t.Errorf("upload to a full filesystem: %v; want ENOSPC", err)
	}
	if err := doInternalWrite(c, "/full/x", make([]byte, 1<<20)); !isErrno(err, syscall.ENOSPC) {
		t.Errorf("write to a full filesystem: %v; want ENOSPC", err)
	}
	broken := io.MultiReader(strings.NewReader("x"), failing{})
	if err := doUpload(c, broken, target{Path: "/y"}); !isErrno(err, syscall.EINTR) {
		t.Errorf("upload given up by the library: %v; want EINTR", err)
	}
	c.cancel()
	if err := doUpload(c, strings.NewReader("x"), target{Path: "/y"}); !isErrno(err, syscall.EINTR) {
		t.Errorf("upload after a cancellation: %v; want EINTR", err)
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errUploadCancelled }

func TestInternalUpload(t *testing.T) {
	c, _ := newGuest(t)
	f, err := os.CreateTemp("/tmp", "internal_upload_test")
	must(t, err)
	must(t, f.Close())
	defer os.Remove(f.Name())
	must(t, doInternalUpload(c, strings.NewReader("#!"), f.Name(), 0o755))
	st, err := os.Stat(f.Name())
	if err != nil || st.Mode() != 0o755 || st.Size() != 2 {
		t.Errorf("internal_upload makes %v, %v", st, err)
	}
	must(t, os.Remove(f.Name()))
	must(t, os.Symlink("/etc/hostname", f.Name()))
	if err := doInternalUpload(c, strings.NewReader("x"), f.Name(), 0o644); !isErrno(err, syscall.ELOOP) {
		t.Errorf("internal_upload through a link: %v; want ELOOP", err)
	}
}
