package regf

import (
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"
)

// leafMax is how many children one list holds; Windows splits them about there.
const leafMax = 500

// AddChild makes a key in a key. It gets the parent's security.
func (h *Hive) AddChild(parent Node, name string) (Node, error) {
	text, is8Bits := encodeName(name)
	if name == "" || strings.ContainsAny(name, "\\\x00") || len(text) > 512 {
		return 0, fmt.Errorf("%w: key name %q", ErrArgument, name)
	}
	if have, err := h.Child(parent, name); err != nil || have != 0 {
		if err == nil {
			err = fmt.Errorf("%q: %w", name, ErrExists)
		}
		return 0, err
	}
	at, err := h.alloc(nkName - 4 + len(text))
	if err != nil {
		return 0, err
	}
	up, err := h.node(parent)
	if err != nil {
		return 0, err
	}
	c := h.b[at:]
	copy(c[4:], "nk")
	if is8Bits {
		le.PutUint16(c[nkFlags:], nkNameIs8Bits)
	}
	le.PutUint64(c[nkTime:], fileTime(time.Now()))
	le.PutUint32(c[nkParent:], uint32(parent)-headerBytes)
	for _, nothing := range []int{nkList, nkListVol, nkValueList, nkClass} {
		le.PutUint32(c[nothing:], none)
	}
	copy(c[nkSecurity:nkSecurity+4], up[nkSecurity:])
	le.PutUint16(c[nkNameLen:], uint16(len(text)))
	copy(c[nkName:], text)
	if err := h.insert(parent, Node(at), name); err != nil {
		h.release(at - headerBytes)
		return 0, err
	}
	if sk, _, err := h.ref(le.Uint32(h.b[at+nkSecurity:]), skBytes); err == nil && kind(sk) == "sk" {
		le.PutUint32(sk[skUsers:], le.Uint32(sk[skUsers:])+1)
	}
	up, _ = h.node(parent)
	le.PutUint32(up[nkChildren:], le.Uint32(up[nkChildren:])+1)
	le.PutUint16(up[nkMaxName:], max(le.Uint16(up[nkMaxName:]), uint16(2*len(upper(name)))))
	le.PutUint64(up[nkTime:], fileTime(time.Now()))
	return Node(at), nil
}

// insert puts a child into the sorted lists of its parent.
func (h *Hive) insert(parent, child Node, name string) error {
	leaves, err := h.leaves(parent)
	if err != nil {
		return err
	}
	if len(leaves) == 0 {
		kind := "lh"
		if h.minor < 5 {
			kind = "lf"
		}
		leaves = []leaf{{kind: kind}}
	}
	place, at, err := h.placeOf(leaves, name)
	if err != nil {
		return err
	}
	l := &leaves[place]
	old := l.at
	l.refs = slices.Insert(l.refs, at, uint32(child)-headerBytes)
	if l.kind != "li" {
		l.hint = slices.Insert(l.hint, at, hint(l.kind, name))
	}
	parts := l.split()
	for i := range parts {
		if parts[i].at, err = h.writeLeaf(&parts[i]); err != nil {
			return err
		}
	}
	if old != 0 {
		h.release(old - headerBytes)
	}
	return h.setLeaves(parent, slices.Replace(leaves, place, place+1, parts...))
}

// split returns the list, or two halves of one that is too long.
func (l *leaf) split() []leaf {
	if len(l.refs) <= leafMax {
		return []leaf{*l}
	}
	half := len(l.refs) / 2
	a, b := leaf{kind: l.kind, refs: l.refs[:half]}, leaf{kind: l.kind, refs: l.refs[half:]}
	if l.kind != "li" {
		a.hint, b.hint = l.hint[:half], l.hint[half:]
	}
	return []leaf{a, b}
}

// placeOf tells in which list, and where in it, a name belongs.
func (h *Hive) placeOf(leaves []leaf, name string) (place, at int, err error) {
	key := upper(name)
	before := func(ref uint32) bool {
		have, e := h.Name(Node(ref + headerBytes))
		if e != nil {
			err = e
		}
		return slices.Compare(upper(have), key) < 0
	}
	place = sort.Search(len(leaves)-1, func(i int) bool {
		refs := leaves[i].refs
		return len(refs) > 0 && !before(refs[len(refs)-1])
	})
	refs := leaves[place].refs
	return place, sort.Search(len(refs), func(i int) bool { return !before(refs[i]) }), err
}

func (h *Hive) writeLeaf(l *leaf) (at uint32, err error) {
	at, err = h.alloc(listHeader - 4 + l.entryBytes()*len(l.refs))
	if err != nil {
		return 0, err
	}
	c := h.b[at:]
	copy(c[4:], l.kind)
	le.PutUint16(c[6:], uint16(len(l.refs)))
	for i, ref := range l.refs {
		le.PutUint32(c[listHeader+l.entryBytes()*i:], ref)
		if l.kind != "li" {
			le.PutUint32(c[listHeader+8*i+4:], l.hint[i])
		}
	}
	return at, nil
}

// setLeaves makes the lists those of a key. Several need an "ri" cell above
// them. Those before are only released when there was an "ri" cell.
func (h *Hive) setLeaves(n Node, leaves []leaf) error {
	c, err := h.node(n)
	if err != nil {
		return err
	}
	old := le.Uint32(c[nkList:])
	cell, _, err := h.ref(old, listHeader)
	wasIndex := err == nil && kind(cell) == "ri"
	list := none
	switch {
	case len(leaves) == 1:
		list = leaves[0].at - headerBytes
	case len(leaves) > 1:
		at, err := h.alloc(listHeader - 4 + 4*len(leaves))
		if err != nil {
			return err
		}
		index := h.b[at:]
		copy(index[4:], "ri")
		le.PutUint16(index[6:], uint16(len(leaves)))
		for i, l := range leaves {
			le.PutUint32(index[listHeader+4*i:], l.at-headerBytes)
		}
		list = at - headerBytes
	}
	if c, err = h.node(n); err != nil {
		return err
	}
	le.PutUint32(c[nkList:], list)
	if wasIndex {
		h.release(old)
	}
	return nil
}

// fileTime counts tenths of microseconds from the year 1601.
func fileTime(t time.Time) uint64 {
	const secondsTo1970 = 11644473600
	return uint64(t.Unix()+secondsTo1970)*1e7 + uint64(t.Nanosecond()/100)
}

// Commit brings the header up to date. Bytes has what is to be written then.
func (h *Hive) Commit(now time.Time) {
	next := le.Uint32(h.b[4:]) + 1
	le.PutUint32(h.b[4:], next)
	le.PutUint32(h.b[8:], next)
	le.PutUint64(h.b[0xc:], fileTime(now))
	le.PutUint32(h.b[0x1fc:], checksum(h.b))
}
