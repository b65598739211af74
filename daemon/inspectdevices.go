package daemon

import (
	"log"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"virt-tools/internal/inspect"
)

// inspectDevices answers what inspection asks about devices. What it read of
// them it keeps: a device is read once, however many lines an fstab has.
type inspectDevices struct {
	c       *Call
	content []contentOf // nil until asked
	mapped  []mappedDevice
	arrays  []arrayDetail
}

// contentOf is what lies on a device.
type contentOf struct {
	device, uuid, label string
	layer               int
}

// mappedDevice is a device that the device mapper made.
type mappedDevice struct {
	uuid, name string
	below      []string // kernel's names
}

// arrayDetail is what mdadm says of an array.
type arrayDetail struct {
	device string
	detail map[string]string
}

var _ inspect.Devices = (*inspectDevices)(nil)

func (d *inspectDevices) Disks() []string {
	disks, err := wholeDisks()
	if err != nil {
		log.Printf("inspect_os: %v", err)
	}
	return slices.DeleteFunc(disks, func(name string) bool { return strings.HasPrefix(name, "/dev/sr") })
}

func (d *inspectDevices) Exists(device string) bool {
	_, err := resolveDevice(device)
	return err == nil && path.Clean(device) == device
}

func (d *inspectDevices) Subvolume(device string, id uint64) (string, bool) {
	if !d.Exists(device) {
		return "", false
	}
	volumes, byDefault, err := d.c.btrfsSubvolumes(device)
	if err != nil {
		return "", false
	}
	for _, v := range volumes {
		if v.ID == id {
			return v.Path, true
		}
	}
	// The top is not in the list. Where a plain mount shows it there is no need
	// for a path.
	return "", id == btrfsTopLevel && byDefault == btrfsTopLevel
}

func (d *inspectDevices) Find(tag inspect.Tag, value string) (string, bool) {
	if value == "" {
		return "", false
	}
	switch tag {
	case inspect.UUID, inspect.Label:
		return d.findContent(tag, value)
	case inspect.PartUUID:
		dev, err := doFindfsPartuuid(d.c, value)
		return dev, err == nil
	case inspect.PartLabel:
		dev, err := doFindfsPartlabel(d.c, value)
		return dev, err == nil
	case inspect.MBRStart:
		return findStart(d.c, value)
	case inspect.Mapper:
		dev := "/dev/mapper/" + value
		if !d.Exists(dev) {
			return "", false
		}
		return canonicalDevice(dev), true
	case inspect.Volume:
		return d.findMapped(func(m mappedDevice) bool { return m.uuid == lvmUUIDPrefix+value })
	case inspect.Opened:
		plain := strings.ReplaceAll(value, "-", "")
		return d.findMapped(func(m mappedDevice) bool {
			f := strings.SplitN(m.uuid, "-", 4) // CRYPT-LUKS2-UUID-name
			return len(f) > 2 && f[0] == "CRYPT" && f[2] == plain
		})
	case inspect.OpenedOn:
		name, err := kernelName(value)
		if err != nil {
			return "", false
		}
		return d.findMapped(func(m mappedDevice) bool {
			return strings.HasPrefix(m.uuid, "CRYPT-") && slices.Contains(m.below, name)
		})
	case inspect.MD, inspect.MDName:
		return d.findArray(tag, value)
	}
	return "", false
}

// findStart finds a partition of a disk with an MBR by the number of the disk
// and its start, written 1234abcd@1048576.
func findStart(c *Call, value string) (string, bool) {
	id, start, _ := strings.Cut(value, "@")
	bytes, err := strconv.ParseInt(start, 10, 64)
	if err != nil {
		return "", false
	}
	disks, err := wholeDisks()
	if err != nil {
		return "", false
	}
	for _, disk := range disks {
		got, err := partitionUUID(c, disk, "msdos", 0)
		if err != nil || !strings.HasPrefix(got, id+"-") {
			continue
		}
		if kind, err := doPartGetParttype(c, disk); err != nil || kind != "msdos" {
			continue
		}
		parts, err := partitionsOf(sysBlock, disk)
		if err != nil {
			continue
		}
		for _, p := range parts {
			const sector = 512 // the unit of sysfs, whatever the disk has
			if n, err := readNumber(filepath.Join(sysClassBlock, filepath.Base(p), "start")); err == nil && int64(n)*sector == bytes {
				return p, true
			}
		}
	}
	return "", false
}

// findContent is Call.findContent for many questions.
func (d *inspectDevices) findContent(tag inspect.Tag, value string) (string, bool) {
	if d.content == nil {
		d.content = d.readContent()
	}
	best, layer := "", -1
	for _, c := range d.content {
		got := c.uuid
		if tag == inspect.Label {
			got = c.label
		}
		if got == value && c.layer > layer {
			best, layer = c.device, c.layer
		}
	}
	return best, best != ""
}

func (d *inspectDevices) readContent() []contentOf {
	list := []contentOf{}
	devices, err := blockDevices()
	if err != nil {
		log.Printf("inspect_os: %v", err)
	}
	for _, dev := range devices {
		if hasPartitions(dev) {
			continue
		}
		sb, err := d.c.superblock(dev)
		if err != nil {
			continue // a device that cannot be read has no label
		}
		name := dev
		if volume, err := volumeOf(dev); err == nil && volume != "" {
			name = volume
		} else if mapped := sysfsText(filepath.Join(sysBlock, filepath.Base(dev), "dm/name")); mapped != "" {
			name = "/dev/mapper/" + mapped
		}
		list = append(list, contentOf{name, sb.UUID, sb.Label, layer(dev)})
	}
	return list
}

// findMapped returns the name of the first mapped device that is wanted.
func (d *inspectDevices) findMapped(wanted func(mappedDevice) bool) (string, bool) {
	if d.mapped == nil {
		d.mapped = mappedDevices(sysBlock)
	}
	for _, m := range d.mapped {
		if !wanted(m) {
			continue
		}
		if volume := volumeName(m.uuid, m.name); volume != "" {
			return volume, true
		}
		return "/dev/mapper/" + m.name, true
	}
	return "", false
}

func mappedDevices(dir string) []mappedDevice {
	list := []mappedDevice{}
	names, _ := filepath.Glob(filepath.Join(dir, "dm-*")) // the pattern is good
	for _, name := range names {
		m := mappedDevice{uuid: sysfsText(filepath.Join(name, "dm/uuid")), name: sysfsText(filepath.Join(name, "dm/name"))}
		below, err := os.ReadDir(filepath.Join(name, "slaves"))
		if err != nil {
			log.Printf("inspect_os: %v", err)
		}
		for _, b := range below {
			m.below = append(m.below, b.Name())
		}
		list = append(list, m)
	}
	return list
}

// findArray asks mdadm, once for each array. Names of arrays have that of the
// host in front which made them.
func (d *inspectDevices) findArray(tag inspect.Tag, value string) (string, bool) {
	if d.arrays == nil {
		d.arrays = d.readArrays()
	}
	for _, a := range d.arrays {
		_, name, _ := strings.Cut(a.detail["name"], ":")
		switch tag {
		case inspect.MD:
			if strings.ReplaceAll(a.detail["uuid"], ":", "") == value {
				return a.device, true
			}
		case inspect.MDName:
			if name == value || a.detail["name"] == value || a.detail["devname"] == value {
				return a.device, true
			}
		}
	}
	return "", false
}

func (d *inspectDevices) readArrays() []arrayDetail {
	list := []arrayDetail{}
	devices, err := doListMdDevices(d.c)
	if err != nil {
		log.Printf("inspect_os: %v", err)
	}
	for _, dev := range devices {
		pairs, err := doMdDetail(d.c, dev)
		if err != nil {
			log.Printf("inspect_os: %v", err)
			continue
		}
		detail := map[string]string{}
		for _, p := range pairs {
			detail[p.Key] = p.Value
		}
		list = append(list, arrayDetail{dev, detail})
	}
	return list
}
