package daemon

import (
	"bytes"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"virt-tools/internal/api"
	"virt-tools/internal/wire"
)

// TestProgressCalls: every call that the table marks so reports progress, and
// its last message is that all is done. The calls think that they began long ago.
func TestProgressCalls(t *testing.T) {
	c, root := newGuest(t)
	file := filepath.Join(t.TempDir(), "file")
	size := int64(3 << 20)
	content := func() io.Reader { return bytes.NewReader(bytes.Repeat([]byte("x"), int(size))) }
	write(t, root, "f", strings.Repeat("x", int(size)))
	write(t, root, "g", "")
	write(t, filepath.Dir(file), "file", strings.Repeat("x", int(size)))
	fromFile, toFile := target{Path: "/f"}, target{Path: "/g"}
	create := 0o644
	calls := map[string]func(c *Call) error{
		"zero":        func(c *Call) error { return doZero(c, file) },
		"zero_device": func(c *Call) error { return doZeroDevice(c, file) },
		"copy_size":   func(c *Call) error { return doCopySize(c, fromFile, toFile, size) },
		"copy_device_to_device": func(c *Call) error {
			return doCopyDeviceToDevice(c, "/dev/zero", "/dev/null", &copyDeviceToDeviceOpts{Size: &size})
		},
		"copy_device_to_file": func(c *Call) error {
			return doCopyDeviceToFile(c, "/dev/zero", "/g", &copyDeviceToFileOpts{Size: &size})
		},
		"copy_file_to_device": func(c *Call) error { return doCopyFileToDevice(c, "/f", "/dev/null", &copyFileToDeviceOpts{}) },
		"copy_file_to_file":   func(c *Call) error { return doCopyFileToFile(c, "/f", "/g", &copyFileToFileOpts{}) },
		"fill":                func(c *Call) error { return doFill(c, 'x', int(size), "/g") },
		"fill_pattern":        func(c *Call) error { return doFillPattern(c, "xy", int(size), "/g") },
		"du":                  func(c *Call) error { _, err := doDu(c, "/"); return err },
		"upload":              func(c *Call) error { return doUpload(c, content(), toFile) },
		"upload_offset":       func(c *Call) error { return doUploadOffset(c, content(), toFile, 1) },
		"replace_file":        func(c *Call) error { return doReplaceFile(c, content(), "/f", &replaceFileOpts{Create: &create}) },
		"download":            func(c *Call) error { return doDownload(c, fromFile, io.Discard) },
		"download_offset":     func(c *Call) error { return doDownloadOffset(c, fromFile, io.Discard, 1, size-1) },
		"readdir":             func(c *Call) error { return doInternalReaddir(c, "/", io.Discard) },
	}
	// What needs the appliance, or is not a call of the daemon.
	elsewhere := map[string]bool{"launch": true, "command_out": true, "sh_out": true, "zero_free_space": true}
	for _, call := range api.Calls() {
		if call.Progress && call.Status == api.Done && calls[call.Name] == nil && !elsewhere[call.Name] {
			t.Errorf("%s reports progress by the table, but no test sees it", call.Name)
		}
	}
	for name, call := range calls {
		t.Run(name, func(t *testing.T) {
			var sent bytes.Buffer
			s := New(struct {
				io.Reader
				io.Writer
			}{strings.NewReader(""), &sent})
			s.guest.root = root
			defer s.guest.stop()
			c := newCall(c.Context, s, wire.Header{})
			c.started = time.Now().Add(-time.Hour)
			defer c.end()
			must(t, call(c))
			var last wire.Progress
			for conn := wire.NewConn(&readWriter{&sent, io.Discard}); ; {
				f, err := conn.ReadFrame()
				if err == io.EOF {
					break
				}
				must(t, err)
				if f.Kind != wire.ProgressFrame {
					t.Fatalf("frame %+v; want progress", f)
				}
				last = f.Progress
			}
			if last.Total == 0 || last.Position != last.Total {
				t.Errorf("the last message is %+v; want the end", last)
			}
		})
	}
}

type readWriter struct {
	io.Reader
	io.Writer
}
