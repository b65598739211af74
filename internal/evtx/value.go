package evtx

import (
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf16"
)

// The types of values. An array has the bit array and the type of its elements.
const (
	kindNull     = 0x00
	kindString   = 0x01
	kindBytes    = 0x02 // text in a code page
	kindInt8     = 0x03
	kindUint8    = 0x04
	kindInt16    = 0x05
	kindUint16   = 0x06
	kindInt32    = 0x07
	kindUint32   = 0x08
	kindInt64    = 0x09
	kindUint64   = 0x0a
	kindFloat    = 0x0b
	kindDouble   = 0x0c
	kindBool     = 0x0d
	kindBinary   = 0x0e
	kindGUID     = 0x0f
	kindSize     = 0x10
	kindFileTime = 0x11
	kindSysTime  = 0x12
	kindSID      = 0x13
	kindHex32    = 0x14
	kindHex64    = 0x15
	kindXML      = 0x21

	array = 0x80
)

// widths are the bytes of the types that have a fixed number of them.
var widths = map[byte]int{
	kindInt8: 1, kindUint8: 1, kindInt16: 2, kindUint16: 2, kindInt32: 4, kindUint32: 4, kindInt64: 8, kindUint64: 8,
	kindFloat: 4, kindDouble: 8, kindBool: 4, kindGUID: 16, kindFileTime: 8, kindSysTime: 16, kindHex32: 4, kindHex64: 8,
}

// text is a value as Windows writes it into XML. Of what has not the size that its type
// needs the bytes are shown.
func text(kind byte, data []byte) string {
	if kind&array != 0 {
		return list(kind&^array, data)
	}
	if width := widths[kind]; width != 0 && len(data) != width {
		return fmt.Sprintf("%X", data)
	}
	switch kind {
	case kindString:
		return strings.TrimRight(decode(data), "\x00")
	case kindBytes:
		return strings.TrimRight(strings.ToValidUTF8(string(data), "\ufffd"), "\x00")
	case kindInt8, kindInt16, kindInt32, kindInt64:
		shift := 64 - 8*len(data)
		return strconv.FormatInt(int64(number(data)<<shift)>>shift, 10)
	case kindUint8, kindUint16, kindUint32, kindUint64:
		return strconv.FormatUint(number(data), 10)
	case kindFloat:
		return strconv.FormatFloat(float64(math.Float32frombits(uint32(number(data)))), 'g', -1, 32)
	case kindDouble:
		return strconv.FormatFloat(math.Float64frombits(number(data)), 'g', -1, 64)
	case kindBool:
		return strconv.FormatBool(number(data) != 0)
	case kindGUID:
		return fmt.Sprintf("{%08X-%04X-%04X-%04X-%012X}", number(data[:4]), number(data[4:6]), number(data[6:8]), data[8:10], data[10:])
	case kindSize, kindHex32, kindHex64:
		if len(data) <= 8 {
			return "0x" + strconv.FormatUint(number(data), 16)
		}
	case kindFileTime:
		return fileTime(number(data)).Format("2006-01-02T15:04:05.0000000Z")
	case kindSysTime:
		at := func(i int) uint64 { return number(data[2*i : 2*i+2]) } // the third is the day of the week
		return fmt.Sprintf("%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", at(0), at(1), at(3), at(4), at(5), at(6), at(7))
	case kindSID:
		if s, ok := sid(data); ok {
			return s
		}
	}
	return fmt.Sprintf("%X", data)
}

// list is an array, its elements separated by commas.
func list(kind byte, data []byte) string {
	var elements []string
	width := widths[kind]
	switch {
	case kind == kindString:
		elements = strings.Split(strings.TrimRight(decode(data), "\x00"), "\x00")
	case width == 0 || len(data)%width != 0:
		return fmt.Sprintf("%X", data)
	default:
		for ; len(data) > 0; data = data[width:] {
			elements = append(elements, text(kind, data[:width]))
		}
	}
	return strings.Join(elements, ", ")
}

// number is a little-endian number of at most eight bytes.
func number(data []byte) uint64 {
	var eight [8]byte
	copy(eight[:], data)
	return binary.LittleEndian.Uint64(eight[:])
}

// sid is a security identifier, as S-1-5-18.
func sid(data []byte) (string, bool) {
	if len(data) < 8 || len(data) != 8+4*int(data[1]) {
		return "", false
	}
	var authority uint64
	for _, b := range data[2:8] {
		authority = authority<<8 | uint64(b)
	}
	s := fmt.Sprintf("S-%d-%d", data[0], authority)
	for rest := data[8:]; len(rest) > 0; rest = rest[4:] {
		s += "-" + strconv.FormatUint(number(rest[:4]), 10)
	}
	return s, true
}

// decode reads UTF-16.
func decode(data []byte) string {
	units := make([]uint16, len(data)/2)
	for i := range units {
		units[i] = binary.LittleEndian.Uint16(data[2*i:])
	}
	return string(utf16.Decode(units))
}
