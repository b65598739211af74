package daemon

import (
	"errors"
	"log"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"virt-tools/internal/lvm2"
)

// LVM is worked by its own program; each run costs some tenths of a second
// under emulation, so nothing is asked of it when no device is a physical
// volume, and plain volumes are listed and activated without it. There is no udev: lvm.conf of the appliance makes lvm create
// /dev/VG/LV and /dev/mapper/* itself before it ends.

// lvm runs an LVM command.
func (c *Call) lvm(args ...string) (string, error) {
	if err := probeMapper(); err != nil { // lvm runs modprobe, which is one more program to start
		return "", err
	}
	argv := append([]string{"lvm"}, args...)
	if filter := lvmFilterConfig(); filter != "" {
		argv = append(argv, "--config", filter)
	}
	out, _, err := c.runProgram(&program{
		argv: argv,
		env:  []string{"LVM_SUPPRESS_FD_WARNINGS=1"},
	})
	var failed *programError
	if errors.As(err, &failed) {
		failed.stderr = unindent(failed.stderr)
	}
	return out, err
}

func probeMapper() error {
	if _, err := os.Stat("/sys/class/misc/device-mapper"); err == nil {
		return nil
	}
	err := probeModule("dm_mod")
	if errors.Is(err, errNoModule) || errors.Is(err, os.ErrNotExist) {
		return nil // built into the kernel
	}
	return err
}

// unindent takes away the blanks that lvm puts before each line.
func unindent(text string) string {
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	return strings.Join(lines, "\n")
}

// lvmNames checks names before lvm's command line has them: none may be taken
// for an option or a tag. The rest of the rules lvm knows best.
func lvmNames(names ...string) error {
	for _, name := range names {
		if name == "" || name[0] == '-' || name[0] == '@' {
			return withErrno(syscall.EINVAL, "%q: not a name that LVM allows", name)
		}
	}
	return nil
}

// lvmLines runs a report of one column and returns its values, without those
// of devices that are not there.
func (c *Call) lvmLines(args ...string) ([]string, error) {
	out, err := c.lvm(args...)
	if err != nil {
		return nil, err
	}
	list := []string{}
	for line := range strings.Lines(out) {
		line = strings.TrimSpace(line)
		if line != "" && line != "unknown device" && line != "[unknown]" {
			list = append(list, line)
		}
	}
	return list, nil
}

func (c *Call) lvmSorted(args ...string) ([]string, error) {
	if present, err := anyPhysicalVolume(); err != nil || !present {
		return []string{}, err
	}
	list, err := c.lvmLines(args...)
	slices.Sort(list)
	return list, err
}

func doPvs(c *Call) ([]string, error) {
	return c.lvmSorted("pvs", "-o", "pv_name", "--noheadings")
}

func doVgs(c *Call) ([]string, error) {
	return c.lvmSorted("vgs", "-o", "vg_name", "--noheadings")
}

// doLvs lists the volumes that a user may use: no pools, no parts of others,
// none that are to be left inactive (snapshots of thin volumes). Mostly all
// are plain, and lvm is not needed.
func doLvs(c *Call) ([]string, error) {
	groups, _, err := plainGroups()
	list := lvm2.Volumes(groups)
	if err != nil {
		list, err = c.lvmSorted("lvs", "-o", "vg_name,lv_name", "-S", "lv_role=public && lv_skip_activation!=yes",
			"--noheadings", "--separator", "/")
	}
	for i := range list {
		list[i] = "/dev/" + list[i]
	}
	return list, err
}

func doPvcreate(c *Call, device string) error {
	_, err := c.lvm("pvcreate", "--force", device)
	return err
}

func doVgcreate(c *Call, volgroup string, physvols []string) error {
	if err := lvmNames(volgroup); err != nil {
		return err
	}
	_, err := c.lvm(append([]string{"vgcreate", volgroup}, physvols...)...)
	return err
}

func doLvcreate(c *Call, logvol, volgroup string, mbytes int) error {
	if mbytes <= 0 {
		return errMbytes
	}
	return c.lvcreate(logvol, volgroup, "-L", strconv.Itoa(mbytes))
}

func doLvcreateFree(c *Call, logvol, volgroup string, percent int) error {
	if percent < 0 || percent > 100 {
		return withErrno(syscall.EINVAL, "percentage must be [0..100] (was %d)", percent)
	}
	return c.lvcreate(logvol, volgroup, "-l", strconv.Itoa(percent)+"%FREE")
}

var errMbytes = withErrno(syscall.EINVAL, "the size in megabytes must be greater than zero")

func (c *Call) lvcreate(logvol, volgroup string, size ...string) error {
	if err := lvmNames(logvol, volgroup); err != nil {
		return err
	}
	_, err := c.lvm(append([]string{"lvcreate", "--yes", "-n", logvol, volgroup}, size...)...)
	return err
}

// doLvresize takes a size that is the old one as done.
func doLvresize(c *Call, device string, mbytes int) error {
	if mbytes <= 0 {
		return errMbytes
	}
	_, err := c.lvm("lvresize", "--force", "-L", strconv.Itoa(mbytes), device)
	return sameSize(err)
}

// sameSize takes it for done when lvm refuses to do nothing.
func sameSize(err error) error {
	var failed *programError
	if errors.As(err, &failed) && strings.Contains(failed.stderr, "matches existing size") {
		return nil
	}
	return err
}

func doLvremove(c *Call, device string) error {
	_, err := c.lvm("lvremove", "-f", device)
	return err
}

func doVgremove(c *Call, vgname string) error {
	if err := lvmNames(vgname); err != nil {
		return err
	}
	_, err := c.lvm("vgremove", "-f", vgname)
	return err
}

// doPvremove does not answer lvm's question whether to remove a volume that is
// part of a group: no answer is a no.
func doPvremove(c *Call, device string) error {
	_, err := c.lvm("pvremove", "-ff", device)
	return err
}

func doPvresize(c *Call, device string) error {
	_, err := c.lvm("pvresize", device)
	return err
}

func doLvrename(c *Call, logvol, newlogvol string) error {
	return c.lvmRename("lvrename", logvol, newlogvol)
}

func doVgrename(c *Call, volgroup, newvolgroup string) error {
	return c.lvmRename("vgrename", volgroup, newvolgroup)
}

func (c *Call) lvmRename(command, from, to string) error {
	if err := lvmNames(from, to); err != nil {
		return err
	}
	_, err := c.lvm(command, from, to)
	return err
}

// doLvmRemoveAll leaves no trace of LVM. Groups that lack a device go too.
func doLvmRemoveAll(c *Call) error {
	groups, err := doVgs(c)
	if err != nil {
		return err
	}
	if len(groups) > 0 {
		if _, err := c.lvm(append([]string{"vgremove", "-ff", "--yes"}, groups...)...); err != nil {
			return err
		}
	}
	volumes, err := doPvs(c)
	if err != nil || len(volumes) == 0 {
		return err
	}
	_, err = c.lvm(append([]string{"pvremove", "-ff", "--yes"}, volumes...)...)
	return err
}

func doVgActivateAll(c *Call, activate bool) error { return doVgActivate(c, activate, nil) }

func doVgActivate(c *Call, activate bool, volgroups []string) error {
	if err := lvmNames(volgroups...); err != nil {
		return err
	}
	on := "n"
	if activate {
		on = "y"
	}
	_, err := c.lvm(append([]string{"vgchange", "-a", on}, volgroups...)...)
	return err
}

// doLvmScan looks for volumes on devices that appeared since. lvm itself keeps
// nothing between its runs, so only activation has anything to do.
func doLvmScan(c *Call, activate bool) error {
	if !activate || !featureAvailable("lvm2") {
		return nil
	}
	present, err := anyPhysicalVolume()
	if err != nil || !present {
		return err
	}
	c.activateVolumes()
	return nil
}

// activateVolumes makes all volumes usable but those that ask not to be. A
// group that lacks a device is no reason to do without the others.
func (c *Call) activateVolumes() {
	err := activatePlain()
	if err == nil {
		return
	}
	log.Printf("%s: activate with lvm: %v", c.name, err)
	if _, err := c.lvm("vgchange", "-aay", "--sysinit"); err != nil {
		c.warn("some logical volumes cannot be used: %v", err)
	}
}
