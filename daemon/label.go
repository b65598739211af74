package daemon

import (
	"crypto/rand"
	"fmt"
	"os"
	"regexp"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Labels and UUIDs of filesystems that there are already. Each filesystem has
// a program of its own for that.

func doSetLabel(c *Call, m mountable, label string) error {
	kind, err := c.vfsType(m.Device)
	if err != nil {
		return err
	}
	if err := checkLabel(kind, label); err != nil {
		return err
	}
	switch kind {
	case "ext2", "ext3", "ext4":
		return c.runOnly("e2label", m.Device, label)
	case "btrfs":
		target := m.Device
		if dir := mountedAt(m.Device); dir != "" {
			target = dir
		}
		return c.runOnly("btrfs", "filesystem", "label", "--", target, label)
	case "vfat":
		argv := []string{"fatlabel", m.Device, label}
		if strings.HasPrefix(label, "-") {
			argv = []string{"fatlabel", "--", m.Device, label} // old versions know no options
		}
		return c.runOnly(argv...)
	case "ntfs":
		if strings.HasPrefix(label, "-") { // ntfslabel has no way to tell it from an option
			return withErrno(syscall.EINVAL, "%s: label of NTFS begins with a hyphen", label)
		}
		return c.runOnly("ntfslabel", m.Device, label)
	case "xfs":
		return setXFSLabel(m.Device, label)
	case "swap":
		return c.runOnly("swaplabel", "-L", label, m.Device)
	}
	return withErrno(syscall.ENOTSUP, "don't know how to set the label for '%s' filesystems", kind)
}

// runOnly is run for programs whose output nobody needs.
func (c *Call) runOnly(argv ...string) error {
	_, err := c.run(argv...)
	return err
}

var uuidForm = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// doSetUuid takes no words for UUIDs ("random", "clear"), which some of the
// programs would.
func doSetUuid(c *Call, device, uuid string) error {
	if !uuidForm.MatchString(uuid) {
		return withErrno(syscall.EINVAL, "%q is not a UUID", uuid)
	}
	kind, err := c.vfsType(device)
	if err != nil {
		return err
	}
	switch kind {
	case "ext2", "ext3", "ext4":
		return c.runOnly("tune2fs", "-U", uuid, device)
	case "xfs":
		return c.setXFSUUID(device, uuid)
	case "btrfs":
		return c.runOnly("btrfstune", "-f", "-U", uuid, device)
	case "swap":
		return c.runOnly("swaplabel", "-U", uuid, device)
	}
	return withErrno(syscall.ENOTSUP, "don't know how to set the UUID for '%s' filesystems", kind)
}

func doSetUuidRandom(c *Call, device string) error {
	kind, err := c.vfsType(device)
	if err != nil {
		return err
	}
	switch kind {
	case "ext2", "ext3", "ext4", "xfs", "btrfs", "swap":
		return doSetUuid(c, device, randomUUID())
	}
	return withErrno(syscall.ENOTSUP, "don't know how to set random UUID for '%s' filesystems", kind)
}

// randomUUID is one of version 4.
func randomUUID() string {
	var b [16]byte
	rand.Read(b[:])
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

const setFSLabel = 0x41009432 // FS_IOC_SETFSLABEL of linux/fs.h

// setXFSLabel has the kernel do it: xfs_db, which the script xfs_admin runs,
// takes no blanks, and does nothing for a mounted filesystem.
func setXFSLabel(device, label string) error {
	if label == "---" { // which means none to xfs_admin
		return withErrno(syscall.EINVAL, "xfs: invalid new label")
	}
	set := func(dir string) error {
		f, err := os.Open(dir)
		if err != nil {
			return err
		}
		defer f.Close()
		var arg [256]byte
		copy(arg[:], label)
		if _, _, errno := unix.Syscall(unix.SYS_IOCTL, f.Fd(), setFSLabel, uintptr(unsafe.Pointer(&arg))); errno != 0 {
			return &os.PathError{Op: "set label", Path: device, Err: errno}
		}
		return nil
	}
	if dir := mountedAt(device); dir != "" {
		return set(dir)
	}
	return mountAside(device, "xfs", 0, "nouuid", set)
}

// setXFSUUID has xfs_db do it. That fails with words only: its exit status is
// 0 all the same.
func (c *Call) setXFSUUID(device, uuid string) error {
	out, err := c.run("xfs_db", "-x", "-p", "xfs_admin", "-c", "uuid "+uuid, device)
	if err != nil {
		return err
	}
	sb, err := c.superblock(device)
	if err != nil {
		return err
	}
	if !strings.EqualFold(sb.UUID, uuid) {
		return fmt.Errorf("xfs_admin: %s: %s", device, strings.TrimSpace(out))
	}
	return nil
}
