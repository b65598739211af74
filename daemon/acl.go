package daemon

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Access control lists are kept in these extended attributes: a version and
// entries of tag, permissions and number (linux/posix_acl_xattr.h).
const (
	aclAccess  = "system.posix_acl_access"
	aclDefault = "system.posix_acl_default"

	aclVersion   = 2
	aclEntrySize = 8
	aclNoID      = 1<<32 - 1
)

// aclTag is a kind of entry.
type aclTag struct {
	tag     uint16
	word    string
	numeric bool // the entry has the number of a user or group
}

// aclTags are in the order which the kernel wants.
var aclTags = []aclTag{
	{0x01, "user", false},
	{0x02, "user", true},
	{0x04, "group", false},
	{0x08, "group", true},
	{0x10, "mask", false},
	{0x20, "other", false},
}

// aclText writes an attribute as setfacl reads it, with numbers for users and
// groups.
func aclText(attr []byte) (string, error) {
	if len(attr) < 4 || binary.LittleEndian.Uint32(attr) != aclVersion || (len(attr)-4)%aclEntrySize != 0 {
		return "", fmt.Errorf("access control list of %d bytes is damaged", len(attr))
	}
	var b strings.Builder
	for e := attr[4:]; len(e) > 0; e = e[aclEntrySize:] {
		tag, perm, id := binary.LittleEndian.Uint16(e), binary.LittleEndian.Uint16(e[2:]), binary.LittleEndian.Uint32(e[4:])
		i := slices.IndexFunc(aclTags, func(t aclTag) bool { return t.tag == tag })
		if i < 0 || perm > 7 {
			return "", fmt.Errorf("access control list has an entry %#x with permissions %#x", tag, perm)
		}
		b.WriteString(aclTags[i].word + ":")
		if aclTags[i].numeric {
			b.WriteString(strconv.FormatUint(uint64(id), 10))
		}
		b.WriteByte(':')
		for k, letter := range "rwx" {
			if perm&(4>>k) == 0 {
				letter = '-'
			}
			b.WriteRune(letter)
		}
		b.WriteByte('\n')
	}
	return b.String(), nil
}

// aclEntry is an entry that aclFromText has read.
type aclEntry struct {
	tag, perm uint16
	id        uint32
}

// aclFromText reads what tar programs write: entries separated by line ends or
// commas, with names or numbers, or both (star has the number in a fourth
// field). The result is nil when there is no entry.
func aclFromText(text string, users, groups names) ([]byte, error) {
	var entries []aclEntry
	for _, s := range strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == ',' }) {
		s, _, _ = strings.Cut(s, "#")
		if s = strings.TrimSpace(s); s == "" {
			continue
		}
		e, err := parseACLEntry(s, users, groups)
		if err != nil {
			return nil, err
		}
		entries = append(entries, e)
	}
	if entries == nil {
		return nil, nil
	}
	slices.SortStableFunc(entries, func(a, b aclEntry) int {
		return cmp.Or(cmp.Compare(a.tag, b.tag), cmp.Compare(a.id, b.id))
	})
	attr := binary.LittleEndian.AppendUint32(nil, aclVersion)
	for _, e := range entries {
		attr = binary.LittleEndian.AppendUint16(attr, e.tag)
		attr = binary.LittleEndian.AppendUint16(attr, e.perm)
		attr = binary.LittleEndian.AppendUint32(attr, e.id)
	}
	return attr, nil
}

func parseACLEntry(s string, users, groups names) (aclEntry, error) {
	part := strings.Split(s, ":")
	if len(part) == 2 && (part[0] == "mask" || part[0] == "other" || part[0] == "m" || part[0] == "o") {
		part = []string{part[0], "", part[1]}
	}
	if len(part) < 3 || len(part) > 4 {
		return aclEntry{}, fmt.Errorf("access control entry %q: expecting kind:name:permissions", s)
	}
	e := aclEntry{id: aclNoID}
	for _, t := range aclTags {
		if t.numeric == (part[1] != "") && (part[0] == t.word || part[0] == t.word[:1]) {
			e.tag = t.tag
		}
	}
	if e.tag == 0 {
		return e, fmt.Errorf("access control entry %q: unknown kind", s)
	}
	if part[1] != "" {
		known := users
		if part[0][0] == 'g' {
			known = groups
		}
		id, err := aclID(part[1:], known)
		if err != nil {
			return e, fmt.Errorf("access control entry %q: %w", s, err)
		}
		e.id = id
	}
	for _, letter := range part[2] {
		i := strings.IndexRune("rwx", letter)
		switch {
		case i >= 0:
			e.perm |= 4 >> i
		case letter != '-':
			return e, fmt.Errorf("access control entry %q: unknown permission %q", s, letter)
		}
	}
	return e, nil
}

// aclID takes the number from the fourth field, from the name, or from the
// guest's list of names.
func aclID(part []string, known names) (uint32, error) {
	for _, s := range append(part[2:], part[0]) {
		if id, err := strconv.ParseUint(s, 10, 32); err == nil {
			return uint32(id), nil
		}
	}
	if id, ok := known.number(part[0]); ok {
		return id, nil
	}
	return 0, fmt.Errorf("the guest has no %q", part[0])
}
