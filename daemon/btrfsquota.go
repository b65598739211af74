package daemon

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"syscall"

	"virt-tools/internal/wire"
)

func doBtrfsQuotaEnable(c *Call, fs mountableTarget, enable bool) error {
	command := "disable"
	if enable {
		command = "enable"
	}
	return c.onBtrfs(fs, func(dir string) error { return c.runOnly("btrfs", "quota", command, dir) })
}

// doBtrfsQuotaRescan waits for the end, so that the numbers that follow are
// right.
func doBtrfsQuotaRescan(c *Call, fs mountableTarget) error {
	defer c.pulse()()
	return c.onBtrfs(fs, func(dir string) error { return c.runOnly("btrfs", "quota", "rescan", "-w", dir) })
}

func doBtrfsQgroupLimit(c *Call, subvolume string, size int64) error {
	if size < 0 {
		return withErrno(syscall.EINVAL, "size is negative")
	}
	_, err := c.btrfsOn(subvolume, "qgroup", "limit", strconv.FormatInt(size, 10))
	return err
}

var qgroupForm = regexp.MustCompile(`^\d+/\d+$`)

// qgroup runs a command about quota groups, whose names are LEVEL/NUMBER.
func (c *Call) qgroup(path, command string, groups ...string) error {
	for _, g := range groups {
		if !qgroupForm.MatchString(g) {
			return withErrno(syscall.EINVAL, "%q is not the name of a quota group, as 0/5", g)
		}
	}
	_, err := c.btrfsOn(path, append([]string{"qgroup", command}, groups...)...)
	return err
}

func doBtrfsQgroupCreate(c *Call, qgroupid, subvolume string) error {
	return c.qgroup(subvolume, "create", qgroupid)
}

func doBtrfsQgroupDestroy(c *Call, qgroupid, subvolume string) error {
	return c.qgroup(subvolume, "destroy", qgroupid)
}

func doBtrfsQgroupAssign(c *Call, src, dst, path string) error {
	return c.qgroup(path, "assign", src, dst)
}

func doBtrfsQgroupRemove(c *Call, src, dst, path string) error {
	return c.qgroup(path, "remove", src, dst)
}

func doBtrfsQgroupShow(c *Call, path string) ([]wire.BTRFSQgroup, error) {
	out, err := c.btrfsOn(path, "qgroup", "show", "--raw")
	if err != nil {
		return nil, err
	}
	return parseQgroupShow(out)
}

// parseQgroupShow takes lines "0/5   16384   16384" below two of headings.
func parseQgroupShow(out string) ([]wire.BTRFSQgroup, error) {
	list := []wire.BTRFSQgroup{}
	for line := range strings.Lines(out) {
		words := strings.Fields(line)
		if len(words) < 3 || !qgroupForm.MatchString(words[0]) {
			continue
		}
		rfer, err1 := strconv.ParseUint(words[1], 10, 64)
		excl, err2 := strconv.ParseUint(words[2], 10, 64)
		if err1 != nil || err2 != nil {
			return nil, fmt.Errorf("btrfs: cannot read %q", strings.TrimSpace(line))
		}
		list = append(list, wire.BTRFSQgroup{BtrfsqgroupId: words[0], BtrfsqgroupRfer: rfer, BtrfsqgroupExcl: excl})
	}
	return list, nil
}
