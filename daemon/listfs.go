package daemon

import (
	"log"
	"strings"

	"virt-tools/internal/wire"
)

// gptNoFilesystem are the GPT types whose partitions hold no filesystem that
// anybody wants: parts of Windows' logical disks, its reserve, its snapshots.
var gptNoFilesystem = map[string]bool{
	"5808C8AA-7E8F-42E0-85D2-E1E90434CFB3": true,
	"AF9B60A0-1431-4F62-BC68-3311714A69AD": true,
	"E3C9E316-0B5C-4DB8-817D-F92DF00215AE": true,
	"CADDEBF1-4400-4DE8-B103-12117DCF3CCF": true,
}

// doListFilesystems goes through the devices in libguestfs's order. A device
// with something that is not known counts as a filesystem of unknown type.
func doListFilesystems(c *Call) ([]wire.Pair, error) {
	devices, err := filesystemDevices(c)
	if err != nil {
		return nil, err
	}
	pairs := []wire.Pair{}
	for _, d := range devices {
		pairs = append(pairs, c.filesystemsOn(d)...)
	}
	return pairs, nil
}

// filesystemDevices lists disks, mapped devices, partitions, arrays and
// volumes, without the disks and arrays that are divided into partitions.
func filesystemDevices(c *Call) ([]string, error) {
	list := []string{}
	add := func(get func(*Call) ([]string, error), wanted func(string) bool) error {
		devices, err := get(c)
		for _, d := range devices {
			if wanted(d) {
				list = append(list, d)
			}
		}
		return err
	}
	undivided := func(d string) bool { return !hasPartitions(d) }
	every := func(string) bool { return true }
	if err := add(doListDevices, undivided); err != nil {
		return nil, err
	}
	if err := add(doListDmDevices, undivided); err != nil {
		return nil, err
	}
	tables := knownTables{}
	if err := add(doListPartitions, func(p string) bool { return tables.canHoldFilesystem(c, p) }); err != nil {
		return nil, err
	}
	if err := add(doListMdDevices, undivided); err != nil {
		return nil, err
	}
	if featureAvailable("lvm2") {
		if err := add(doLvs, every); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func hasPartitions(device string) bool {
	name, err := kernelName(device)
	if err != nil {
		return false
	}
	parts, err := partitionsOf(sysBlock, name)
	return err == nil && len(parts) > 0
}

// knownTables are the partition tables that were read, by disk. It has nil for
// one that is not plain.
type knownTables map[string]*partTable

// canHoldFilesystem leaves out what by its type in the partition table holds
// none. Where the table cannot be read the content decides.
func (k knownTables) canHoldFilesystem(c *Call, partition string) bool {
	disk, num, err := splitPartition(partition)
	if err != nil {
		return true
	}
	t, known := k[disk]
	if !known {
		if t, err = loadTable(disk); err != nil || t.odd != nil {
			t = nil
		}
		k[disk] = t
	}
	if t == nil {
		return canHoldFilesystem(c, disk, num)
	}
	p, err := t.find(num)
	return err != nil || p.role != "extended" && !gptNoFilesystem[p.typeGUID]
}

// canHoldFilesystem is for a table that parted has to read.
func canHoldFilesystem(c *Call, disk string, num int) bool {
	label, err := doPartGetParttype(c, disk)
	if err != nil {
		log.Printf("list_filesystems: %s: %v", disk, err)
		return true
	}
	switch label {
	case "msdos":
		role, err := doPartGetMbrPartType(c, disk, num)
		return err != nil || role != "extended"
	case "gpt":
		kind, err := doPartGetGptType(c, disk, num)
		return err != nil || !gptNoFilesystem[strings.ToUpper(kind)]
	}
	return true
}

// filesystemsOn pairs what can be mounted from a device with its type. Members
// of arrays and groups and encrypted devices are no filesystems.
func (c *Call) filesystemsOn(device string) []wire.Pair {
	kind, err := c.vfsType(device)
	if err != nil {
		log.Printf("list_filesystems: %v", err)
	}
	switch {
	case kind == "":
		return []wire.Pair{{Key: device, Value: "unknown"}}
	case strings.HasSuffix(kind, "_member"), kind == "crypto_LUKS", kind == "BitLocker":
		return nil
	}
	pairs := []wire.Pair{{Key: device, Value: kind}}
	if kind != "btrfs" {
		return pairs
	}
	volumes, byDefault, err := c.btrfsSubvolumes(device)
	if err != nil {
		// libguestfs gives up here, and nobody sees the other filesystems.
		c.warn("subvolumes of %s cannot be listed: %v", device, err)
		return pairs
	}
	for _, v := range volumes {
		if v.ID != byDefault { // which the device itself stands for
			pairs = append(pairs, wire.Pair{Key: mountable{Device: device, Subvolume: v.Path}.String(), Value: kind})
		}
	}
	return pairs
}
