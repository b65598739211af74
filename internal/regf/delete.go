package regf

import (
	"fmt"
	"slices"
)

// Places in the cell of a security descriptor ("sk"), which keys share. All of
// a hive are in a ring.
const (
	skNext  = 8
	skPrev  = 12
	skUsers = 16
	skBytes = 24
)

// DeleteChild removes a key and all in it. The one at the top stays.
func (h *Hive) DeleteChild(n Node) error {
	if n == h.Root() {
		return fmt.Errorf("%w: deleting the key at the top", ErrArgument)
	}
	parent, err := h.Parent(n)
	if err != nil {
		return err
	}
	leaves, err := h.leaves(parent)
	if err != nil {
		return err
	}
	place := slices.IndexFunc(leaves, func(l leaf) bool { return slices.Contains(l.refs, uint32(n)-headerBytes) })
	if place < 0 {
		return fmt.Errorf("%w: the key at %#x is not among its parent's", ErrDamaged, uint32(n))
	}
	tree, err := h.below(n)
	if err != nil {
		return err
	}
	l := &leaves[place]
	old := l.at
	l.remove(uint32(n) - headerBytes)
	if len(l.refs) == 0 {
		leaves = slices.Delete(leaves, place, place+1)
	} else if l.at, err = h.writeLeaf(l); err != nil {
		return err
	}
	if err := h.setLeaves(parent, leaves); err != nil {
		return err
	}
	h.release(old - headerBytes)
	up, err := h.node(parent)
	if err != nil {
		return err
	}
	le.PutUint32(up[nkChildren:], max(le.Uint32(up[nkChildren:]), 1)-1)
	for _, n := range tree {
		h.releaseNode(n)
	}
	return nil
}

func (l *leaf) remove(ref uint32) {
	for i := len(l.refs) - 1; i >= 0; i-- {
		if l.refs[i] != ref {
			continue
		}
		l.refs = slices.Delete(l.refs, i, i+1)
		if l.kind != "li" {
			l.hint = slices.Delete(l.hint, i, i+1)
		}
	}
}

// below lists a key and all in it. A hive in which a key is in itself, or in
// two others, is damaged.
func (h *Hive) below(n Node) ([]Node, error) {
	all := []Node{n}
	seen := map[Node]bool{n: true}
	level := all
	for depth := 0; len(level) > 0; depth++ {
		var next []Node
		for _, n := range level {
			children, err := h.Children(n)
			if err != nil {
				return nil, err
			}
			for _, c := range children {
				if seen[c] || c == h.Root() || depth > maxDepth {
					return nil, fmt.Errorf("%w: the key at %#x is in several", ErrDamaged, uint32(c))
				}
				seen[c] = true
			}
			next = append(next, children...)
		}
		all = append(all, next...)
		level = next
	}
	return all, nil
}

func (h *Hive) releaseNode(n Node) {
	if values, err := h.Values(n); err == nil {
		for _, v := range values {
			h.releaseData(v)
			h.release(uint32(v) - headerBytes)
		}
	}
	leaves, err := h.leaves(n)
	c, bad := h.node(n)
	if bad != nil {
		return
	}
	if err == nil && len(leaves) > 0 {
		for _, l := range leaves {
			h.release(l.at - headerBytes)
		}
		if len(leaves) > 1 || leaves[0].at != le.Uint32(c[nkList:])+headerBytes {
			h.release(le.Uint32(c[nkList:]))
		}
	}
	if le.Uint32(c[nkValues:]) > 0 {
		h.release(le.Uint32(c[nkValueList:]))
	}
	if le.Uint16(c[nkClassLen:]) > 0 {
		h.release(le.Uint32(c[nkClass:]))
	}
	h.releaseSecurity(le.Uint32(c[nkSecurity:]))
	h.release(uint32(n) - headerBytes)
}

// releaseSecurity counts one user less, and takes a descriptor without users
// out of the ring.
func (h *Hive) releaseSecurity(ref uint32) {
	sk, _, err := h.ref(ref, skBytes)
	if err != nil || kind(sk) != "sk" {
		return
	}
	users := le.Uint32(sk[skUsers:])
	if users > 1 {
		le.PutUint32(sk[skUsers:], users-1)
		return
	}
	next, prev := le.Uint32(sk[skNext:]), le.Uint32(sk[skPrev:])
	after, _, err1 := h.ref(next, skBytes)
	before, _, err2 := h.ref(prev, skBytes)
	if err1 != nil || err2 != nil || kind(after) != "sk" || kind(before) != "sk" || next == ref {
		return
	}
	le.PutUint32(before[skNext:], next)
	le.PutUint32(after[skPrev:], prev)
	h.release(ref)
}
