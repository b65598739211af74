package daemon

import (
	"bytes"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"virt-tools/internal/wire"
)

// mountEntry is a line of /proc/self/mountinfo (proc(5)).
type mountEntry struct {
	Target  string // absolute, as the daemon sees it
	Options string // of the mount: ro,nosuid,...
	Type    string
	Source  string
	Super   string // options of the filesystem
}

// parseMountinfo reads mountinfo. Lines that it cannot make sense of are left
// out: the kernel may add to the format.
func parseMountinfo(text []byte) []mountEntry {
	var all []mountEntry
	for line := range bytes.Lines(text) {
		left, right, ok := strings.Cut(strings.TrimSuffix(string(line), "\n"), " - ")
		l, r := strings.Split(left, " "), strings.Split(right, " ")
		if !ok || len(l) < 6 || len(r) < 3 {
			continue
		}
		all = append(all, mountEntry{
			Target:  unescapeOctal(l[4]),
			Options: l[5],
			Type:    unescapeOctal(r[0]),
			Source:  unescapeOctal(r[1]),
			Super:   r[2],
		})
	}
	return all
}

// unescapeOctal undoes what the kernel does to blanks and backslashes: \040.
func unescapeOctal(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	digit := func(c byte) bool { return c >= '0' && c <= '7' }
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) && s[i+1] <= '3' && digit(s[i+1]) && digit(s[i+2]) && digit(s[i+3]) {
			b.WriteByte((s[i+1]-'0')<<6 | (s[i+2]-'0')<<3 | (s[i+3] - '0'))
			i += 3
			continue
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// guestMounts lists what is mounted at or below a directory, in the order in
// which it was mounted.
func guestMounts(root string) ([]mountEntry, error) {
	text, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil, err
	}
	var below []mountEntry
	for _, m := range parseMountinfo(text) {
		if _, ok := inside(m.Target, root); ok {
			below = append(below, m)
		}
	}
	return below, nil
}

// inside returns what a path of the daemon is called in the guest, or false
// when it is outside.
func inside(path, root string) (string, bool) {
	rest, ok := strings.CutPrefix(path, root)
	switch {
	case !ok || rest != "" && rest[0] != '/':
		return "", false
	case rest == "":
		return "/", true
	}
	return rest, true
}

// rootMounted tells whether something is mounted at sysroot or below it (a
// mount point can be made there before there is a root).
func rootMounted() bool {
	var here, up unix.Stat_t
	if unix.Stat(sysroot, &here) == nil && unix.Stat("/", &up) == nil && here.Dev != up.Dev {
		return true // without reading all of mountinfo, since most calls ask
	}
	mounts, err := guestMounts(sysroot)
	return err == nil && len(mounts) > 0
}

func doMounts(*Call) ([]string, error) {
	mounts, err := guestMounts(sysroot)
	if err != nil {
		return nil, err
	}
	devices := []string{}
	for _, m := range mounts {
		devices = append(devices, canonicalDevice(m.Source))
	}
	return devices, nil
}

func doMountpoints(*Call) ([]wire.Pair, error) {
	mounts, err := guestMounts(sysroot)
	if err != nil {
		return nil, err
	}
	pairs := []wire.Pair{}
	for _, m := range mounts {
		path, _ := inside(m.Target, sysroot)
		pairs = append(pairs, wire.Pair{Key: canonicalDevice(m.Source), Value: path})
	}
	return pairs, nil
}

// canonicalDevice returns /dev/VG/LV for the other names of a logical volume,
// and any other name as it is.
func canonicalDevice(name string) string {
	if !strings.HasPrefix(name, "/dev/mapper/") && !strings.HasPrefix(name, "/dev/dm-") {
		return name
	}
	var st unix.Stat_t
	if err := unix.Stat(name, &st); err != nil {
		return name
	}
	dir := fmt.Sprintf("/sys/dev/block/%d:%d/dm/", unix.Major(st.Rdev), unix.Minor(st.Rdev))
	uuid, err := os.ReadFile(dir + "uuid")
	if err != nil || !bytes.HasPrefix(uuid, []byte("LVM-")) {
		return name
	}
	mapped, err := os.ReadFile(dir + "name")
	if err != nil {
		return name
	}
	vg, lv, ok := splitMapperName(strings.TrimSuffix(string(mapped), "\n"))
	if !ok {
		return name
	}
	return "/dev/" + vg + "/" + lv
}

// splitMapperName takes VG and LV out of a name that LVM gave to the device
// mapper: a hyphen between them, hyphens within them doubled.
func splitMapperName(name string) (vg, lv string, ok bool) {
	for i := 0; i < len(name); i++ {
		if name[i] != '-' {
			continue
		}
		if i+1 < len(name) && name[i+1] == '-' {
			i++
			continue
		}
		single := func(s string) string { return strings.ReplaceAll(s, "--", "-") }
		return single(name[:i]), single(name[i+1:]), i > 0 && i+1 < len(name)
	}
	return "", "", false
}
