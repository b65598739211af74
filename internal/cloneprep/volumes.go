package cloneprep

import (
	"context"
	"errors"
	"slices"
	"strings"

	"virt-tools/internal/lvm2"
	"virt-tools/internal/newid"
	"virt-tools/pkg/guestfs"
)

// volumeIdentifiers changes the UUIDs of physical volumes and volume groups that
// are seen for the first time. A group must not be in use for that.
func (p *prep) volumeIdentifiers(ctx context.Context) error {
	operation := "uuids"
	if !p.has(operation) {
		if operation = "lvm-uuids"; !p.has(operation) {
			return nil
		}
	}
	p.log("Performing %q ...", operation)
	vgs, pvs, err := p.volumes(ctx)
	if err != nil {
		return err
	}
	var groups []string
	for name := range vgs {
		if p.first("vg " + name) {
			groups = append(groups, name)
		}
	}
	slices.Sort(groups)
	if len(groups) > 0 {
		if err := p.g.VgActivate(ctx, false, groups); err != nil {
			return err
		}
	}
	var devices []guestfs.Device
	for device := range pvs {
		if p.first("pv " + string(device)) {
			devices = append(devices, device)
		}
	}
	slices.Sort(devices)
	if len(groups)+len(devices) == 0 {
		return nil
	}
	if err := p.changeVolumes(ctx, groups, devices, len(groups) == len(vgs) && len(devices) == len(pvs)); err != nil {
		return err
	}
	if len(groups) > 0 {
		if err := p.g.VgActivate(ctx, true, groups); err != nil {
			return err
		}
	}
	vgsNow, pvsNow, err := p.volumes(ctx)
	if err != nil {
		return err
	}
	for _, device := range devices {
		if pvsNow[device] == "" {
			return errors.New(string(device) + ": the physical volume is gone after its UUID was changed")
		}
		p.changed(operation, newid.PhysicalVol, string(device), pvs[device], pvsNow[device])
	}
	for _, name := range groups {
		p.changed(operation, newid.VolumeGroup, name, vgs[name], vgsNow[name])
	}
	return nil
}

// changeVolumes has LVM draw UUIDs, for all at once where it can: each run of it
// takes some tenths of a second.
func (p *prep) changeVolumes(ctx context.Context, groups []string, devices []guestfs.Device, isAll bool) error {
	if isAll {
		err := p.g.PvchangeUuidAll(ctx)
		if err == nil && len(groups) > 0 {
			err = p.g.VgchangeUuidAll(ctx)
		}
		return err
	}
	for _, device := range devices {
		if err := p.g.PvchangeUuid(ctx, device); err != nil {
			return err
		}
	}
	for _, name := range groups {
		if err := p.g.VgchangeUuid(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

// volumes returns the UUIDs of volume groups and physical volumes. They are read
// here where that is sure to be right: a run of LVM takes some tenths of a second.
func (p *prep) volumes(ctx context.Context) (map[string]string, map[guestfs.Device]string, error) {
	vgs, pvs := map[string]string{}, map[guestfs.Device]string{}
	devices, err := p.physicalVolumes(ctx)
	if err != nil || len(devices) == 0 {
		return vgs, pvs, err
	}
	var plain []*lvm2.PV
	for _, device := range devices {
		size, err := p.g.BlockdevGetsize64(ctx, device)
		if err != nil {
			return nil, nil, err
		}
		pv, err := lvm2.Read(deviceReader{ctx, p.g, device}, size)
		if err != nil || pv == nil {
			return p.askVolumes(ctx)
		}
		plain = append(plain, pv)
		pvs[device] = lvmID(pv.UUID)
	}
	groups, err := lvm2.Groups(plain)
	if err != nil {
		return p.askVolumes(ctx)
	}
	for _, group := range groups {
		vgs[group.Name] = lvmID(group.UUID)
	}
	return vgs, pvs, nil
}

// physicalVolumes lists the devices that are one, those that were opened too.
func (p *prep) physicalVolumes(ctx context.Context) ([]guestfs.Device, error) {
	var all []guestfs.Device
	for _, list := range []func(context.Context) ([]guestfs.Device, error){p.g.ListDevices, p.g.ListPartitions, p.g.ListMdDevices, p.g.ListDmDevices} {
		devices, err := list(ctx)
		if err != nil {
			return nil, err
		}
		for _, device := range devices {
			kind, err := p.g.VfsType(ctx, guestfs.Mountable(device))
			if err != nil {
				return nil, err
			}
			if kind == "LVM2_member" {
				all = append(all, device)
			}
		}
	}
	return all, nil
}

// askVolumes has LVM tell.
func (p *prep) askVolumes(ctx context.Context) (map[string]string, map[guestfs.Device]string, error) {
	vgs, pvs := map[string]string{}, map[guestfs.Device]string{}
	physical, err := p.g.PvsFull(ctx)
	if err != nil || len(physical) == 0 {
		return vgs, pvs, err
	}
	for _, pv := range physical {
		if strings.HasPrefix(pv.PvName, "/dev/") { // not one that is missing
			pvs[guestfs.Device(pv.PvName)] = lvmID(pv.PvUuid)
		}
	}
	groups, err := p.g.VgsFull(ctx)
	for _, vg := range groups {
		vgs[vg.VgName] = lvmID(vg.VgUuid)
	}
	return vgs, pvs, err
}

// lvmID writes 32 characters as LVM does.
func lvmID(id string) string {
	if id = strings.ReplaceAll(id, "-", ""); len(id) != 32 {
		return id
	}
	return strings.Join([]string{id[:6], id[6:10], id[10:14], id[14:18], id[18:22], id[22:26], id[26:]}, "-")
}

// array is one of software RAID, and the UUID that it is to have.
type array struct {
	device guestfs.Device
	id     string
}

// planArrays draws UUIDs for arrays. They are written when nothing on the arrays
// is needed any more, and not before the systems were looked for: those may name
// an array by what mdadm.conf says of its UUID.
func (p *prep) planArrays(ctx context.Context) ([]array, error) {
	devices, err := p.g.ListMdDevices(ctx)
	if err != nil {
		return nil, err
	}
	var arrays []array
	for _, md := range devices {
		detail, err := p.g.MdDetail(ctx, md)
		if err != nil {
			return nil, err
		}
		i := slices.IndexFunc(detail, func(pair guestfs.Pair) bool { return pair.Key == "uuid" })
		if i < 0 || !newid.Array.Valid(detail[i].Value) {
			p.keep(Entry{Operation: "uuids", Kind: string(newid.Array), Device: string(md), Reason: "its metadata has no UUID that can be set"})
			continue
		}
		now := newid.Array.Random()
		p.changed("uuids", newid.Array, string(md), detail[i].Value, now)
		arrays = append(arrays, array{md, now})
	}
	return arrays, nil
}

// setArrays lets go of what lies on arrays, and writes their UUIDs.
func (p *prep) setArrays(ctx context.Context, arrays []array) error {
	if len(arrays) == 0 {
		return nil
	}
	// Groups on encrypted disks, these, and groups below them.
	if err := p.g.VgActivateAll(ctx, false); err != nil {
		return err
	}
	mapped, err := p.g.ListDmDevices(ctx)
	if err != nil {
		return err
	}
	for _, device := range mapped {
		if err := p.g.CryptsetupClose(ctx, device); err != nil {
			return err
		}
	}
	if len(mapped) > 0 {
		if err := p.g.VgActivateAll(ctx, false); err != nil {
			return err
		}
	}
	for _, a := range arrays {
		if err := p.g.MdSetUuid(ctx, a.device, a.id); err != nil {
			return err
		}
	}
	return nil
}
