package facts

import (
	"slices"
	"strings"
)

// bsd reads rc.conf of FreeBSD: ifconfig_em0="inet 192.0.2.1/24", sshd_enable="YES".
func (r *reader) bsd() {
	vars := assignments(r.file("etc/rc.conf"))
	var names []string
	for name := range vars {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		value := vars[name]
		if service, ok := strings.CutSuffix(name, "_enable"); ok && isYes(value) {
			r.f.Services = add(r.f.Services, service)
		}
		device, ok := strings.CutPrefix(name, "ifconfig_")
		if !ok || strings.Contains(device, "_") {
			continue
		}
		i := Interface{Source: "rc.conf", Name: device}
		words := strings.Fields(value)
		for n, word := range words {
			switch {
			case strings.EqualFold(word, "DHCP") || strings.EqualFold(word, "SYNCDHCP"):
				i.DHCP4 = true
			case word == "inet" && n+1 < len(words):
				i.Addresses = add(i.Addresses, words[n+1])
			case word == "netmask" && n+1 < len(words) && len(i.Addresses) > 0:
				last := len(i.Addresses) - 1
				i.Addresses[last] = clean(withPrefix(i.Addresses[last], "", words[n+1]))
			}
		}
		i.Gateways = add(i.Gateways, vars["defaultrouter"])
		r.keep(i)
	}
}
