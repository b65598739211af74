package regf

import (
	"fmt"
	"strings"
)

// Types of values that hold text.
const (
	String       = 1
	ExpandString = 2
	Link         = 6
)

// Places in the cell of a value ("vk").
const (
	vkNameLen     = 6
	vkDataLen     = 8
	vkData        = 12
	vkType        = 16
	vkFlags       = 20
	vkName        = 24
	vkNameIs8Bits = 1       // a flag
	inlineData    = 1 << 31 // in vkDataLen: the data stand in vkData itself
)

// bigChunk is how much of long data is in one cell, from version 1.4 on.
const bigChunk = 16344

func (h *Hive) value(v Value) ([]byte, error) {
	c, err := h.cell(uint32(v), vkName)
	if err != nil {
		return nil, err
	}
	if kind(c) != "vk" {
		return nil, fmt.Errorf("%w: no value at %#x", ErrDamaged, uint32(v))
	}
	return c, nil
}

// Values returns the values of a key.
func (h *Hive) Values(n Node) ([]Value, error) {
	c, err := h.node(n)
	if err != nil {
		return nil, err
	}
	count := le.Uint32(c[nkValues:])
	if count == 0 {
		return []Value{}, nil
	}
	if count > maxValues {
		return nil, fmt.Errorf("%w: %d values in one key", ErrDamaged, count)
	}
	cell, _, err := h.ref(le.Uint32(c[nkValueList:]), 4+4*int(count))
	if err != nil {
		return nil, err
	}
	list := []Value{}
	for i := range int(count) {
		_, at, err := h.ref(le.Uint32(cell[4+4*i:]), vkName)
		if err != nil {
			return nil, err
		}
		if _, err := h.value(Value(at)); err != nil {
			return nil, err
		}
		list = append(list, Value(at))
	}
	return list, nil
}

// Value returns the value of that name, or 0. The name of the default value is
// empty; case does not matter.
func (h *Hive) Value(n Node, name string) (Value, error) {
	values, err := h.Values(n)
	if err != nil {
		return 0, err
	}
	for _, v := range values {
		have, err := h.Key(v)
		if err != nil {
			return 0, err
		}
		if strings.EqualFold(have, name) {
			return v, nil
		}
	}
	return 0, nil
}

// Key returns the name of a value.
func (h *Hive) Key(v Value) (string, error) {
	c, err := h.value(v)
	if err != nil {
		return "", err
	}
	size := int(le.Uint16(c[vkNameLen:]))
	if vkName+size > len(c) {
		return "", fmt.Errorf("%w: the name of the value at %#x is too long", ErrDamaged, uint32(v))
	}
	return decodeName(c[vkName:vkName+size], le.Uint16(c[vkFlags:])&vkNameIs8Bits != 0), nil
}

// Type returns the type of a value: 1 for text, 4 for a number, ...
func (h *Hive) Type(v Value) (uint32, error) {
	c, err := h.value(v)
	if err != nil {
		return 0, err
	}
	return le.Uint32(c[vkType:]), nil
}

// Len returns how many bytes the data of a value have, by its own account.
func (h *Hive) Len(v Value) (int, error) {
	c, err := h.value(v)
	if err != nil {
		return 0, err
	}
	return int(le.Uint32(c[vkDataLen:]) &^ inlineData), nil
}

// Data returns a copy of the data of a value.
func (h *Hive) Data(v Value) ([]byte, error) {
	c, err := h.value(v)
	if err != nil {
		return nil, err
	}
	size := le.Uint32(c[vkDataLen:])
	if size&inlineData != 0 {
		if size &^= inlineData; size > 4 {
			return nil, fmt.Errorf("%w: %d bytes in the value at %#x", ErrDamaged, size, uint32(v))
		}
		return append([]byte{}, c[vkData:vkData+size]...), nil
	}
	if size == 0 {
		return []byte{}, nil
	}
	if size > maxData {
		return nil, fmt.Errorf("%w: %d bytes in one value", ErrDamaged, size)
	}
	cell, _, err := h.ref(le.Uint32(c[vkData:]), 8)
	if err != nil {
		return nil, err
	}
	if len(cell)-4 >= int(size) {
		return append([]byte{}, cell[4:4+size]...), nil
	}
	if kind(cell) == "db" && len(cell) >= 12 {
		return h.bigData(cell, int(size))
	}
	return nil, fmt.Errorf("%w: the data of the value at %#x are cut short", ErrDamaged, uint32(v))
}

func (h *Hive) bigData(db []byte, size int) ([]byte, error) {
	count := int(le.Uint16(db[6:]))
	list, _, err := h.ref(le.Uint32(db[8:]), 4+4*count)
	if err != nil {
		return nil, err
	}
	data := []byte{}
	for i := 0; i < count && len(data) < size; i++ {
		cell, _, err := h.ref(le.Uint32(list[4+4*i:]), 8)
		if err != nil {
			return nil, err
		}
		data = append(data, cell[4:4+min(len(cell)-4, bigChunk, size-len(data))]...)
	}
	if len(data) < size {
		return nil, fmt.Errorf("%w: data are cut short", ErrDamaged)
	}
	return data, nil
}

// Text returns the text of a value of a type that holds text, up to its first
// zero character.
func (h *Hive) Text(v Value) (string, error) {
	t, err := h.Type(v)
	if err != nil {
		return "", err
	}
	if t != String && t != ExpandString && t != Link {
		return "", fmt.Errorf("%w: a value of type %d as text", ErrArgument, t)
	}
	data, err := h.Data(v)
	if err != nil {
		return "", err
	}
	text, _, _ := strings.Cut(decodeUTF16(data), "\x00")
	return text, nil
}
