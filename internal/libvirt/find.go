package libvirt

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
)

// program is the one that loads libvirt.
const program = "virt-tools-libvirt"

// folders is where it is looked for, after $VIRT_TOOLS_LIBVIRT and beside this program.
var folders = []string{"/usr/local/libexec/virt-tools", "/usr/libexec/virt-tools"}

// find finds the program. It must not come from PATH, where it does not belong.
func find() (string, error) {
	if path := os.Getenv("VIRT_TOOLS_LIBVIRT"); path != "" {
		if _, err := exec.LookPath(path); err != nil {
			return "", told("VIRT_TOOLS_LIBVIRT names it; without that it is found by itself", "libvirt: %w", err)
		}
		return path, nil
	}
	var places []string
	if own, err := os.Executable(); err == nil {
		dir := filepath.Dir(own)
		places = append(places, dir, filepath.Join(filepath.Dir(dir), "libexec", "virt-tools"))
	}
	for _, dir := range append(places, folders...) {
		path := filepath.Join(dir, program)
		if _, err := exec.LookPath(path); err == nil {
			return path, nil
		}
	}
	return "", told("make install puts it beside the tools, if there was a C compiler when they were built; disk images can be named with -a",
		"libvirt domains cannot be looked up: %s is not installed", program)
}

// advised is an error with what the user can do about it.
type advised struct {
	error
	hint string
}

func (a *advised) Unwrap() error { return a.error }

// Hint returns the advice.
func (a *advised) Hint() string { return a.hint }

func told(hint, format string, args ...any) error { return &advised{fmt.Errorf(format, args...), hint} }

// explainOpen adds advice to libvirt's words about a connection.
func explainOpen(uri string, err error) error {
	if uri == "" {
		uri = "the default"
	}
	var e *Error
	switch {
	case !errors.As(err, &e):
		return err
	case e.Code == CodeMissing:
		return told("install libvirt's library (Debian: libvirt0, Fedora: libvirt-libs), or name disk images with -a", "libvirt is not installed: %w", err)
	case strings.Contains(e.Text, "Permission denied"), strings.Contains(e.Text, "authentication"), strings.Contains(e.Text, "polkit"):
		return told("run it as root or as a member of the group libvirt, or name your own libvirt with -c qemu:///session", "connect to libvirt (%s): %w", uri, err)
	case strings.Contains(e.Text, "Failed to connect socket"):
		return told("start it with: systemctl start libvirtd (or virtqemud); -c names another one", "connect to libvirt (%s): %w", uri, err)
	}
	return told("-c names a libvirt: qemu:///system, qemu:///session, qemu+ssh://host/system", "connect to libvirt (%s): %w", uri, err)
}

// lastLines keeps the end of what the program says on standard error, for when it ends
// without an answer.
type lastLines struct {
	mu   sync.Mutex
	text []byte
}

func (l *lastLines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text = append(l.text, p...)
	if extra := len(l.text) - 1000; extra > 0 {
		l.text = l.text[extra:]
	}
	return len(p), nil
}

func (l *lastLines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s := strings.TrimSpace(string(l.text)); s != "" {
		return ": " + s
	}
	return ""
}
