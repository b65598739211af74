// Package regedit reads and writes registry keys as text, in the format of
// Windows's regedit (.reg files).
//
//	keys, err := regedit.Parse(file, regedit.UTF16LE)
//	for _, key := range keys {
//		err = regedit.Merge(hive, relativeTo(key.Path), key)
//	}
//	err = regedit.Export(os.Stdout, hive, node, `HKEY_LOCAL_MACHINE\SOFTWARE`, regedit.Readable)
//
// It knows nothing of which hive a key is in, or of guests. The format is
// Microsoft's knowledge base article 310516, with str(N): of Wine.
package regedit

import (
	"errors"
	"fmt"

	"virt-tools/internal/regf"
)

// Key is what a file says about one key.
type Key struct {
	Path   string // as written: HKEY_LOCAL_MACHINE\SOFTWARE\X
	Line   int
	Delete bool // with all in it
	Values []Value
}

// Value is a value to set or to delete. The name of the default value is empty.
type Value struct {
	regf.Data
	Delete bool
}

// Types of values beside those in regf.
const (
	typeBinary = 3
	DWORD      = 4 // 32 bits, little endian
)

// Encoding says how text is put into the hive.
type Encoding int

// The encodings of text in a hive. Windows has UTF16LE.
const (
	UTF16LE Encoding = iota
	ASCII
)

var errASCII = errors.New("not ASCII")

func (e Encoding) encode(text string) ([]byte, error) {
	if e == UTF16LE {
		return regf.UTF16(text), nil
	}
	for i := range len(text) {
		if text[i] >= 0x80 {
			return nil, fmt.Errorf("%q: %w", text, errASCII)
		}
	}
	return append([]byte(text), 0), nil
}
