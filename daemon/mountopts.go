package daemon

import (
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// mountFlag is an option of mount(8) that is a bit of mount(2).
type mountFlag struct {
	flag  uintptr
	clear bool // the option takes the bit away
}

var mountFlags = map[string]mountFlag{
	"ro": {unix.MS_RDONLY, false}, "rw": {unix.MS_RDONLY, true},
	"nosuid": {unix.MS_NOSUID, false}, "suid": {unix.MS_NOSUID, true},
	"nodev": {unix.MS_NODEV, false}, "dev": {unix.MS_NODEV, true},
	"noexec": {unix.MS_NOEXEC, false}, "exec": {unix.MS_NOEXEC, true},
	"sync": {unix.MS_SYNCHRONOUS, false}, "async": {unix.MS_SYNCHRONOUS, true},
	"dirsync":    {unix.MS_DIRSYNC, false},
	"remount":    {unix.MS_REMOUNT, false},
	"noatime":    {unix.MS_NOATIME, false},
	"atime":      {unix.MS_NOATIME, true},
	"nodiratime": {unix.MS_NODIRATIME, false}, "diratime": {unix.MS_NODIRATIME, true},
	"relatime": {unix.MS_RELATIME, false}, "norelatime": {unix.MS_RELATIME, true},
	"strictatime": {unix.MS_STRICTATIME, false}, "nostrictatime": {unix.MS_STRICTATIME, true},
	"lazytime": {unix.MS_LAZYTIME, false}, "nolazytime": {unix.MS_LAZYTIME, true},
	"mand": {unix.MS_MANDLOCK, false}, "nomand": {unix.MS_MANDLOCK, true},
	"iversion": {unix.MS_I_VERSION, false}, "noiversion": {unix.MS_I_VERSION, true},
	"silent": {unix.MS_SILENT, false}, "loud": {unix.MS_SILENT, true},
	"nosymfollow": {msNosymfollow, false}, "symfollow": {msNosymfollow, true},
}

const msNosymfollow = 0x100 // MS_NOSYMFOLLOW, which x/sys does not have

// Options that speak to mount(8) or to the start of a system. The kernel must
// not see them.
var (
	ignoredMountOptions = map[string]bool{
		"defaults": true, "auto": true, "noauto": true, "nouser": true, "nousers": true, "nogroup": true,
		"noowner": true, "nofail": true, "_netdev": true, "_rnetdev": true,
	}
	impliedMountFlags = map[string]uintptr{
		"user": unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC, "users": unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC,
		"owner": unix.MS_NOSUID | unix.MS_NODEV, "group": unix.MS_NOSUID | unix.MS_NODEV,
	}
	// A device is mounted at a place, no more: trees are not moved or shared,
	// and a device needs no loop device under it.
	refusedMountOptions = map[string]bool{
		"bind": true, "rbind": true, "move": true, "loop": true, "offset": true, "sizelimit": true, "encryption": true,
		"shared": true, "rshared": true, "slave": true, "rslave": true, "private": true, "rprivate": true,
		"unbindable": true, "runbindable": true, "helper": true, "uhelper": true,
	}
)

const mountDataMax = 4095 // bytes: mount(2) takes one page

// parseMountOptions splits the options of mount(8) into flags of mount(2) and
// what is for the filesystem. Later options win.
func parseMountOptions(options string) (flags uintptr, data string, err error) {
	var rest []string
	for _, o := range splitMountOptions(options) {
		name, _, _ := strings.Cut(o, "=")
		f, isFlag := mountFlags[o]
		switch {
		case o == "" || ignoredMountOptions[name] || name == "comment" || strings.HasPrefix(name, "x-") || strings.HasPrefix(name, "X-"):
		case refusedMountOptions[name]:
			return 0, "", withErrno(syscall.EINVAL, "mount option %s cannot be used here", name)
		case isFlag && f.clear:
			flags &^= f.flag
		case isFlag:
			flags |= f.flag
		case impliedMountFlags[name] != 0:
			flags |= impliedMountFlags[name]
		default:
			rest = append(rest, o)
		}
	}
	data = strings.Join(rest, ",")
	if len(data) > mountDataMax {
		return 0, "", withErrno(syscall.EINVAL, "mount options have %d bytes; the limit is %d", len(data), mountDataMax)
	}
	return flags, data, nil
}

// splitMountOptions splits at commas that are not within quotation marks, as
// those of SELinux contexts are: context="system_u:object_r:tmp_t:s0:c1,c2".
func splitMountOptions(s string) []string {
	quoted := false
	return strings.FieldsFunc(s, func(r rune) bool {
		if r == '"' {
			quoted = !quoted
		}
		return r == ',' && !quoted
	})
}

// keptOnRemount returns the flags of a mount, which a remount would otherwise
// drop.
func keptOnRemount(m mountEntry) uintptr {
	var flags uintptr
	for _, o := range strings.Split(m.Options+","+m.Super, ",") {
		if f, ok := mountFlags[o]; ok && !f.clear && o != "remount" {
			flags |= f.flag
		}
	}
	return flags &^ unix.MS_RDONLY
}
