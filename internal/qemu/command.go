package qemu

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// channelName is the virtio-serial port that libguestfs's daemon looks for.
const channelName = "org.libguestfs.channel.0"

// Descriptors of QEMU's ends of our socket pairs; exec numbers them from 3.
const (
	monitorFD = 3 + iota
	channelFD
	consoleFD
	laneFD
	memoryFD
)

// memory is where the guest's RAM lives. The zero value is private memory.
// The name of the backend stays the same whatever it is: it is part of the
// topology that a saved machine is restored into.
type memory struct {
	file  *os.File // holds the RAM; nil: anonymous memory
	share bool     // writes reach the file
}

func (m memory) object(megabytes int) string {
	if m.file == nil {
		return fmt.Sprintf("memory-backend-ram,id=ram,size=%dM", megabytes)
	}
	return fmt.Sprintf("memory-backend-file,id=ram,size=%dM,mem-path=/proc/self/fd/%d,share=%s", megabytes, memoryFD, onOff(m.share))
}

// arguments is the machine: everything but drives, which are always plugged in later.
// Saved machines are restored into exactly this topology, so nothing here may
// depend on more than the Config and the accelerator.
func arguments(c *Config, mem memory, extra ...string) []string {
	a := []string{
		"-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
		"-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny",
		// No device that the appliance does not use: each costs a probe at boot.
		"-machine", "pc,memory-backend=ram,usb=off,smm=off,vmport=off,hpet=off,i8042=off",
		"-accel", c.Accel,
		"-cpu", cpuModel(c.Accel),
		"-smp", strconv.Itoa(c.CPUs),
		"-m", fmt.Sprintf("%dM", c.MemoryMB),
		"-object", mem.object(c.MemoryMB),
		"-object", "rng-builtin,id=rng0", "-device", "virtio-rng-pci,rng=rng0",
		"-device", "vmgenid,guid=auto",
		"-device", "virtio-scsi-pci,id=scsi0",
		"-device", "virtio-serial-pci",
		"-chardev", fmt.Sprintf("socket,id=channel0,fd=%d", channelFD),
		"-device", "virtserialport,chardev=channel0,name=" + channelName,
		"-object", fmt.Sprintf("memory-backend-file,id=lane,size=%d,mem-path=/proc/self/fd/%d,share=on", laneBytes, laneFD),
		"-device", "ivshmem-plain,memdev=lane,master=on", // master: only then a machine can be saved
		"-chardev", fmt.Sprintf("socket,id=console0,fd=%d", consoleFD),
		"-serial", "chardev:console0",
		"-chardev", fmt.Sprintf("socket,id=qmp0,fd=%d", monitorFD),
		"-mon", "chardev=qmp0,mode=control",
	}
	if c.Kernel != "" {
		a = append(a, "-kernel", c.Kernel, "-append", kernelLine(c))
		if c.Initrd != "" {
			a = append(a, "-initrd", c.Initrd)
		}
	}
	a = append(a, extra...)
	return append(a, c.Args...)
}

// cpuModel is all that the accelerator can do, but for what does harm: five-level
// page tables make every page walk longer, and under TCG "fast" string instructions
// are the slow ones (they are emulated byte by byte), so the kernel must not choose them.
func cpuModel(accel string) string {
	if accel == "kvm" {
		return "max,la57=off"
	}
	return "max,la57=off,erms=off,fsrm=off"
}

// kernelLine composes the kernel's command line, the caller's part last.
func kernelLine(c *Config) string {
	words := []string{
		"panic=1",                    // with -no-reboot: a panic ends QEMU
		"reboot=t",                   // by a triple fault: other ways wait seconds for a keyboard controller
		"console=ttyS0",              // read by us
		"edd=off",                    // no BIOS disk probing
		"no_timer_check",             // the check fails on a busy host
		"mitigations=off",            // one guest, one kernel: nobody to steal from
		"printk.time=1",              // for reading logs
		"cgroup_disable=memory",      // saves memory
		"usbcore.nousb",              // no USB here
		"cryptomgr.notests",          // self-tests cost time under emulation
		"tsc=reliable",               // no other clock to check it against
		"8250.nr_uarts=1",            // one console
		"selinux=0",                  // labels are data here
		"lsm=capability",             // no other security module: each has hooks in every open, all to be translated
		"psi=0",                      // no account of stalls: code in every switch of tasks
		"audit=0",                    // nobody to tell
		"nowatchdog",                 // the host watches
		"init_on_alloc=0",            // memory holds nothing but this guest's
		"transparent_hugepage=never", // the machine ends before its daemon could do any good
		"acpi=noirq",                 // no ACPI interpreter for interrupts, all devices have MSI: 0.6 s of 3.0 s
		"noreplace-smp",              // no patching of lock prefixes: 0.13 s
	}
	if c.Verbose {
		words = append(words, "guestfs_verbose=1")
	} else {
		words = append(words, "quiet")
	}
	if c.Append != "" {
		words = append(words, c.Append)
	}
	return strings.Join(words, " ")
}

func onOff(b bool) string {
	if b {
		return "on"
	}
	return "off"
}
