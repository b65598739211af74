package daemon

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// btrfsProfiles are the ways in which btrfs keeps data on several devices.
var btrfsProfiles = []string{"single", "dup", "raid0", "raid1", "raid1c3", "raid1c4", "raid10", "raid5", "raid6"}

// doMkfsBtrfs ignores allocstart, which mkfs.btrfs has given up.
func doMkfsBtrfs(c *Call, devices []string, o *mkfsBtrfsOpts) error {
	if len(devices) == 0 {
		return withErrno(syscall.EINVAL, "list of devices must be non-empty")
	}
	l := optionList{argv: []string{"mkfs.btrfs"}}
	if o.Bytecount != nil && *o.Bytecount <= 0 {
		l.fail("bytecount must be > 0")
	}
	l.count64("--byte-count", "", "bytecount", o.Bytecount)
	l.oneOf("--data", "datatype", o.Datatype, btrfsProfiles...)
	l.oneOf("--metadata", "metadata", o.Metadata, btrfsProfiles...)
	l.text("--label", o.Label)
	nodesize := o.Nodesize
	if nodesize == nil {
		nodesize = o.Leafsize // leaves have had the size of nodes since 2013
	}
	l.power("--nodesize", "nodesize", nodesize)
	l.power("--sectorsize", "sectorsize", o.Sectorsize)
	if l.err != nil {
		return l.err
	}
	defer c.pulse()()
	for _, d := range devices {
		c.wipe(d)
	}
	if err := c.runOnly(append(l.argv, devices...)...); err != nil {
		return fmt.Errorf("%s: %w", devices[0], err)
	}
	return registerBtrfs(devices)
}

func doBtrfsFilesystemResize(c *Call, mountpoint string, opts *btrfsFilesystemResizeOpts) error {
	size := "max"
	if n := opts.Size; n != nil {
		if *n <= 0 {
			return withErrno(syscall.EINVAL, "size is zero or negative")
		}
		size = strconv.FormatInt(*n, 10)
	}
	_, err := c.btrfsOn(mountpoint, "filesystem", "resize", size)
	return err
}

func doBtrfsDeviceAdd(c *Call, devices []string, fs string) error {
	return c.btrfsDevices(devices, fs, "add", "--force")
}

func doBtrfsDeviceDelete(c *Call, devices []string, fs string) error {
	return c.btrfsDevices(devices, fs, "delete")
}

func (c *Call) btrfsDevices(devices []string, fs string, command ...string) error {
	if len(devices) == 0 {
		return nil
	}
	defer c.pulse()()
	_, err := c.btrfsOn(fs, slices.Concat([]string{"device"}, command, devices)...)
	return err
}

func doBtrfsReplace(c *Call, srcdev, targetdev, mntpoint string) error {
	defer c.pulse()()
	_, err := c.btrfsOn(mntpoint, "replace", "start", "-B", "-f", srcdev, targetdev)
	return err
}

func doBtrfsFilesystemShow(c *Call, device string) ([]string, error) {
	out, err := c.run("btrfs", "filesystem", "show", device)
	if err != nil {
		return nil, err
	}
	return parseFilesystemShow(out, device)
}

// parseFilesystemShow takes lines "devid 1 size 1.00GiB used 1MiB path /dev/sda".
func parseFilesystemShow(out, device string) ([]string, error) {
	list := []string{}
	for line := range strings.Lines(out) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "*** Some devices missing") || strings.HasSuffix(line, " MISSING") {
			return nil, withErrno(syscall.ENODEV, "%s: missing devices", device)
		}
		_, path, ok := strings.Cut(line, " path ")
		if ok && strings.HasPrefix(line, "devid ") {
			path, _, _ = strings.Cut(path, " ")
			list = append(list, path)
		}
	}
	return list, nil
}

func doBtrfsSetSeeding(c *Call, device string, seeding bool) error {
	return doBtrfstuneSeeding(c, device, seeding)
}

func doBtrfstuneSeeding(c *Call, device string, seeding bool) error {
	if seeding {
		return c.runOnly("btrfstune", "-S", "1", device)
	}
	return c.runOnly("btrfstune", "-S", "0", "-f", device)
}

func doBtrfstuneEnableExtendedInodeRefs(c *Call, device string) error {
	return c.runOnly("btrfstune", "-r", device)
}

func doBtrfstuneEnableSkinnyMetadataExtentRefs(c *Call, device string) error {
	return c.runOnly("btrfstune", "-x", device)
}

// doBtrfsFsck forces a repair: otherwise btrfs counts ten seconds down, for
// those who change their minds. Of a mounted filesystem force would also allow
// it.
func doBtrfsFsck(c *Call, device string, opts *btrfsFsckOpts) error {
	l := optionList{argv: []string{"btrfs", "check"}}
	l.count64("--super", "", "superblock offset", opts.Superblock)
	if opts.Repair != nil && *opts.Repair {
		if mountedAt(device) != "" {
			return withErrno(syscall.EBUSY, "%s: the filesystem is mounted", device)
		}
		l.argv = append(l.argv, "--force", "--repair")
	}
	if l.err != nil {
		return l.err
	}
	defer c.pulse()()
	_, err := c.runFolded(nil, append(l.argv, device)...)
	return err
}

func doBtrfsRescueChunkRecover(c *Call, device string) error {
	defer c.pulse()()
	return c.runOnly("btrfs", "rescue", "chunk-recover", "-y", device)
}

// doBtrfsRescueSuperRecover takes as success that all superblocks are good, and
// that bad ones were restored.
func doBtrfsRescueSuperRecover(c *Call, device string) error {
	const restored = 2
	_, err := c.runFolded([]int{restored}, "btrfs", "rescue", "super-recover", "-y", device)
	return err
}

// doBtrfsImage writes a file of the guest.
func doBtrfsImage(c *Call, source []string, image string, opts *btrfsImageOpts) error {
	if len(source) == 0 {
		return withErrno(syscall.EINVAL, "list of sources must be non-empty")
	}
	to, err := c.newFile(image)
	if err != nil {
		return err
	}
	l := optionList{argv: []string{"btrfs-image"}}
	if n := opts.Compresslevel; n != nil && *n >= 0 {
		l.count("-c", "", "compresslevel", n)
	}
	defer c.pulse()()
	if err := c.runOnly(append(append(l.argv, source...), to)...); err != nil {
		return fmt.Errorf("%s %s: %w", source[0], image, err)
	}
	return nil
}

func doBtrfsFilesystemDefragment(c *Call, path string, opts *btrfsFilesystemDefragmentOpts) error {
	argv := []string{"filesystem", "defragment", "-r"}
	if opts.Flush != nil && *opts.Flush {
		argv = append(argv, "-f")
	}
	if how := opts.Compress; how != nil {
		if *how != "zlib" && *how != "lzo" && *how != "zstd" {
			return withErrno(syscall.EINVAL, "unknown compress method: %s", *how)
		}
		argv = append(argv, "-c"+*how)
	}
	defer c.pulse()()
	_, err := c.btrfsOn(path, argv...)
	return err
}
