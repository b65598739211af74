package daemon

import (
	"bufio"
	"io"
	"os"
	"syscall"

	"virt-tools/internal/wire"
)

const stringsLeast = 4 // characters in a row that are taken for a text

// stringsEncodings are the letters for how characters lie in a file.
var stringsEncodings = map[string]stringsEncoding{
	"s": {width: 1},
	"S": {width: 1, eightBit: true},
	"b": {width: 2, big: true},
	"l": {width: 2},
	"B": {width: 4, big: true},
	"L": {width: 4},
}

// stringsEncoding is how a character lies in a file. Of the wider ones only
// those below 256 count.
type stringsEncoding struct {
	width    int
	big      bool // most significant byte first
	eightBit bool // characters above 127 are printable
}

func doStrings(c *Call, path string) ([]string, error) { return doStringsE(c, "s", path) }

func doStringsE(c *Call, encoding, path string) ([]string, error) {
	enc, ok := stringsEncodings[encoding]
	if !ok {
		return nil, withErrno(syscall.EINVAL, "%s: invalid encoding", encoding)
	}
	var list []string
	err := c.readText(path, func(f *os.File) (err error) {
		list, err = enc.find(c, bufio.NewReaderSize(f, copyBytes))
		return err
	})
	return list, err
}

// find returns the texts in a file as strings(1) does. After something that is
// no character, the next may begin at any byte.
func (enc stringsEncoding) find(c *Call, r *bufio.Reader) ([]string, error) {
	found, size := []string{}, messageBudget{}
	var text []byte
	end := func() error {
		defer func() { text = text[:0] }()
		if len(text) < stringsLeast {
			return nil
		}
		found = append(found, string(text))
		return size.add(len(text))
	}
	for n := 0; ; n++ {
		if n%copyBytes == 0 && c.Err() != nil {
			return nil, c.Err()
		}
		char, err := r.Peek(enc.width)
		if err != nil {
			if err == io.EOF {
				err = end()
			}
			return found, err
		}
		if ch, ok := enc.printable(char); ok {
			text = append(text, ch)
			r.Discard(enc.width)
			if len(text) > wire.MessageMax {
				return nil, end()
			}
			continue
		}
		if err := end(); err != nil {
			return nil, err
		}
		r.Discard(1)
	}
}

func (enc stringsEncoding) printable(char []byte) (byte, bool) {
	low := 0
	if enc.big {
		low = len(char) - 1
	}
	for i, b := range char {
		if i != low && b != 0 {
			return 0, false
		}
	}
	ch := char[low]
	return ch, ch == '\t' || ' ' <= ch && ch < 0x7f || enc.eightBit && ch > 0x7f
}
