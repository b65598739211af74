package cli

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// Keys are the options that say how encrypted disks are opened. A tool embeds it in its
// options, calls Check, and Open once the guest is launched; Mounts does the latter itself.
type Keys struct {
	EchoKeys      bool     `name:"echo-keys" help:"Show keys while they are typed."`
	Key           []string `name:"key" sep:"none" placeholder:"SELECTOR" help:"Give a key for an encrypted disk."`
	KeysFromStdin bool     `name:"keys-from-stdin" help:"Read keys from standard input."`

	selectors []selector
	lines     *bufio.Reader // standard input, once keys are read from it
}

// selector is a key with the disks that it is for.
type selector struct {
	id   string   // device, UUID or "all"
	keys []string // to be tried in this order
	used bool
}

// all is the selector for every encrypted disk.
const all = "all"

// maxKeyFile is more than any key; cryptsetup itself takes 8 MiB, but only through a file.
const maxKeyFile = 1 << 20

// Check reads the selectors and the files that they name.
func (k *Keys) Check() error {
	for _, text := range k.Key {
		s, err := parseSelector(text)
		if err != nil {
			return Hint(fmt.Errorf("--key %w", err), "a selector is DEVICE:key:TEXT, UUID:file:NAME or the like; all stands for every device")
		}
		k.selectors = append(k.selectors, s)
	}
	return nil
}

// parseSelector reads ID:key:TEXT or ID:file:NAME. No error repeats a key. Unlike in
// libguestfs the text of a key may hold colons.
func parseSelector(text string) (selector, error) {
	id, rest, found := strings.Cut(text, ":")
	kind, value, hasValue := strings.Cut(rest, ":")
	switch {
	case id == "":
		return selector{}, errors.New("names no device")
	case !found:
		return selector{}, fmt.Errorf("%s: has no colon", id)
	case kind == "clevis":
		return selector{}, fmt.Errorf("%s:clevis: keys from the network are not supported", id)
	case kind != "key" && kind != "file":
		return selector{}, fmt.Errorf("%s: key: or file: must come after the colon", id)
	case !hasValue:
		return selector{}, fmt.Errorf("%s:%s: a colon and the %s must follow", id, kind, kind)
	case kind == "key":
		return selector{id: plainDevice(id), keys: []string{value}}, nil
	}
	keys, err := keysOfFile(value)
	if err != nil {
		return selector{}, fmt.Errorf("%s:file: %w", id, err)
	}
	return selector{id: plainDevice(id), keys: keys}, nil
}

// keysOfFile are the keys that a file can be meant to hold: its first line, as in
// libguestfs's tools up to 1.58, and all of it.
func keysOfFile(name string) ([]string, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxKeyFile+1))
	switch {
	case err != nil:
		return nil, err
	case len(data) > maxKeyFile:
		return nil, fmt.Errorf("%s: larger than %d bytes", name, maxKeyFile)
	case len(data) == 0:
		return nil, fmt.Errorf("%s: the file is empty", name)
	}
	line, _, more := bytes.Cut(data, []byte("\n"))
	if !more {
		return []string{string(data)}, nil
	}
	return []string{string(line), string(data)}, nil
}

// plainDevice is the name under which the appliance has a device: /dev/VG/LV for
// /dev/mapper/VG-LV, in which a hyphen of a name is doubled, and /dev/sda for /dev/vda.
func plainDevice(id string) string {
	if escaped, ok := strings.CutPrefix(id, "/dev/mapper/"); ok {
		const hyphen = "\x00"
		names := strings.Split(strings.ReplaceAll(escaped, "--", hyphen), "-")
		if len(names) == 2 && names[0] != "" && names[1] != "" {
			return "/dev/" + strings.ReplaceAll(names[0]+"/"+names[1], hyphen, "-")
		}
		return id
	}
	for _, prefix := range []string{"/dev/vd", "/dev/hd", "/dev/xvd"} {
		if rest, ok := strings.CutPrefix(id, prefix); ok {
			return "/dev/sd" + rest
		}
	}
	return id
}

// matching are the keys for a disk, in the order in which they were given.
func (k *Keys) matching(device, uuid string) []string {
	var keys []string
	for i := range k.selectors {
		s := &k.selectors[i]
		if s.id == all || s.id == device || uuid != "" && strings.EqualFold(s.id, uuid) {
			s.used = true
			keys = append(keys, s.keys...)
		}
	}
	return keys
}
