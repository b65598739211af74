package facts

import (
	"maps"
	"slices"

	"gopkg.in/yaml.v3"
)

// netplanFile is what is read of a file of netplan. Values are kept loose: netplan takes
// numbers, lists and maps in many places, and what is odd must not hide the rest.
type netplanFile struct {
	Network struct {
		Ethernets map[string]netplanDevice `yaml:"ethernets"`
		Wifis     map[string]netplanDevice `yaml:"wifis"`
		Bonds     map[string]netplanDevice `yaml:"bonds"`
		Bridges   map[string]netplanDevice `yaml:"bridges"`
		Vlans     map[string]netplanDevice `yaml:"vlans"`
	} `yaml:"network"`
}

type netplanDevice struct {
	SetName string `yaml:"set-name"`
	Match   struct {
		Name string `yaml:"name"`
		MAC  string `yaml:"macaddress"`
	} `yaml:"match"`
	MAC         string    `yaml:"macaddress"`
	DHCP4       yaml.Node `yaml:"dhcp4"`
	DHCP6       yaml.Node `yaml:"dhcp6"`
	Addresses   yaml.Node `yaml:"addresses"`
	Gateway4    string    `yaml:"gateway4"`
	Gateway6    string    `yaml:"gateway6"`
	Nameservers struct {
		Addresses yaml.Node `yaml:"addresses"`
	} `yaml:"nameservers"`
	Routes []struct {
		To  string `yaml:"to"`
		Via string `yaml:"via"`
	} `yaml:"routes"`
}

// maxNetplan is more than any configuration; the memory that YAML takes is a large multiple.
const maxNetplan = 128 << 10

// netplan reads its files, of which a later one adds to those before.
func (r *reader) netplan() {
	for _, dir := range []string{"usr/lib/netplan", "etc/netplan"} {
		r.files(dir, ".yaml", func(name, text string) {
			if len(text) > maxNetplan {
				r.warn("%s: too large", name)
				return
			}
			var file netplanFile
			if err := decodeYAML(text, &file); err != nil {
				r.warn("%s: %v", name, err) // what is right elsewhere in it has been decoded
			}
			n := &file.Network
			for _, devices := range []map[string]netplanDevice{n.Ethernets, n.Wifis, n.Bonds, n.Bridges, n.Vlans} {
				for _, id := range slices.Sorted(maps.Keys(devices)) {
					r.netplanDevice(id, devices[id])
				}
			}
		})
	}
}

// decodeYAML decodes, and turns a panic of the decoder into an error: it has had some on
// odd documents.
func decodeYAML(text string, into any) (err error) {
	defer func() {
		if recover() != nil {
			err = errYAML
		}
	}()
	return yaml.Unmarshal([]byte(text), into)
}

func (r *reader) netplanDevice(id string, d netplanDevice) {
	i := Interface{Source: "netplan", Name: id, MAC: d.MAC, DHCP4: isTrue(d.DHCP4), DHCP6: isTrue(d.DHCP6)}
	if d.Match.Name != "" {
		i.Name = d.Match.Name
	}
	if d.SetName != "" {
		i.Name = d.SetName
	}
	if i.MAC == "" {
		i.MAC = d.Match.MAC
	}
	for _, address := range scalars(d.Addresses) {
		i.Addresses = add(i.Addresses, address)
	}
	i.Gateways = add(add(i.Gateways, d.Gateway4), d.Gateway6)
	for _, route := range d.Routes {
		if route.To == "default" || route.To == "0.0.0.0/0" || route.To == "::/0" || route.To == "0/0" {
			i.Gateways = add(i.Gateways, route.Via)
		}
	}
	for _, address := range scalars(d.Nameservers.Addresses) {
		i.Nameservers = add(i.Nameservers, address)
	}
	r.keep(i)
}

func isTrue(n yaml.Node) bool {
	switch n.Value {
	case "true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON", "y", "Y":
		return n.Kind == yaml.ScalarNode
	}
	return false
}

// scalars are the texts of a list. An entry may be a map whose only key is the text, with
// options below.
func scalars(n yaml.Node) []string {
	var list []string
	for _, item := range n.Content {
		if item.Kind == yaml.MappingNode && len(item.Content) > 0 {
			item = item.Content[0]
		}
		if item.Kind == yaml.ScalarNode && len(list) < maxList {
			list = append(list, item.Value)
		}
	}
	return list
}
