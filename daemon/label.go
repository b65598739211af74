package daemon

import (
	"crypto/rand"
	"fmt"
	"regexp"
	"strings"
	"syscall"
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
		return c.runOnly("btrfs", "filesystem", "label", "--", m.Device, label)
	case "vfat":
		argv := []string{"fatlabel", m.Device, label}
		if strings.HasPrefix(label, "-") {
			argv = []string{"fatlabel", "--", m.Device, label} // old versions know no options
		}
		return c.runOnly(argv...)
	case "ntfs":
		return c.runOnly("ntfslabel", "--", m.Device, label)
	case "xfs":
		return c.setXFSLabel(m.Device, label)
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
		return c.xfsAdmin(device, "uuid "+uuid)
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

// setXFSLabel refuses the word that means no label to some versions. xfs_db
// splits its commands at blanks and knows only this kind of quotes.
func (c *Call) setXFSLabel(device, label string) error {
	if label == "---" || strings.ContainsAny(label, "\"\n") {
		return withErrno(syscall.EINVAL, "xfs: invalid new label")
	}
	word := `"` + label + `"`
	if label == "" {
		word = "--"
	}
	return c.xfsAdmin(device, "label "+word)
}

// xfsAdmin has xfs_db change a superblock, as the script xfs_admin would.
// xfs_db fails with words only: its exit status is 0.
func (c *Call) xfsAdmin(device, command string) error {
	before, err := c.superblock(device)
	if err != nil {
		return err
	}
	out, err := c.run("xfs_db", "-x", "-p", "xfs_admin", "-c", command, device)
	if err != nil {
		return err
	}
	after, err := c.superblock(device)
	if err != nil {
		return err
	}
	if *after == *before && !strings.Contains(out, "new label") && !strings.Contains(out, "new UUID") {
		return fmt.Errorf("xfs_admin: %s: %s", device, strings.TrimSpace(out))
	}
	return nil
}
