package qemu

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"
)

// Error is something that went wrong with QEMU or a drive, with advice for the user.
// errors.Is sees the cause where there is one: fs.ErrNotExist, fs.ErrPermission,
// syscall.ENOSPC, syscall.EBUSY for an image in use.
type Error struct {
	Err  error
	hint string
}

func (e *Error) Error() string { return e.Err.Error() }
func (e *Error) Unwrap() error { return e.Err }

// Hint says what to do about it, or is empty.
func (e *Error) Hint() string { return e.hint }

// HintOf returns the advice of the outermost error in err's tree that has some.
func HintOf(err error) string {
	var h interface {
		error
		Hint() string
	}
	if !errors.As(err, &h) {
		return ""
	}
	if hint := h.Hint(); hint != "" {
		return hint
	}
	return HintOf(errors.Unwrap(h))
}

// told makes an Error with advice.
func told(hint, format string, args ...any) *Error {
	return &Error{Err: fmt.Errorf(format, args...), hint: hint}
}

// sayings are phrases of QEMU, the errors they stand for and what helps.
// The first match counts.
var sayings = []struct {
	phrase string
	cause  error
	hint   string
}{
	{"Could not access KVM kernel module: Permission denied", fs.ErrPermission, hintKVMDenied},
	{"Could not access KVM kernel module", nil, hintKVM},
	{"failed to initialize kvm", nil, hintKVM},
	{"cannot set up guest memory", syscall.ENOMEM, hintMemory},
	{"Cannot allocate memory", syscall.ENOMEM, hintMemory},
	{`Failed to get "write" lock`, syscall.EBUSY, hintLock},
	{`Failed to get shared "write" lock`, syscall.EBUSY, hintLock},
	{`Failed to get "consistent read" lock`, syscall.EBUSY, hintLock},
	{"Failed to get", syscall.EBUSY, hintLock},
	{"Connection refused", syscall.ECONNREFUSED, "is the server running, and the port right?"},
	{"Couldn't connect to server", syscall.ECONNREFUSED, "is the server running, and the port right?"},
	{"No route to host", syscall.EHOSTUNREACH, "check the name of the server and the network"},
	{"not known", nil, "check the name of the server"},
	{"not available", nil, "the server has no export of that name; qemu-nbd --list shows those that it has"},
	{"Requested range not satisfiable", nil, ""},
	{"Server does not support 'range'", nil, "the web server must be able to send parts of a file; copy the disk here if it cannot"},
	{"The requested URL returned error: 401", fs.ErrPermission, "give user name and password: https://USER:PASSWORD@server/disk.img"},
	{"The requested URL returned error: 403", fs.ErrPermission, ""},
	{"The requested URL returned error: 404", fs.ErrNotExist, ""},
	{"authenticate", fs.ErrPermission, "add a key to the agent (ssh-add) that the server knows"},
	{"no host key was found", nil, hintKnownHost},
	{"known_hosts", nil, hintKnownHost},
	{"host key", nil, hintKnownHost},
	{"No space left on device", syscall.ENOSPC, hintTempDir},
	{"Too many open files", syscall.EMFILE, "raise the limit of open files (ulimit -n)"},
	{"Permission denied", fs.ErrPermission, ""},
	{"Unknown driver", nil, "this QEMU cannot do that; Debian has more formats and protocols (curl, ssh, iscsi, rbd) in qemu-block-extra"},
	{"is not a valid device model name", nil, hintOld},
	{"unsupported machine type", nil, hintOld},
	{"Parameter", nil, ""},
	{"seccomp support is disabled", nil, "this QEMU has no sandbox; install one built with seccomp"},
}

const (
	hintKVMDenied = "add the user to the group that owns /dev/kvm (often kvm), or set LIBGUESTFS_BACKEND_SETTINGS=force_tcg"
	hintKVM       = "this machine cannot run KVM guests: leave force_kvm out, or set LIBGUESTFS_BACKEND_SETTINGS=force_tcg"
	hintMemory    = "free some memory, or give the appliance less: LIBGUESTFS_MEMSIZE (in MB)"
	hintKnownHost = "connect to the server with ssh once, so that it comes to be known"
	hintLock      = "another program has the image open: shut that guest down, or add the disk read-only"
	hintOld       = "QEMU 7.2 or newer is needed"
	hintTempDir   = "set LIBGUESTFS_TMPDIR to a folder with more room"
)

// explain adds cause and advice to an error that carries QEMU's words.
func explain(err error) error {
	if err == nil {
		return nil
	}
	text := err.Error()
	for _, s := range sayings {
		if strings.Contains(text, s.phrase) {
			return &Error{Err: &caused{err, s.cause}, hint: s.hint}
		}
	}
	return err
}

// caused prints as its error, and is its cause as well.
type caused struct{ err, cause error }

func (c *caused) Error() string { return c.err.Error() }

func (c *caused) Unwrap() []error {
	if c.cause == nil {
		return []error{c.err}
	}
	return []error{c.err, c.cause}
}
