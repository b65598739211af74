package daemon

import (
	"encoding/binary"
	"fmt"
	"os"
	"strings"
	"syscall"
)

func doFindfsUuid(c *Call, uuid string) (string, error) {
	return c.findContent("UUID", uuid)
}

func doFindfsLabel(c *Call, label string) (string, error) {
	return c.findContent("LABEL", label)
}

// findContent looks for a device by what lies on it. Of several with the same,
// it takes the uppermost layer: a volume before an array before a partition.
func (c *Call) findContent(tag, want string) (string, error) {
	devices, err := blockDevices()
	if err != nil {
		return "", err
	}
	best, rank := "", -1
	for _, d := range devices {
		if hasPartitions(d) || layer(d) <= rank {
			continue
		}
		sb, err := c.superblock(d)
		if err != nil {
			continue // a device that cannot be read has no label
		}
		got := sb.Label
		if tag == "UUID" {
			got = sb.UUID
		}
		if got != "" && got == want {
			best, rank = d, layer(d)
		}
	}
	return foundDevice(best, tag, want)
}

// layer ranks devices by how many others may lie below them.
func layer(device string) int {
	switch {
	case strings.HasPrefix(device, "/dev/dm-"):
		return 2
	case strings.HasPrefix(device, "/dev/md"):
		return 1
	}
	return 0
}

func foundDevice(device, tag, want string) (string, error) {
	if device == "" {
		return "", withErrno(syscall.ENOENT, "unable to resolve '%s=%s'", tag, want)
	}
	name, err := volumeOf(device)
	if err == nil && name != "" {
		device = name
	}
	return device, nil
}

func doFindfsPartuuid(c *Call, uuid string) (string, error) {
	return findPartition(c, "PARTUUID", uuid, partitionUUID)
}

func doFindfsPartlabel(c *Call, label string) (string, error) {
	return findPartition(c, "PARTLABEL", label, func(_ *Call, disk, kind string, num int) (string, error) {
		if kind != "gpt" {
			return "", nil
		}
		return doPartGetName(c, disk, num)
	})
}

// findPartition looks for a partition by what its table says of it.
func findPartition(c *Call, tag, want string, get func(c *Call, disk, kind string, num int) (string, error)) (string, error) {
	parts, err := doListPartitions(c)
	if err != nil {
		return "", err
	}
	for _, p := range parts {
		disk, num, err := splitPartition(p)
		if err != nil {
			continue
		}
		kind, err := doPartGetParttype(c, disk)
		if err != nil {
			continue
		}
		got, err := get(c, disk, kind, num)
		if err == nil && got != "" && (got == want || tag == "PARTUUID" && strings.EqualFold(got, want)) {
			return p, nil
		}
	}
	return foundDevice("", tag, want)
}

// partitionUUID is the GUID of a GPT's partition. MBR has none; there it is
// the disk's number with that of the partition.
func partitionUUID(c *Call, disk, kind string, num int) (string, error) {
	switch kind {
	case "gpt":
		return doPartGetGptGuid(c, disk, num)
	case "msdos":
		f, err := os.Open(disk)
		if err != nil {
			return "", err
		}
		defer f.Close()
		var id [4]byte
		if _, err := f.ReadAt(id[:], 440); err != nil {
			return "", err
		}
		return fmt.Sprintf("%08x-%02x", binary.LittleEndian.Uint32(id[:]), num), nil
	}
	return "", nil
}
