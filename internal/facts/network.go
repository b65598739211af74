package facts

import (
	"cmp"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/bits"
	"net/netip"
	"path"
	"strconv"
	"strings"
)

// network reads the configuration of every program that sets interfaces up. More than one may
// be there; each interface says where it is from.
func (r *reader) network() {
	r.netplan()
	r.networkManager()
	r.networkd()
	r.ifcfg("etc/sysconfig/network-scripts")
	r.ifcfg("etc/sysconfig/network")
	r.ifupdown("etc/network/interfaces", map[string]bool{})
}

// keep adds an interface that is not the loopback.
func (r *reader) keep(i Interface) {
	if i.Name == "lo" || i.Name == "lo0" || i.Name == "" && i.MAC == "" || len(r.f.Interfaces) >= maxList {
		return
	}
	i.Name, i.MAC = clean(i.Name), clean(i.MAC)
	r.f.Interfaces = append(r.f.Interfaces, i)
}

// networkManager reads its connections, which are files of keys.
func (r *reader) networkManager() {
	for _, dir := range []string{"etc/NetworkManager/system-connections", "usr/lib/NetworkManager/system-connections"} {
		r.files(dir, "", func(name, text string) {
			i := Interface{Source: "NetworkManager"}
			id, kind := "", ""
			for _, s := range sections(text) {
				for _, p := range s.pairs {
					key, value := p[0], p[1]
					switch s.name {
					case "connection":
						switch key {
						case "id":
							id = value
						case "type":
							kind = value
						case "interface-name":
							i.Name = value
						}
					case "ethernet", "802-3-ethernet", "wifi", "802-11-wireless":
						if key == "mac-address" {
							i.MAC = value
						}
					case "ipv4", "ipv6":
						i.nmAddress(s.name, key, value)
					}
				}
			}
			if kind != "loopback" {
				i.Name = cmp.Or(i.Name, id)
				r.keep(i)
			}
		})
	}
}

// nmAddress takes a line of a connection: address1=192.0.2.1/24,192.0.2.254.
func (i *Interface) nmAddress(section, key, value string) {
	switch {
	case key == "method":
		if value == "auto" || value == "dhcp" {
			if section == "ipv4" {
				i.DHCP4 = true
			} else {
				i.DHCP6 = true
			}
		}
	case key == "gateway":
		i.Gateways = add(i.Gateways, value)
	case key == "dns":
		i.Nameservers = addAll(i.Nameservers, value, ";")
	case strings.HasPrefix(key, "address") && strings.Trim(key[len("address"):], "0123456789") == "":
		address, gateway, _ := strings.Cut(value, ",")
		i.Addresses = add(i.Addresses, address)
		i.Gateways = add(i.Gateways, gateway)
	}
}

func addAll(list []string, values, separators string) []string {
	for _, value := range strings.FieldsFunc(values, func(c rune) bool { return strings.ContainsRune(separators, c) }) {
		list = add(list, value)
	}
	return list
}

// networkd reads the .network files of systemd-networkd.
func (r *reader) networkd() {
	for _, dir := range []string{"etc/systemd/network", "usr/lib/systemd/network"} {
		if dir[0] == 'u' && len(r.f.Interfaces) > 0 {
			return // what a distribution brings is for those who set up nothing
		}
		r.files(dir, ".network", func(name, text string) {
			i := Interface{Source: "systemd-networkd"}
			inUse := false
			for _, s := range sections(text) {
				for _, p := range s.pairs {
					inUse = i.networkdPair(s.name, p[0], p[1]) || inUse
				}
			}
			// A bare link-local or bridge setting is no configuration of an address.
			if inUse {
				r.keep(i)
			}
		})
	}
}

func (i *Interface) networkdPair(section, key, value string) bool {
	switch section + "." + key {
	case "Match.Name":
		i.Name = value
	case "Match.MACAddress":
		i.MAC = value
	case "Network.DHCP":
		i.DHCP4 = value == "yes" || value == "true" || value == "ipv4" || value == "both"
		i.DHCP6 = value == "yes" || value == "true" || value == "ipv6" || value == "both"
		return true
	case "Network.Address", "Address.Address":
		i.Addresses = add(i.Addresses, value)
		return true
	case "Network.Gateway", "Route.Gateway":
		i.Gateways = add(i.Gateways, value)
		return true
	case "Network.DNS":
		i.Nameservers = addAll(i.Nameservers, value, " \t")
		return true
	}
	return false
}

// ifcfg reads the ifcfg-* files of Red Hat and SUSE.
func (r *reader) ifcfg(dir string) {
	for _, name := range r.list(dir) {
		device, ok := strings.CutPrefix(name, "ifcfg-")
		if !ok || strings.ContainsAny(device, "~") || strings.HasSuffix(device, ".rpmsave") || strings.HasSuffix(device, ".bak") {
			continue
		}
		vars := assignments(r.file(path.Join(dir, name)))
		i := Interface{Source: "ifcfg", Name: cmp.Or(vars["DEVICE"], device), MAC: cmp.Or(vars["HWADDR"], vars["LLADDR"])}
		switch strings.ToLower(vars["BOOTPROTO"]) {
		case "dhcp":
			i.DHCP4 = true
			i.DHCP6 = dir == "etc/sysconfig/network" // SUSE means both
		case "dhcp4", "bootp":
			i.DHCP4 = true
		case "dhcp6":
			i.DHCP6 = true
		}
		i.DHCP6 = i.DHCP6 || isYes(vars["DHCPV6C"]) || isYes(vars["IPV6_AUTOCONF"])
		for _, n := range append([]string{""}, numbers...) {
			if address := vars["IPADDR"+n]; address != "" {
				i.Addresses = add(i.Addresses, withPrefix(address, cmp.Or(vars["PREFIX"+n], vars["PREFIXLEN"+n]), vars["NETMASK"+n]))
			}
			i.Gateways = add(i.Gateways, vars["GATEWAY"+n])
			i.Nameservers = add(i.Nameservers, vars["DNS"+n])
		}
		i.Addresses = add(i.Addresses, vars["IPV6ADDR"])
		i.Gateways = add(i.Gateways, vars["IPV6_DEFAULTGW"])
		r.keep(i)
	}
}

var numbers = []string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"}

func isYes(s string) bool { return strings.EqualFold(s, "yes") || strings.EqualFold(s, "true") }

// withPrefix is an address with the length of its network.
func withPrefix(address, prefix, netmask string) string {
	if strings.Contains(address, "/") {
		return address
	}
	if prefix == "" {
		if prefix = prefixOf(netmask); prefix == "" {
			return address
		}
	}
	return address + "/" + prefix
}

// prefixOf turns 255.255.255.0 into 24; FreeBSD also writes 0xffffff00.
func prefixOf(netmask string) string {
	if n, err := strconv.ParseUint(netmask, 10, 8); err == nil {
		return fmt.Sprint(n)
	}
	if digits, ok := strings.CutPrefix(netmask, "0x"); ok {
		if b, err := hex.DecodeString(digits); err == nil && len(b) == 4 {
			return fmt.Sprint(bits.OnesCount32(binary.BigEndian.Uint32(b)))
		}
	}
	if ip, err := netip.ParseAddr(netmask); err == nil && ip.Is4() {
		b := ip.As4()
		return fmt.Sprint(bits.LeadingZeros32(^binary.BigEndian.Uint32(b[:])))
	}
	return ""
}
