package facts

import (
	"encoding/binary"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"virt-tools/internal/regf"
)

// tree is a file system of paths and texts; "-> x" is a symbolic link.
func tree(files map[string]string) fstest.MapFS {
	m := fstest.MapFS{}
	for name, text := range files {
		if target, ok := strings.CutPrefix(text, "-> "); ok {
			m[name] = &fstest.MapFile{Data: []byte(target), Mode: fs.ModeSymlink}
			continue
		}
		m[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return m
}

func TestNetwork(t *testing.T) {
	for _, test := range []struct {
		name  string
		files map[string]string
		want  []Interface
	}{
		{"nothing", nil, nil},
		{"netplan", map[string]string{
			"etc/netplan/b.yaml": "network:\n  version: 2\n  ethernets:\n    ens3:\n      dhcp4: true\n      match: {macaddress: '52:54:00:12:34:56'}\n      set-name: wan\n" +
				"    ens4:\n      addresses: [198.51.100.7/24, \"2001:db8::7/64\": {lifetime: 0}]\n      routes:\n      - {to: default, via: 198.51.100.1}\n" +
				"      - {to: 10.0.0.0/8, via: 198.51.100.9}\n      nameservers: {addresses: [198.51.100.2]}\n  bridges:\n    br0: {dhcp6: yes}\n",
			"etc/netplan/a.yaml": "network: [wrong]\n",
		}, []Interface{
			{Name: "wan", MAC: "52:54:00:12:34:56", DHCP4: true, Source: "netplan"},
			{Name: "ens4", Addresses: []string{"198.51.100.7/24", "2001:db8::7/64"}, Gateways: []string{"198.51.100.1"}, Nameservers: []string{"198.51.100.2"}, Source: "netplan"},
			{Name: "br0", DHCP6: true, Source: "netplan"},
		}},
		{"NetworkManager", map[string]string{
			"etc/NetworkManager/system-connections/w.nmconnection": "# c\n[connection]\nid=Wired\ntype=ethernet\n[ethernet]\nmac-address=52:54:00:00:00:01\n[ipv4]\nmethod=manual\n" +
				"address1=203.0.113.9/24,203.0.113.1\naddress2=203.0.113.10/24\naddress-data=x\ndns=203.0.113.2;203.0.113.3;\n[ipv6]\nmethod=auto\n",
			"etc/NetworkManager/system-connections/lo": "[connection]\nid=lo\ntype=loopback\n",
		}, []Interface{{Name: "Wired", MAC: "52:54:00:00:00:01", DHCP6: true, Addresses: []string{"203.0.113.9/24", "203.0.113.10/24"},
			Gateways: []string{"203.0.113.1"}, Nameservers: []string{"203.0.113.2", "203.0.113.3"}, Source: "NetworkManager"}}},
		{"networkd", map[string]string{
			"etc/systemd/network/20.network": "[Match]\nName=en*\n[Network]\nDHCP=ipv4\nDNS=192.0.2.1 192.0.2.2\n[Address]\nAddress=192.0.2.9/24\n[Route]\nGateway=192.0.2.254\n",
			"etc/systemd/network/30.network": "[Match]\nName=ve-*\n[Network]\nLinkLocalAddressing=yes\n",
			"etc/systemd/network/40.link":    "[Match]\nName=x\n",
		}, []Interface{{Name: "en*", DHCP4: true, Addresses: []string{"192.0.2.9/24"}, Gateways: []string{"192.0.2.254"},
			Nameservers: []string{"192.0.2.1", "192.0.2.2"}, Source: "systemd-networkd"}}},
		{"ifcfg", map[string]string{
			"etc/sysconfig/network-scripts/ifcfg-eth0":     "DEVICE=\"eth0\"\nBOOTPROTO=none\nIPADDR=192.0.2.77\nPREFIX=24\nIPADDR1=192.0.2.78\nNETMASK1=255.255.0.0\nGATEWAY=192.0.2.1\nDNS1=192.0.2.2\nHWADDR=52:54:00:aa:bb:cc\n",
			"etc/sysconfig/network-scripts/ifcfg-eth1":     "BOOTPROTO=dhcp\nIPV6_AUTOCONF=yes\n",
			"etc/sysconfig/network-scripts/ifcfg-lo":       "DEVICE=lo\nIPADDR=127.0.0.1\n",
			"etc/sysconfig/network-scripts/ifcfg-eth0.bak": "DEVICE=old\n",
			"etc/sysconfig/network/ifcfg-em1":              "BOOTPROTO='dhcp'\n",
		}, []Interface{
			{Name: "eth0", MAC: "52:54:00:aa:bb:cc", Addresses: []string{"192.0.2.77/24", "192.0.2.78/16"}, Gateways: []string{"192.0.2.1"}, Nameservers: []string{"192.0.2.2"}, Source: "ifcfg"},
			{Name: "eth1", DHCP4: true, DHCP6: true, Source: "ifcfg"},
			{Name: "em1", DHCP4: true, DHCP6: true, Source: "ifcfg"},
		}},
		{"interfaces", map[string]string{
			"etc/network/interfaces": "source interfaces.d/*\nsource-directory more\nauto lo\niface lo inet loopback\n address 127.0.0.1\n\niface eth0 inet static\n\taddress 192.0.2.10\n\tnetmask 255.255.255.0\n" +
				"\tgateway 192.0.2.1\n\tdns-nameservers 192.0.2.2 192.0.2.3\niface eth0 inet6 auto\nauto eth9\n\taddress 1.1.1.1\n",
			"etc/network/interfaces.d/a": "iface eth1 inet dhcp\n\thwaddress ether 52:54:00:00:00:02\nsource /etc/network/interfaces\nsource /etc/*/interfaces\n",
			"etc/network/more/b":         "iface eth2 inet6 dhcp\n",
		}, []Interface{
			{Name: "eth1", MAC: "52:54:00:00:00:02", DHCP4: true, Source: "interfaces"},
			{Name: "eth2", DHCP6: true, Source: "interfaces"},
			{Name: "eth0", DHCP6: true, Addresses: []string{"192.0.2.10/24"}, Gateways: []string{"192.0.2.1"}, Nameservers: []string{"192.0.2.2", "192.0.2.3"}, Source: "interfaces"},
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := Read(tree(test.files), System{Type: "linux"})
			if d := cmp.Diff(test.want, got.Interfaces); d != "" {
				t.Errorf("interfaces -want +got:\n%s", d)
			}
			if warned := len(got.Warnings) > 0; warned != (test.name == "netplan") {
				t.Errorf("warnings %q", got.Warnings)
			}
		})
	}
}

func TestLinux(t *testing.T) {
	got := Read(tree(map[string]string{
		"etc/localtime":                        "-> ../usr/share/zoneinfo/Europe/Berlin",
		"etc/timezone":                         "Asia/Tokyo\n",
		"etc/default/locale":                   "# c\nLANG=\"de_DE.UTF-8\"\n",
		"etc/passwd":                           "root:x:0:0:root:/root:/bin/bash\nd:x:1:1::/:/usr/sbin/nologin\nann:x:1000:1000:Ann:/home/ann:\nbroken:x\n",
		"etc/crypttab":                         "# c\nroot_crypt UUID=1-2 none luks\nbroken\n",
		"boot/grub/grub.cfg":                   "",
		"boot/grub/i386-pc/core.img":           "",
		"boot/efi/EFI/debian/grubx64.efi":      "",
		"boot/vmlinuz-6.1.0-17":                "",
		"boot/initrd.img-6.1.0-17":             "",
		"boot/vmlinuz-5.10.img":                "",
		"boot/config-6.1.0-17":                 "",
		"lib/modules/6.1.0-17/modules.dep":     "",
		"usr/lib/modules/6.1.0-17/modules.dep": "",
		"lib/modules/6.9/modules.dep":          "",
		"etc/systemd/system/multi-user.target.wants/ssh.service": "",
		"etc/systemd/system/timers.target.wants/apt.timer":       "",
		"etc/systemd/system/other/x.service":                     "",
		"etc/rc3.d/S01never":                                     "",
	}), System{Type: "linux"})
	want := &Facts{
		TimeZone: "Europe/Berlin", Locale: "de_DE.UTF-8", Firmware: "bios,uefi", BootLoaders: []string{"grub2"},
		Kernels: []Kernel{
			{Version: "5.10.img", Path: "/boot/vmlinuz-5.10.img"},
			{Version: "6.1.0-17", Path: "/boot/vmlinuz-6.1.0-17", Initrd: "/boot/initrd.img-6.1.0-17", Modules: "/lib/modules/6.1.0-17"},
			{Version: "6.9", Modules: "/lib/modules/6.9"},
		},
		Users:     []User{{"root", "0", "/root", "/bin/bash"}, {"ann", "1000", "/home/ann", "/bin/sh"}},
		Services:  []string{"ssh.service", "apt.timer"},
		Encrypted: []Encrypted{{"root_crypt", "UUID=1-2"}},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}

func TestOtherServices(t *testing.T) {
	for name, test := range map[string]struct {
		files map[string]string
		want  []string
	}{
		"OpenRC": {map[string]string{"etc/runlevels/default/sshd": "", "etc/runlevels/boot/net": ""}, []string{"net", "sshd"}},
		"runit":  {map[string]string{"etc/runit/runsvdir/default/sshd": ""}, []string{"sshd"}},
		"SysV":   {map[string]string{"etc/rc3.d/S20ssh": "", "etc/rc3.d/K01gone": "", "etc/rc2.d/S01two": ""}, []string{"ssh"}},
	} {
		if d := cmp.Diff(test.want, Read(tree(test.files), System{Type: "linux"}).Services); d != "" {
			t.Errorf("%s -want +got:\n%s", name, d)
		}
	}
}

func TestBSD(t *testing.T) {
	got := Read(tree(map[string]string{
		"etc/rc.conf": "hostname=\"x\"\nifconfig_em0=\"inet 192.0.2.30 netmask 0xffffff00\"\nifconfig_em1=\"DHCP\"\nifconfig_em0_ipv6=\"x\"\ndefaultrouter=\"192.0.2.1\"\nsshd_enable=\"YES\"\nx_enable=\"NO\"\n",
		"etc/passwd":  "# $FreeBSD$\nroot:*:0:0:Charlie:/root:/bin/csh\n",
	}), System{Type: "freebsd"})
	want := &Facts{
		Interfaces: []Interface{
			{Name: "em0", Addresses: []string{"192.0.2.30/24"}, Gateways: []string{"192.0.2.1"}, Source: "rc.conf"},
			{Name: "em1", DHCP4: true, Gateways: []string{"192.0.2.1"}, Source: "rc.conf"},
		},
		Users: []User{{"root", "0", "/root", "/bin/csh"}}, Services: []string{"sshd"},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}

// record is one of wtmp.
func record(kind uint16, user string, seconds uint32) string {
	b := make([]byte, recordBytes)
	binary.LittleEndian.PutUint16(b, kind)
	copy(b[recordUser:], user)
	binary.LittleEndian.PutUint32(b[recordSeconds:], seconds)
	return string(b)
}

func TestBoots(t *testing.T) {
	journal := func(state byte, last, since uint64) string {
		b := make([]byte, journalBytes+8)
		copy(b, "LPKSHHRH")
		b[journalState] = state
		binary.LittleEndian.PutUint64(b[journalLast:], last)
		binary.LittleEndian.PutUint64(b[journalSinceBoot:], since)
		return string(b)
	}
	const dir = "var/log/journal/0123456789abcdef0123456789abcdef/"
	for _, test := range []struct {
		name           string
		files          map[string]string
		boot, shutdown int64 // 0: not known
	}{
		{"nothing", nil, 0, 0},
		{"wtmp", map[string]string{"var/log/wtmp": record(2, "reboot", 100) + record(7, "ann", 150) + record(1, "shutdown", 200) + record(2, "reboot", 300) + record(1, "runlevel", 301) + "rest"}, 300, 200},
		{"long wtmp", map[string]string{"var/log/wtmp": strings.Repeat(record(7, "ann", 1), 1<<13) + record(2, "reboot", 9)}, 9, 0},
		{"journal, closed", map[string]string{dir + "system@1.journal": journal(2, 5e6, 1e6), dir + "system.journal": journal(0, 90e6, 30e6)}, 60, 90},
		{"journal, open", map[string]string{dir + "system.journal": journal(1, 90e6, 30e6), dir + "user.journal": journal(0, 80e6, 30e6)}, 60, 0},
		{"journal, nonsense", map[string]string{dir + "a.journal": journal(0, 1e6, 30e6), dir + "b.journal": journal(0, 1<<60, 0), dir + "c.journal": "LPKSHHRH"}, 0, 0},
	} {
		got := Read(tree(test.files), System{Type: "linux"})
		for what, pair := range map[string]struct {
			got  *time.Time
			want int64
		}{"boot": {got.LastBoot, test.boot}, "shutdown": {got.LastShutdown, test.shutdown}} {
			if (pair.got == nil) != (pair.want == 0) || pair.got != nil && pair.got.Unix() != pair.want {
				t.Errorf("%s: last %s = %v; want %d", test.name, what, pair.got, pair.want)
			}
		}
	}
}

func TestWindows(t *testing.T) {
	system := regf.New()
	set := func(h *regf.Hive, path, name string, kind uint32, data []byte) {
		t.Helper()
		n := h.Root()
		for part := range strings.SplitSeq(path, `\`) {
			child, err := h.Child(n, part)
			if err == nil && child == 0 {
				child, err = h.AddChild(n, part)
			}
			if err != nil {
				t.Fatal(err)
			}
			n = child
		}
		if err := h.SetValue(n, regf.Data{Name: name, Type: kind, Bytes: data}); err != nil {
			t.Fatal(err)
		}
	}
	number := func(n uint32) []byte { return binary.LittleEndian.AppendUint32(nil, n) }
	set(system, `ControlSet001\Control\TimeZoneInformation`, "TimeZoneKeyName", 1, regf.UTF16("UTC"))
	set(system, `ControlSet001\Control\Windows`, "ShutdownTime", 3, binary.LittleEndian.AppendUint64(nil, (11_644_473_600+77)*10_000_000))
	set(system, `ControlSet001\Control`, "PEFirmwareType", 4, number(2))
	set(system, `ControlSet001\Services\Dhcp`, "Start", 4, number(2))
	set(system, `ControlSet001\Services\Dhcp`, "Type", 4, number(0x20))
	set(system, `ControlSet001\Services\disk`, "Start", 4, number(0))
	set(system, `ControlSet001\Services\Tcpip\Parameters\Interfaces\{1}`, "IPAddress", 7, append(regf.UTF16("192.0.2.5"), 0, 0))
	set(system, `ControlSet001\Services\Tcpip\Parameters\Interfaces\{1}`, "SubnetMask", 7, append(regf.UTF16("255.255.255.128"), 0, 0))
	set(system, `ControlSet001\Services\Tcpip\Parameters\Interfaces\{1}`, "NameServer", 1, regf.UTF16("192.0.2.1,192.0.2.2"))
	set(system, `ControlSet001\Services\Tcpip\Parameters\Interfaces\{2}`, "EnableDHCP", 4, number(1))
	software := regf.New()
	set(software, `Microsoft\Windows NT\CurrentVersion\ProfileList\S-1-5-21-1-2-3-1001`, "ProfileImagePath", 2, regf.UTF16(`C:\Users\Ann`))
	set(software, `Microsoft\Windows NT\CurrentVersion\ProfileList\S-1-5-18`, "ProfileImagePath", 2, regf.UTF16(`C:\Windows\system32`))
	files := tree(map[string]string{"SYSTEM": string(system.Bytes()), "SOFTWARE": string(software.Bytes()), "bootmgr": ""})
	got := Read(files, System{Type: "windows", SystemHive: "/SYSTEM", SoftwareHive: "/SOFTWARE", ControlSet: "ControlSet001"})
	shutdown := time.Unix(77, 0).UTC()
	want := &Facts{
		TimeZone: "UTC", Firmware: "uefi", BootLoaders: []string{"bootmgr"}, LastShutdown: &shutdown, Services: []string{"Dhcp"},
		Interfaces: []Interface{
			{Name: "{1}", Addresses: []string{"192.0.2.5/25"}, Nameservers: []string{"192.0.2.1", "192.0.2.2"}, Source: "registry"},
			{Name: "{2}", DHCP4: true, Source: "registry"},
		},
		Users: []User{{"Ann", "S-1-5-21-1-2-3-1001", `C:\Users\Ann`, ""}},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}

// What a guest has in odd places is left out, with a warning, and never more than a message
// can carry.
func TestHostile(t *testing.T) {
	files := tree(map[string]string{
		"etc/hostname":       "x",
		"etc/passwd":         strings.Repeat("u:x:1:1::/h:/bin/sh\n", 3000),
		"etc/crypttab":       strings.Repeat("\x00\xff ", 1000) + "\n",
		"etc/netplan/a.yaml": "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nnetwork: {ethernets: {e: {addresses: *b}}}\n",
	})
	files["etc/timezone"] = &fstest.MapFile{Mode: fs.ModeNamedPipe}
	files["etc/sysconfig/clock"] = &fstest.MapFile{Data: make([]byte, maxFile+1)}
	files["var/log/wtmp"] = &fstest.MapFile{Mode: fs.ModeDevice}
	for i := range maxEntries + 10 {
		files[fmt.Sprintf("etc/systemd/system/a.wants/%d-%s", i, strings.Repeat("é", 300))] = &fstest.MapFile{}
	}
	got := Read(files, System{Type: "linux"})
	if len(got.Users) != maxList || len(got.Services) != maxList || len(got.Warnings) == 0 {
		t.Errorf("%d users, %d services, warnings %q", len(got.Users), len(got.Services), got.Warnings)
	}
	text, err := got.Encode()
	if err != nil || len(text) > maxJSON {
		t.Fatalf("Encode: %d bytes, %v", len(text), err)
	}
	back, err := Decode(text)
	if d := cmp.Diff(got, back); err != nil || d != "" {
		t.Errorf("Decode: %v, -want +got:\n%s", err, d)
	}
	if _, err := Decode("{"); err == nil {
		t.Error("Decode of half an object succeeds")
	}
}

// Too much for a message is cut.
func TestEncodeCuts(t *testing.T) {
	f := &Facts{}
	for range maxList {
		i := Interface{Name: "e"}
		for range 20 {
			i.Addresses = append(i.Addresses, strings.Repeat("1", maxText))
		}
		f.Interfaces = append(f.Interfaces, i)
	}
	text, err := f.Encode()
	if err != nil || len(text) > maxJSON || len(f.Interfaces) != 125 || len(f.Warnings) == 0 {
		t.Errorf("%d bytes, %d interfaces, %q, %v", len(text), len(f.Interfaces), f.Warnings, err)
	}
}

func FuzzRead(f *testing.F) {
	for _, seed := range []string{
		"network: {ethernets: {a: {dhcp4: true, addresses: [x]}}}", "[connection]\nid=a\n[ipv4]\naddress1=,\n", "[Match]\n[]\n[Network]\nDHCP=yes\n=\n",
		"IPADDR=\nNETMASK=1\nIPADDR='x\n", "iface a inet dhcp\nnetmask 1\nsource /\nsource ../..\nsource [\naddress\n", "a:b:c:d:e:f:g\n", record(2, "x", 1), "ifconfig_=\"netmask\"\nifconfig_a=inet\n", "LPKSHHRH",
	} {
		f.Add(seed)
	}
	names := []string{
		"etc/netplan/a.yaml", "etc/NetworkManager/system-connections/a", "etc/systemd/network/a.network", "etc/sysconfig/network-scripts/ifcfg-a", "etc/network/interfaces",
		"etc/passwd", "etc/crypttab", "etc/timezone", "etc/locale.conf", "var/log/wtmp", "var/log/journal/m/a.journal", "etc/rc.conf", "etc/sysconfig/clock", "SYSTEM",
	}
	f.Fuzz(func(t *testing.T, text string) {
		m := fstest.MapFS{}
		for _, name := range names {
			m[name] = &fstest.MapFile{Data: []byte(text)}
		}
		for _, sys := range []System{{Type: "linux"}, {Type: "freebsd"}, {Type: "windows", SystemHive: "/SYSTEM", SoftwareHive: "SYSTEM"}} {
			got, err := Read(m, sys).Encode()
			if err != nil {
				t.Fatal(err)
			}
			if _, err := Decode(got); err != nil {
				t.Fatal(err)
			}
		}
	})
}
