package regf

import "time"

// New returns a hive with nothing in it but the key at the top, which anybody
// may do anything with.
func New() *Hive {
	h := &Hive{b: make([]byte, headerBytes), end: headerBytes, minor: 5}
	copy(h.b, "regf")
	for at, v := range map[int]uint32{4: 1, 8: 1, 0x14: 1, 0x18: h.minor, 0x20: 1, 0x2c: 1} {
		le.PutUint32(h.b[at:], v)
	}
	// The first cells fit into one area, so that none of this can fail.
	root, _ := h.alloc(nkName - 4 + len("ROOT"))
	sk, _ := h.alloc(skBytes - 4 + len(anybody))
	c := h.b[root:]
	copy(c[4:], "nk")
	const isRoot, noDelete = 0x4, 0x8
	le.PutUint16(c[nkFlags:], nkNameIs8Bits|isRoot|noDelete)
	for _, nothing := range []int{nkList, nkListVol, nkValueList, nkClass} {
		le.PutUint32(c[nothing:], none)
	}
	le.PutUint32(c[nkParent:], none)
	le.PutUint32(c[nkSecurity:], sk-headerBytes)
	le.PutUint16(c[nkNameLen:], uint16(len("ROOT")))
	copy(c[nkName:], "ROOT")
	s := h.b[sk:]
	copy(s[4:], "sk")
	le.PutUint32(s[skNext:], sk-headerBytes)
	le.PutUint32(s[skPrev:], sk-headerBytes)
	le.PutUint32(s[skUsers:], 1)
	le.PutUint32(s[skUsers+4:], uint32(len(anybody)))
	copy(s[skBytes:], anybody)
	le.PutUint32(h.b[0x24:], root-headerBytes)
	h.Commit(time.Unix(0, 0))
	return h
}

// anybody is a security descriptor in which Everyone (S-1-1-0) owns the key
// and has all rights to it, and those below inherit that.
const anybody = "\x01\x00\x04\x80" + "\x30\x00\x00\x00" + "\x3c\x00\x00\x00" + "\x00\x00\x00\x00" + "\x14\x00\x00\x00" +
	"\x02\x00\x1c\x00\x01\x00\x00\x00" + "\x00\x03\x14\x00\x3f\x00\x0f\x00" + everyone + everyone + everyone

const everyone = "\x01\x01\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00"
