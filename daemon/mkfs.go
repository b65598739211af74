package daemon

import (
	"errors"
	"fmt"
	"log"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// Longest labels, in bytes.
const (
	extLabelMax  = 16
	xfsLabelMax  = 12
	swapLabelMax = 15 // mkswap and swaplabel cut the 16th off
)

var (
	extTypes = []string{"ext2", "ext3", "ext4"}
	fatTypes = []string{"fat", "vfat", "msdos"}
)

// mkfsForce are the options with which the programs of the filesystems ask no
// questions, overwrite what is there, take a whole disk and do no more than
// is needed.
var mkfsForce = map[string][]string{
	"ext2": {"-F"}, "ext3": {"-F"}, "ext4": {"-F"},
	"ntfs":     {"-Q", "-F"},
	"reiserfs": {"-f"}, "jfs": {"-f"}, "xfs": {"-f"},
	"gfs": {"-p", "lock_nolock", "-j", "1", "-O"}, "gfs2": {"-p", "lock_nolock", "-j", "1", "-O"},
	"fat": {"-I"}, "vfat": {"-I"}, "msdos": {"-I"},
}

// mkfsLabel are the options that set a label.
var mkfsLabel = map[string]string{
	"ext2": "-L", "ext3": "-L", "ext4": "-L", "ntfs": "-L", "xfs": "-L", "btrfs": "-L", "exfat": "-L",
	"fat": "-n", "vfat": "-n", "msdos": "-n", "f2fs": "-l",
}

// noFakeTable keeps mkfs.fat from making a partition table within the
// filesystem. Versions before 4.2 neither make one nor know the option.
const noFakeTable = "--mbr=n"

var mkfsName = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9_.+-]*$`)

func doMkfs(c *Call, fstype, device string, opts *mkfsOpts) error {
	sector := 512
	if slices.Contains(fatTypes, fstype) {
		var err error
		if sector, err = doBlockdevGetss(c, device); err != nil {
			return err
		}
	}
	argv, err := mkfsArgs(fstype, opts, sector)
	if err != nil {
		return err
	}
	defer c.pulse()()
	c.wipe(device)
	_, err = c.run(append(argv, device)...)
	var failed *programError
	if slices.Contains(argv, noFakeTable) && errors.As(err, &failed) && strings.Contains(failed.stderr, "unrecognized option") {
		argv = slices.DeleteFunc(argv, func(s string) bool { return s == noFakeTable })
		_, err = c.run(append(argv, device)...)
	}
	if err != nil {
		return fmt.Errorf("%s: %s: %w", fstype, device, err)
	}
	return nil
}

// wipe takes the signatures off a device that gets new content. Where that
// does not succeed the content is made all the same.
func (c *Call) wipe(device string) {
	if _, err := c.run("wipefs", "-a", "--force", device); err != nil {
		log.Printf("%s: %v", c.name, err)
	}
}

// mkfsArgs is the command line without the device, which comes last.
func mkfsArgs(fstype string, opts *mkfsOpts, sector int) ([]string, error) {
	if !mkfsName.MatchString(fstype) {
		return nil, withErrno(syscall.EINVAL, "%q is not a filesystem type", fstype)
	}
	ext, fat := slices.Contains(extTypes, fstype), slices.Contains(fatTypes, fstype)
	argv := []string{"mkfs." + fstype}
	if ext {
		argv = []string{"mke2fs", "-t", fstype}
	}
	argv = append(argv, mkfsForce[fstype]...)
	if fat {
		argv = append(argv, noFakeTable)
	}
	if opts.Blocksize != nil {
		args, err := mkfsBlocksize(fstype, *opts.Blocksize, sector)
		if err != nil {
			return nil, err
		}
		argv = append(argv, args...)
	}
	if opts.Features != nil {
		argv = append(argv, "-O", *opts.Features)
	}
	switch inode := opts.Inode; {
	case inode == nil:
	case !ext:
		return nil, withErrno(syscall.EINVAL, "inode size (-I) can only be set on ext2/3/4 filesystems")
	case *inode <= 0:
		return nil, withErrno(syscall.EINVAL, "inode size must be larger than zero")
	default:
		argv = append(argv, "-I", strconv.Itoa(*inode))
	}
	switch size := opts.Sectorsize; {
	case size == nil:
	case fstype != "ufs":
		return nil, withErrno(syscall.EINVAL, "sector size (-S) can only be set on ufs filesystems")
	case *size <= 0:
		return nil, withErrno(syscall.EINVAL, "sector size must be larger than zero")
	default:
		argv = append(argv, "-S", strconv.Itoa(*size))
	}
	if opts.Label != nil {
		option, ok := mkfsLabel[fstype]
		if !ok {
			return nil, withErrno(syscall.ENOTSUP, "don't know how to set the label for '%s' filesystems", fstype)
		}
		if err := checkLabel(fstype, *opts.Label); err != nil {
			return nil, err
		}
		argv = append(argv, option, *opts.Label)
	}
	return argv, nil
}

// mkfsBlocksize says it in the filesystem's own terms: FAT and NTFS have
// clusters, and FAT's are counted in sectors.
func mkfsBlocksize(fstype string, size, sector int) ([]string, error) {
	if size <= 0 || size&(size-1) != 0 {
		return nil, withErrno(syscall.EINVAL, "block size must be > 0 and a power of 2")
	}
	text := strconv.Itoa(size)
	switch fstype {
	case "fat", "vfat", "msdos":
		perCluster := size / sector
		if perCluster < 1 || perCluster > 128 {
			return nil, withErrno(syscall.EINVAL, "unsupported cluster size for %s filesystem (requested cluster size = %d, sector size = %d, trying sectors per cluster = %d)",
				fstype, size, sector, perCluster)
		}
		return []string{"-s", strconv.Itoa(perCluster)}, nil
	case "ntfs":
		return []string{"-c", text}, nil
	case "btrfs":
		return nil, withErrno(syscall.EINVAL, "blocksize cannot be set on btrfs filesystems, use 'mkfs-btrfs'")
	case "xfs":
		return []string{"-b", "size=" + text}, nil
	}
	return []string{"-b", text}, nil
}

// checkLabel checks the length where the programs would cut a label off.
func checkLabel(fstype, label string) error {
	limits := map[string]struct {
		name string
		max  int
	}{
		"ext2": {"ext2/3/4", extLabelMax}, "ext3": {"ext2/3/4", extLabelMax}, "ext4": {"ext2/3/4", extLabelMax},
		"xfs": {"xfs", xfsLabelMax}, "swap": {"Linux swap", swapLabelMax},
	}
	limit, ok := limits[fstype]
	if ok && len(label) > limit.max {
		return withErrno(syscall.EINVAL, "%s: %s labels are limited to %d bytes", label, limit.name, limit.max)
	}
	return nil
}
