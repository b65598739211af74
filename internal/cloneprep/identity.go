package cloneprep

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"

	"virt-tools/internal/newid"
	"virt-tools/pkg/guestfs"
)

// CheckMachineID says whether a value can be asked for.
func CheckMachineID(value string) error {
	switch {
	case value == "" || value == "empty" || value == "fresh":
		return nil
	case machineIDForm.MatchString(value) && value != strings.Repeat("0", 32):
		return nil
	}
	return fmt.Errorf("machine-id %q is not fresh, empty or 32 lower-case hexadecimal digits", value)
}

var machineIDForm = regexp.MustCompile(`^[0-9a-f]{32}$`)

// machineID empties /etc/machine-id, which makes the guest draw one when it
// starts, or writes one. An image without the file stays without: its first
// start is to be a first boot. D-Bus takes what is in /etc, so that its own copy
// goes when the guest is to draw.
func machineID(ctx context.Context, r *root) error {
	const file, dbus = "/etc/machine-id", "/var/lib/dbus/machine-id"
	value := r.MachineID
	if value == "fresh" {
		var b [16]byte
		rand.Read(b[:])
		b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80 // as systemd does
		value = hex.EncodeToString(b[:])
	}
	isEmpty := value == "" || value == "empty"
	old, there, err := r.read(ctx, file)
	if err != nil {
		return err
	}
	if there || !isEmpty {
		text := value + "\n"
		if isEmpty {
			text = ""
		}
		if string(old) != text {
			if err := r.write(ctx, file, []byte(text), 0o444); err != nil {
				return err
			}
			r.record("changed", file, strings.TrimSpace(string(old)), strings.TrimSpace(text))
		}
	}
	link, err := r.g.IsSymlink(ctx, dbus)
	if err != nil || link {
		return err
	}
	if isEmpty {
		return r.removeFiles(ctx, dbus)
	}
	if _, there, err = r.read(ctx, dbus); err != nil || !there {
		return err
	}
	r.record("changed", dbus, "", value)
	return r.replace(ctx, dbus, []byte(value+"\n"))
}

// seeds are where systems keep randomness from one start to the next. That of
// systemd-boot is on the EFI system partition.
var seeds = []string{
	"/var/lib/random-seed", "/var/lib/misc/random-seed", "/var/lib/systemd/random-seed", "/var/lib/urandom/random-seed",
	"/var/lib/seedrng/seed.credit", "/var/lib/seedrng/seed.no-credit", "/boot/loader/random-seed", "/boot/efi/loader/random-seed", "/efi/loader/random-seed",
}

// randomSeed writes other bytes into the seeds that there are, and a seed where
// the guest has none yet but a directory for it.
func randomSeed(ctx context.Context, r *root) error {
	found := false
	for _, file := range seeds {
		old, ok, err := r.read(ctx, file)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		found = true
		seed := make([]byte, min(max(len(old), 32), 8192))
		rand.Read(seed)
		if err := r.replace(ctx, file, seed); err != nil {
			return err
		}
		r.record("changed", file, "", "")
	}
	if found {
		return nil
	}
	for _, dir := range []string{"/var/lib/systemd", "/var/lib/urandom", "/var/lib/seedrng"} {
		is, err := r.g.IsDir(ctx, guestfs.Path(dir), nil)
		if err != nil {
			return err
		}
		if !is || dir == "/var/lib/seedrng" {
			continue
		}
		seed := make([]byte, 512)
		rand.Read(seed)
		file := dir + "/random-seed"
		if err := r.write(ctx, file, seed, 0o600); err != nil {
			return err
		}
		r.record("created", file, "", "")
		return nil
	}
	return nil
}

// cloudInit makes cloud-init take the guest for a new instance.
func cloudInit(ctx context.Context, r *root) error {
	if err := r.removeTrees(ctx, "/var/lib/cloud/*", "/run/cloud-init/*"); err != nil {
		return err
	}
	return r.removeFiles(ctx, "/var/log/cloud-init*.log", "/etc/netplan/50-cloud-init.yaml", "/etc/network/interfaces.d/50-cloud-init*",
		"/etc/sysconfig/network-scripts/ifcfg-*-cloud-init", "/etc/NetworkManager/system-connections/cloud-init-*.nmconnection")
}

// iscsiInitiator draws another end for each name, as its distribution does.
func iscsiInitiator(ctx context.Context, r *root) error {
	return r.edit(ctx, "/etc/iscsi/initiatorname.iscsi", newInitiator)
}

var initiatorName = regexp.MustCompile(`(?m)^(\s*InitiatorName\s*=\s*iqn\.\d{4}-\d{2}\.[^:\s]+)(:\S*)?[ \t]*$`)

func newInitiator(text string) string {
	return initiatorName.ReplaceAllStringFunc(text, func(line string) string {
		var b [6]byte
		rand.Read(b[:])
		return initiatorName.FindStringSubmatch(line)[1] + ":" + hex.EncodeToString(b[:])
	})
}

// nvmeHost writes one new UUID as the host's ID and at the end of its NQN.
func nvmeHost(ctx context.Context, r *root) error {
	id := newid.Filesystem.Random()
	if err := r.edit(ctx, "/etc/nvme/hostid", func(old string) string {
		if strings.TrimSpace(old) == "" {
			return old
		}
		return id + "\n"
	}); err != nil {
		return err
	}
	return r.edit(ctx, "/etc/nvme/hostnqn", func(old string) string {
		if strings.TrimSpace(old) == "" {
			return old
		}
		return "nqn.2014-08.org.nvmexpress:uuid:" + id + "\n"
	})
}

// netMAC takes conditions on a MAC address out of what configures networks. What
// cannot be taken out without knowing what is meant makes a warning.
func netMAC(ctx context.Context, r *root) error {
	if err := r.removeFiles(ctx, "/etc/udev/rules.d/70-persistent-ipoib.rules", "/etc/udev/rules.d/75-persistent-net-generator.rules"); err != nil {
		return err
	}
	for _, pattern := range []string{"/etc/systemd/network/*.link", "/etc/systemd/network/*.network", "/etc/systemd/network/*.link.d/*.conf"} {
		files, err := r.glob(ctx, pattern)
		if err != nil {
			return err
		}
		for _, file := range files {
			text, ok, err := r.read(ctx, file)
			if err != nil {
				return err
			}
			if ok && matchMAC.Match(text) {
				// Without its condition it would hold for all interfaces.
				if err := r.removeFiles(ctx, file); err != nil {
					return err
				}
			}
		}
	}
	if err := r.edit(ctx, "/etc/NetworkManager/system-connections/*", func(text string) string {
		return withoutVariables(text, "mac-address")
	}); err != nil {
		return err
	}
	files, err := r.matching(ctx, "/etc/netplan/*.yaml", "/etc/network/interfaces", "/etc/network/interfaces.d/*", "/etc/sysconfig/network/ifcfg-*")
	if err != nil {
		return err
	}
	for _, file := range files {
		text, ok, err := r.read(ctx, file)
		if err != nil {
			return err
		}
		if ok && anyMAC.Match(text) {
			r.warn(fmt.Sprintf("%s names the MAC address %s, which the clone may not have", file, anyMAC.Find(text)))
		}
	}
	return nil
}

var (
	matchMAC = regexp.MustCompile(`(?mi)^\s*(Permanent)?MACAddress\s*=\s*[0-9a-f]{2}[:.-]?[0-9a-f]`)
	anyMAC   = regexp.MustCompile(`(?i)\b[0-9a-f]{2}(:[0-9a-f]{2}){5}\b`)
)
