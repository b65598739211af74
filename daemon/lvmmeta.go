package daemon

import (
	"os"
	"strconv"
	"syscall"

	"virt-tools/internal/wire"
)

func doVgscan(c *Call) error {
	_, err := c.lvm("vgscan")
	return err
}

// doLvresizeFree takes no room left as done.
func doLvresizeFree(c *Call, lv string, percent int) error {
	if percent < 0 || percent > 100 {
		return withErrno(syscall.EINVAL, "percentage must be [0..100] (was %d)", percent)
	}
	_, err := c.lvm("lvresize", "-l", "+"+strconv.Itoa(percent)+"%FREE", lv)
	return sameSize(err)
}

func doPvresizeSize(c *Call, device string, size int64) error {
	if size <= 0 {
		return withErrno(syscall.EINVAL, "size must be greater than zero")
	}
	_, err := c.lvm("pvresize", "--yes", "--setphysicalvolumesize", strconv.FormatInt(size, 10)+"b", device)
	return err
}

func doPvchangeUuid(c *Call, device string) error {
	_, err := c.lvm("pvchange", "-u", device)
	return err
}

func doPvchangeUuidAll(c *Call) error {
	_, err := c.lvm("pvchange", "-u", "-a")
	return err
}

func doVgchangeUuid(c *Call, vg string) error {
	if err := lvmNames(vg); err != nil {
		return err
	}
	_, err := c.lvm("vgchange", "-u", vg)
	return err
}

func doVgchangeUuidAll(c *Call) error {
	_, err := c.lvm("vgchange", "-u")
	return err
}

// doVgmeta returns the metadata as vgcfgbackup writes them.
func doVgmeta(c *Call, vgname string) ([]byte, error) {
	if err := lvmNames(vgname); err != nil {
		return nil, err
	}
	f, err := os.CreateTemp("/tmp", "vgmeta-")
	if err != nil {
		return nil, err
	}
	defer os.Remove(f.Name())
	f.Close()
	if _, err := c.lvm("vgcfgbackup", "-f", f.Name(), vgname); err != nil {
		return nil, err
	}
	text, err := os.ReadFile(f.Name()) // lvm may have made another file of that name
	if err == nil && len(text) > wire.MessageMax-1000 {
		err = withErrno(syscall.EFBIG, "%s: the metadata are too large for a message", vgname)
	}
	return text, err
}
