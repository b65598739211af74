package regf

import (
	"slices"
	"time"
)

// DeleteValue removes a value of a key. What is freed stays unused until the
// hive is opened anew, where other cells may refer to it.
func (h *Hive) DeleteValue(n Node, v Value) error {
	values, err := h.Values(n)
	if err != nil {
		return err
	}
	i := slices.Index(values, v)
	if i < 0 {
		return ErrArgument
	}
	up, err := h.node(n)
	if err != nil {
		return err
	}
	list, _, err := h.ref(le.Uint32(up[nkValueList:]), 4+4*len(values))
	if err != nil {
		return err
	}
	for j, left := range slices.Delete(values, i, i+1) {
		le.PutUint32(list[4+4*j:], uint32(left)-headerBytes)
	}
	count := le.Uint32(up[nkValues:]) - 1
	le.PutUint32(up[nkValues:], count)
	if count == 0 {
		h.release(le.Uint32(up[nkValueList:]))
		le.PutUint32(up[nkValueList:], none)
	}
	le.PutUint64(up[nkTime:], fileTime(time.Now()))
	h.releaseData(v)
	h.release(uint32(v) - headerBytes)
	return nil
}
