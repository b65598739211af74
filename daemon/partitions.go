package daemon

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"

	"virt-tools/internal/wire"
)

// GPT and MBR are read by the daemon, which takes no time, and what lies in a
// GPT's entries is written by it. Where partitions begin and end is left to
// parted, so that tables come out as those of libguestfs do, to the sector; so
// is reading whatever is odd, or neither GPT nor MBR.

// partTypes are the labels that parted makes, and their other names.
var partTypes = map[string]string{
	"aix": "aix", "amiga": "amiga", "rdb": "amiga", "bsd": "bsd", "dasd": "dasd", "dvh": "dvh", "gpt": "gpt", "efi": "gpt",
	"mac": "mac", "msdos": "msdos", "mbr": "msdos", "pc98": "pc98", "sun": "sun",
}

var errPartType = withErrno(syscall.EINVAL, `unknown partition type: common choices are "gpt" and "msdos"`)

func doPartInit(c *Call, device, parttype string) error {
	label := partTypes[parttype]
	if label == "" {
		return errPartType
	}
	return c.parted(device, "mklabel", label)
}

// doPartDisk leaves 128 sectors free at both ends: the start is aligned, and
// GPT's backup has its place.
func doPartDisk(c *Call, device, parttype string) error {
	label := partTypes[parttype]
	name := "primary"
	switch label {
	case "":
		return errPartType
	case "gpt":
		name = "p1" // where MBR has the role parted's GPT has the name
	}
	return c.parted(device, "mklabel", label, "mkpart", name, "128s", "-128s")
}

func doPartAdd(c *Call, device, prlogex string, startsect, endsect int64) error {
	roles := map[string]string{"p": "primary", "l": "logical", "e": "extended", "primary": "primary", "logical": "logical", "extended": "extended"}
	role := roles[prlogex]
	if role == "" {
		return withErrno(syscall.EINVAL, "unknown partition type: %s: this should be \"primary\", \"logical\" or \"extended\"", prlogex)
	}
	if startsect < 0 {
		return withErrno(syscall.EINVAL, "startsect cannot be negative")
	}
	return c.parted(device, "mkpart", role, sector(startsect), sector(endsect))
}

// sector is a sector number in parted's words. Negative ones count from the
// end of the disk.
func sector(n int64) string { return strconv.FormatInt(n, 10) + "s" }

func doPartDel(c *Call, device string, partnum int) error {
	if partnum < 1 {
		return errPartNum
	}
	return c.parted(device, "rm", strconv.Itoa(partnum))
}

func doPartResize(c *Call, device string, partnum int, endsect int64) error {
	if partnum < 1 {
		return errPartNum
	}
	t, err := loadTable(device)
	if err == nil {
		p, err := t.find(partnum)
		end := endsect
		if end < 0 {
			end += t.sectors
		}
		if err == nil && end < p.end {
			return c.partedShrink(device, partnum, end)
		}
	}
	return c.parted(device, "resizepart", strconv.Itoa(partnum), sector(endsect))
}

func doPartSetBootable(c *Call, device string, partnum int, bootable bool) error {
	if partnum < 1 {
		return errPartNum
	}
	state := "off"
	if bootable {
		state = "on"
	}
	return c.parted(device, "set", strconv.Itoa(partnum), "boot", state)
}

func doPartList(c *Call, device string) ([]wire.Partition, error) {
	t, err := loadTable(device)
	if errors.Is(err, errNoTable) || err == nil && t.odd != nil {
		p, err := c.partedPrint(device)
		if err != nil {
			return nil, err
		}
		return p.parts, nil
	}
	if err != nil {
		return nil, err
	}
	list := []wire.Partition{}
	for _, p := range t.parts {
		list = append(list, wire.Partition{
			PartNum:   int32(p.num),
			PartStart: p.start * t.sectorSize,
			PartEnd:   (p.end+1)*t.sectorSize - 1,
			PartSize:  (p.end + 1 - p.start) * t.sectorSize,
		})
	}
	return list, nil
}

func doPartGetParttype(c *Call, device string) (string, error) {
	t, err := loadTable(device)
	if err == nil && t.odd == nil {
		return t.kind, nil
	}
	if err != nil && !errors.Is(err, errNoTable) {
		return "", err
	}
	p, err := c.partedPrint(device)
	if err != nil {
		return "", err
	}
	if p.label != "loop" {
		return p.label, nil
	}
	if hasFakeMBR(device) {
		return "msdos", nil
	}
	return "", fmt.Errorf("%s: not a partitioned device", device)
}

func doPartGetBootable(c *Call, device string, partnum int) (bool, error) {
	if partnum < 1 {
		return false, errPartNum
	}
	t, err := loadTable(device)
	if err == nil && t.odd == nil {
		p, err := t.find(partnum)
		if err != nil {
			return false, err
		}
		return t.bootable(p), nil
	}
	if err != nil && !errors.Is(err, errNoTable) {
		return false, err
	}
	p, err := c.partedPrint(device)
	if err != nil {
		return false, err
	}
	return p.bootable(partnum)
}

// loadKind reads a table that must be of a kind, and one of its partitions.
func loadKind(device, kind string, partnum int) (*partTable, *partition, error) {
	if partnum < 1 {
		return nil, nil, errPartNum
	}
	t, err := loadTable(device)
	if errors.Is(err, errNoTable) || err == nil && t.kind != kind {
		name := map[string]string{"gpt": "GUID Partition Table", "msdos": "Master Boot Record"}[kind]
		return nil, nil, withErrno(syscall.EINVAL, "%s: not a %s", device, name)
	}
	if err != nil {
		return nil, nil, err
	}
	p, err := t.find(partnum)
	return t, p, err
}

func doPartGetMbrId(_ *Call, device string, partnum int) (int, error) {
	_, p, err := loadKind(device, "msdos", partnum)
	if err != nil {
		return 0, err
	}
	return int(p.mbrType), nil
}

// doPartSetMbrId has sfdisk change the type, which knows what may become an
// extended partition. By default sfdisk waits a second for the kernel, whose
// view of the disk changes with extended partitions only.
func doPartSetMbrId(c *Call, device string, partnum, idbyte int) error {
	_, before, err := loadKind(device, "msdos", partnum)
	if err != nil {
		return err
	}
	if idbyte < 0 || idbyte > 255 {
		return withErrno(syscall.EINVAL, "MBR type %d is not a byte", idbyte)
	}
	_, err = c.run("sfdisk", "--no-reread", "--no-tell-kernel", "--part-type", device, strconv.Itoa(partnum), strconv.FormatInt(int64(idbyte), 16))
	if err != nil {
		return err
	}
	if (mbrEntry{kind: byte(idbyte)}).extended() != (before.role == "extended") {
		return rereadTable(device)
	}
	return nil
}

func doPartGetMbrPartType(c *Call, device string, partnum int) (string, error) {
	if partnum < 1 {
		return "", errPartNum
	}
	t, err := loadTable(device)
	if errors.Is(err, errNoTable) {
		label, err := doPartGetParttype(c, device)
		if err != nil {
			return "", err
		}
		return "", withErrno(syscall.EINVAL, "%s: cannot tell the types of partitions on a disk with label %s", device, label)
	}
	if err != nil {
		return "", err
	}
	p, err := t.find(partnum)
	if err != nil {
		return "", err
	}
	return p.role, nil
}

// rereadTable makes the kernel read the table of a disk again. On a file there
// is no kernel to tell.
func rereadTable(device string) error {
	f, err := os.Open(device)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = unix.IoctlRetInt(int(f.Fd()), unix.BLKRRPART)
	if err != nil && err != syscall.ENOTTY {
		return &os.PathError{Op: "reread partition table", Path: device, Err: err}
	}
	return linkDiskLabels()
}

func doPartExpandGpt(_ *Call, device string) error { return expandGPT(device) }

// doBlockdevRereadpt fails with EBUSY while a partition is in use.
func doBlockdevRereadpt(_ *Call, device string) error { return rereadTable(device) }

func doListPartitions(*Call) ([]string, error) {
	disks, err := wholeDisks()
	if err != nil {
		return nil, err
	}
	md, err := mdDevices(sysBlock)
	if err != nil {
		return nil, err
	}
	list := []string{}
	for _, d := range slices.Concat(disks, md) {
		parts, err := partitionsOf(sysBlock, d)
		if err != nil {
			return nil, err
		}
		list = append(list, parts...)
	}
	return list, nil
}

func doPartToDev(_ *Call, device string) (string, error) {
	disk, _, err := splitPartition(device)
	return disk, err
}

func doPartToPartnum(_ *Call, device string) (int, error) {
	_, num, err := splitPartition(device)
	return num, err
}
