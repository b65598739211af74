package icon

import "encoding/binary"

// A program of Windows (PE) begins with a header that leads to its real one;
// then come a table of directories and one of sections, which say where in the
// file the addresses are that everything else is given in. Resources are a
// tree of three levels: type, name, language.
const typeBitmap = 2

// resource returns a resource of a program, of its first language, or nil.
func resource(b []byte, typ, id uint32) []byte {
	p, ok := openPE(b)
	if !ok {
		return nil
	}
	at, ok := p.entry(0, func(have uint32) bool { return have == typ })
	if ok {
		at, ok = p.entry(at, func(have uint32) bool { return have == id })
	}
	if ok {
		at, ok = p.entry(at, func(uint32) bool { return true })
	}
	if !ok || !within(p.tree, at, 16) {
		return nil
	}
	return p.at(binary.LittleEndian.Uint32(p.tree[at:]), binary.LittleEndian.Uint32(p.tree[at+4:]))
}

type pe struct {
	b        []byte
	sections []byte // 40 bytes each
	tree     []byte // resources
}

const sectionBytes = 40

func within(b []byte, at, size uint32) bool { return uint64(at)+uint64(size) <= uint64(len(b)) }

func openPE(b []byte) (p pe, ok bool) {
	le := binary.LittleEndian
	if !within(b, 0, 64) || string(b[:2]) != "MZ" {
		return p, false
	}
	header := le.Uint32(b[60:])
	if !within(b, header, 24) || string(b[header:header+4]) != "PE\x00\x00" {
		return p, false
	}
	count, optional := uint32(le.Uint16(b[header+6:])), uint32(le.Uint16(b[header+20:]))
	start := header + 24
	if !within(b, start, optional+sectionBytes*count) || optional < 2 {
		return p, false
	}
	p = pe{b: b, sections: b[start+optional : start+optional+sectionBytes*count]}
	directories := uint32(96)
	if le.Uint16(b[start:]) == 0x20b { // of 64 bits
		directories = 112
	}
	const resources = 2
	if directories+8*resources+8 > optional {
		return p, false
	}
	entry := b[start+directories+8*resources:]
	p.tree = p.at(le.Uint32(entry), le.Uint32(entry[4:]))
	return p, p.tree != nil
}

// at returns what is at an address.
func (p *pe) at(address, size uint32) []byte {
	le := binary.LittleEndian
	for s := p.sections; len(s) > 0; s = s[sectionBytes:] {
		from, length, offset := le.Uint32(s[12:]), le.Uint32(s[16:]), le.Uint32(s[20:])
		if address < from || address-from >= length {
			continue
		}
		length -= address - from
		if start := uint64(offset) + uint64(address-from); start < uint64(len(p.b)) {
			b := p.b[start:min(start+uint64(length), uint64(len(p.b)))]
			if uint64(size) <= uint64(len(b)) {
				return b[:size]
			}
		}
		return nil
	}
	return nil
}

// entry finds an entry of a table of resources. Names are left out, as what we
// look for has numbers.
func (p *pe) entry(table uint32, want func(id uint32) bool) (at uint32, ok bool) {
	le := binary.LittleEndian
	const down = 1 << 31
	table &^= down
	if !within(p.tree, table, 16) {
		return 0, false
	}
	count := uint32(le.Uint16(p.tree[table+12:])) + uint32(le.Uint16(p.tree[table+14:]))
	if !within(p.tree, table+16, 8*count) {
		return 0, false
	}
	for i := range count {
		e := p.tree[table+16+8*i:]
		if id := le.Uint32(e); want(id) {
			return le.Uint32(e[4:]) &^ down, true
		}
	}
	return 0, false
}
