package regf

import (
	"fmt"
	"strings"
)

// Places in the cell of a key ("nk").
const (
	nkFlags       = 6
	nkTime        = 8
	nkParent      = 20
	nkChildren    = 24
	nkVolatile    = 28
	nkList        = 32
	nkListVol     = 36
	nkValues      = 40
	nkValueList   = 44
	nkSecurity    = 48
	nkClass       = 52
	nkMaxName     = 56 // bytes in UTF-16, of the children's names
	nkMaxValue    = 64
	nkMaxData     = 68
	nkNameLen     = 76
	nkClassLen    = 78
	nkName        = 80
	nkNameIs8Bits = 0x20 // a flag
)

func (h *Hive) node(n Node) ([]byte, error) {
	c, err := h.cell(uint32(n), nkName)
	if err != nil {
		return nil, err
	}
	if kind(c) != "nk" {
		return nil, fmt.Errorf("%w: no key at %#x", ErrDamaged, uint32(n))
	}
	return c, nil
}

// Name returns the name of a key.
func (h *Hive) Name(n Node) (string, error) {
	c, err := h.node(n)
	if err != nil {
		return "", err
	}
	size := int(le.Uint16(c[nkNameLen:]))
	if nkName+size > len(c) {
		return "", fmt.Errorf("%w: the name of the key at %#x is too long", ErrDamaged, uint32(n))
	}
	return decodeName(c[nkName:nkName+size], le.Uint16(c[nkFlags:])&nkNameIs8Bits != 0), nil
}

// Parent returns the key that a key is in.
func (h *Hive) Parent(n Node) (Node, error) {
	c, err := h.node(n)
	if err != nil {
		return 0, err
	}
	_, at, err := h.ref(le.Uint32(c[nkParent:]), nkName)
	if err != nil {
		return 0, err
	}
	_, err = h.node(Node(at))
	return Node(at), err
}

// Children returns the keys in a key, in the hive's order.
func (h *Hive) Children(n Node) ([]Node, error) {
	list, err := h.Readable(n)
	if err != nil {
		return nil, err
	}
	return list, nil
}

// Readable returns those keys in a key that are not damaged, in the hive's
// order, and an error if there are others.
func (h *Hive) Readable(n Node) ([]Node, error) {
	leaves, damage := h.leaves(n)
	list := []Node{}
	for _, l := range leaves {
		for _, r := range l.refs {
			err := fmt.Errorf("%w: a child that is nowhere", ErrDamaged)
			if r <= none-headerBytes {
				_, err = h.node(Node(r + headerBytes))
			}
			if err == nil {
				list = append(list, Node(r+headerBytes))
			} else if damage == nil {
				damage = err
			}
		}
	}
	return list, damage
}

// Child returns the key of that name in a key, or 0. Case does not matter.
func (h *Hive) Child(n Node, name string) (Node, error) {
	children, err := h.Children(n)
	if err != nil {
		return 0, err
	}
	for _, child := range children {
		have, err := h.Name(child)
		if err != nil {
			return 0, err
		}
		if strings.EqualFold(have, name) {
			return child, nil
		}
	}
	return 0, nil
}

// leaf is a list of children: "lf" and "lh" have 4 bytes about the name behind
// each reference, "li" has not.
type leaf struct {
	at   uint32
	kind string
	refs []uint32
	hint []uint32 // of lf and lh
}

func (l *leaf) entryBytes() int {
	if l.kind == "li" {
		return 4
	}
	return 8
}

const listHeader = 8

// leaves returns the lists of a key's children: one, or those that an "ri"
// cell lists. With an error come those lists that are not damaged.
func (h *Hive) leaves(n Node) ([]leaf, error) {
	c, err := h.node(n)
	if err != nil || le.Uint32(c[nkChildren:]) == 0 {
		return nil, err
	}
	list, at, err := h.ref(le.Uint32(c[nkList:]), listHeader)
	if err != nil {
		return nil, err
	}
	if kind(list) != "ri" {
		l, err := h.leaf(list, at)
		return []leaf{l}, err
	}
	count := int(le.Uint16(list[6:]))
	if listHeader+4*count > len(list) {
		return nil, fmt.Errorf("%w: the list at %#x is too long", ErrDamaged, at)
	}
	var all []leaf
	var damage error
	total := 0
	for i := range count {
		sub, at, err := h.ref(le.Uint32(list[listHeader+4*i:]), listHeader)
		var l leaf
		if err == nil {
			l, err = h.leaf(sub, at)
		}
		if err != nil {
			damage = err
			continue
		}
		if total += len(l.refs); total > maxChildren {
			return nil, fmt.Errorf("%w: more than %d keys in one", ErrDamaged, maxChildren)
		}
		all = append(all, l)
	}
	return all, damage
}

func (h *Hive) leaf(c []byte, at uint32) (leaf, error) {
	l := leaf{at: at, kind: kind(c)}
	if l.kind != "lf" && l.kind != "lh" && l.kind != "li" {
		return l, fmt.Errorf("%w: no list of keys at %#x", ErrDamaged, at)
	}
	count := int(le.Uint16(c[6:]))
	if listHeader+l.entryBytes()*count > len(c) {
		return l, fmt.Errorf("%w: the list at %#x is too long", ErrDamaged, at)
	}
	for i := range count {
		entry := c[listHeader+l.entryBytes()*i:]
		l.refs = append(l.refs, le.Uint32(entry))
		if l.kind != "li" {
			l.hint = append(l.hint, le.Uint32(entry[4:]))
		}
	}
	return l, nil
}
