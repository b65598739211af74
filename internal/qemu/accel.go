package qemu

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// From linux/kvm.h.
const (
	kvmGetAPIVersion = 0xae00
	kvmCreateVM      = 0xae01
	kvmAPIVersion    = 12
)

// Accelerator chooses between kvm and tcg, and says why. want is "kvm" or "tcg" to
// force one, anything else to take kvm where it works. A forced kvm is returned also
// when it does not work: Start then says what is wrong.
//
// Whether a kernel boots with KVM only a boot can show: package guestfs goes on with
// tcg when it does not.
func Accelerator(want string) (accel, why string) {
	switch want {
	case "tcg", "kvm":
		return want, "asked for"
	}
	if err := probeKVM("/dev/kvm", "/proc/cpuinfo"); err != nil {
		return "tcg", fmt.Sprintf("kvm does not work: %v", err)
	}
	return "kvm", "/dev/kvm works"
}

// probeKVM makes a virtual machine and throws it away. Opening the device is not
// enough: in containers and nested guests it opens and then refuses.
//
// The processor must have vmx or svm as well. Without, KVM is paravirtual (PVM, at some
// cloud providers): it makes machines, and then hangs in kernels that were not
// built for it, such as the appliance's.
func probeKVM(device, cpuinfo string) error {
	f, err := os.OpenFile(device, os.O_RDWR, 0)
	if err != nil {
		hint := hintKVM
		if errors.Is(err, os.ErrPermission) {
			hint = hintKVMDenied
		}
		return &Error{Err: err, hint: hint}
	}
	defer f.Close()
	version, err := unix.IoctlRetInt(int(f.Fd()), kvmGetAPIVersion)
	if err != nil {
		return told(hintKVM, "%s: read the API version: %w", device, err)
	}
	if version != kvmAPIVersion {
		return told(hintKVM, "%s: API version is %d, not %d", device, version, kvmAPIVersion)
	}
	vm, err := unix.IoctlRetInt(int(f.Fd()), kvmCreateVM)
	if err != nil {
		return told(hintKVM, "%s: create a virtual machine: %w", device, err)
	}
	if err := unix.Close(vm); err != nil {
		return told(hintKVM, "%s: %w", device, err)
	}
	if !hardwareVirtual(cpuinfo) {
		return told(hintKVM, "%s: the processor has neither vmx nor svm", device)
	}
	return nil
}

// hardwareVirtual looks for the flags of the first processor. A file that cannot be
// read says nothing against the processor.
func hardwareVirtual(cpuinfo string) bool {
	f, err := os.Open(cpuinfo)
	if err != nil {
		return true
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		name, flags, _ := strings.Cut(s.Text(), ":")
		if strings.TrimSpace(name) != "flags" {
			continue
		}
		for _, flag := range strings.Fields(flags) {
			if flag == "vmx" || flag == "svm" {
				return true
			}
		}
		return false
	}
	return true
}
