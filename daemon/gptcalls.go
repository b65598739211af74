package daemon

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"strconv"
	"syscall"
)

// What stands in the entries of a GPT beside the place of the partition.

func doPartGetGptType(_ *Call, device string, partnum int) (string, error) {
	_, p, err := loadKind(device, "gpt", partnum)
	if err != nil {
		return "", err
	}
	return p.typeGUID, nil
}

func doPartGetGptGuid(_ *Call, device string, partnum int) (string, error) {
	_, p, err := loadKind(device, "gpt", partnum)
	if err != nil {
		return "", err
	}
	return p.guid, nil
}

func doPartGetGptAttributes(_ *Call, device string, partnum int) (int64, error) {
	_, p, err := loadKind(device, "gpt", partnum)
	if err != nil {
		return 0, err
	}
	return int64(p.attributes), nil
}

func doPartGetName(_ *Call, device string, partnum int) (string, error) {
	_, p, err := loadKind(device, "gpt", partnum)
	if err != nil {
		return "", err
	}
	return p.name, nil
}

func doPartSetGptType(_ *Call, device string, partnum int, guid string) error {
	return setEntryGUID(device, partnum, 0, guid)
}

func doPartSetGptGuid(_ *Call, device string, partnum int, guid string) error {
	return setEntryGUID(device, partnum, 16, guid)
}

func setEntryGUID(device string, partnum, at int, guid string) error {
	b, err := parseGUID(guid)
	if err != nil {
		return withErrno(syscall.EINVAL, "%w", err)
	}
	return editEntry(device, partnum, func(e []byte) error { copy(e[at:], b); return nil })
}

func doPartSetGptAttributes(_ *Call, device string, partnum int, attributes int64) error {
	const reserved = 1<<48 - 1<<3 // bits 3 to 47
	if attributes&reserved != 0 {
		return withErrno(syscall.EINVAL, "bits 3..47 are reserved and cannot be set")
	}
	return editEntry(device, partnum, func(e []byte) error {
		binary.LittleEndian.PutUint64(e[48:], uint64(attributes))
		return nil
	})
}

// doPartSetName leaves labels that are not GPT and have names to parted.
func doPartSetName(c *Call, device string, partnum int, name string) error {
	if partnum < 1 {
		return errPartNum
	}
	t, err := loadTable(device)
	switch {
	case err == nil && t.gpt != nil:
		return editEntry(device, partnum, func(e []byte) error { return setGPTName(e, name) })
	case err != nil && !errors.Is(err, errNoTable):
		return err
	}
	return c.parted(device, "name", strconv.Itoa(partnum), quotePartedWord(name))
}

// doPartGetDiskGuid returns the identifier of an MBR too, as sfdisk writes it.
func doPartGetDiskGuid(_ *Call, device string) (string, error) {
	t, err := loadTable(device)
	if errors.Is(err, errNoTable) {
		return "", withErrno(syscall.EINVAL, "%s: not a GUID Partition Table", device)
	}
	if err != nil {
		return "", err
	}
	return t.diskID, nil
}

func doPartSetDiskGuid(_ *Call, device, guid string) error {
	b, err := parseGUID(guid)
	if err != nil {
		return withErrno(syscall.EINVAL, "%w", err)
	}
	return setDiskGUID(device, b)
}

func doPartSetDiskGuidRandom(_ *Call, device string) error {
	b := make([]byte, 16)
	rand.Read(b)
	b[7] = b[7]&0x0f | 0x40 // version 4, in a little-endian field
	b[8] = b[8]&0x3f | 0x80
	return setDiskGUID(device, b)
}

func setDiskGUID(device string, guid []byte) error {
	return editGPT(device, func(t *partTable) error { copy(t.gpt.main()[56:72], guid); return nil })
}
