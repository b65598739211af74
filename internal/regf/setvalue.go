package regf

import (
	"fmt"
	"strings"
	"time"
)

// Data are the name, the type and the bytes of a value. The name of the default
// value is empty.
type Data struct {
	Name  string
	Type  uint32
	Bytes []byte
}

// SetValue gives a key a value, in the place of one of the same name.
func (h *Hive) SetValue(n Node, d Data) error {
	if strings.ContainsRune(d.Name, 0) || len(d.Name) > 16383 || len(d.Bytes) > maxData {
		return fmt.Errorf("%w: value %q of %d bytes", ErrArgument, d.Name, len(d.Bytes))
	}
	v, err := h.Value(n, d.Name)
	if err != nil {
		return err
	}
	size, ref, err := h.writeData(d.Bytes)
	if err != nil {
		return err
	}
	if v == 0 {
		if v, err = h.addValue(n, d.Name); err != nil {
			return err
		}
	} else {
		h.releaseData(v)
	}
	c, err := h.value(v)
	if err != nil {
		return err
	}
	le.PutUint32(c[vkDataLen:], size)
	le.PutUint32(c[vkData:], ref)
	le.PutUint32(c[vkType:], d.Type)
	up, err := h.node(n)
	if err != nil {
		return err
	}
	le.PutUint32(up[nkMaxData:], max(le.Uint32(up[nkMaxData:]), uint32(len(d.Bytes))))
	le.PutUint64(up[nkTime:], fileTime(time.Now()))
	return nil
}

// addValue makes a value without data.
func (h *Hive) addValue(n Node, name string) (Value, error) {
	values, err := h.Values(n)
	if err != nil {
		return 0, err
	}
	text, is8Bits := encodeName(name)
	at, err := h.alloc(vkName - 4 + len(text))
	if err != nil {
		return 0, err
	}
	c := h.b[at:]
	copy(c[4:], "vk")
	le.PutUint16(c[vkNameLen:], uint16(len(text)))
	le.PutUint32(c[vkDataLen:], inlineData)
	if is8Bits && name != "" {
		le.PutUint16(c[vkFlags:], vkNameIs8Bits)
	}
	copy(c[vkName:], text)

	list, err := h.alloc(4 * (len(values) + 1))
	if err != nil {
		return 0, err
	}
	for i, v := range append(values, Value(at)) {
		le.PutUint32(h.b[list+4+4*uint32(i):], uint32(v)-headerBytes)
	}
	up, err := h.node(n)
	if err != nil {
		return 0, err
	}
	if len(values) > 0 {
		h.release(le.Uint32(up[nkValueList:]))
	}
	le.PutUint32(up[nkValueList:], list-headerBytes)
	le.PutUint32(up[nkValues:], uint32(len(values)+1))
	le.PutUint32(up[nkMaxValue:], max(le.Uint32(up[nkMaxValue:]), uint32(2*len(upper(name)))))
	return Value(at), nil
}

// writeData returns the length and the reference as a value's cell has them.
func (h *Hive) writeData(data []byte) (size, ref uint32, err error) {
	size = uint32(len(data))
	if len(data) <= 4 {
		var inline [4]byte
		copy(inline[:], data)
		return size | inlineData, le.Uint32(inline[:]), nil
	}
	if len(data) <= bigChunk || h.minor < 4 {
		ref, err = h.dataCell(data)
		return size, ref, err
	}
	var chunks []uint32
	for rest := data; len(rest) > 0; rest = rest[min(len(rest), bigChunk):] {
		chunk, err := h.dataCell(rest[:min(len(rest), bigChunk)])
		if err != nil {
			return 0, 0, err
		}
		chunks = append(chunks, chunk)
	}
	list, err := h.alloc(4 * len(chunks))
	if err != nil {
		return 0, 0, err
	}
	for i, chunk := range chunks {
		le.PutUint32(h.b[list+4+4*uint32(i):], chunk)
	}
	db, err := h.alloc(12)
	if err != nil {
		return 0, 0, err
	}
	copy(h.b[db+4:], "db")
	le.PutUint16(h.b[db+6:], uint16(len(chunks)))
	le.PutUint32(h.b[db+8:], list-headerBytes)
	return size, db - headerBytes, nil
}

func (h *Hive) dataCell(data []byte) (ref uint32, err error) {
	payload := len(data)
	if payload == bigChunk {
		payload += 4 // as Windows has it
	}
	at, err := h.alloc(payload)
	if err != nil {
		return 0, err
	}
	copy(h.b[at+4:], data)
	return at - headerBytes, nil
}

// releaseData gives back the cells with the data of a value.
func (h *Hive) releaseData(v Value) {
	c, err := h.value(v)
	if err != nil {
		return
	}
	size, ref := le.Uint32(c[vkDataLen:]), le.Uint32(c[vkData:])
	if size&inlineData != 0 || size == 0 {
		return
	}
	cell, _, err := h.ref(ref, 8)
	if err == nil && len(cell) >= 12 && kind(cell) == "db" && int64(size) > int64(len(cell)-4) {
		count := int(le.Uint16(cell[6:]))
		if list, _, err := h.ref(le.Uint32(cell[8:]), 4+4*count); err == nil {
			for i := range count {
				h.release(le.Uint32(list[4+4*i:]))
			}
			h.release(le.Uint32(cell[8:]))
		}
	}
	h.release(ref)
}
