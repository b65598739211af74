package guestfs

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// Options configure a handle. The zero value of a field means what the
// environment variable beside it says, or else the default.
type Options struct {
	Hypervisor   string // LIBGUESTFS_HV: QEMU's binary; default the one for this machine
	MemoryMB     int    // LIBGUESTFS_MEMSIZE: memory of the appliance; default 768
	CPUs         int    // LIBGUESTFS_SMP: virtual CPUs; default 1
	Append       string // LIBGUESTFS_APPEND: added to the kernel's command line
	Path         string // LIBGUESTFS_PATH: folders of a self-contained appliance, colon-separated
	CacheDir     string // where appliances and templates are kept; default virt-tools-UID in LIBGUESTFS_CACHEDIR, or see package appliance
	TmpDir       string // LIBGUESTFS_TMPDIR, TMPDIR: where overlays and scratch drives lie; default /tmp
	Accel        string // LIBGUESTFS_BACKEND_SETTINGS=force_kvm|force_tcg: "kvm", "tcg" or "" for kvm where it works
	Template     string // LIBGUESTFS_BACKEND_SETTINGS=template=...: "on" (or ""), "off", or "only": fail rather than boot
	Verbose      bool   // LIBGUESTFS_DEBUG=1: the appliance says more
	Trace        bool   // LIBGUESTFS_TRACE=1: each call is reported
	NoEnv        bool   // do not look at the environment
	settingError error
}

const (
	defaultMemoryMB = 768
	minMemoryMB     = 256

	templateOn   = "on"
	templateOff  = "off"
	templateOnly = "only"
)

// fill sets what is not set from the environment and then to the defaults. A
// variable with a bad value is reported by Launch.
func (o *Options) fill() {
	if !o.NoEnv {
		o.fillFromEnv()
	}
	if o.MemoryMB == 0 {
		o.MemoryMB = defaultMemoryMB
	}
	if o.CPUs == 0 {
		o.CPUs = 1
	}
	switch o.Template {
	case "":
		o.Template = templateOn
	case templateOn, templateOff, templateOnly:
	default:
		o.settingError = fmt.Errorf("template=%s: none of on, off, only", o.Template)
	}
}

func (o *Options) fillFromEnv() {
	text := func(field *string, names ...string) {
		for _, name := range names {
			if *field == "" {
				*field = os.Getenv(name)
			}
		}
	}
	text(&o.Hypervisor, "LIBGUESTFS_HV", "LIBGUESTFS_QEMU")
	text(&o.Append, "LIBGUESTFS_APPEND")
	text(&o.Path, "LIBGUESTFS_PATH")
	text(&o.TmpDir, "LIBGUESTFS_TMPDIR", "TMPDIR")
	o.number(&o.MemoryMB, "LIBGUESTFS_MEMSIZE", minMemoryMB)
	o.number(&o.CPUs, "LIBGUESTFS_SMP", 1)
	o.Verbose = o.Verbose || o.truth("LIBGUESTFS_DEBUG")
	o.Trace = o.Trace || o.truth("LIBGUESTFS_TRACE")
	for _, s := range strings.Split(os.Getenv("LIBGUESTFS_BACKEND_SETTINGS"), ":") {
		switch name, value, _ := strings.Cut(s, "="); name {
		case "force_kvm":
			o.Accel = "kvm"
		case "force_tcg":
			o.Accel = "tcg"
		case "template":
			if o.Template == "" {
				o.Template = value
			}
		}
	}
}

func (o *Options) number(field *int, name string, least int) {
	s := os.Getenv(name)
	if *field != 0 || s == "" {
		return
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < least {
		o.settingError = fmt.Errorf("%s=%s: not a number of at least %d", name, s, least)
		return
	}
	*field = n
}

// truth reads a variable that is a switch, in the spellings that libguestfs
// takes.
func (o *Options) truth(name string) bool {
	switch s := strings.ToLower(os.Getenv(name)); s {
	case "1", "true", "t", "yes", "y", "on":
		return true
	case "", "0", "false", "f", "no", "n", "off":
		return false
	default:
		o.settingError = fmt.Errorf("%s=%s: neither 0 nor 1", name, s)
		return false
	}
}
