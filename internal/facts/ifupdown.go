package facts

import (
	"io/fs"
	"path"
	"strings"
)

// ifupdown reads /etc/network/interfaces and what it includes. No file is read twice, so
// that one that includes itself ends.
func (r *reader) ifupdown(name string, seen map[string]bool) {
	const maxIncluded = 100
	if seen[name] || len(seen) >= maxIncluded {
		return
	}
	seen[name] = true
	current := -1 // index in r.f.Interfaces of the one that lines are for
	for line := range strings.Lines(r.file(name)) {
		f := strings.Fields(line)
		if len(f) == 0 || f[0][0] == '#' {
			continue
		}
		switch f[0] {
		case "iface":
			current = -1
			if len(f) >= 4 {
				current = r.iface(f[1], f[2], f[3])
			}
			continue
		case "auto", "allow-auto", "allow-hotplug", "mapping", "no-auto-down":
			current = -1
			continue
		case "source", "source-directory":
			for _, pattern := range f[1:] {
				r.include(pattern, f[0] == "source-directory", path.Dir(name), seen)
			}
			current = -1
			continue
		}
		if current < 0 || len(f) < 2 {
			continue
		}
		i := &r.f.Interfaces[current]
		switch f[0] {
		case "address":
			i.Addresses = add(i.Addresses, f[1])
		case "netmask":
			if n := len(i.Addresses); n > 0 {
				i.Addresses[n-1] = clean(withPrefix(i.Addresses[n-1], "", f[1]))
			}
		case "gateway":
			i.Gateways = add(i.Gateways, f[1])
		case "dns-nameservers", "dns-nameserver":
			for _, server := range f[1:] {
				i.Nameservers = add(i.Nameservers, server)
			}
		case "hwaddress":
			i.MAC = clean(f[len(f)-1])
		}
	}
}

// iface begins the configuration of an interface: one for each of IPv4 and IPv6, which
// are joined. It returns the index, or -1 if there is nothing to know.
func (r *reader) iface(name, family, method string) int {
	if name == "lo" || len(r.f.Interfaces) >= maxList {
		return -1
	}
	at := -1
	for i := range r.f.Interfaces {
		if r.f.Interfaces[i].Source == "interfaces" && r.f.Interfaces[i].Name == clean(name) {
			at = i
		}
	}
	if at < 0 {
		r.f.Interfaces = append(r.f.Interfaces, Interface{Name: clean(name), Source: "interfaces"})
		at = len(r.f.Interfaces) - 1
	}
	i := &r.f.Interfaces[at]
	switch {
	case method == "dhcp" && family == "inet":
		i.DHCP4 = true
	case (method == "dhcp" || method == "auto") && family == "inet6":
		i.DHCP6 = true
	}
	return at
}

// include reads the files of a pattern, or of a directory.
func (r *reader) include(pattern string, isDir bool, dir string, seen map[string]bool) {
	if !strings.HasPrefix(pattern, "/") {
		pattern = path.Join("/", dir, pattern)
	}
	pattern = strings.TrimPrefix(path.Clean(pattern), "/")
	if isDir {
		pattern = path.Join(pattern, "*")
	}
	// Only the last part may be a pattern: others would let a guest have all of its tree read.
	for _, name := range r.list(path.Dir(pattern)) {
		if ok, err := path.Match(path.Base(pattern), name); err == nil && ok && !strings.HasPrefix(name, ".") {
			full := path.Join(path.Dir(pattern), name)
			if fs.ValidPath(full) && !r.isDir(full) {
				r.ifupdown(full, seen)
			}
		}
	}
}
