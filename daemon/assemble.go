package daemon

import (
	"fmt"
	"log"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"virt-tools/internal/fsprobe"
)

// RAID arrays, volume groups and filesystems over several devices are put
// together when their disks have come. Reading a few sectors of each device
// tells whether there is anything to do, which mostly there is not.

// roundsMax bounds how deep layers lie upon layers: a guest decides on that.
const roundsMax = 8

// assemble puts together what lies on devices that have just come. A part that
// cannot be is a warning: the user may want the others.
func assemble(c *Call, devices []string) error {
	queue := devices
	for range roundsMax {
		before, err := blockDevices()
		if err != nil {
			return err
		}
		members := membersOn(withPartitions(queue, before))
		if len(members["linux_raid_member"]) > 0 {
			c.assembleArrays()
		}
		if len(members["LVM2_member"]) > 0 {
			c.activateVolumes()
		}
		if err := registerBtrfs(members["btrfs"]); err != nil {
			c.warn("btrfs over several devices: %v", err)
		}
		after, err := blockDevices()
		if err != nil {
			return err
		}
		queue = slices.DeleteFunc(after, func(d string) bool { return slices.Contains(before, d) })
		if len(queue) == 0 {
			return nil
		}
	}
	log.Printf("warning: layers of RAID and LVM deeper than %d are left alone", roundsMax)
	return nil
}

// withPartitions adds the partitions of disks to them. all are the devices
// that there are.
func withPartitions(disks, all []string) []string {
	list := []string{}
	for _, d := range all {
		if slices.Contains(disks, d) || slices.ContainsFunc(disks, func(disk string) bool { return isPartitionOf(d, disk) }) {
			list = append(list, d)
		}
	}
	return list
}

func isPartitionOf(device, disk string) bool {
	if !strings.HasPrefix(device, disk) {
		return false
	}
	_, err := os.Stat(filepath.Join(sysClassBlock, filepath.Base(disk), filepath.Base(device), "partition"))
	return err == nil
}

// membersOn sorts the devices that are members of something by what that is.
// One that cannot be read is none.
func membersOn(devices []string) map[string][]string {
	members := map[string][]string{}
	for _, d := range devices {
		kind, err := memberKind(d)
		if err != nil {
			log.Printf("warning: %v", err)
			continue
		}
		if volume, err := volumeOf(d); kind == "LVM2_member" && (err != nil || volume != "") {
			continue
		}
		if kind != "" {
			members[kind] = append(members[kind], d)
		}
	}
	return members
}

func memberKind(device string) (string, error) {
	f, size, err := openDevice(device)
	if err != nil {
		return "", err
	}
	defer f.Close()
	kind, err := fsprobe.Member(f, size)
	if err != nil {
		return "", fmt.Errorf("%s: %w", device, err)
	}
	return kind, nil
}

// openDevice opens a device to look at it, and tells its size.
func openDevice(device string) (*os.File, int64, error) {
	f, err := os.OpenFile(device, os.O_RDONLY, 0)
	if err != nil {
		return nil, 0, err
	}
	size, err := f.Seek(0, 2)
	if err != nil {
		f.Close()
		return nil, 0, err
	}
	return f, size, nil
}

// blockDevices lists the devices that can hold something of the guest's: disks,
// partitions, arrays, mapped devices, but no parts of logical volumes.
func blockDevices() ([]string, error) {
	entries, err := os.ReadDir(sysClassBlock)
	if err != nil {
		return nil, err
	}
	devices := []string{}
	for _, e := range entries {
		name := e.Name()
		mapped := strings.HasPrefix(name, "dm-")
		if diskClass(name) < 0 && !mapped && !strings.HasPrefix(name, "md") {
			continue
		}
		device := "/dev/" + name
		if device == applianceRoot {
			continue
		}
		if mapped {
			volume, err := volumeOf(device)
			if err != nil || volume == "" && isVolumePart(name) {
				continue
			}
		}
		if size, err := readNumber(filepath.Join(sysClassBlock, name, "size")); err != nil || size == 0 {
			continue // an array that is not started, a drive without a medium
		}
		devices = append(devices, device)
	}
	return devices, nil
}

// isVolumePart tells whether a mapped device is LVM's.
func isVolumePart(name string) bool {
	id, err := os.ReadFile(filepath.Join(sysClassBlock, name, "dm/uuid"))
	return err == nil && strings.HasPrefix(string(id), lvmUUIDPrefix)
}

// sysDir is the directory of sysfs about a device, under whatever name.
func sysDir(device string) (string, error) {
	var st unix.Stat_t
	if err := unix.Stat(device, &st); err != nil {
		return "", &os.PathError{Op: "stat", Path: device, Err: err}
	}
	return fmt.Sprintf("%s/%d:%d", sysDevBlock, unix.Major(st.Rdev), unix.Minor(st.Rdev)), nil
}
