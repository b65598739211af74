package daemon

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"syscall"
)

func doXfsGrowfs(c *Call, path string, o *xfsGrowfsOpts) error {
	real, err := c.resolve(path)
	if err != nil {
		return err
	}
	l := optionList{argv: []string{"xfs_growfs"}}
	l.flag("-d", o.Datasec)
	l.flag("-l", o.Logsec)
	l.flag("-r", o.Rtsec)
	l.count64("-D", "", "datasize", o.Datasize)
	l.count64("-L", "", "logsize", o.Logsize)
	l.count64("-R", "", "rtsize", o.Rtsize)
	l.count64("-e", "", "rtextsize", o.Rtextsize)
	l.count("-m", "", "maxpct", o.Maxpct)
	if l.err != nil {
		return l.err
	}
	if err := c.runOnly(append(l.argv, real)...); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// doXfsAdmin does what the script xfs_admin does, one parameter at a time. imgfile
// is for files, and this is a device.
func doXfsAdmin(c *Call, device string, o *xfsAdminOpts) error {
	var commands []string
	for _, v := range []struct {
		on   *bool
		word string
	}{{o.Extunwritten, "extflg"}, {o.V2log, "log2"}, {o.Projid32bit, "projid32bit"}} {
		if v.on != nil && *v.on {
			commands = append(commands, "version "+v.word)
		}
	}
	for _, command := range commands {
		if _, err := c.runFolded(nil, "xfs_db", "-x", "-p", "xfs_admin", "-c", command, device); err != nil {
			return fmt.Errorf("%s: %w", device, err)
		}
	}
	if o.Label != nil {
		if err := doSetLabel(c, mountable{Device: device}, strings.TrimPrefix(*o.Label, "--")); err != nil {
			return err
		}
	}
	if o.Uuid != nil {
		if err := c.xfsAdminUUID(device, *o.Uuid); err != nil {
			return err
		}
	}
	if o.Lazycounter == nil {
		return nil
	}
	l := optionList{argv: []string{"xfs_repair"}}
	l.either("-c", "lazycount=1", "lazycount=0", o.Lazycounter)
	if _, err := c.runFolded(nil, append(l.argv, device)...); err != nil {
		return fmt.Errorf("%s: %w", device, err)
	}
	return nil
}

// xfsAdminUUID knows the words that xfs_admin does.
func (c *Call) xfsAdminUUID(device, uuid string) error {
	switch uuid {
	case "generate":
		uuid = randomUUID()
	case "nil":
		uuid = "00000000-0000-0000-0000-000000000000"
	case "restore":
		_, err := c.runFolded(nil, "xfs_db", "-x", "-p", "xfs_admin", "-c", "uuid restore", device)
		return err
	}
	if !uuidForm.MatchString(uuid) {
		return withErrno(syscall.EINVAL, "%q is not a UUID", uuid)
	}
	return c.setXFSUUID(device, uuid)
}

var (
	repairMemory = regexp.MustCompile(`(?s)Required memory for repair is greater tha. the maximum specified.*at least (\d+)\.`)
	repairAGFL   = regexp.MustCompile(`bad agbno \d+ in agfl, agno \d+`)
)

// doXfsRepair returns the exit status of xfs_repair: 0 for a good or repaired
// filesystem; 1, when nothing may be changed, for a bad one; 2 for a log that
// is to be replayed first.
func doXfsRepair(c *Call, device target, o *xfsRepairOpts) (int, error) {
	argv, err := c.xfsRepairArgs(device, o)
	if err != nil {
		return 0, err
	}
	defer c.pulse()()
	_, code, err := c.runProgram(&program{argv: argv})
	var failed *programError
	switch {
	case err == nil:
		return code, nil
	case !errors.As(err, &failed) || failed.signal != 0:
		return 0, err
	}
	if m := repairMemory.FindStringSubmatch(failed.stderr); m != nil {
		return 0, withErrno(syscall.EINVAL, "maxmem was too small: raise it to at least %s", m[1])
	}
	if code == 1 && repairAGFL.MatchString(failed.stderr) {
		return 0, nil // RHEL 7's kernel wrote the list so, and reads it
	}
	return code, nil
}

func (c *Call) xfsRepairArgs(device target, o *xfsRepairOpts) ([]string, error) {
	l := optionList{argv: []string{"xfs_repair"}}
	l.flag("-L", o.Forcelogzero)
	l.flag("-n", o.Nomodify)
	l.flag("-P", o.Noprefetch)
	if o.Forcegeometry != nil && *o.Forcegeometry {
		l.argv = append(l.argv, "-o", "force_geometry")
	}
	l.count64("-m", "", "maxmem", o.Maxmem)
	l.count64("-o", "ihash=", "ihashsize", o.Ihashsize)
	l.count64("-o", "bhash=", "bhashsize", o.Bhashsize)
	l.count64("-o", "ag_stride=", "agstride", o.Agstride)
	for _, d := range []struct {
		option string
		device *string
	}{{"-l", o.Logdev}, {"-r", o.Rtdev}} {
		if d.device == nil {
			continue
		}
		path, err := resolveDevice(*d.device)
		if err != nil {
			return nil, err
		}
		l.argv = append(l.argv, d.option, path)
	}
	if device.IsDevice {
		return append(l.argv, device.Path), l.err
	}
	real, err := c.regularPath(device.Path)
	return slices.Concat(l.argv, []string{"-f", real}), errors.Join(l.err, err)
}

// regularPath is the path of a regular file of the guest as programs see it.
func (c *Call) regularPath(path string) (string, error) {
	f, err := c.openRegular(path, os.O_RDONLY, 0)
	if err != nil {
		return "", err
	}
	defer f.Close()
	return os.Readlink(fdPath(int(f.Fd())))
}
