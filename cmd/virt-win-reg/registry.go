package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"regexp"
	"strings"

	"virt-tools/internal/cli"
	"virt-tools/internal/regedit"
	"virt-tools/internal/regf"
	"virt-tools/pkg/guestfs"
)

// registry is that of the guest: hives, which are read when a key in them is asked for.
type registry struct {
	h       *guestfs.Handle
	system  *cli.System
	console *cli.Console
	root    string // %SystemRoot%: /Windows
	hives   []*hive
}

// hive is a file of the registry.
type hive struct {
	*regf.Hive
	prefix string // HKEY_LOCAL_MACHINE\SOFTWARE
	file   string // as Windows names it
	was    []byte // the content of the file
}

func openRegistry(ctx context.Context, h *guestfs.Handle, system *cli.System, console *cli.Console) (*registry, error) {
	if system.Root == "" {
		return nil, errors.New("-m does not go with the registry: it is found by looking for Windows")
	}
	kind, err := h.InspectGetType(ctx, system.Root)
	if err != nil {
		return nil, err
	}
	if kind != "windows" {
		return nil, cli.Hint(fmt.Errorf("the guest is not Windows but %s", kind), "only Windows has a registry")
	}
	root, err := h.InspectGetWindowsSystemroot(ctx, system.Root)
	if err != nil {
		return nil, err
	}
	return &registry{h: h, system: system, console: console, root: root}, nil
}

// location is where a key is: in which hive, and under which name there.
type location struct {
	hive *hive
	path string // within the hive
}

// name is the whole name of the key.
func (l location) name() string {
	if l.path == "" {
		return l.hive.prefix
	}
	return l.hive.prefix + `\` + l.path
}

// Short names of the roots and of keys that are others under another name.
var roots = map[string]string{
	"HKLM": "HKEY_LOCAL_MACHINE",
	"HKU":  "HKEY_USERS",
}

// machineHives are the files in %SystemRoot%\system32\config, by the names of their keys.
var machineHives = map[string]string{"SAM": "sam", "SECURITY": "security", "SOFTWARE": "software", "SYSTEM": "system"}

// services are the accounts that Windows itself uses.
var services = map[string]string{"LOCALSYSTEM": "S-1-5-18", "LOCALSERVICE": "S-1-5-19", "NETWORKSERVICE": "S-1-5-20"}

// locate finds the hive that a key is in.
func (r *registry) locate(ctx context.Context, key string) (location, error) {
	steps := strings.FieldsFunc(key, func(c rune) bool { return c == '\\' })
	if len(steps) == 0 {
		return location{}, notAKey(key)
	}
	top := strings.ToUpper(steps[0])
	if long, ok := roots[top]; ok {
		top = long
	}
	switch {
	case top == "HKEY_CLASSES_ROOT" || top == "HKCR":
		return r.locate(ctx, strings.Join(append([]string{`HKLM\SOFTWARE\Classes`}, steps[1:]...), `\`))
	case top == "HKEY_CURRENT_USER" || top == "HKCU":
		return location{}, cli.Hint(fmt.Errorf("%s: nobody is logged in", key), `name the user: HKU\NAME`)
	case len(steps) < 2 || top != "HKEY_LOCAL_MACHINE" && top != "HKEY_USERS":
		return location{}, notAKey(key)
	}
	file, prefix, err := r.hiveFile(ctx, top, steps[1])
	if err != nil {
		return location{}, err
	}
	opened, err := r.open(ctx, file, prefix)
	if err != nil {
		return location{}, err
	}
	rest := steps[2:]
	if len(rest) > 0 && strings.EqualFold(rest[0], "CurrentControlSet") && strings.HasSuffix(prefix, `\SYSTEM`) {
		if rest[0], err = r.h.InspectGetWindowsCurrentControlSet(ctx, r.system.Root); err != nil {
			return location{}, fmt.Errorf("%s: %w", key, err)
		}
	}
	return location{opened, strings.Join(rest, `\`)}, nil
}

func notAKey(key string) error {
	return cli.Hint(fmt.Errorf("%s: not a supported Windows Registry path", key),
		`keys begin with HKLM\SAM, HKLM\SECURITY, HKLM\SOFTWARE, HKLM\SYSTEM, HKU\.DEFAULT, HKU\SID or HKU\NAME`)
}

// sid is the identifier of an account.
var sid = regexp.MustCompile(`^(?i:S)-1-5-[-0-9]+$`)

// hiveFile is the file in which the key name of top begins, as Windows writes it.
func (r *registry) hiveFile(ctx context.Context, top, name string) (file, prefix string, err error) {
	upper := strings.ToUpper(name)
	config := r.root + "/system32/config/"
	if top == "HKEY_LOCAL_MACHINE" {
		if file, ok := machineHives[upper]; ok {
			return config + file, top + `\` + upper, nil
		}
		return "", "", notAKey(top + `\` + name)
	}
	prefix = top + `\` + name
	if upper == ".DEFAULT" {
		return config + "default", top + `\.DEFAULT`, nil
	}
	if id, ok := services[upper]; ok {
		name = id
		prefix = top + `\` + id
	}
	if sid.MatchString(name) {
		profile, err := r.profile(ctx, name)
		return profile + "/ntuser.dat", prefix, err
	}
	for _, dir := range []string{"/Users/", "/Documents and Settings/"} {
		if r.isDir(ctx, dir+name) {
			return dir + name + "/ntuser.dat", prefix, nil
		}
	}
	return "", "", fmt.Errorf("%s: cannot find user directory", name)
}

func (r *registry) isDir(ctx context.Context, name string) bool {
	path, err := r.system.Path(ctx, name)
	if err != nil {
		return false
	}
	is, err := r.h.IsDir(ctx, path, nil)
	return err == nil && is
}

// profile is the directory of an account.
func (r *registry) profile(ctx context.Context, sid string) (string, error) {
	const list = `SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList\`
	at, err := r.locate(ctx, `HKLM\`+list+sid)
	if err != nil {
		return "", err
	}
	n, err := regedit.Find(at.hive.Hive, at.path)
	if err != nil || n == 0 {
		return "", errors.Join(fmt.Errorf("%s: the guest has no such account", sid), err)
	}
	v, err := at.hive.Value(n, "ProfileImagePath")
	if err != nil || v == 0 {
		return "", errors.Join(fmt.Errorf("%s: the account has no directory", sid), err)
	}
	path, err := at.hive.Text(v)
	if err != nil {
		return "", err
	}
	path = replaceFold(path, "%systemroot%", r.root)
	path = replaceFold(path, "%systemdrive%", "")
	if len(path) > 1 && strings.EqualFold(path[:2], "c:") {
		path = path[2:]
	}
	return strings.ReplaceAll(path, `\`, "/"), nil
}

// replaceFold replaces a prefix whatever its case.
func replaceFold(s, prefix, with string) string {
	if len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix) {
		return with + s[len(prefix):]
	}
	return s
}

// open reads a hive, once.
func (r *registry) open(ctx context.Context, file, prefix string) (*hive, error) {
	for _, h := range r.hives {
		if strings.EqualFold(h.file, file) {
			return h, nil
		}
	}
	content, err := r.read(ctx, file)
	if err != nil {
		return nil, fmt.Errorf("could not download registry file: %w", err)
	}
	parsed, err := regf.Open(bytes.Clone(content))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	h := &hive{Hive: parsed, prefix: prefix, file: file, was: content}
	r.hives = append(r.hives, h)
	return h, nil
}

// errHiveSize stops the download of what cannot be a hive.
var errHiveSize = fmt.Errorf("larger than %d MiB", regf.MaxBytes>>20)

func (r *registry) read(ctx context.Context, file string) ([]byte, error) {
	path, err := r.system.Path(ctx, file)
	if err != nil {
		return nil, err
	}
	size, err := r.h.Filesize(ctx, path)
	if err != nil {
		return nil, err
	}
	if size > regf.MaxBytes {
		return nil, &fs.PathError{Op: "read", Path: string(path), Err: errHiveSize}
	}
	var b bytes.Buffer
	if err := r.h.Download(ctx, string(path), &b); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// write puts a changed hive in the place of its file, and reads it back.
func (r *registry) write(ctx context.Context, h *hive) error {
	if err := readable(h.Bytes()); err != nil {
		return fmt.Errorf("%s: %w; the guest was not changed", h.file, err)
	}
	path, err := r.system.Path(ctx, h.file)
	if err != nil {
		return err
	}
	if err := r.h.ReplaceFile(ctx, bytes.NewReader(h.Bytes()), path, nil); err != nil {
		return err
	}
	now, err := r.read(ctx, h.file)
	if err == nil && !bytes.Equal(now, h.Bytes()) {
		err = errors.New("the file does not hold what was written")
	}
	return err
}

// readable walks through a whole hive.
func readable(b []byte) error {
	h, err := regf.Open(b)
	if err != nil {
		return err
	}
	warnings, err := regedit.Export(io.Discard, h, h.Root(), "", regedit.Hex)
	if err == nil && len(warnings) > 0 {
		err = fmt.Errorf("the changed hive cannot be read:%s", warnings[0])
	}
	return err
}
