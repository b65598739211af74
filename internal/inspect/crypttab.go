package inspect

import "strings"

// Crypt is a line of /etc/crypttab: the name that an encrypted device has once
// it is open.
type Crypt struct{ Name, Device string }

// ParseCrypttab returns the devices of a crypttab. A line that is not one is
// left out: such a device cannot be opened by it in the guest either.
func ParseCrypttab(text string) []Crypt {
	var list []Crypt
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		if len(list) == maxLines {
			break
		}
		if len(f) >= 2 && f[0][0] != '#' {
			list = append(list, Crypt{f[0], f[1]})
		}
	}
	return list
}

// Array is an ARRAY line of mdadm.conf.
type Array struct{ Device, UUID string }

// ParseMdadm returns the arrays that an mdadm.conf names by UUID. Words of a
// line go on in the next one when that begins with a blank (mdadm.conf(5)).
func ParseMdadm(text string) []Array {
	var list []Array
	in := false
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		f := strings.Fields(line)
		if len(f) == 0 {
			continue
		}
		if line[0] != ' ' && line[0] != '\t' {
			if in = len(f[0]) >= 3 && strings.HasPrefix("ARRAY", strings.ToUpper(f[0])) && len(f) > 1; !in {
				continue
			}
			if len(list) == maxLines {
				break
			}
			list = append(list, Array{Device: f[1]})
		}
		for _, word := range f {
			if key, value, ok := strings.Cut(word, "="); in && ok && strings.EqualFold(key, "uuid") {
				list[len(list)-1].UUID = plainUUID(value)
			}
		}
	}
	return list
}

// plainUUID is a UUID of an array without what stands between its digits.
func plainUUID(s string) string {
	return strings.ToLower(strings.NewReplacer(":", "", "-", "", ".", "", " ", "").Replace(s))
}
