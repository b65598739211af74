package cli

import (
	"context"
	"errors"
	"fmt"
	"path"
	"syscall"

	"virt-tools/pkg/guestfs"
)

// unlocker is what Keys asks of a guest: a *guestfs.Handle.
type unlocker interface {
	ListDevices(ctx context.Context) ([]guestfs.Device, error)
	ListPartitions(ctx context.Context) ([]guestfs.Device, error)
	ListMdDevices(ctx context.Context) ([]guestfs.Device, error)
	ListDmDevices(ctx context.Context) ([]guestfs.Device, error)
	Lvs(ctx context.Context) ([]guestfs.Device, error)
	VfsType(ctx context.Context, mountable guestfs.Mountable) (string, error)
	VfsUuid(ctx context.Context, mountable guestfs.Mountable) (string, error)
	CryptsetupOpen(ctx context.Context, device guestfs.Device, key string, mapname string, opts *guestfs.CryptsetupOpenOpts) error
	LvmScan(ctx context.Context, activate bool) error
}

// Open opens the encrypted disks of a launched guest: LUKS and BitLocker on whole disks,
// partitions, RAID arrays and logical volumes, also those that are seen only after another
// has been opened. A key that no option gives is asked for on the terminal; without one,
// or with an empty answer, the disk stays closed.
//
// LUKS is opened as /dev/mapper/luks-UUID, BitLocker as /dev/mapper/cryptsda2.
func (k *Keys) Open(ctx context.Context, g unlocker, console *Console) error {
	return k.open(ctx, g, console, askOnTerminal)
}

// OpenGiven is Open without asking: it is for a tool that can well do without the disks for
// which no key was given.
func (k *Keys) OpenGiven(ctx context.Context, g unlocker, console *Console) error {
	if len(k.selectors) == 0 && !k.KeysFromStdin {
		return nil
	}
	return k.open(ctx, g, console, nil)
}

// asker asks for a key. It returns errNoTerminal where nobody can be asked.
type asker func(ctx context.Context, prompt string, echo bool) (string, error)

func (k *Keys) open(ctx context.Context, g unlocker, console *Console, ask asker) error {
	seen := map[guestfs.Device]bool{}
	for {
		found, err := encrypted(ctx, g, seen)
		if err != nil {
			return err
		}
		opened := false
		for _, e := range found {
			ok, err := k.unlock(ctx, g, console, e, ask)
			if err != nil {
				return err
			}
			opened = opened || ok
		}
		if !opened {
			break
		}
		if err := g.LvmScan(ctx, true); err != nil {
			return err
		}
	}
	for _, s := range k.selectors {
		if !s.used && s.id != all {
			console.Warn(fmt.Errorf("--key %s: the guest has no such encrypted disk", s.id))
		}
	}
	return nil
}

// encryptedDisk is one that a key opens.
type encryptedDisk struct {
	device  guestfs.Device
	uuid    string
	mapname string
}

// encrypted lists the encrypted disks that are not in seen, and adds to it what was looked at.
func encrypted(ctx context.Context, g unlocker, seen map[guestfs.Device]bool) ([]encryptedDisk, error) {
	var found []encryptedDisk
	for _, list := range []func(context.Context) ([]guestfs.Device, error){
		g.ListDevices, g.ListPartitions, g.ListMdDevices, g.ListDmDevices, g.Lvs,
	} {
		devices, err := list(ctx)
		if err != nil {
			return nil, err
		}
		for _, device := range devices {
			if seen[device] {
				continue
			}
			seen[device] = true
			kind, err := g.VfsType(ctx, guestfs.Mountable(device))
			if err != nil || kind != "crypto_LUKS" && kind != "BitLocker" {
				continue // what cannot be read cannot be opened either
			}
			uuid, _ := g.VfsUuid(ctx, guestfs.Mountable(device))
			e := encryptedDisk{device, uuid, "luks-" + uuid}
			if kind == "BitLocker" {
				e.mapname = "crypt" + path.Base(string(device))
			}
			found = append(found, e)
		}
	}
	return found, nil
}

// unlock opens one disk and says whether it did.
func (k *Keys) unlock(ctx context.Context, g unlocker, console *Console, e encryptedDisk, ask asker) (bool, error) {
	if keys := k.matching(string(e.device), e.uuid); len(keys) > 0 {
		ok, err := try(ctx, g, e, keys)
		if err == nil && !ok {
			err = Hint(fmt.Errorf("%s: no key given with --key opens it", e.device), "its UUID is %s", e.uuid)
		}
		return ok, ignoreBusy(err)
	}
	if k.KeysFromStdin {
		key, err := k.nextLine(console)
		if err != nil {
			return false, fmt.Errorf("key for %s: %w", e.device, err)
		}
		ok, err := try(ctx, g, e, []string{key})
		if err == nil && !ok {
			err = fmt.Errorf("%s: the key from standard input does not open it", e.device)
		}
		return ok, ignoreBusy(err)
	}
	if ask == nil {
		return false, nil
	}
	return k.interrogate(ctx, g, console, e, ask)
}

// tries is how often a key is asked for.
const tries = 3

func (k *Keys) interrogate(ctx context.Context, g unlocker, console *Console, e encryptedDisk, ask asker) (bool, error) {
	for range tries {
		key, err := ask(ctx, fmt.Sprintf("Key or passphrase for %s: ", e.device), k.EchoKeys)
		if errors.Is(err, errNoTerminal) {
			console.Warn(Hint(fmt.Errorf("%s is encrypted and stays closed", e.device), "give its key with --key %s:key:TEXT", e.device))
			return false, nil
		}
		if err != nil || key == "" {
			return false, err
		}
		ok, err := try(ctx, g, e, []string{key})
		if ok || err != nil {
			return ok, ignoreBusy(err)
		}
		console.Warn(fmt.Errorf("%s: this key does not open it", e.device))
	}
	return false, fmt.Errorf("%s: none of the keys opens it", e.device)
}

// try opens a disk with the first key that fits.
func try(ctx context.Context, g unlocker, e encryptedDisk, keys []string) (bool, error) {
	for _, key := range keys {
		err := g.CryptsetupOpen(ctx, e.device, key, e.mapname, nil)
		if !errors.Is(err, syscall.EPERM) { // which says that the key is wrong
			return err == nil, err
		}
	}
	return false, nil
}

// ignoreBusy lets a disk pass that is in use: a member of a RAID array can look
// like the array itself.
func ignoreBusy(err error) error {
	if errors.Is(err, syscall.EBUSY) {
		return nil
	}
	return err
}
