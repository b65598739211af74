package inspect

import (
	"encoding/binary"
	"io/fs"
	"path"
	"regexp"
	"strings"
)

// Windows are the facts that only Windows has. Paths begin with a slash and
// are spelled as they are on the disk.
type Windows struct {
	Systemroot        string
	SoftwareHive      string
	SystemHive        string
	CurrentControlSet string
	GroupPolicy       *bool // nil when the registry does not tell
}

// Drive is a drive letter and the device that it stands for.
type Drive struct{ Letter, Device string }

// systemroots are where Windows was installed by default.
var systemroots = []string{"windows", "winnt", "win32", "win", "reactos"}

func isWindows(fsys fs.FS) bool { return systemroot(fsys) != "" }

// systemroot returns the systemroot as it is spelled. Where it has another name
// boot.ini tells, for a disk and partition that cannot be known from here: this
// one is likely.
func systemroot(fsys fs.FS) string {
	for _, name := range systemroots {
		if dir := anyCase(fsys, name); isSystemroot(fsys, dir) {
			return dir
		}
	}
	ini := anyCase(fsys, "boot.ini")
	if ini == "" {
		return ""
	}
	b, err := readSmall(fsys, ini)
	if err != nil {
		return ""
	}
	for _, name := range bootIni(string(b)) {
		if dir := anyCase(fsys, name); isSystemroot(fsys, dir) {
			return dir
		}
	}
	return ""
}

func isSystemroot(fsys fs.FS, dir string) bool {
	if dir == "" {
		return false
	}
	config, shell := anyCase(fsys, dir+"/system32/config"), anyCase(fsys, dir+"/system32/cmd.exe")
	return config != "" && isDir(fsys, config) && shell != "" && isFile(fsys, shell)
}

var bootIniSystem = regexp.MustCompile(`(?i)^(?:multi|scsi)\([0-9]+\)disk\([0-9]+\)rdisk\([0-9]+\)partition\([0-9]+\)\\([^=]+)=`)

// bootIni returns the systemroots in a boot.ini, as names of io/fs.
func bootIni(text string) []string {
	var list []string
	for line := range strings.Lines(text) {
		m := bootIniSystem.FindStringSubmatch(strings.TrimSpace(line))
		if m == nil {
			continue
		}
		name := strings.Trim(strings.ReplaceAll(m[1], `\`, "/"), "/")
		if fs.ValidPath(name) && name != "." {
			list = append(list, name)
		}
	}
	return list
}

// windowsRoot sets the facts of a Windows.
func (f *Filesystem) windowsRoot(fsys fs.FS) {
	f.Role = RoleRoot
	dir := systemroot(fsys)
	w := &Windows{Systemroot: "/" + dir}
	f.System = System{Type: "windows", Distro: "windows", Windows: w, Arch: machineOf(fsys, anyCase(fsys, dir+"/system32/cmd.exe"))}
	hive := func(name string) string {
		if found := anyCase(fsys, path.Join(dir, "system32/config", name)); found != "" && isFile(fsys, found) {
			return "/" + found
		}
		f.warn("Windows without the registry hive " + strings.ToUpper(name))
		return ""
	}
	w.SoftwareHive, w.SystemHive = hive("software"), hive("system")
	f.registry(fsys)
}

// peMachine names the machine in the first bytes of a program. A program of 64
// bits need not be one for x86.
func peMachine(head []byte) string {
	const offsetAt, signature = 0x3c, "PE\x00\x00"
	if len(head) < offsetAt+4 || string(head[:2]) != "MZ" {
		return ""
	}
	at := int64(binary.LittleEndian.Uint32(head[offsetAt:]))
	if at+26 > int64(len(head)) || string(head[at:at+4]) != signature {
		return ""
	}
	switch binary.LittleEndian.Uint16(head[at+4:]) {
	case 0x14c:
		return "i386"
	case 0x8664:
		return "x86_64"
	case 0xaa64:
		return "aarch64"
	case 0x1c0, 0x1c2, 0x1c4:
		return "arm"
	case 0x200:
		return "ia64"
	}
	switch binary.LittleEndian.Uint16(head[at+24:]) { // magic of the optional header
	case 0x10b:
		return "i386"
	case 0x20b:
		return "x86_64"
	}
	return ""
}

// Systems for DOS mix code of 16 and 32 bits.

func isFreeDOS(fsys fs.FS) bool { return hasFile(fsys, "fdos/freedos.bss") }

func (f *Filesystem) freeDOS(fs.FS) {
	f.Role, f.System = RoleRoot, System{Type: "dos", Distro: "freedos", Arch: "i386"}
}

func isMSDOS(fsys fs.FS) bool { return hasFile(fsys, "dos/command.com") }

func (f *Filesystem) msDOS(fs.FS) {
	f.Role, f.System = RoleRoot, System{Type: "dos", Distro: "msdos", Arch: "i386"}
}

func hasFile(fsys fs.FS, name string) bool {
	found := anyCase(fsys, name)
	return found != "" && isFile(fsys, found)
}
