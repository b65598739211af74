package qemu

import "os/exec"

const hintInstall = "install QEMU: apt-get install qemu-system-x86, dnf install qemu-kvm, zypper install qemu-x86"

// binaries are tried in this order; the last two are Red Hat's.
var binaries = []string{"qemu-system-x86_64", "qemu-kvm", "/usr/libexec/qemu-kvm"}

// Binary finds QEMU. Guests and appliance are x86-64, so that is the one it wants.
func Binary() (string, error) {
	for _, name := range binaries {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", told(hintInstall, "find qemu: %w: none of %v", exec.ErrNotFound, binaries)
}
