package daemon

import (
	"errors"
	"fmt"
	"log"
	"math/bits"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"virt-tools/internal/wire"
)

// mdadm runs mdadm, which makes the links in /dev/md itself when it is told
// that there is no udev.
func (c *Call) mdadm(args ...string) (string, error) {
	out, _, err := c.runProgram(&program{argv: append([]string{"mdadm"}, args...), env: []string{"MDADM_NO_UDEV=1"}})
	return out, err
}

// assembleArrays starts the arrays whose members are all there, then those
// that can do without the missing ones. In this order no array is started
// without a member that only comes with another array.
func (c *Call) assembleArrays() {
	defer startReadOnly()()
	// mdadm fails as well when there is an array that it leaves alone.
	_, first := c.mdadm("--assemble", "--scan", "--auto=yes", "--no-degraded")
	waiting, err := mdInState("inactive")
	if err != nil {
		c.warn("RAID: %v", err)
		return
	}
	for _, md := range waiting {
		if _, err := c.mdadm("--run", md); err != nil {
			c.warn("RAID array %s cannot be used: %v", md, err)
		}
	}
	if arrays, err := mdDevices(sysBlock); first != nil && (err != nil || len(arrays) == 0) {
		c.warn("RAID: %v", first)
	}
}

// startReadOnly lets arrays that are started write nothing, no resync either,
// before somebody writes to them: most users only look. The function that it
// returns ends that.
func startReadOnly() (end func()) {
	const parameter = "/sys/module/md_mod/parameters/start_ro"
	set := func(value string) {
		if err := os.WriteFile(parameter, []byte(value), 0); err != nil {
			log.Printf("warning: RAID: %v", err)
		}
	}
	if err := probeModule("md_mod"); err != nil && !errors.Is(err, errNoModule) {
		log.Printf("warning: RAID: %v", err)
	}
	set("1")
	return func() { set("0") }
}

// mdInState lists the arrays that the kernel says are in a state.
func mdInState(state string) ([]string, error) {
	devices, err := mdDevices(sysBlock)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(devices, func(d string) bool { return mdState(d) != state }), nil
}

func mdState(device string) string {
	text, err := os.ReadFile(filepath.Join(sysBlock, filepath.Base(device), "md/array_state"))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}

// doListMdDevices leaves out devices that have no array: the kernel makes one
// when somebody opens its name.
func doListMdDevices(*Call) ([]string, error) {
	devices, err := mdDevices(sysBlock)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(devices, func(d string) bool {
		state := mdState(d)
		return state == "" || state == "clear"
	}), nil
}

var mdLevels = []string{
	"linear", "raid0", "0", "stripe", "raid1", "1", "mirror", "raid4", "4", "raid5", "5", "raid6", "6", "raid10", "10",
}

func doMdCreate(c *Call, name string, devices []string, opts *mdCreateOpts) error {
	argv, err := mdCreateArgs(name, devices, opts)
	if err != nil {
		return err
	}
	_, err = c.mdadm(argv...)
	return err
}

// mdCreateArgs checks the arguments against each other. A set bit in the
// missing bitmap stands for a device that is not there.
func mdCreateArgs(name string, devices []string, opts *mdCreateOpts) ([]string, error) {
	var missing uint64
	if opts.Missingbitmap != nil {
		missing = uint64(*opts.Missingbitmap)
	}
	places := len(devices) + bits.OnesCount64(missing)
	level, count, spare := "raid1", places, 0
	if opts.Spare != nil {
		spare = *opts.Spare
	}
	if opts.Nrdevices != nil {
		count = *opts.Nrdevices
	}
	if opts.Level != nil {
		level = *opts.Level
	}
	switch {
	case name == "" || name[0] == '-':
		return nil, withErrno(syscall.EINVAL, "%q is not a name for an array", name)
	case spare < 0:
		return nil, withErrno(syscall.EINVAL, "spare must not be negative")
	case opts.Nrdevices != nil && count < 2:
		return nil, withErrno(syscall.EINVAL, "nrdevices is less than 2")
	case !slices.Contains(mdLevels, level):
		return nil, withErrno(syscall.EINVAL, "unknown level parameter: %s", level)
	case opts.Chunk != nil && (*opts.Chunk < 0 || *opts.Chunk%1024 != 0):
		return nil, withErrno(syscall.EINVAL, "chunk size must be a multiple of 1024 bytes")
	case places != count+spare:
		return nil, withErrno(syscall.EINVAL, "devices (%d) + bits set in missingbitmap (%d) is not equal to nrdevices (%d) + spare (%d)",
			len(devices), places-len(devices), count, spare)
	}
	argv := []string{"--create", "--run", name, "--level", level, "--raid-devices", strconv.Itoa(count)}
	if opts.Spare != nil {
		argv = append(argv, "--spare-devices", strconv.Itoa(spare))
	}
	if opts.Chunk != nil {
		argv = append(argv, "--chunk", strconv.FormatInt(*opts.Chunk/1024, 10))
	}
	for ; len(devices) > 0 || missing != 0; missing >>= 1 {
		switch {
		case missing&1 != 0:
			argv = append(argv, "missing")
		case len(devices) == 0: // the bitmap reaches beyond the devices
		default:
			argv = append(argv, devices[0])
			devices = devices[1:]
		}
	}
	return argv, nil
}

func doMdStop(c *Call, md string) error {
	_, err := c.mdadm("--stop", md)
	return err
}

var mdUUIDForm = regexp.MustCompile(`^[0-9a-fA-F]{8}(:[0-9a-fA-F]{8}){3}$`)

// doMdSetUuid stops the array and has mdadm write the UUID while it assembles
// it again under its name. When that fails it is assembled as it was.
func doMdSetUuid(c *Call, md, uuid string) error {
	if !mdUUIDForm.MatchString(uuid) {
		return withErrno(syscall.EINVAL, "%q is not the UUID of an array: four groups of eight hexadecimal digits with colons between", uuid)
	}
	stat, err := doMdStat(c, md)
	if err != nil {
		return err
	}
	if md, err = filepath.EvalSymlinks(md); err != nil {
		return err
	}
	argv := []string{"--assemble", "--run", md}
	for _, member := range stat {
		argv = append(argv, member.MdstatDevice)
	}
	links := mdLinks(md)
	if err := doMdStop(c, md); err != nil {
		return err
	}
	defer func() {
		for _, link := range links {
			if err := os.Symlink("../"+filepath.Base(md), link); err != nil && !errors.Is(err, os.ErrExist) {
				log.Printf("warning: RAID: %v", err)
			}
		}
	}()
	if _, err := c.mdadm(append(argv, "--update=uuid", "--uuid="+uuid)...); err != nil {
		_, again := c.mdadm(argv...)
		return errors.Join(fmt.Errorf("%s: %w", md, err), again)
	}
	return nil
}

// mdLinks are the names in /dev/md that lead to an array. mdadm removes them
// when it stops one, and makes none for an array that is told by its number.
func mdLinks(md string) []string {
	found, _ := filepath.Glob("/dev/md/*") // the pattern is good
	return slices.DeleteFunc(found, func(link string) bool {
		to, err := filepath.EvalSymlinks(link)
		return err != nil || to != md
	})
}

func doMdDetail(c *Call, md string) ([]wire.Pair, error) {
	out, err := c.mdadm("--detail", "--export", md)
	if err != nil {
		return nil, err
	}
	return parseMdDetail(out), nil
}

// parseMdDetail takes the lines MD_LEVEL=raid1 as pairs level, raid1.
func parseMdDetail(out string) []wire.Pair {
	pairs := []wire.Pair{}
	for line := range strings.Lines(out) {
		key, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		if ok {
			pairs = append(pairs, wire.Pair{Key: strings.ToLower(strings.TrimPrefix(key, "MD_")), Value: value})
		}
	}
	return pairs
}

func doMdStat(_ *Call, md string) ([]wire.MDStat, error) {
	path, err := filepath.EvalSymlinks(md) // of /dev/md/NAME
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile("/proc/mdstat")
	if err != nil {
		return nil, err
	}
	list, ok := parseMdstat(string(text), filepath.Base(path))
	if !ok {
		return nil, withErrno(syscall.ENODEV, "%s: MD device not found", md)
	}
	return list, nil
}

// parseMdstat finds the line of an array, "md0 : active raid1 sdb1[0] sdc1[1](F)",
// and returns its members with their places and flags.
func parseMdstat(text, name string) ([]wire.MDStat, bool) {
	for line := range strings.Lines(text) {
		rest, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), name+" : ")
		if !ok {
			continue
		}
		list := []wire.MDStat{}
		for _, word := range strings.Fields(rest) {
			device, more, ok := strings.Cut(word, "[")
			number, flags, ok2 := strings.Cut(more, "]")
			place, err := strconv.ParseInt(number, 10, 32)
			if !ok || !ok2 || device == "" || err != nil {
				continue
			}
			flags = strings.NewReplacer("(", "", ")", "").Replace(flags)
			list = append(list, wire.MDStat{MdstatDevice: "/dev/" + device, MdstatIndex: int32(place), MdstatFlags: flags})
		}
		return list, true
	}
	return nil, false
}
