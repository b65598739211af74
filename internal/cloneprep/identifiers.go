package cloneprep

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"

	"virt-tools/internal/newid"
	"virt-tools/pkg/guestfs"
)

var le = binary.LittleEndian

// identifiers are the changes made so far. References are rewritten at the end,
// all at once: an old identifier is known by then, and its new one.
type identifiers struct {
	changes []newid.Change
	done    map[string]bool // devices and groups
}

func (p *prep) changed(operation string, kind newid.Kind, device, old, now string) {
	p.ids.changes = append(p.ids.changes, newid.Change{Kind: kind, Device: device, Old: old, New: now})
	p.add(Entry{Operation: operation, Action: "identifier", Kind: string(kind), Device: device, Old: old, New: now})
}

// first says whether something is seen for the first time.
func (p *prep) first(name string) bool {
	if p.ids.done == nil {
		p.ids.done = map[string]bool{}
	}
	was := p.ids.done[name]
	p.ids.done[name] = true
	return !was
}

// identifiers changes those of devices, and rewrites what refers to them.
func (p *prep) identifiers(ctx context.Context) error {
	if p.has("uuids") || p.has("fs-uuids") {
		if err := p.filesystemIdentifiers(ctx); err != nil {
			return err
		}
	}
	var arrays []array
	if p.has("uuids") {
		if err := p.encryptionIdentifiers(ctx); err != nil {
			return err
		}
		if err := p.diskIdentifiers(ctx); err != nil {
			return err
		}
		var err error
		if arrays, err = p.planArrays(ctx); err != nil {
			return err
		}
	}
	if len(p.ids.changes) == 0 {
		return nil
	}
	if err := p.references(ctx); err != nil {
		return err
	}
	return p.setArrays(ctx, arrays)
}

// filesystemIdentifiers changes those of all filesystems and swap space. Nothing
// is mounted.
func (p *prep) filesystemIdentifiers(ctx context.Context) error {
	operation := "uuids"
	if !p.has(operation) {
		operation = "fs-uuids"
	}
	p.log("Performing %q ...", operation)
	all, err := p.g.ListFilesystems(ctx)
	if err != nil {
		return err
	}
	for _, pair := range all {
		device := pair.Key
		if strings.HasPrefix(device, "btrfsvol:") {
			continue // a subvolume, whose filesystem is listed too
		}
		if err := p.filesystem(ctx, operation, guestfs.Device(device), pair.Value); err != nil {
			return fmt.Errorf("%s: %s (%s): %w", operation, device, pair.Value, err)
		}
	}
	return nil
}

func (p *prep) filesystem(ctx context.Context, operation string, device guestfs.Device, kind string) error {
	switch kind {
	case "", "unknown":
		return nil
	case "ext2", "ext3", "ext4", "xfs", "btrfs", "swap":
	case "vfat":
		return p.fat(ctx, operation, device)
	case "swsuspend":
		return fmt.Errorf("the guest hibernates, and would wake up over its changed filesystems: start it and shut it down")
	default:
		p.keep(Entry{Operation: operation, Kind: string(newid.Filesystem), Device: string(device), Reason: "no way to change the UUID of " + kind})
		return nil
	}
	old, err := p.g.VfsUuid(ctx, guestfs.Mountable(device))
	if err != nil {
		return err
	}
	if old == "" || !p.first(kind+old) { // a btrfs lies on several devices
		return nil
	}
	now := newid.Filesystem.Random()
	if strings.HasPrefix(kind, "ext") {
		// With checksums in all metadata tune2fs wants it checked just before.
		if err := p.g.E2fsck(ctx, device, &guestfs.E2fsckOpts{Correct: true}); err != nil {
			return err
		}
	}
	if err := p.g.SetUuid(ctx, device, now); err != nil {
		// A log that was not written back: mounting does that.
		if kind != "xfs" && kind != "btrfs" {
			return err
		}
		if again := errors.Join(p.g.Mount(ctx, guestfs.Mountable(device), "/"), p.g.UmountAll(ctx)); again != nil {
			return errors.Join(err, again)
		}
		if err := p.g.SetUuid(ctx, device, now); err != nil {
			return err
		}
	}
	p.changed(operation, newid.Filesystem, string(device), old, now)
	return nil
}

// fat writes another serial number into the boot sector, and into its backup. On
// FAT32 the number is elsewhere.
func (p *prep) fat(ctx context.Context, operation string, device guestfs.Device) error {
	const sector, sectorSizeAt, fat16Length, backupAt = 512, 11, 22, 50
	boot, err := p.g.PreadDevice(ctx, device, sector, 0)
	if err != nil {
		return err
	}
	if len(boot) < sector {
		return errors.New("no boot sector")
	}
	is32 := boot[fat16Length] == 0 && boot[fat16Length+1] == 0
	at := 39
	if is32 {
		at = 67
	}
	if boot[at-1] != 0x29 && boot[at-1] != 0x28 {
		p.keep(Entry{Operation: operation, Kind: string(newid.FAT), Device: string(device), Reason: "it has no serial number"})
		return nil
	}
	old := fatID(boot[at:])
	now := newid.FAT.Random()
	var serial [4]byte
	var hi, lo uint16
	if _, err := fmt.Sscanf(now, "%04X-%04X", &hi, &lo); err != nil {
		return err
	}
	le.PutUint32(serial[:], uint32(hi)<<16|uint32(lo))
	places := []int64{int64(at)}
	if backup := int64(le.Uint16(boot[backupAt:])); is32 && backup > 0 && backup < 64 {
		offset := backup * int64(le.Uint16(boot[sectorSizeAt:]))
		copied, err := p.g.PreadDevice(ctx, device, sector, offset)
		if err == nil && len(copied) == sector && string(copied[at:at+4]) == string(boot[at:at+4]) {
			places = append(places, offset+int64(at))
		}
	}
	for _, offset := range places {
		if _, err := p.g.PwriteDevice(ctx, device, serial[:], offset); err != nil {
			return err
		}
	}
	p.changed(operation, newid.FAT, string(device), old, now)
	return nil
}

// fatID writes a serial number as blkid does.
func fatID(b []byte) string { return fmt.Sprintf("%02X%02X-%02X%02X", b[3], b[2], b[1], b[0]) }

// encryptionIdentifiers changes the UUIDs of LUKS. It does not need the key: the
// UUID is outside of what is encrypted.
func (p *prep) encryptionIdentifiers(ctx context.Context) error {
	devices, err := p.blockDevices(ctx)
	if err != nil {
		return err
	}
	for _, device := range devices {
		kind, err := p.g.VfsType(ctx, guestfs.Mountable(device))
		if err != nil {
			return err
		}
		if kind != "crypto_LUKS" {
			continue
		}
		old, err := p.g.LuksUuid(ctx, device)
		if err != nil {
			return err
		}
		now := newid.Encryption.Random()
		if err := p.g.LuksSetUuid(ctx, device, now); err != nil {
			return err
		}
		p.changed("uuids", newid.Encryption, string(device), old, now)
		p.keep(Entry{Operation: "uuids", Kind: "luks volume key", Device: string(device),
			Reason: "all copies of an encrypted disk have one volume key; only encrypting anew changes it"})
	}
	return nil
}

// blockDevices lists what a LUKS header can be on.
func (p *prep) blockDevices(ctx context.Context) ([]guestfs.Device, error) {
	var all []guestfs.Device
	for _, list := range []func(context.Context) ([]guestfs.Device, error){p.g.ListDevices, p.g.ListPartitions, p.g.ListMdDevices, p.g.Lvs} {
		devices, err := list(ctx)
		if err != nil {
			return nil, err
		}
		for _, d := range devices {
			if !slices.Contains(all, d) {
				all = append(all, d)
			}
		}
	}
	return all, nil
}

// diskIdentifiers changes those of disks and partitions.
func (p *prep) diskIdentifiers(ctx context.Context) error {
	disks, err := p.g.ListDevices(ctx)
	if err != nil {
		return err
	}
	for _, disk := range disks {
		kind, err := p.g.PartGetParttype(ctx, disk)
		if err != nil {
			continue // no partition table
		}
		if slices.ContainsFunc(p.roots, isWindows) {
			p.keep(Entry{Operation: "uuids", Kind: string(newid.Disk), Device: string(disk),
				Reason: "Windows starts by the identifiers of disk and partition, and gives a disk another when two are the same"})
			continue
		}
		switch kind {
		case "gpt":
			err = p.gpt(ctx, disk)
		case "msdos":
			err = p.mbr(ctx, disk)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", disk, err)
		}
	}
	return nil
}

func (p *prep) gpt(ctx context.Context, disk guestfs.Device) error {
	old, err := p.g.PartGetDiskGuid(ctx, disk)
	if err != nil {
		return err
	}
	now := newid.Disk.Random()
	if err := p.g.PartSetDiskGuid(ctx, disk, strings.ToUpper(now)); err != nil {
		return err
	}
	p.changed("uuids", newid.Disk, string(disk), strings.ToLower(old), now)
	parts, err := p.g.PartList(ctx, disk)
	if err != nil {
		return err
	}
	for _, part := range parts {
		number := int(part.PartNum)
		old, err := p.g.PartGetGptGuid(ctx, disk, number)
		if err != nil {
			return err
		}
		now := newid.Partition.Random()
		if err := p.g.PartSetGptGuid(ctx, disk, number, strings.ToUpper(now)); err != nil {
			return err
		}
		p.changed("uuids", newid.Partition, fmt.Sprintf("%s%d", disk, number), strings.ToLower(old), now)
	}
	return nil
}

// mbr changes the identifier by which systems tell disks apart, which also is
// the first part of those of the partitions.
func (p *prep) mbr(ctx context.Context, disk guestfs.Device) error {
	const at = 440
	b, err := p.g.PreadDevice(ctx, disk, 4, at)
	if err != nil {
		return err
	}
	if len(b) < 4 {
		return errors.New("the disk ends in its first sector")
	}
	old := fmt.Sprintf("%08x", le.Uint32(b))
	now := newid.MBR.Random()
	var id uint32
	if _, err := fmt.Sscanf(now, "%x", &id); err != nil {
		return err
	}
	if _, err := p.g.PwriteDevice(ctx, disk, le.AppendUint32(nil, id), at); err != nil {
		return err
	}
	p.changed("uuids", newid.MBR, string(disk), old, now)
	return nil
}
