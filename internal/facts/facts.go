// Package facts says how the system in a guest's tree is set up: network, time zone, locale,
// kernels, boot loader, users who can log in, services that start, encrypted disks, last
// boot and shutdown.
//
//	f := facts.Read(fsys, facts.System{Type: "linux"})
//	for _, i := range f.Interfaces {
//		fmt.Println(i.Name, i.Addresses)
//	}
//
// It reads configuration through io/fs, so it tells what the guest would do at its next start
// and not what it has done. It runs nothing, and does not find out which system there is. Links
// must be resolved by the fs.FS, within the guest.
//
// The files are a guest's. Of each no more is read than a limit says, of each list no more
// is kept; what is damaged is left out, and told in Warnings.
package facts

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"
	"unicode/utf8"
)

// System is what Read must know.
type System struct {
	Type         string // linux, freebsd, windows
	SystemHive   string // of Windows: the paths of hives below the root
	SoftwareHive string
	ControlSet   string
}

// Facts are what is known. The JSON is part of what tools write: keys may be added, not
// changed.
type Facts struct {
	TimeZone     string      `json:"time_zone,omitempty"`
	Locale       string      `json:"locale,omitempty"`
	Firmware     string      `json:"firmware,omitempty"` // bios, uefi, or both with a comma
	BootLoaders  []string    `json:"boot_loaders,omitempty"`
	Kernels      []Kernel    `json:"kernels,omitempty"`
	Interfaces   []Interface `json:"interfaces,omitempty"`
	Users        []User      `json:"users,omitempty"`    // who can log in
	Services     []string    `json:"services,omitempty"` // that start by themselves
	Encrypted    []Encrypted `json:"encrypted,omitempty"`
	LastBoot     *time.Time  `json:"last_boot,omitempty"`
	LastShutdown *time.Time  `json:"last_shutdown,omitempty"`
	Warnings     []string    `json:"warnings,omitempty"`
}

// Kernel is one that is installed.
type Kernel struct {
	Version string `json:"version"`
	Path    string `json:"path,omitempty"`
	Initrd  string `json:"initrd,omitempty"`
	Modules string `json:"modules,omitempty"` // the folder of its modules
}

// Interface is the configuration of a network interface. Name may be a pattern, such as en*.
type Interface struct {
	Name        string   `json:"name"`
	MAC         string   `json:"mac,omitempty"`
	DHCP4       bool     `json:"dhcp4,omitempty"`
	DHCP6       bool     `json:"dhcp6,omitempty"` // or stateless configuration
	Addresses   []string `json:"addresses,omitempty"`
	Gateways    []string `json:"gateways,omitempty"`
	Nameservers []string `json:"nameservers,omitempty"`
	Source      string   `json:"source"` // netplan, NetworkManager, systemd-networkd, ifcfg, interfaces, rc.conf, registry
}

// User is an account with a shell.
type User struct {
	Name  string `json:"name"`
	UID   string `json:"uid"`
	Home  string `json:"home,omitempty"`
	Shell string `json:"shell,omitempty"`
}

// Encrypted is an encrypted device that the system opens.
type Encrypted struct {
	Name   string `json:"name"`
	Device string `json:"device"`
}

// Limits on what one guest can make us read and keep.
const (
	maxFile     = 1 << 20 // bytes of a file
	maxEntries  = 4000    // of a directory
	maxList     = 2000    // of everything that is listed
	maxText     = 512     // bytes of one text
	maxWarnings = 20
	maxJSON     = 3 << 20 // one message carries 4 MiB
)

// reader gathers the facts.
type reader struct {
	fsys fs.FS
	f    Facts
}

// Read returns what is known of the system whose root is fsys.
func Read(fsys fs.FS, sys System) *Facts {
	r := &reader{fsys: fsys}
	switch sys.Type {
	case "windows":
		r.windows(sys)
	case "freebsd", "netbsd", "openbsd":
		r.bsd()
		r.users()
		r.zone()
		r.boot()
	default:
		r.zone()
		r.locale()
		r.boot()
		r.kernels()
		r.network()
		r.users()
		r.services()
		r.crypttab()
		r.boots()
	}
	return &r.f
}

// warn keeps a warning.
func (r *reader) warn(format string, args ...any) {
	if len(r.f.Warnings) < maxWarnings {
		r.f.Warnings = append(r.f.Warnings, clean(fmt.Sprintf(format, args...)))
	}
}

// failed warns of a file that is there but cannot be read.
func (r *reader) failed(name string, err error) {
	if !errors.Is(err, fs.ErrNotExist) {
		r.warn("%s: %v", name, err)
	}
}

// clean is a text of the guest in a size and form that can be passed on.
func clean(s string) string {
	s = strings.TrimSpace(strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", ""), "\uFFFD"))
	if len(s) <= maxText {
		return s
	}
	s = s[:maxText]
	for len(s) > 0 && !utf8.ValidString(s) {
		s = s[:len(s)-1]
	}
	return s
}

// add appends a text that is not empty and not there yet.
func add(list []string, text string) []string {
	text = clean(text)
	if text == "" || len(list) >= maxList {
		return list
	}
	for _, have := range list {
		if have == text {
			return list
		}
	}
	return append(list, text)
}

// Encode returns the facts as JSON that fits into one message: lists are cut, with a
// warning, until it does.
func (f *Facts) Encode() (string, error) {
	for limit := maxList; ; limit /= 4 {
		b, err := json.Marshal(f)
		if err != nil || len(b) <= maxJSON {
			return string(b), err
		}
		f.cut(limit / 4)
	}
}

func (f *Facts) cut(n int) {
	f.Services = f.Services[:min(n, len(f.Services))]
	f.Users = f.Users[:min(n, len(f.Users))]
	f.Kernels = f.Kernels[:min(n, len(f.Kernels))]
	f.Encrypted = f.Encrypted[:min(n, len(f.Encrypted))]
	f.Interfaces = f.Interfaces[:min(n, len(f.Interfaces))]
	for i := range f.Interfaces {
		i := &f.Interfaces[i]
		i.Addresses = i.Addresses[:min(n, len(i.Addresses))]
		i.Gateways = i.Gateways[:min(n, len(i.Gateways))]
		i.Nameservers = i.Nameservers[:min(n, len(i.Nameservers))]
	}
	if len(f.Warnings) < maxWarnings {
		f.Warnings = append(f.Warnings, fmt.Sprintf("only the first %d of each kind are listed", n))
	}
}

// Decode reads what Encode returned.
func Decode(text string) (*Facts, error) {
	f := &Facts{}
	if err := json.Unmarshal([]byte(text), f); err != nil {
		return nil, fmt.Errorf("facts: %w", err)
	}
	return f, nil
}
