package guestfs

import "regexp"

var driveName = regexp.MustCompile(`^/dev/(?:[hsv]|ub|xv)d([a-z]{1,5})$`)

// DeviceIndex calls device_index: the number of the drive that a name stands
// for, 0 for /dev/sda. Drives need not be there.
func (g *Handle) DeviceIndex(device Device) (int, error) {
	m := driveName.FindStringSubmatch(string(device))
	if m == nil {
		return 0, invalid("device_index", "%s: device not found", device)
	}
	index := 0
	for _, r := range m[1] {
		index = index*26 + int(r-'a') + 1
	}
	return index - 1, nil
}

// DeviceName calls device_name: the name of the drive that was added at a
// place, /dev/sda for 0.
func (g *Handle) DeviceName(index int) (Device, error) {
	g.mu.Lock()
	count := len(g.drives)
	g.mu.Unlock()
	if index < 0 || index >= count {
		return "", invalid("device_name", "drive index %d is out of range", index)
	}
	name := ""
	for n := index + 1; n > 0; n = (n - 1) / 26 {
		name = string(rune('a'+(n-1)%26)) + name
	}
	return Device("/dev/sd" + name), nil
}
