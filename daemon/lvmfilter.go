package daemon

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"unicode"
)

// lvmFilter are the devices to which LVM is confined, with their partitions.
// There are none at the start, which means all.
var lvmFilter struct {
	mu      sync.Mutex
	devices []string
}

func setLVMFilter(devices []string) {
	lvmFilter.mu.Lock()
	defer lvmFilter.mu.Unlock()
	lvmFilter.devices = slices.Clone(devices)
}

// lvmSees tells whether the filter lets a device through.
func lvmSees(device string) bool {
	lvmFilter.mu.Lock()
	defer lvmFilter.mu.Unlock()
	if len(lvmFilter.devices) == 0 || slices.Contains(lvmFilter.devices, device) {
		return true
	}
	disk, _, err := splitPartition(device)
	return err == nil && slices.Contains(lvmFilter.devices, disk)
}

// lvmFilterConfig is the filter in the words of lvm.conf, or nothing.
func lvmFilterConfig() string {
	lvmFilter.mu.Lock()
	defer lvmFilter.mu.Unlock()
	if len(lvmFilter.devices) == 0 {
		return ""
	}
	var b strings.Builder
	for _, d := range lvmFilter.devices {
		fmt.Fprintf(&b, `"a|^%s$|",`, d)
		if !unicode.IsDigit(rune(d[len(d)-1])) {
			fmt.Fprintf(&b, `"a|^%s[0-9]|",`, d)
		}
	}
	return `devices { filter = [ ` + b.String() + `"r|.*|" ] }`
}

func doLvmSetFilter(c *Call, devices []string) error {
	for i, d := range devices {
		name, err := kernelName(d)
		if err != nil {
			return err
		}
		if strings.HasPrefix(name, "dm-") {
			continue // lvm knows it by its own name
		}
		devices[i] = "/dev/" + name
	}
	return c.changeLVMFilter(devices)
}

func doLvmClearFilter(c *Call) error { return c.changeLVMFilter(nil) }

// changeLVMFilter deactivates the groups that are seen now, and activates those
// that are seen then.
func (c *Call) changeLVMFilter(devices []string) error {
	if err := doVgActivateAll(c, false); err != nil {
		return err
	}
	setLVMFilter(devices)
	return doVgActivateAll(c, true)
}
