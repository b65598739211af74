package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"virt-tools/pkg/guestfs"
)

// guest is what virt-filesystems asks of a launched guest: a *guestfs.Handle, or in tests
// fixed answers.
type guest interface {
	ListFilesystems(ctx context.Context) (guestfs.Pairs, error)
	ListMdDevices(ctx context.Context) ([]guestfs.Device, error)
	ListPartitions(ctx context.Context) ([]guestfs.Device, error)
	ListDevices(ctx context.Context) ([]guestfs.Device, error)
	Lvs(ctx context.Context) ([]guestfs.Device, error)
	VgsFull(ctx context.Context) ([]guestfs.VG, error)
	PvsFull(ctx context.Context) ([]guestfs.PV, error)

	VfsLabel(ctx context.Context, mountable guestfs.Mountable) (string, error)
	VfsUuid(ctx context.Context, mountable guestfs.Mountable) (string, error)
	MountRo(ctx context.Context, mountable guestfs.Mountable, mountpoint string) error
	Statvfs(ctx context.Context, path guestfs.Path) (*guestfs.StatVFS, error)
	UmountAll(ctx context.Context) error
	BlockdevGetsize64(ctx context.Context, device guestfs.Device) (int64, error)
	MdStat(ctx context.Context, md guestfs.Device) ([]guestfs.MDStat, error)
	Lvuuid(ctx context.Context, device guestfs.Device) (string, error)
	Vgpvuuids(ctx context.Context, vgname string) ([]string, error)
	PartToDev(ctx context.Context, partition guestfs.Device) (guestfs.Device, error)
	PartToPartnum(ctx context.Context, partition guestfs.Device) (int, error)
	PartGetParttype(ctx context.Context, device guestfs.Device) (string, error)
	PartGetMbrId(ctx context.Context, device guestfs.Device, partnum int) (int, error)
}

// selection says what is listed.
type selection struct {
	filesystems, extra, volumes, groups, physical, partitions, devices bool
}

// columns says what is asked beside the names. Without any of them no filesystem is mounted.
type columns struct{ long, uuid bool }

// row is one thing listed. What is not known is empty, or -1.
type row struct {
	name    string
	kind    string // filesystem, lv, vg, pv, partition, device
	vfs     string // type of a filesystem
	label   string
	mbr     int   // type byte of a partition in an MBR
	size    int64 // in bytes
	parents []string
	uuid    string
}

func newRow(name, kind string) row { return row{name: name, kind: kind, mbr: -1, size: -1} }

// collect asks g for the rows, in the order in which they are printed.
func collect(ctx context.Context, g guest, s selection, c columns) ([]row, error) {
	var rows []row
	for _, group := range []struct {
		chosen bool
		list   func() ([]row, error)
	}{
		{s.filesystems, func() ([]row, error) { return filesystems(ctx, g, s.extra, c) }},
		{s.volumes, func() ([]row, error) { return volumes(ctx, g, c) }},
		{s.groups, func() ([]row, error) { return groups(ctx, g, c) }},
		{s.physical, func() ([]row, error) { return physical(ctx, g) }},
		{s.partitions, func() ([]row, error) { return partitions(ctx, g, c) }},
		{s.devices, func() ([]row, error) { return devices(ctx, g, c) }},
	} {
		if !group.chosen {
			continue
		}
		more, err := group.list()
		if err != nil {
			return nil, err
		}
		rows = append(rows, more...)
	}
	return rows, nil
}

func filesystems(ctx context.Context, g guest, extra bool, c columns) ([]row, error) {
	all, err := g.ListFilesystems(ctx)
	if err != nil {
		return nil, err
	}
	var arrays map[string]bool
	if c.long {
		if arrays, err = listArrays(ctx, g); err != nil {
			return nil, err
		}
	}
	var rows []row
	for _, pair := range all {
		if !extra && !holdsFiles(pair.Value) {
			continue
		}
		r := newRow(pair.Key, "filesystem")
		r.vfs = pair.Value
		m := guestfs.Mountable(pair.Key)
		if c.long {
			// That a filesystem has no label is no error worth a word.
			r.label, _ = g.VfsLabel(ctx, m)
			if r.size, err = filesystemSize(ctx, g, m, pair.Value); err != nil {
				return nil, err
			}
			if arrays[pair.Key] {
				if r.parents, err = members(ctx, g, guestfs.Device(pair.Key)); err != nil {
					return nil, err
				}
			}
		}
		if c.uuid {
			r.uuid, _ = g.VfsUuid(ctx, m)
		}
		rows = append(rows, r)
	}
	return rows, nil
}

func holdsFiles(vfs string) bool { return vfs != "swap" && vfs != "unknown" }

// filesystemSize is the size that the mounted filesystem says it has. One that does not mount has the
// size of its device; a subvolume has none of its own.
func filesystemSize(ctx context.Context, g guest, m guestfs.Mountable, vfs string) (int64, error) {
	if strings.HasPrefix(string(m), "btrfsvol:") {
		return -1, nil
	}
	if holdsFiles(vfs) {
		stat, lookErr := look(ctx, g, m)
		if err := g.UmountAll(ctx); err != nil {
			// Not about this filesystem: the user stopped the tool or the appliance died.
			return 0, errors.Join(lookErr, err)
		}
		if lookErr == nil {
			return stat.Blocks * stat.Bsize, nil
		}
	}
	return g.BlockdevGetsize64(ctx, guestfs.Device(m))
}

func look(ctx context.Context, g guest, m guestfs.Mountable) (*guestfs.StatVFS, error) {
	if err := g.MountRo(ctx, m, "/"); err != nil {
		return nil, err
	}
	return g.Statvfs(ctx, "/")
}

func listArrays(ctx context.Context, g guest) (map[string]bool, error) {
	list, err := g.ListMdDevices(ctx)
	if err != nil {
		return nil, err
	}
	arrays := map[string]bool{}
	for _, device := range list {
		arrays[string(device)] = true
	}
	return arrays, nil
}

// members are the devices of a RAID array.
func members(ctx context.Context, g guest, array guestfs.Device) ([]string, error) {
	stats, err := g.MdStat(ctx, array)
	if err != nil {
		return nil, err
	}
	var devices []string
	for _, stat := range stats {
		devices = append(devices, stat.MdstatDevice)
	}
	return devices, nil
}

func volumes(ctx context.Context, g guest, c columns) ([]row, error) {
	list, err := g.Lvs(ctx)
	if err != nil {
		return nil, err
	}
	var rows []row
	for _, device := range list {
		r := newRow(string(device), "lv")
		if c.long {
			if r.size, err = g.BlockdevGetsize64(ctx, device); err != nil {
				return nil, err
			}
			if end := strings.LastIndexByte(r.name, '/'); end > 0 {
				r.parents = []string{r.name[:end]}
			}
		}
		if c.uuid {
			if r.uuid, err = g.Lvuuid(ctx, device); err != nil {
				return nil, err
			}
		}
		rows = append(rows, r)
	}
	return rows, nil
}

func groups(ctx context.Context, g guest, c columns) ([]row, error) {
	list, err := g.VgsFull(ctx)
	if err != nil {
		return nil, err
	}
	var names map[string]string
	if c.long {
		pvs, err := g.PvsFull(ctx)
		if err != nil {
			return nil, err
		}
		names = map[string]string{}
		for _, pv := range pvs {
			names[plain(pv.PvUuid)] = pv.PvName
		}
	}
	var rows []row
	for _, vg := range list {
		r := newRow("/dev/"+vg.VgName, "vg")
		r.size, r.uuid = vg.VgSize, plain(vg.VgUuid)
		if c.long {
			uuids, err := g.Vgpvuuids(ctx, vg.VgName)
			if err != nil {
				return nil, fmt.Errorf("volume group %s: %w", vg.VgName, err)
			}
			for _, uuid := range uuids {
				if name := names[plain(uuid)]; name != "" {
					r.parents = append(r.parents, name)
				}
			}
		}
		rows = append(rows, r)
	}
	return rows, nil
}

func physical(ctx context.Context, g guest) ([]row, error) {
	list, err := g.PvsFull(ctx)
	if err != nil {
		return nil, err
	}
	var rows []row
	for _, pv := range list {
		r := newRow(pv.PvName, "pv")
		r.size, r.uuid = pv.PvSize, plain(pv.PvUuid)
		rows = append(rows, r)
	}
	return rows, nil
}

// plain is a UUID of LVM without its hyphens, as libguestfs's structures hold it.
func plain(uuid string) string { return strings.ReplaceAll(uuid, "-", "") }

func partitions(ctx context.Context, g guest, c columns) ([]row, error) {
	list, err := g.ListPartitions(ctx)
	if err != nil {
		return nil, err
	}
	var rows []row
	tables := map[guestfs.Device]string{} // types of partition tables
	for _, device := range list {
		r := newRow(string(device), "partition")
		if c.long {
			disk, err := g.PartToDev(ctx, device)
			if err != nil {
				return nil, err
			}
			r.parents = []string{string(disk)}
			if r.mbr, err = mbrType(ctx, g, device, disk, tables); err != nil {
				return nil, err
			}
			if r.size, err = g.BlockdevGetsize64(ctx, device); err != nil {
				return nil, err
			}
		}
		rows = append(rows, r)
	}
	return rows, nil
}

// mbrType is the type byte of a partition, -1 where the table is not an MBR.
func mbrType(ctx context.Context, g guest, device, disk guestfs.Device, tables map[guestfs.Device]string) (int, error) {
	table, asked := tables[disk]
	if !asked {
		// The kernel knows more kinds of partition tables than the call does.
		table, _ = g.PartGetParttype(ctx, disk)
		tables[disk] = table
	}
	if table != "msdos" {
		return -1, nil
	}
	number, err := g.PartToPartnum(ctx, device)
	if err != nil {
		return 0, err
	}
	return g.PartGetMbrId(ctx, disk, number)
}

func devices(ctx context.Context, g guest, c columns) ([]row, error) {
	list, err := g.ListDevices(ctx)
	if err != nil {
		return nil, err
	}
	var rows []row
	for _, device := range list {
		r := newRow(string(device), "device")
		if c.long {
			if r.size, err = g.BlockdevGetsize64(ctx, device); err != nil {
				return nil, err
			}
		}
		rows = append(rows, r)
	}
	return rows, nil
}
