package inspect

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"virt-tools/internal/hivefile"
	"virt-tools/internal/regf"
)

// registry sets what the two hives of the machine say. Of a damaged hive that
// counts which can be read.
func (f *Filesystem) registry(fsys fs.FS) {
	w := f.System.Windows
	for _, hive := range []struct {
		path string
		read func(*Filesystem, *registry)
	}{{w.SoftwareHive, (*Filesystem).software}, {w.SystemHive, (*Filesystem).system}} {
		if hive.path == "" {
			continue
		}
		file, err := hivefile.Open(fsys, strings.TrimPrefix(hive.path, "/"))
		if err != nil {
			f.warn(fmt.Sprintf("registry: %v", err))
			continue
		}
		err = file.Read(func(h *regf.Hive) error {
			r := &registry{File: file, hive: h}
			hive.read(f, r)
			return errors.Join(r.errs...)
		})
		file.Close()
		if err != nil {
			f.warn(fmt.Sprintf("registry: %s: %v", hive.path, err))
		}
	}
}

// registry is a hive that answers what it can. What is damaged is like what is
// not there, and is told in errs.
type registry struct {
	*hivefile.File
	hive *regf.Hive
	errs []error
}

const maxErrors = 3 // that are told of one hive

func (r *registry) failed(err error) bool {
	if err != nil && len(r.errs) < maxErrors {
		r.errs = append(r.errs, err)
	}
	return err != nil
}

func (r *registry) key(path ...string) regf.Node {
	n, err := r.Key(path...)
	r.failed(err)
	return n
}

// text returns a value of a key, or nothing.
func (r *registry) text(key regf.Node, name string) string {
	v := r.value(key, name)
	if v == 0 {
		return ""
	}
	s, err := r.Text(v)
	r.failed(err)
	return s
}

// number returns a value of a key, and whether there is one.
func (r *registry) number(key regf.Node, name string) (uint32, bool) {
	v := r.value(key, name)
	if v == 0 {
		return 0, false
	}
	b, err := r.Data(v)
	if r.failed(err) || len(b) < 4 {
		return 0, false
	}
	return binary.LittleEndian.Uint32(b), true
}

func (r *registry) value(key regf.Node, name string) regf.Value {
	if key == 0 {
		return 0
	}
	v, err := r.hive.Value(key, name)
	r.failed(err)
	return v
}

// software reads HKLM\SOFTWARE.
func (f *Filesystem) software(r *registry) {
	s := &f.System
	current := r.key("Microsoft", "Windows NT", "CurrentVersion")
	if current == 0 {
		return
	}
	s.ProductName = r.text(current, "ProductName")
	s.ProductVariant = r.text(current, "InstallationType")
	// CurrentBuild is another thing in Windows XP.
	s.BuildID = r.text(current, "CurrentBuildNumber")
	// Since Windows 10, CurrentVersion has stood still.
	major, ok := r.number(current, "CurrentMajorVersionNumber")
	minor, ok2 := r.number(current, "CurrentMinorVersionNumber")
	const most = 1_000_000
	if ok && ok2 && major < most && minor < most {
		s.Major, s.Minor = int(major), int(minor)
	} else {
		s.Major, s.Minor, _ = version(r.text(current, "CurrentVersion"))
	}
	policy := r.groupPolicy()
	s.Windows.GroupPolicy = &policy
}

// groupPolicy reports whether group policies were applied: the history of them
// has a key named by the GUID of each extension.
func (r *registry) groupPolicy() bool {
	history := r.key("Microsoft", "Windows", "CurrentVersion", "Group Policy", "History")
	if history == 0 {
		return false
	}
	children, err := r.hive.Readable(history)
	r.failed(err)
	for _, c := range children {
		name, err := r.hive.Name(c)
		if !r.failed(err) && len(name) > 3 && name[0] == '{' && hexDigit(name[1]) && strings.HasSuffix(name, "}") {
			return true
		}
	}
	return false
}

func hexDigit(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

// system reads HKLM\SYSTEM.
func (f *Filesystem) system(r *registry) {
	f.drives = r.drives()
	set, ok := r.number(r.key("Select"), "Current")
	if !ok || set > 999 {
		return
	}
	name := fmt.Sprintf("ControlSet%03d", set)
	f.System.Windows.CurrentControlSet = name
	tcpip := r.key(name, "Services", "Tcpip", "Parameters")
	for _, source := range []struct {
		key  regf.Node
		name string
	}{{tcpip, "Hostname"}, {tcpip, "NV Hostname"}, {r.key(name, "Control", "ComputerName", "ComputerName"), "ComputerName"}} {
		if f.System.Hostname = r.text(source.key, source.name); f.System.Hostname != "" {
			break
		}
	}
}

// drive is a drive letter and the tag by which its device is found.
type drive struct {
	letter string
	tag    Tag
	value  string
}

// drives reads the values \DosDevices\X: of MountedDevices. Those of a disk
// are of two kinds:
//
//	MBR  4 bytes number of the disk, 8 bytes start of the partition
//	GPT  "DMIO:ID:", 16 bytes GUID of the partition
func (r *registry) drives() []drive {
	key := r.key("MountedDevices")
	if key == 0 {
		return nil
	}
	values, err := r.Values(key)
	r.failed(err)
	var list []drive
	for _, v := range values {
		name, err := r.hive.Key(v)
		const prefix = `\dosdevices\`
		if r.failed(err) || len(name) != len(prefix)+2 || !strings.EqualFold(name[:len(prefix)], prefix) || name[len(prefix)+1] != ':' {
			continue
		}
		letter := strings.ToUpper(name[len(prefix) : len(prefix)+1])
		if letter < "A" || letter > "Z" {
			continue
		}
		b, err := r.Data(v)
		if r.failed(err) {
			continue
		}
		const gpt = "DMIO:ID:"
		switch {
		case len(b) == 12:
			list = append(list, drive{letter, MBRStart, fmt.Sprintf("%08x@%d", binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint64(b[4:]))})
		case len(b) >= len(gpt)+16 && strings.HasPrefix(string(b), gpt):
			list = append(list, drive{letter, PartUUID, guid(b[len(gpt):])})
		}
	}
	return list
}

// guid writes a GUID, whose first three fields are little-endian.
func guid(b []byte) string {
	le := binary.LittleEndian
	return fmt.Sprintf("%08x-%04x-%04x-%04x-%012x", le.Uint32(b), le.Uint16(b[4:]), le.Uint16(b[6:]), b[8:10], b[10:16])
}
