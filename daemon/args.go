package daemon

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"syscall"

	"virt-tools/internal/wire"
)

// args takes the arguments of a call off the message and checks them by their
// kind. The first error sticks.
type args struct {
	c        *Call
	d        *wire.Decoder
	needRoot bool
	err      error
}

func (a *args) fail(format string, v ...any) {
	if a.err == nil {
		a.err = withErrno(syscall.EINVAL, format, v...)
	}
}

// finish returns the first error in the arguments.
func (a *args) finish() error {
	if err := a.d.Finish(); err != nil {
		return fmt.Errorf("cannot decode the arguments: %w", err)
	}
	if a.err == nil && a.needRoot {
		a.err = requireRoot()
	}
	return a.err
}

// requireRoot fails when no filesystem is mounted on the guest's root.
func requireRoot() error {
	if !rootMounted() {
		return withErrno(syscall.EINVAL, "you must call 'mount' first to mount the root filesystem")
	}
	return nil
}

// text takes a text. No text has a NUL byte: programs and system calls would
// see only what is before it.
func (a *args) text() string {
	s := a.d.String()
	if strings.IndexByte(s, 0) >= 0 {
		a.fail("argument %q has a NUL byte in it", s)
	}
	return s
}

func (a *args) optText() *string {
	s := a.d.OptString()
	if s != nil && strings.IndexByte(*s, 0) >= 0 {
		a.fail("argument %q has a NUL byte in it", *s)
	}
	return s
}

func (a *args) bytes() []byte { return a.d.Opaque() }

func (a *args) texts() []string {
	list := a.d.Strings()
	for _, s := range list {
		if strings.IndexByte(s, 0) >= 0 {
			a.fail("argument %q has a NUL byte in it", s)
		}
	}
	return list
}

func (a *args) pathname() string {
	a.needRoot = true
	return a.absolute(a.text())
}

func (a *args) absolute(path string) string {
	if !strings.HasPrefix(path, "/") {
		a.fail("%s: path must start with a / character", path)
	}
	return path
}

func (a *args) pathnames() []string {
	a.needRoot = true
	list := a.texts()
	for _, p := range list {
		a.absolute(p)
	}
	return list
}

func (a *args) filenames() []string {
	list := a.texts()
	for _, name := range list {
		if strings.Contains(name, "/") {
			a.fail("%q is not a file name", name)
		}
	}
	return list
}

func (a *args) device() string { return a.checkDevice(a.text()) }

// checkDevice returns the name under which the appliance knows a device. hd,
// vd, ubd and xvd names are taken for sd names, as libguestfs does.
func (a *args) checkDevice(name string) string {
	if a.err != nil || a.d.Err() != nil {
		return name
	}
	path, err := resolveDevice(name)
	if err != nil && a.err == nil {
		a.err = err
	}
	return path
}

func (a *args) devices() []string {
	list := a.texts()
	for i := range list {
		list[i] = a.checkDevice(list[i])
	}
	return list
}

func (a *args) mountable() mountable { return a.checkMountable(a.text()) }

func (a *args) checkMountable(s string) mountable {
	m, err := parseMountable(s)
	if err != nil {
		a.fail("%w", err)
		return m
	}
	m.Device = a.checkDevice(m.Device)
	return m
}

// target is a device or a path in the guest.
type target struct {
	IsDevice bool
	Path     string
}

func (a *args) deviceOrPath() target {
	s := a.text()
	if isDeviceName(s) {
		return target{true, a.checkDevice(s)}
	}
	a.needRoot = true
	return target{false, a.absolute(s)}
}

// mountableTarget is a mountable or a path in the guest.
type mountableTarget struct {
	IsMountable bool
	Mountable   mountable
	Path        string
}

func (a *args) mountableOrPath() mountableTarget {
	s := a.text()
	if isDeviceName(s) || strings.HasPrefix(s, "btrfsvol:") {
		return mountableTarget{IsMountable: true, Mountable: a.checkMountable(s)}
	}
	a.needRoot = true
	return mountableTarget{Path: a.absolute(s)}
}

var guidForm = regexp.MustCompile(`^\{?[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}\}?$`)

func (a *args) guid() string {
	s := a.text()
	if a.err == nil && a.d.Err() == nil && !guidForm.MatchString(s) {
		a.fail("%q is not a GUID", s)
	}
	return s
}

// optional takes an optional argument and returns it when the library gave it.
// An older library does not send arguments that calls have got since, which
// are the last ones.
func optional[T any](a *args, bit int, take func() T) *T {
	given := a.c.header.OptArgs&(1<<bit) != 0
	if !given && a.d.Empty() {
		return nil
	}
	if v := take(); given {
		return &v
	}
	return nil
}

func (a *args) int() int { return int(a.d.Int32()) }

// resolveDevice checks that a name is that of a block device below /dev.
func resolveDevice(name string) (string, error) {
	if !isDeviceName(name) {
		return name, withErrno(syscall.EINVAL, "%s: expecting a device name", name)
	}
	path := name
	if _, err := os.Stat(path); err != nil {
		if m := foreignName.FindStringSubmatch(name); m != nil {
			path = "/dev/sd" + m[1]
		}
	}
	st, err := os.Stat(path)
	if err != nil {
		return name, &os.PathError{Op: "stat", Path: name, Err: syscall.ENOENT}
	}
	if st.Mode()&os.ModeDevice == 0 || st.Mode()&os.ModeCharDevice != 0 {
		return name, withErrno(syscall.ENOTBLK, "%s: not a block device", name)
	}
	return path, nil
}

var foreignName = regexp.MustCompile(`^/dev/(?:hd|vd|xvd|ubd)([a-z]+[0-9]*)$`)

func isDeviceName(s string) bool { return strings.HasPrefix(s, "/dev/") }
