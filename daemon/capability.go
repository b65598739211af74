package daemon

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// The capabilities of a program are kept in this extended attribute: a word
// with the format and the effective flag, then permitted and inheritable sets
// of 32 bits, the lower ones first (linux/capability.h). Format 3 has the root
// user of a namespace at its end.
const (
	capAttr       = "security.capability"
	capFlagOn     = 1
	capFormatMask = 0xff000000
	capFormat1    = 0x01000000 // one pair of sets
	capFormat2    = 0x02000000
	capFormat3    = 0x03000000
	capsMax       = 64
)

// capNames are the capabilities by their numbers.
var capNames = []string{
	"cap_chown", "cap_dac_override", "cap_dac_read_search", "cap_fowner", "cap_fsetid", "cap_kill", "cap_setgid",
	"cap_setuid", "cap_setpcap", "cap_linux_immutable", "cap_net_bind_service", "cap_net_broadcast", "cap_net_admin",
	"cap_net_raw", "cap_ipc_lock", "cap_ipc_owner", "cap_sys_module", "cap_sys_rawio", "cap_sys_chroot",
	"cap_sys_ptrace", "cap_sys_pacct", "cap_sys_admin", "cap_sys_boot", "cap_sys_nice", "cap_sys_resource",
	"cap_sys_time", "cap_sys_tty_config", "cap_mknod", "cap_lease", "cap_audit_write", "cap_audit_control",
	"cap_setfcap", "cap_mac_override", "cap_mac_admin", "cap_syslog", "cap_wake_alarm", "cap_block_suspend",
	"cap_audit_read", "cap_perfmon", "cap_bpf", "cap_checkpoint_restore",
}

// capSets says, for each capability, in which sets it is.
type capSets [capsMax]capFlags

type capFlags uint8

// In the order in which their letters are written.
const (
	capEffective capFlags = 1 << iota
	capInheritable
	capPermitted
	capFlagsAll = capEffective | capInheritable | capPermitted
)

const capLetters = "eip"

// capOrder is that in which libcap writes combinations of flags.
var capOrder = []capFlags{
	capFlagsAll, capInheritable | capPermitted, capInheritable | capEffective, capInheritable,
	capPermitted | capEffective, capPermitted, capEffective, 0,
}

func (f capFlags) String() string {
	var b strings.Builder
	for i, letter := range capLetters {
		if f&(1<<i) != 0 {
			b.WriteRune(letter)
		}
	}
	return b.String()
}

// doCapGetFile returns an empty text when there are no capabilities.
func doCapGetFile(c *Call, path string) (text string, err error) {
	err = c.onPath("getxattr", path, func() error {
		attr, err := readGrowing(func(buf []byte) (int, error) { return unix.Getxattr(path, capAttr, buf) })
		if err == syscall.ENODATA {
			return nil
		}
		if err != nil {
			return err
		}
		sets, err := decodeCaps(attr)
		text = sets.String()
		return err
	})
	return text, err
}

func doCapSetFile(c *Call, path, capability string) error {
	sets, err := parseCaps(capability)
	if err != nil {
		return withErrno(syscall.EINVAL, "could not parse cap string: %w", err)
	}
	attr, ok := sets.encode()
	if !ok {
		return withErrno(syscall.EINVAL, "%s: %s: a file has all of its capabilities effective or none", path, capability)
	}
	return c.onPath("setxattr", path, func() error { return unix.Setxattr(path, capAttr, attr, 0) })
}

func decodeCaps(attr []byte) (*capSets, error) {
	var sets capSets
	if len(attr) < 4 {
		return &sets, withErrno(syscall.EINVAL, "capabilities of %d bytes are damaged", len(attr))
	}
	head := binary.LittleEndian.Uint32(attr)
	words, size := 2, 20
	switch head & capFormatMask {
	case capFormat1:
		words, size = 1, 12
	case capFormat3:
		size = 24
	case capFormat2:
	default:
		return &sets, withErrno(syscall.EINVAL, "capabilities of unknown format %#x", head)
	}
	if len(attr) != size {
		return &sets, withErrno(syscall.EINVAL, "capabilities of %d bytes are damaged", len(attr))
	}
	for n := range 32 * words {
		pair := attr[4+8*(n/32):]
		if binary.LittleEndian.Uint32(pair)>>(n%32)&1 != 0 {
			sets[n] |= capPermitted
		}
		if binary.LittleEndian.Uint32(pair[4:])>>(n%32)&1 != 0 {
			sets[n] |= capInheritable
		}
		if sets[n] != 0 && head&capFlagOn != 0 {
			sets[n] |= capEffective
		}
	}
	return &sets, nil
}

// encode returns false when some but not all capabilities are effective, which
// the attribute cannot say.
func (s *capSets) encode() ([]byte, bool) {
	var sets [2][2]uint32
	on, off := false, false
	for n, f := range s {
		bit := uint32(1) << (n % 32)
		if f&capPermitted != 0 {
			sets[n/32][0] |= bit
		}
		if f&capInheritable != 0 {
			sets[n/32][1] |= bit
		}
		on = on || f&capEffective != 0
		off = off || f != 0 && f&capEffective == 0
	}
	head := uint32(capFormat2)
	if on {
		head |= capFlagOn
	}
	attr := binary.LittleEndian.AppendUint32(nil, head)
	for _, pair := range sets {
		attr = binary.LittleEndian.AppendUint32(attr, pair[0])
		attr = binary.LittleEndian.AppendUint32(attr, pair[1])
	}
	return attr, !on || !off
}

// String writes the sets as cap_to_text(3) does: the flags that most
// capabilities have, then what differs.
func (s *capSets) String() string {
	count := s.count(0, len(capNames))
	most := capFlagsAll
	for _, f := range capOrder {
		if count[f] >= count[most] {
			most = f
		}
	}
	text := "=" + most.String()
	for _, f := range capOrder {
		if f == most || count[f] == 0 {
			continue
		}
		text += " " + strings.Join(s.named(f), ",")
		if more := f &^ most; more != 0 {
			op := "+"
			if rest, ok := strings.CutPrefix(text, "= "); ok {
				text, op = rest, "="
			}
			text += op + more.String()
		}
		if less := most &^ f; less != 0 {
			text += "-" + less.String()
		}
	}
	return text + s.unnamed()
}

// unnamed writes the capabilities that have no names, by their numbers.
func (s *capSets) unnamed() string {
	text := ""
	count := s.count(len(capNames), capsMax)
	for _, f := range capOrder {
		if count[f] == 0 || f == 0 {
			continue
		}
		var numbers []string
		for n := len(capNames); n < capsMax; n++ {
			if s[n] == f {
				numbers = append(numbers, strconv.Itoa(n))
			}
		}
		text += " " + strings.Join(numbers, ",") + "+" + f.String()
	}
	return text
}

func (s *capSets) count(from, to int) (count [capFlagsAll + 1]int) {
	for _, f := range s[from:to] {
		count[f]++
	}
	return count
}

func (s *capSets) named(f capFlags) []string {
	var list []string
	for n, name := range capNames {
		if s[n] == f {
			list = append(list, name)
		}
	}
	return list
}

// parseCaps reads clauses of capabilities, or none for all of them, and of
// changes: "=ep cap_chown,cap_kill-e+i".
func parseCaps(text string) (*capSets, error) {
	var sets capSets
	for _, clause := range strings.Fields(text) {
		at := strings.IndexAny(clause, "=+-")
		if at < 0 {
			return nil, fmt.Errorf("%q has none of =, + and -", clause)
		}
		caps, err := capList(clause[:at])
		if err != nil {
			return nil, err
		}
		if at == 0 && clause[0] != '=' {
			return nil, fmt.Errorf("%q does not say which capabilities", clause)
		}
		for changes := clause[at:]; changes != ""; {
			op := changes[0]
			rest := strings.TrimLeft(changes[1:], capLetters)
			var flags capFlags
			for _, letter := range changes[1 : len(changes)-len(rest)] {
				flags |= 1 << strings.IndexRune(capLetters, letter)
			}
			if changes = rest; changes != "" && !strings.ContainsAny(changes[:1], "+-") || flags == 0 && op != '=' {
				return nil, fmt.Errorf("%q: expecting e, i or p", clause)
			}
			for _, n := range caps {
				switch op {
				case '=':
					sets[n] = flags
				case '+':
					sets[n] |= flags
				case '-':
					sets[n] &^= flags
				}
			}
		}
	}
	return &sets, nil
}

// capList returns the numbers of capabilities.
func capList(list string) ([]int, error) {
	var numbers []int
	if list == "" || strings.EqualFold(list, "all") {
		for n := range capNames {
			numbers = append(numbers, n)
		}
		return numbers, nil
	}
	for name := range strings.SplitSeq(list, ",") {
		n := slices.Index(capNames, strings.ToLower(name))
		if n < 0 {
			var err error
			if n, err = strconv.Atoi(name); err != nil || n < 0 || n >= capsMax {
				return nil, fmt.Errorf("unknown capability %q", name)
			}
		}
		numbers = append(numbers, n)
	}
	return numbers, nil
}
