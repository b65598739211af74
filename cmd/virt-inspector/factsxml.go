package main

import (
	"strings"
	"time"

	"virt-tools/internal/facts"
)

// facts writes what libguestfs's virt-inspector does not have. It comes last in a system, so
// that readers of the rest are not in its way.
func (x *xmlWriter) facts(f *facts.Facts) {
	x.open("facts")
	x.text("time_zone", f.TimeZone)
	x.text("locale", f.Locale)
	x.text("firmware", f.Firmware)
	x.texts("boot_loaders", "boot_loader", f.BootLoaders)
	x.group("kernels", len(f.Kernels), func(i int) {
		k := f.Kernels[i]
		x.open("kernel")
		x.text("version", k.Version)
		x.text("path", k.Path)
		x.text("initrd", k.Initrd)
		x.text("modules", k.Modules)
		x.close("kernel")
	})
	x.group("interfaces", len(f.Interfaces), func(i int) { x.networkInterface(f.Interfaces[i]) })
	x.group("users", len(f.Users), func(i int) {
		u := f.Users[i]
		x.open("user")
		x.text("name", u.Name)
		x.text("uid", u.UID)
		x.text("home", u.Home)
		x.text("shell", u.Shell)
		x.close("user")
	})
	x.texts("services", "service", f.Services)
	x.group("encrypted", len(f.Encrypted), func(i int) { x.text("device", f.Encrypted[i].Device, "name", f.Encrypted[i].Name) })
	x.text("last_boot", when(f.LastBoot))
	x.text("last_shutdown", when(f.LastShutdown))
	x.texts("warnings", "warning", f.Warnings)
	x.close("facts")
}

func (x *xmlWriter) networkInterface(i facts.Interface) {
	x.open("interface")
	x.text("name", i.Name)
	x.text("mac", i.MAC)
	var kinds []string
	if i.DHCP4 {
		kinds = append(kinds, "ipv4")
	}
	if i.DHCP6 {
		kinds = append(kinds, "ipv6")
	}
	x.text("dhcp", strings.Join(kinds, ","))
	for _, address := range i.Addresses {
		x.text("address", address)
	}
	for _, gateway := range i.Gateways {
		x.text("gateway", gateway)
	}
	for _, server := range i.Nameservers {
		x.text("nameserver", server)
	}
	x.text("source", i.Source)
	x.close("interface")
}

// group writes a list that has elements.
func (x *xmlWriter) group(name string, n int, element func(i int)) {
	if n > 0 {
		x.list(name, n, element)
	}
}

func (x *xmlWriter) texts(group, name string, texts []string) {
	x.group(group, len(texts), func(i int) { x.text(name, texts[i]) })
}

func when(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.Format(time.RFC3339)
}
