// Package fsprobe tells what lies on a device by its superblock: the type, the
// label and the UUID, the same as libblkid's "blkid -p" gives.
//
//	sb, err := fsprobe.Probe(f, size)
//	switch {
//	case errors.Is(err, fsprobe.ErrUnsure): // run blkid
//	case sb == nil:                         // nothing known
//	default:                                // sb.Type, sb.Label, sb.UUID
//	}
//
// It decodes the formats that nearly all guests have. What it knows only by
// its signature, what is damaged and what carries two signatures is left to
// the blkid program: the package saves running a program per device, it does
// not replace libblkid. All it reads is the guest's, so nothing in it is
// believed: offsets are checked, sizes and loops are bounded.
package fsprobe

import (
	"errors"
	"io"
)

// Superblock is what was found on a device.
type Superblock struct {
	Type  string // as blkid names it: "ext4", "LVM2_member"
	Label string // its bytes as they are on the disk, without trailing blanks
	UUID  string

	// Devices is the number of devices of a btrfs, else 0.
	Devices uint64
}

// ErrUnsure means that only libblkid can tell: the signature is of a format
// that is not decoded here, checks failed, or there are several signatures.
var ErrUnsure = errors.New("only blkid can tell")

// format is one kind of content. probe returns nil for something else, and an
// error when it might be this but not surely so.
type format struct {
	name      string
	container bool // holds other devices' content: found first, it hides filesystems
	probe     func(*image) (*Superblock, error)
}

// formats are tried in libblkid's order.
var formats = []format{
	{"linux_raid_member", true, probeMD},
	{"LVM2_member", true, probeLVM},
	{"crypto_LUKS", true, probeLUKS},
	{"vfat", false, probeFAT},
	{"swap", false, probeSwap},
	{"xfs", false, probeXFS},
	{"ext4", false, probeExt},
	{"ntfs", false, probeNTFS},
	{"squashfs", false, probeSquashfs},
	{"btrfs", false, probeBtrfs},
}

const (
	minSize  = 1024        // libblkid looks at nothing of this size or less
	tinySize = 1440 * 1024 // at floppies it looks in another way
)

// Probe looks at a device of so many bytes. It returns nil when there is
// nothing on it that libblkid knows. An error of the device is returned as it is.
func Probe(r io.ReaderAt, size int64) (*Superblock, error) {
	if size <= minSize {
		return nil, nil
	}
	// The windows take in the two labels of ZFS at each end, the last aligned.
	d := newImage(r, size, 512<<10, 768<<10)
	if size <= tinySize {
		return probeTiny(d)
	}
	foreign := hasForeign(d)
	var found *Superblock
	for _, f := range formats {
		sb, err := f.probe(d)
		if err == nil && sb == nil {
			continue
		}
		if err != nil || found != nil || foreign {
			return nil, d.unsure()
		}
		found = sb
		if f.container {
			break
		}
	}
	if d.err != nil || foreign {
		return nil, d.unsure()
	}
	return found, nil
}

// probeTiny only knows an empty floppy: of several signatures on it libblkid
// takes the first, and it looks for no containers.
func probeTiny(d *image) (*Superblock, error) {
	if all := d.at(0, int(d.size)); d.err == nil && allZero(all) {
		return nil, nil
	}
	return nil, d.unsure()
}

// Member tells whether a device is a member of a Linux software RAID, or of an
// LVM volume group, or of a btrfs over several devices, without looking at
// anything else. For these devices must be put together before use.
func Member(r io.ReaderAt, size int64) (kind string, err error) {
	d := newImage(r, size, btrfsSuperblock+btrfsSize, 0)
	switch {
	case hasMD(d):
		return "linux_raid_member", d.err
	case lvmLabel(d) != nil:
		return "LVM2_member", d.err
	}
	if sb, _ := probeBtrfs(d); sb != nil && sb.Devices > 1 {
		return "btrfs", d.err
	}
	return "", d.err
}

// ExtUUID returns the UUID of an ext2, ext3 or ext4, else "". It believes the
// signature: it is for telling a disk that is expected from others.
func ExtUUID(r io.ReaderAt, size int64) string {
	sb := newImage(r, size, 2*extSuperblock, 0).at(extSuperblock, extSuperblock)
	if sb == nil || string(sb[0x38:0x3a]) != extMagic {
		return ""
	}
	return uuid(sb[0x68:0x78])
}
