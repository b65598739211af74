package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"virt-tools/pkg/guestfs"
)

// locked is a guest with encrypted disks: devices by the kind that each holds.
type locked struct {
	disks, parts, arrays, mapped, volumes []guestfs.Device
	kinds                                 map[guestfs.Device]string
	key                                   string
	appears                               map[guestfs.Device]guestfs.Device // a volume, once a device is open
	busy                                  guestfs.Device
	tried                                 []string // device, key and name of each attempt
	scans                                 int
	dead                                  error
}

func (l *locked) ListDevices(context.Context) ([]guestfs.Device, error)    { return l.disks, l.dead }
func (l *locked) ListPartitions(context.Context) ([]guestfs.Device, error) { return l.parts, l.dead }
func (l *locked) ListMdDevices(context.Context) ([]guestfs.Device, error)  { return l.arrays, l.dead }
func (l *locked) ListDmDevices(context.Context) ([]guestfs.Device, error)  { return l.mapped, l.dead }
func (l *locked) Lvs(context.Context) ([]guestfs.Device, error)            { return l.volumes, l.dead }

func (l *locked) VfsType(_ context.Context, m guestfs.Mountable) (string, error) {
	kind, ok := l.kinds[guestfs.Device(m)]
	if !ok {
		return "", errors.New("cannot be read")
	}
	return kind, nil
}

func (l *locked) VfsUuid(_ context.Context, m guestfs.Mountable) (string, error) {
	return "uuid-of-" + filepath.Base(string(m)), nil
}

func (l *locked) CryptsetupOpen(_ context.Context, d guestfs.Device, key, mapname string, opts *guestfs.CryptsetupOpenOpts) error {
	l.tried = append(l.tried, fmt.Sprintf("%s %q %s", d, key, mapname))
	switch {
	case d == l.busy:
		return &guestfs.Error{Op: "cryptsetup_open", Errno: "EBUSY", Msg: "in use"}
	case key == "broken":
		return &guestfs.Error{Op: "cryptsetup_open", Errno: "EIO", Msg: "input/output error"}
	case key != l.key:
		return &guestfs.Error{Op: "cryptsetup_open", Errno: "EPERM", Msg: "no key available"}
	}
	l.mapped = append(l.mapped, guestfs.Device("/dev/mapper/"+mapname))
	if volume, ok := l.appears[d]; ok {
		l.volumes = append(l.volumes, volume)
	}
	return nil
}

func (l *locked) LvmScan(context.Context, bool) error { l.scans++; return l.dead }

// sample is locked on every kind of device, one of them seen only after another is open.
func sampleLocked() *locked {
	return &locked{
		disks:  []guestfs.Device{"/dev/sda", "/dev/sdb"},
		parts:  []guestfs.Device{"/dev/sda1", "/dev/sda2"},
		arrays: []guestfs.Device{"/dev/md127"},
		kinds: map[guestfs.Device]string{
			"/dev/sda1": "ext4", "/dev/sda2": "crypto_LUKS", "/dev/sdb": "BitLocker", "/dev/md127": "crypto_LUKS",
			"/dev/vg/a-b": "crypto_LUKS",
		},
		key:     "secret",
		appears: map[guestfs.Device]guestfs.Device{"/dev/sda2": "/dev/vg/a-b"},
	}
}

// open opens l with the options, as a tool on the terminal that ask stands for.
func open(t *testing.T, l *locked, k *Keys, stdin string, ask asker) (stderr string, err error) {
	t.Helper()
	if err := k.Check(); err != nil {
		t.Fatal(err)
	}
	var errs bytes.Buffer
	console := newConsole("virt-sample", Stdio{In: strings.NewReader(stdin), Out: &bytes.Buffer{}, Err: &errs})
	err = k.open(t.Context(), l, console, ask)
	return errs.String(), err
}

func nobody(context.Context, string, bool) (string, error) { return "", errNoTerminal }

func TestKeysOpenEverything(t *testing.T) {
	l := sampleLocked()
	stderr, err := open(t, l, &Keys{Key: []string{"all:key:secret"}}, "", nobody)
	want := []string{
		`/dev/sdb "secret" cryptsdb`,
		`/dev/sda2 "secret" luks-uuid-of-sda2`,
		`/dev/md127 "secret" luks-uuid-of-md127`,
		`/dev/vg/a-b "secret" luks-uuid-of-a-b`,
	}
	if diff := cmp.Diff(want, l.tried); diff != "" || err != nil || stderr != "" {
		t.Errorf("%v, %q (-want +got):\n%s", err, stderr, diff)
	}
	if l.scans != 2 {
		t.Errorf("LVM was scanned %d times; want 2, after each round that opened something", l.scans)
	}
}

func TestKeysSelectors(t *testing.T) {
	file := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(file, []byte("secret\nmore\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		keys []string
		want []string // attempts
	}{
		{"device", []string{"/dev/sda2:key:secret"}, []string{`/dev/sda2 "secret" luks-uuid-of-sda2`}},
		{"device of a virtio disk", []string{"/dev/vda2:key:secret"}, []string{`/dev/sda2 "secret" luks-uuid-of-sda2`}},
		{"UUID", []string{"UUID-of-SDA2:key:secret"}, []string{`/dev/sda2 "secret" luks-uuid-of-sda2`}},
		{"each in turn", []string{"/dev/sda2:key:a:b", "uuid-of-sda2:key:", "all:key:secret"},
			[]string{`/dev/sdb "secret" cryptsdb`, `/dev/sda2 "a:b" luks-uuid-of-sda2`, `/dev/sda2 "" luks-uuid-of-sda2`, `/dev/sda2 "secret" luks-uuid-of-sda2`}},
		{"file", []string{"/dev/sda2:file:" + file}, []string{`/dev/sda2 "secret" luks-uuid-of-sda2`}},
		{"volume", []string{"/dev/sda2:key:secret", "/dev/mapper/vg-a--b:key:secret"},
			[]string{`/dev/sda2 "secret" luks-uuid-of-sda2`, `/dev/vg/a-b "secret" luks-uuid-of-a-b`}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			l := sampleLocked()
			if _, err := open(t, l, &Keys{Key: test.keys}, "", nil); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, l.tried[:min(len(l.tried), len(test.want))]); diff != "" {
				t.Errorf("attempts (-want +got):\n%s", diff)
			}
		})
	}
}

func TestKeysOfFile(t *testing.T) {
	dir := t.TempDir()
	tests := []struct {
		data string
		want []string
	}{
		{"secret", []string{"secret"}},
		{"secret\n", []string{"secret", "secret\n"}},
		{"\x00\xff\n\x01", []string{"\x00\xff", "\x00\xff\n\x01"}},
		{"", nil},
		{strings.Repeat("x", maxKeyFile+1), nil},
	}
	for i, test := range tests {
		file := filepath.Join(dir, fmt.Sprint(i))
		if err := os.WriteFile(file, []byte(test.data), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := keysOfFile(file)
		if !slices.Equal(got, test.want) || (err == nil) != (test.want != nil) {
			t.Errorf("keysOfFile(%.20q) = %q, %v; want %q", test.data, got, err, test.want)
		}
	}
}

func TestKeysFromStdin(t *testing.T) {
	l := sampleLocked()
	stderr, err := open(t, l, &Keys{KeysFromStdin: true, Key: []string{"/dev/sdb:key:secret"}}, "secret\nsecret\nsecret", nobody)
	if len(l.tried) != 4 || err != nil || stderr != "" {
		t.Errorf("%q, %v, %q; want the four opened", l.tried, err, stderr)
	}
	_, err = open(t, sampleLocked(), &Keys{KeysFromStdin: true}, "secret\n", nobody)
	if err == nil || err.Error() != "key for /dev/sda2: standard input has no more lines" {
		t.Errorf("too few lines: %v", err)
	}
	_, err = open(t, sampleLocked(), &Keys{KeysFromStdin: true}, "wrong\n", nobody)
	if err == nil || err.Error() != "/dev/sdb: the key from standard input does not open it" {
		t.Errorf("a wrong key: %v", err)
	}
}

func TestKeysAsked(t *testing.T) {
	answers := []string{"wrong", "secret", ""}
	ask := func(_ context.Context, prompt string, echo bool) (string, error) {
		if len(answers) == 0 {
			return "", nil
		}
		answer := answers[0]
		answers = answers[1:]
		return answer, nil
	}
	l := sampleLocked()
	stderr, err := open(t, l, &Keys{}, "", ask)
	want := []string{`/dev/sdb "wrong" cryptsdb`, `/dev/sdb "secret" cryptsdb`}
	if diff := cmp.Diff(want, l.tried); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if want := "virt-sample: warning: /dev/sdb: this key does not open it\n"; stderr != want {
		t.Errorf("stderr %q; want %q", stderr, want)
	}
	wrong := func(context.Context, string, bool) (string, error) { return "wrong", nil }
	if _, err := open(t, sampleLocked(), &Keys{}, "", wrong); err == nil || err.Error() != "/dev/sdb: none of the keys opens it" {
		t.Errorf("wrong three times: %v", err)
	}
}

// Where nobody can be asked, what is closed stays closed, and the user hears of it.
func TestKeysNoTerminal(t *testing.T) {
	l := sampleLocked()
	stderr, err := open(t, l, &Keys{}, "", nobody)
	if err != nil || len(l.tried) != 0 || l.scans != 0 {
		t.Errorf("%v, %q", err, l.tried)
	}
	if want := "warning: /dev/sda2 is encrypted and stays closed\nvirt-sample: hint: give its key with --key /dev/sda2:key:TEXT\n"; !strings.Contains(stderr, want) {
		t.Errorf("stderr %q; want %q in it", stderr, want)
	}
}

func TestKeysErrors(t *testing.T) {
	_, err := open(t, sampleLocked(), &Keys{Key: []string{"all:key:wrong"}}, "", nobody)
	if err == nil || err.Error() != "/dev/sdb: no key given with --key opens it" {
		t.Errorf("a wrong key: %v", err)
	}
	_, err = open(t, sampleLocked(), &Keys{Key: []string{"all:key:broken"}}, "", nobody)
	if !errors.Is(err, syscall.EIO) {
		t.Errorf("a damaged disk: %v", err)
	}
	l := sampleLocked()
	l.busy = "/dev/sdb"
	if _, err := open(t, l, &Keys{Key: []string{"all:key:secret"}}, "", nobody); err != nil || len(l.mapped) != 3 {
		t.Errorf("a disk in use: %v, %q", err, l.mapped)
	}
	stderr, err := open(t, sampleLocked(), &Keys{Key: []string{"/dev/sdz:key:secret"}}, "", nil)
	if want := "virt-sample: warning: --key /dev/sdz: the guest has no such encrypted disk\n"; err != nil || stderr != want {
		t.Errorf("a disk that is not there: %v, %q", err, stderr)
	}
	if _, err := open(t, &locked{dead: syscall.EPIPE}, &Keys{}, "", nobody); !errors.Is(err, syscall.EPIPE) {
		t.Errorf("a dead appliance: %v", err)
	}
}

// No message repeats a key.
func TestBadSelectors(t *testing.T) {
	tests := map[string]string{
		"":                        "--key names no device",
		":key:secret":             "--key names no device",
		"secret":                  "--key secret: has no colon",
		"/dev/sda:secret":         "--key /dev/sda: key: or file: must come after the colon",
		"/dev/sda:key":            "--key /dev/sda:key: a colon and the key must follow",
		"/dev/sda:clevis":         "--key /dev/sda:clevis: keys from the network are not supported",
		"all:file:/nonexistent":   "--key all:file: open /nonexistent: no such file or directory",
		"all:file:" + "/dev/null": "--key all:file: /dev/null: the file is empty",
	}
	for text, want := range tests {
		k := Keys{Key: []string{text}}
		if err := k.Check(); err == nil || err.Error() != want {
			t.Errorf("Check of %q = %v; want %s", text, err, want)
		}
	}
}

func TestOpenGiven(t *testing.T) {
	l := sampleLocked()
	console := newConsole("virt-sample", Stdio{Out: &bytes.Buffer{}, Err: &bytes.Buffer{}})
	if err := new(Keys).OpenGiven(t.Context(), l, console); err != nil || len(l.tried) != 0 {
		t.Errorf("no keys: %v, %q", err, l.tried)
	}
	l.dead = syscall.EPIPE
	if err := new(Keys).OpenGiven(t.Context(), l, console); err != nil {
		t.Errorf("no keys: the guest was asked: %v", err)
	}
}
