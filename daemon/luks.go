package daemon

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// keySlots is the number of key slots of LUKS 2; LUKS 1 has 8.
const keySlots = 32

// cryptsetup runs cryptsetup with the key on its standard input, so that it
// stands neither in a file nor on a command line. There is no udev for it to
// wait for.
func (c *Call) cryptsetup(key string, args ...string) error {
	for _, m := range []string{"dm_mod", "dm_crypt"} {
		if err := probeModule(m); err != nil && !errors.Is(err, errNoModule) && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	_, code, err := c.runProgram(&program{
		argv:  append([]string{"cryptsetup", "-q"}, args...),
		stdin: strings.NewReader(key),
		env:   []string{"DM_DISABLE_UDEV=1"},
	})
	if err == nil {
		return nil
	}
	const badKey, memory, busy = 2, 3, 5 // exit codes of cryptsetup(8)
	switch code {
	case badKey:
		return withErrno(syscall.EPERM, "%w", err)
	case memory:
		return withErrno(syscall.ENOMEM, "the key needs more memory to be derived than the appliance has; LIBGUESTFS_MEMSIZE sets it: %w", err)
	case busy:
		return withErrno(syscall.EBUSY, "%w", err)
	}
	return err
}

func checkSlot(slot int) (string, error) {
	if slot < 0 || slot >= keySlots {
		return "", withErrno(syscall.EINVAL, "key slot %d is out of range", slot)
	}
	return strconv.Itoa(slot), nil
}

func doLuksFormat(c *Call, device, key string, keyslot int) error {
	return c.luksFormat(device, key, keyslot)
}

func doLuksFormatCipher(c *Call, device, key string, keyslot int, cipher string) error {
	return c.luksFormat(device, key, keyslot, "--cipher", cipher)
}

func (c *Call) luksFormat(device, key string, keyslot int, args ...string) error {
	slot, err := checkSlot(keyslot)
	if err != nil {
		return err
	}
	defer c.pulse()()
	return c.cryptsetup(key, slices.Concat(args, []string{"--key-slot", slot, "luksFormat", device, "-"})...)
}

// doLuksAddKey has the new key in a file: there is one standard input.
func doLuksAddKey(c *Call, device, key, newkey string, keyslot int) error {
	slot, err := checkSlot(keyslot)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp("/tmp", "key-") // which is memory, and only root's
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.WriteString(newkey)
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	defer c.pulse()()
	return c.cryptsetup(key, "--key-file", "-", "--key-slot", slot, "luksAddKey", device, f.Name())
}

func doLuksKillSlot(c *Call, device, key string, keyslot int) error {
	slot, err := checkSlot(keyslot)
	if err != nil {
		return err
	}
	defer c.pulse()()
	return c.cryptsetup(key, "--key-file", "-", "luksKillSlot", device, slot)
}

func doLuksUuid(c *Call, device string) (string, error) {
	sb, err := c.superblock(device)
	if err != nil {
		return "", err
	}
	if sb.Type != "crypto_LUKS" {
		return "", withErrno(syscall.EINVAL, "%s: not a LUKS device", device)
	}
	return sb.UUID, nil
}

// doLuksSetUuid works on a device that is open, too: the UUID is in the header
// only.
func doLuksSetUuid(c *Call, device, uuid string) error {
	if !uuidForm.MatchString(uuid) {
		return withErrno(syscall.EINVAL, "%q is not a UUID", uuid)
	}
	if _, err := doLuksUuid(c, device); err != nil {
		return err
	}
	if err := c.cryptsetup("", "luksUUID", "--uuid", uuid, device); err != nil {
		return fmt.Errorf("%s: %w", device, err)
	}
	return nil
}

// mapForm are the names that mapped devices can have.
var mapForm = regexp.MustCompile(`^[^-/][^/]{0,126}$`)

func doCryptsetupOpen(c *Call, device, key, mapname string, opts *cryptsetupOpenOpts) error {
	if !mapForm.MatchString(mapname) || mapname == "." || mapname == ".." || mapname == "control" {
		return withErrno(syscall.EINVAL, "%q is not a name for a mapped device", mapname)
	}
	if _, err := os.Stat("/dev/mapper/" + mapname); err == nil {
		return withErrno(syscall.EEXIST, "/dev/mapper/%s: device already exists", mapname)
	}
	kind, err := c.cryptType(device, opts.Crypttype)
	if err != nil {
		return err
	}
	l := optionList{argv: []string{"--key-file", "-", "--type", kind}}
	l.flag("--readonly", opts.Readonly)
	l.text("--cipher", opts.Cipher)
	defer c.pulse()()
	if err := c.cryptsetup(key, append(l.argv, "open", device, mapname)...); err != nil {
		return fmt.Errorf("%s: %w", device, err)
	}
	return nil
}

// cryptType is the type that the caller says, or what the device looks like.
func (c *Call) cryptType(device string, said *string) (string, error) {
	if said != nil {
		return *said, nil
	}
	kind, err := c.vfsType(device)
	if err != nil {
		return "", err
	}
	switch kind {
	case "crypto_LUKS":
		return "luks", nil
	case "BitLocker":
		return "bitlk", nil
	}
	return "", withErrno(syscall.EINVAL, "%s: %q: unknown encrypted device type", device, kind)
}

func doCryptsetupClose(c *Call, device string) error {
	name, ok := strings.CutPrefix(device, "/dev/mapper/")
	if !ok {
		return withErrno(syscall.EINVAL, "%s: you must call this on the /dev/mapper device created by cryptsetup-open", device)
	}
	return c.cryptsetup("", "close", name)
}

// The calls below are kept for old programs.

func doLuksOpen(c *Call, device, key, mapname string) error {
	return c.luksOpen(device, key, mapname, false)
}

func doLuksOpenRo(c *Call, device, key, mapname string) error {
	return c.luksOpen(device, key, mapname, true)
}

func (c *Call) luksOpen(device, key, mapname string, readOnly bool) error {
	kind := "luks"
	return doCryptsetupOpen(c, device, key, mapname, &cryptsetupOpenOpts{Crypttype: &kind, Readonly: &readOnly})
}

func doLuksClose(c *Call, device string) error { return doCryptsetupClose(c, device) }
