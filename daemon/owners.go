package daemon

import (
	"io"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// names are the guest's own names of its users or groups, by number.
type names map[uint32]string

const nameFileMax = 4 << 20 // bytes read of /etc/passwd or /etc/group

// readNames reads /etc/passwd or /etc/group; the caller is on the guest's
// thread. A file that is missing or strange gives no names. Of two names for a
// number the first counts.
func readNames(file string) names {
	var st unix.Stat_t
	if unix.Stat(file, &st) != nil || st.Mode&unix.S_IFMT != unix.S_IFREG {
		return nil
	}
	f, err := os.Open(file)
	if err != nil {
		return nil
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, nameFileMax))
	if err != nil {
		return nil
	}
	return parseNames(string(text))
}

// parseNames reads lines of the form name:password:number[:...].
func parseNames(text string) names {
	n := names{}
	for line := range strings.Lines(text) {
		part := strings.SplitN(strings.TrimSuffix(line, "\n"), ":", 4)
		if len(part) < 3 || part[0] == "" || strings.HasPrefix(part[0], "#") || strings.ContainsAny(part[0], " \t\x00") {
			continue
		}
		id, err := strconv.ParseUint(part[2], 10, 32)
		if err != nil {
			continue
		}
		if _, ok := n[uint32(id)]; !ok {
			n[uint32(id)] = part[0]
		}
	}
	return n
}

// number returns the number for a name, the smallest of several.
func (n names) number(name string) (uint32, bool) {
	found, ok := uint32(0), false
	for id, s := range n {
		if s == name && (!ok || id < found) {
			found, ok = id, true
		}
	}
	return found, ok
}
