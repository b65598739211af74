package daemon

import (
	"slices"
	"strings"
)

// Records of a tar archive that hold extended attributes, as GNU tar and star
// write them.
const (
	paxXattr   = "SCHILY.xattr." // and the name, with % and = as %25 and %3D
	paxAccess  = "SCHILY.acl.access"
	paxDefault = "SCHILY.acl.default"
	paxSELinux = "RHT.security.selinux"
)

var (
	xattrEscape   = strings.NewReplacer("%", "%25", "=", "%3D")
	xattrUnescape = strings.NewReplacer("%25", "%", "%3D", "=")
)

// extendedAttributes takes those that were asked for from the records.
func (u *unpacker) extendedAttributes(member string, records map[string]string) []xattr {
	set := map[string][]byte{}
	for key, value := range records {
		name, isXattr := strings.CutPrefix(key, paxXattr)
		if isXattr && u.xattrs {
			set[xattrUnescape.Replace(name)] = []byte(value)
		}
	}
	if context, ok := records[paxSELinux]; ok && u.selinux {
		set[selinuxAttr] = []byte(context)
	}
	for key, name := range map[string]string{paxAccess: aclAccess, paxDefault: aclDefault} {
		text, ok := records[key]
		if !ok || !u.acls {
			continue
		}
		acl, err := aclFromText(text, u.users, u.groups)
		if err != nil { // as GNU tar: the file is worth more than its list
			u.c.warn("%s: not kept: %v", member, err)
		} else if acl != nil {
			set[name] = acl
		}
	}
	var all []xattr
	for name, value := range set {
		all = append(all, xattr{name, value})
	}
	slices.SortFunc(all, func(x, y xattr) int { return strings.Compare(x.name, y.name) })
	return all
}

// records returns the records for the extended attributes of a file.
func (p *packer) records(attrs []xattr) (map[string]string, error) {
	records := map[string]string{}
	for _, x := range attrs {
		if p.xattrs {
			records[paxXattr+xattrEscape.Replace(x.name)] = string(x.value)
		}
		if p.selinux && x.name == selinuxAttr {
			records[paxSELinux] = strings.TrimSuffix(string(x.value), "\x00")
		}
		if p.acls && isACL(x.name) {
			text, err := aclText(x.value)
			if err != nil {
				return nil, err
			}
			key := paxAccess
			if x.name == aclDefault {
				key = paxDefault
			}
			records[key] = text
		}
	}
	if len(records) == 0 {
		return nil, nil
	}
	return records, nil
}
