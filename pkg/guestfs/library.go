package guestfs

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"virt-tools/internal/api"
)

// The calls of this file run in the library, as in libguestfs: they are made
// of calls to the daemon.

// version is libguestfs's, whose interface this package has.
var version = Version{Major: 1, Minor: 61, Release: 1, Extra: "virt-tools"}

// Version calls version: the libguestfs version whose calls this package has.
func (g *Handle) Version() *Version {
	v := version
	return &v
}

// FeatureAvailable calls feature_available: it tells whether all groups of
// calls can be used. An unknown group is an error.
func (g *Handle) FeatureAvailable(ctx context.Context, groups []string) (bool, error) {
	for _, group := range groups {
		r, err := g.internalFeatureAvailable(ctx, group)
		if err != nil {
			return false, err
		}
		switch r {
		case 1:
			return false, nil
		case 2:
			return false, invalid("feature_available", "unknown group %q", group)
		}
	}
	return true, nil
}

// Available calls available: it fails when a group of calls cannot be used.
func (g *Handle) Available(ctx context.Context, groups []string) error {
	for _, group := range groups {
		ok, err := g.FeatureAvailable(ctx, []string{group})
		if err != nil {
			return err
		}
		if !ok {
			return &Error{Op: "available", Errno: "ENOTSUP", Msg: "group " + group + " is not in this appliance"}
		}
	}
	return nil
}

// readMax bounds what ReadFile takes into memory.
const readMax = 1 << 30

// ReadFile calls read_file: the content of a file of at most 1 GiB.
func (g *Handle) ReadFile(ctx context.Context, path Path) ([]byte, error) {
	var buf bytes.Buffer
	if err := g.Download(ctx, string(path), &limitWriter{op: "read_file", w: &buf, left: readMax}); err != nil {
		return nil, err
	}
	return buf.Bytes(), nil
}

// limitWriter fails when more than left bytes come.
type limitWriter struct {
	op    string
	w     io.Writer
	left  int
	taken int
}

func (l *limitWriter) Write(p []byte) (int, error) {
	if len(p) > l.left {
		return 0, invalid(l.op, "there is more than %d MiB; use the call that writes to a file", (l.taken+l.left)>>20)
	}
	l.left -= len(p)
	l.taken += len(p)
	return l.w.Write(p)
}

// Cat calls cat: the content of a text file.
func (g *Handle) Cat(ctx context.Context, path Path) (string, error) {
	b, err := g.ReadFile(ctx, path)
	return string(b), err
}

// ReadLines calls read_lines: the lines of a text file without their ends, be
// they LF or CR LF.
func (g *Handle) ReadLines(ctx context.Context, file Path) ([]string, error) {
	b, err := g.ReadFile(ctx, file)
	if err != nil || len(b) == 0 {
		return []string{}, err
	}
	lines := strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
	for i := range lines {
		lines[i] = strings.TrimSuffix(lines[i], "\r")
	}
	return lines, nil
}

// writeMax is what fits into a message beside its header and the path.
const writeMax = 2 << 20

// Write calls write: it creates a file, or replaces its content.
func (g *Handle) Write(ctx context.Context, path Path, content []byte) error {
	if len(content) <= writeMax {
		return g.internalWrite(ctx, path, content)
	}
	return g.Upload(ctx, bytes.NewReader(content), string(path))
}

// WriteAppend calls write_append: it adds content to the end of a file, which
// is created when it is not there.
func (g *Handle) WriteAppend(ctx context.Context, path Path, content []byte) error {
	for {
		n := min(len(content), writeMax)
		if err := g.internalWriteAppend(ctx, path, content[:n]); err != nil {
			return err
		}
		if content = content[n:]; len(content) == 0 {
			return nil
		}
	}
}

// Ls calls ls: the names in a directory, sorted, without . and .. .
func (g *Handle) Ls(ctx context.Context, directory Path) ([]string, error) {
	var buf bytes.Buffer
	if err := g.Ls0(ctx, directory, &buf); err != nil {
		return nil, err
	}
	names := strings.Split(buf.String(), "\x00")
	names = names[:len(names)-1]
	slices.Sort(names)
	return names, nil
}

// Lstatnslist calls lstatnslist: Lstatns for each name in a directory. StIno
// is -1 for a name that is not there.
func (g *Handle) Lstatnslist(ctx context.Context, path Path, names []string) ([]StatNS, error) {
	const batch = 1000 // structures that fit into a message
	var all []StatNS
	for len(names) > 0 {
		n := min(len(names), batch)
		list, err := g.internalLstatnslist(ctx, path, names[:n])
		if err != nil {
			return nil, err
		}
		if len(list) != n {
			return nil, wrongCount("lstatnslist", path, len(list), n)
		}
		for _, st := range list {
			all = append(all, StatNS(st))
		}
		names = names[n:]
	}
	return all, nil
}

// wrongCount is the error of a daemon that answered for more or fewer names
// than it was asked about: answers belong to names by their order alone.
func wrongCount(op string, path Path, got, want int) error {
	return &Error{Op: op, Path: string(path), Msg: fmt.Sprintf("the daemon answered for %d names of %d", got, want)}
}

// CanonicalDeviceName calls canonical_device_name: the name that other calls
// return for a device.
func (g *Handle) CanonicalDeviceName(ctx context.Context, device Device) (Device, error) {
	for _, prefix := range []string{"/dev/hd", "/dev/vd"} {
		if rest, ok := strings.CutPrefix(string(device), prefix); ok {
			return Device("/dev/sd" + rest), nil
		}
	}
	if strings.HasPrefix(string(device), "/dev/mapper/") || strings.HasPrefix(string(device), "/dev/dm-") {
		lv, err := g.LvmCanonicalLvName(ctx, string(device))
		if err == nil {
			return lv, nil
		}
	}
	return device, nil
}

// MountableDevice calls mountable_device: the device of a mountable.
func (g *Handle) MountableDevice(ctx context.Context, mountable Mountable) (Device, error) {
	m, err := g.internalParseMountable(ctx, mountable)
	if err != nil {
		return "", err
	}
	return Device(m.ImDevice), nil
}

// MountableSubvolume calls mountable_subvolume: the subvolume of a mountable;
// it is an error when there is none.
func (g *Handle) MountableSubvolume(ctx context.Context, mountable Mountable) (string, error) {
	m, err := g.internalParseMountable(ctx, mountable)
	if err != nil {
		return "", err
	}
	if m.ImVolume == "" {
		return "", invalid("mountable_subvolume", "%s has no subvolume", mountable)
	}
	return m.ImVolume, nil
}

// Calls returns the names of the calls that the daemon of this version
// answers, for tools that list them.
func Calls() []string {
	var names []string
	for _, c := range api.ByProc() {
		if !c.Internal {
			names = append(names, c.Name)
		}
	}
	return names
}
