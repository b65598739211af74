package facts

import (
	"encoding/binary"
	"errors"
	"path"
	"strings"
	"time"

	"virt-tools/internal/hivefile"
	"virt-tools/internal/regf"
)

// windows reads the two hives of the machine.
func (r *reader) windows(sys System) {
	r.f.BootLoaders = r.windowsLoader()
	set := sys.ControlSet
	if set == "" {
		set = "ControlSet001"
	}
	r.hive(sys.SystemHive, func(k *keys) {
		zone := k.at(set, "Control", "TimeZoneInformation")
		r.f.TimeZone = clean(k.text(zone, "TimeZoneKeyName"))
		if r.f.TimeZone == "" {
			r.f.TimeZone = clean(k.text(zone, "StandardName"))
		}
		r.f.LastShutdown = fileTime(k.data(k.at(set, "Control", "Windows"), "ShutdownTime"))
		r.windowsServices(k, k.at(set, "Services"))
		r.windowsNetwork(k, k.at(set, "Services", "Tcpip", "Parameters", "Interfaces"))
		// 1 is a BIOS, 2 is UEFI.
		switch k.number(k.at(set, "Control"), "PEFirmwareType") {
		case 1:
			r.f.Firmware = "bios"
		case 2:
			r.f.Firmware = "uefi"
		}
	})
	r.hive(sys.SoftwareHive, func(k *keys) {
		profiles := k.at("Microsoft", "Windows NT", "CurrentVersion", "ProfileList")
		k.children(profiles, func(n regf.Node, sid string) {
			// Accounts of people and of domains; those of services have short numbers.
			home := k.text(n, "ProfileImagePath")
			if strings.HasPrefix(sid, "S-1-5-21-") && home != "" && len(r.f.Users) < maxList {
				name := path.Base(strings.ReplaceAll(home, `\`, "/"))
				r.f.Users = append(r.f.Users, User{Name: clean(name), UID: clean(sid), Home: clean(home)})
			}
		})
		r.f.Locale = clean(k.text(k.at("Microsoft", "Windows", "CurrentVersion", "Control Panel", "International"), "LocaleName"))
	})
}

func (r *reader) windowsLoader() []string {
	for _, name := range []string{"bootmgr", "ntldr", "NTLDR", "Windows/Boot/PCAT/bootmgr"} {
		if r.exists(name) {
			return []string{strings.ToLower(path.Base(name))}
		}
	}
	return nil
}

// windowsServices lists what Windows starts by itself: services, not drivers.
func (r *reader) windowsServices(k *keys, services regf.Node) {
	const automatic, isService = 2, 0x30
	k.children(services, func(n regf.Node, name string) {
		if k.number(n, "Start") == automatic && k.number(n, "Type")&isService != 0 {
			r.f.Services = add(r.f.Services, name)
		}
	})
}

func (r *reader) windowsNetwork(k *keys, interfaces regf.Node) {
	k.children(interfaces, func(n regf.Node, name string) {
		i := Interface{Name: name, Source: "registry", DHCP4: k.number(n, "EnableDHCP") == 1}
		masks := k.texts(n, "SubnetMask")
		for at, address := range k.texts(n, "IPAddress") {
			mask := ""
			if at < len(masks) {
				mask = masks[at]
			}
			if address != "0.0.0.0" {
				i.Addresses = add(i.Addresses, withPrefix(address, "", mask))
			}
		}
		for _, gateway := range k.texts(n, "DefaultGateway") {
			i.Gateways = add(i.Gateways, gateway)
		}
		i.Nameservers = addAll(i.Nameservers, k.text(n, "NameServer"), ", ")
		if i.DHCP4 || len(i.Addresses) > 0 {
			r.keep(i)
		}
	})
}

// keys reads a hive. What is damaged is like what is not there; the first error is kept.
type keys struct {
	*hivefile.File
	h   *regf.Hive
	err error
}

func (r *reader) hive(name string, do func(*keys)) {
	if name == "" {
		return
	}
	f, err := hivefile.Open(r.fsys, strings.TrimPrefix(name, "/"))
	if err != nil {
		r.warn("%v", err)
		return
	}
	defer f.Close()
	err = f.Read(func(h *regf.Hive) error {
		k := &keys{File: f, h: h}
		do(k)
		return k.err
	})
	if err != nil {
		r.warn("%s: %v", name, err)
	}
}

func (k *keys) note(err error) {
	if k.err == nil && err != nil {
		k.err = err
	}
}

func (k *keys) at(names ...string) regf.Node {
	n, err := k.Key(names...)
	k.note(err)
	return n
}

func (k *keys) children(n regf.Node, do func(regf.Node, string)) {
	if n == 0 {
		return
	}
	all, err := k.h.Children(n)
	k.note(err)
	for at, child := range all {
		if at >= maxEntries || errors.Is(k.err, hivefile.ErrTooMuch) {
			k.note(hivefile.ErrTooMuch)
			return
		}
		name, err := k.h.Name(child)
		k.note(err)
		if err == nil {
			do(child, name)
		}
	}
}

// data are the bytes of a value, and nothing if it is not there.
func (k *keys) data(n regf.Node, name string) []byte {
	v := k.value(n, name)
	if v == 0 {
		return nil
	}
	b, err := k.Data(v)
	k.note(err)
	return b
}

// value finds a value of a key among those it has.
func (k *keys) value(n regf.Node, name string) regf.Value {
	if n == 0 {
		return 0
	}
	all, err := k.Values(n)
	k.note(err)
	for _, v := range all {
		if key, err := k.h.Key(v); err == nil && strings.EqualFold(key, name) {
			return v
		}
	}
	return 0
}

func (k *keys) text(n regf.Node, name string) string {
	v := k.value(n, name)
	if v == 0 {
		return ""
	}
	s, err := k.Text(v)
	k.note(err)
	return s
}

// texts are the lines of a value of several texts, each of which ends with a zero.
func (k *keys) texts(n regf.Node, name string) []string {
	b := k.data(n, name)
	units := make([]rune, 0, len(b)/2)
	for ; len(b) >= 2; b = b[2:] {
		units = append(units, rune(binary.LittleEndian.Uint16(b)))
	}
	return strings.FieldsFunc(string(units), func(c rune) bool { return c == 0 })
}

func (k *keys) number(n regf.Node, name string) uint32 {
	b := k.data(n, name)
	if len(b) != 4 {
		return 0
	}
	return binary.LittleEndian.Uint32(b)
}

// fileTime turns hundreds of nanoseconds since 1601 into a time.
func fileTime(b []byte) *time.Time {
	if len(b) != 8 {
		return nil
	}
	const perSecond, to1970 = 10_000_000, 11_644_473_600
	n := binary.LittleEndian.Uint64(b)
	if n/perSecond <= to1970 || n/perSecond > to1970<<1 {
		return nil
	}
	t := time.Unix(int64(n/perSecond)-to1970, int64(n%perSecond)*100).UTC()
	return &t
}
