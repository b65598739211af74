package daemon

import (
	"io"
	"strings"

	"golang.org/x/sys/unix"
)

// kernelLog reads what the kernel says from a moment on: its reasons for
// refusing a mount are told nowhere else.
type kernelLog struct{ fd int }

// openKernelLog starts at the end of the log. Where there is none the reader
// stays empty.
func openKernelLog() *kernelLog {
	fd, err := unix.Open("/dev/kmsg", unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return &kernelLog{-1}
	}
	if _, err := unix.Seek(fd, 0, io.SeekEnd); err != nil {
		unix.Close(fd)
		fd = -1
	}
	return &kernelLog{fd}
}

func (l *kernelLog) close() {
	if l.fd >= 0 {
		unix.Close(l.fd)
	}
}

// since returns the first messages since the start as " (kernel: ...)", or
// nothing. The kernel has replaced bytes that are not text.
func (l *kernelLog) since() string {
	const most = 3
	var messages []string
	buf := make([]byte, 8<<10) // a record is never longer
	for l.fd >= 0 && len(messages) < most {
		n, err := unix.Read(l.fd, buf)
		if err != nil || n <= 0 {
			break
		}
		if text := kernelMessage(string(buf[:n])); text != "" {
			messages = append(messages, text)
		}
	}
	if messages == nil {
		return ""
	}
	return " (kernel: " + strings.Join(messages, "; ") + ")"
}

// kernelMessage takes the text out of a record: "prefix;text\n KEY=value\n".
func kernelMessage(record string) string {
	_, text, _ := strings.Cut(record, ";")
	text, _, _ = strings.Cut(text, "\n")
	return strings.TrimSpace(text)
}
