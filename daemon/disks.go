package daemon

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"virt-tools/internal/wire"
)

// What disks and partitions there are stands in sysfs.
const (
	sysBlock      = "/sys/block"
	sysClassBlock = "/sys/class/block"
	sysDevBlock   = "/sys/dev/block"
)

// diskPrefixes are the kernel's names of the guest's drives, in the order in
// which they are listed. CD drives come last.
var diskPrefixes = []string{"sd", "hd", "ubd", "vd", "sr"}

// wholeDisks lists the guest's disks in the order of their names, sdz before
// sdaa. A drive without a medium is none.
func wholeDisks() ([]string, error) {
	names, err := diskNames(sysBlock)
	if err != nil {
		return nil, err
	}
	disks := []string{}
	for _, name := range names {
		dev := "/dev/" + name
		if dev == applianceRoot {
			continue
		}
		f, err := os.Open(dev)
		if err != nil {
			continue // no medium
		}
		f.Close()
		disks = append(disks, dev)
	}
	return disks, nil
}

// diskNames lists the drives in a directory like /sys/block.
func diskNames(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if diskClass(e.Name()) >= 0 {
			names = append(names, e.Name())
		}
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(diskClass(a), diskClass(b)), cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
	})
	return names, nil
}

// diskClass is the place of a name's prefix in diskPrefixes, or -1.
func diskClass(name string) int {
	return slices.IndexFunc(diskPrefixes, func(p string) bool { return strings.HasPrefix(name, p) })
}

// mdDevices lists the MD devices in a directory like /sys/block, by number.
func mdDevices(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var devices []string
	for _, e := range entries {
		if rest, ok := strings.CutPrefix(e.Name(), "md"); ok && rest != "" && rest[0] >= '0' && rest[0] <= '9' {
			devices = append(devices, "/dev/"+e.Name())
		}
	}
	slices.SortFunc(devices, func(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b)) })
	return devices, nil
}

// partitionsOf lists the partitions of a disk by number.
func partitionsOf(dir, disk string) ([]string, error) {
	dir = filepath.Join(dir, filepath.Base(disk))
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	numbers := map[string]int{}
	var parts []string
	for _, e := range entries {
		num, err := readNumber(filepath.Join(dir, e.Name(), "partition"))
		if err != nil {
			continue // not a partition
		}
		part := "/dev/" + e.Name()
		numbers[part] = num
		parts = append(parts, part)
	}
	slices.SortFunc(parts, func(a, b string) int { return cmp.Compare(numbers[a], numbers[b]) })
	return parts, nil
}

func readNumber(file string) (int, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(strings.TrimSpace(string(text)))
}

// splitPartition returns the disk of a partition, and its number. The kernel
// knows: md0 is a disk, md0p1 and sda1 are partitions.
func splitPartition(device string) (disk string, num int, err error) {
	path, err := filepath.EvalSymlinks(device)
	if err != nil {
		return "", 0, err
	}
	dir, err := filepath.EvalSymlinks(filepath.Join(sysClassBlock, filepath.Base(path)))
	if err != nil {
		return "", 0, err
	}
	num, err = readNumber(dir + "/partition")
	if errors.Is(err, fs.ErrNotExist) {
		return "", 0, withErrno(syscall.EINVAL, "device name is not a partition")
	}
	if err != nil {
		return "", 0, err
	}
	return "/dev/" + filepath.Base(filepath.Dir(dir)), num, nil
}

func doListDevices(*Call) ([]string, error) { return wholeDisks() }

func doNrDevices(*Call) (int, error) {
	disks, err := wholeDisks()
	return len(disks), err
}

// doIsWholeDevice looks for the hardware behind a device; MD, mapped and loop
// devices have none.
func doIsWholeDevice(_ *Call, device string) (bool, error) {
	path, err := filepath.EvalSymlinks(device)
	if err != nil {
		return false, err
	}
	_, err = os.Stat(filepath.Join(sysBlock, filepath.Base(path), "device"))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// doListDmDevices lists what is in /dev/mapper and is not LVM's.
func doListDmDevices(*Call) ([]string, error) {
	list := []string{}
	entries, err := os.ReadDir("/dev/mapper")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, e := range entries {
		path := "/dev/mapper/" + e.Name()
		var st unix.Stat_t
		if err := unix.Stat(path, &st); err != nil || st.Mode&unix.S_IFMT != unix.S_IFBLK {
			continue // the control node
		}
		number := fmt.Sprintf("%d:%d", unix.Major(st.Rdev), unix.Minor(st.Rdev))
		uuid, err := os.ReadFile(filepath.Join(sysDevBlock, number, "dm/uuid"))
		if err != nil {
			return nil, err
		}
		if !strings.HasPrefix(string(uuid), "LVM-") {
			list = append(list, path)
		}
	}
	return list, nil
}

// labelDir has links from labels of drives to their devices. Users may name a
// device by them; there is no udev to make them.
const labelDir = "/dev/disk/guestfs"

// diskLabels pairs labels with devices. The label of a drive is its serial
// number; partitions have their number behind it.
func diskLabels() ([]wire.Pair, error) {
	pairs := []wire.Pair{}
	disks, err := wholeDisks()
	if err != nil {
		return nil, err
	}
	for _, disk := range disks {
		page, err := os.ReadFile(filepath.Join(sysBlock, filepath.Base(disk), "device/vpd_pg80"))
		if err != nil {
			continue // no serial number
		}
		label := parseSerialPage(page)
		if label == "" {
			continue
		}
		pairs = append(pairs, wire.Pair{Key: label, Value: disk})
		parts, err := partitionsOf(sysBlock, disk)
		if err != nil {
			return nil, err
		}
		for _, p := range parts {
			pairs = append(pairs, wire.Pair{Key: label + strings.TrimPrefix(p, disk), Value: p})
		}
	}
	return pairs, nil
}

// parseSerialPage returns the serial number in a SCSI vital product data page:
// device type, page code, two bytes of length, text. What cannot be a file's
// name is no label.
func parseSerialPage(page []byte) string {
	if len(page) < 4 || page[1] != 0x80 {
		return ""
	}
	n := min(int(page[2])<<8|int(page[3]), len(page)-4)
	label := strings.Trim(string(page[4:4+n]), " \x00")
	for _, r := range label {
		if r <= ' ' || r == '/' || r > '~' {
			return ""
		}
	}
	if strings.Trim(label, ".") == "" {
		return ""
	}
	return label
}

// linkDiskLabels makes the links in labelDir anew, after drives or partitions
// came or went.
func linkDiskLabels() error {
	pairs, err := diskLabels()
	if err != nil {
		return err
	}
	if err := os.RemoveAll(labelDir); err != nil || len(pairs) == 0 {
		return err
	}
	if err := os.MkdirAll(labelDir, 0o755); err != nil {
		return err
	}
	for _, p := range pairs {
		err := os.Symlink(p.Value, filepath.Join(labelDir, p.Key))
		if err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	return nil
}

func doListDiskLabels(*Call) ([]wire.Pair, error) { return diskLabels() }
