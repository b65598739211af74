package daemon

import (
	"encoding/binary"
	"os"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// aclAttr is the attribute that holds a kind of access control list.
func aclAttr(acltype string) (string, error) {
	switch acltype {
	case "access":
		return aclAccess, nil
	case "default":
		return aclDefault, nil
	}
	return "", withErrno(syscall.EINVAL, "invalid acltype parameter: %s", acltype)
}

// doAclGetFile writes a list with numbers for users and groups. A file without
// one has the list that its mode stands for; a directory without a default
// list has none.
func doAclGetFile(c *Call, path, acltype string) (text string, err error) {
	attr, err := aclAttr(acltype)
	if err != nil {
		return "", err
	}
	err = c.onPath("getxattr", path, func() error {
		var st unix.Stat_t
		if err := unix.Stat(path, &st); err != nil {
			return err
		}
		if attr == aclDefault && st.Mode&unix.S_IFMT != unix.S_IFDIR {
			return syscall.EACCES
		}
		value, err := readGrowing(func(buf []byte) (int, error) { return unix.Getxattr(path, attr, buf) })
		if err == syscall.ENODATA || err == syscall.ENOTSUP || err == nil && len(value) == 0 {
			if attr == aclDefault {
				return nil
			}
			value = aclOfMode(st.Mode)
		} else if err != nil {
			return err
		}
		if text, err = aclText(value); err == nil {
			text = withEffective(text)
		}
		return err
	})
	return text, err
}

// aclOfMode is the list that says what a file's mode says.
func aclOfMode(mode uint32) []byte {
	attr := binary.LittleEndian.AppendUint32(nil, aclVersion)
	for i, kind := range []string{"user", "group", "other"} {
		for _, t := range aclTags {
			if t.word == kind && !t.numeric {
				attr = binary.LittleEndian.AppendUint16(attr, t.tag)
				attr = binary.LittleEndian.AppendUint16(attr, uint16(mode>>(6-3*i)&7))
				attr = binary.LittleEndian.AppendUint32(attr, aclNoID)
			}
		}
	}
	return attr
}

// withEffective adds, to entries of which the mask takes something away, what
// is left of them.
func withEffective(text string) string {
	_, mask, masked := strings.Cut(text, "\nmask::")
	if !masked {
		return text
	}
	mask = mask[:3]
	var b strings.Builder
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		b.WriteString(line)
		perm := line[len(line)-3:]
		if strings.HasPrefix(line, "group:") || strings.HasPrefix(line, "user:") && !strings.HasPrefix(line, "user::") {
			left := []byte(perm)
			for i := range left {
				if mask[i] == '-' {
					left[i] = '-'
				}
			}
			if string(left) != perm {
				b.WriteString("\t#effective:" + string(left))
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// doAclSetFile reads a list in its long or short form; names of users and
// groups are the guest's.
func doAclSetFile(c *Call, path, acltype, acl string) error {
	attr, err := aclAttr(acltype)
	if err != nil {
		return err
	}
	return c.inGuest(func() error {
		value, err := aclFromText(acl, readNames("/etc/passwd"), readNames("/etc/group"))
		if err != nil {
			return withErrno(syscall.EINVAL, "could not parse acl string: %s: %w", acl, err)
		}
		if value == nil {
			value = binary.LittleEndian.AppendUint32(nil, aclVersion)
		}
		if err := unix.Setxattr(path, attr, value, 0); err != nil {
			return &os.PathError{Op: "setxattr", Path: path, Err: err}
		}
		return nil
	})
}

// doAclDeleteDefFile is no error when there is no default list.
func doAclDeleteDefFile(c *Call, dir string) error {
	return c.onPath("removexattr", dir, func() error {
		if err := unix.Removexattr(dir, aclDefault); err != syscall.ENODATA {
			return err
		}
		return nil
	})
}
