package regf

import (
	"unicode"
	"unicode/utf16"
)

// decodeName reads a name: Latin-1, or UTF-16.
func decodeName(b []byte, is8Bits bool) string {
	if !is8Bits {
		return decodeUTF16(b)
	}
	r := make([]rune, len(b))
	for i, c := range b {
		r[i] = rune(c)
	}
	return string(r)
}

func decodeUTF16(b []byte) string {
	units := make([]uint16, len(b)/2)
	for i := range units {
		units[i] = le.Uint16(b[2*i:])
	}
	return string(utf16.Decode(units))
}

// UTF16 returns text as values hold it, with a zero character at the end.
func UTF16(s string) []byte { return encodeUTF16(s + "\x00") }

func encodeUTF16(s string) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = le.AppendUint16(b, u)
	}
	return b
}

// encodeName writes a name in 8 bits where that is possible.
func encodeName(s string) (b []byte, is8Bits bool) {
	for _, r := range s {
		if r > 0xff {
			return encodeUTF16(s), false
		}
		b = append(b, byte(r))
	}
	return b, true
}

// upper is how Windows compares names: by their characters in upper case.
func upper(s string) []uint16 {
	r := []rune(s)
	for i := range r {
		r[i] = unicode.ToUpper(r[i])
	}
	return utf16.Encode(r)
}

// hint is what a list of the kind has behind each reference.
func hint(kind, name string) uint32 {
	if kind == "lh" {
		var hash uint32
		for _, u := range upper(name) {
			hash = hash*37 + uint32(u)
		}
		return hash
	}
	var first [4]byte
	for i, r := range []rune(name) {
		if i < len(first) && r <= 0xff {
			first[i] = byte(r)
		}
	}
	return le.Uint32(first[:])
}
