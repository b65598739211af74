package daemon

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"
)

// doHexdump writes a file as hexdump -C does: lines that repeat the one before
// are shown as one asterisk.
func doHexdump(c *Call, path string) (string, error) {
	var b strings.Builder
	err := c.readText(path, func(f *os.File) error { return hexdump(c, &b, bufio.NewReaderSize(f, copyBytes)) })
	return b.String(), err
}

const hexdumpLine = 16 // bytes shown on a line

func hexdump(c *Call, b *strings.Builder, r io.Reader) error {
	const digits = "0123456789abcdef"
	var line, before [hexdumpLine]byte
	shown, starred := false, false
	offset := int64(0)
	for {
		if err := c.Err(); err != nil {
			return err
		}
		n, err := io.ReadFull(r, line[:])
		if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
			return err
		}
		if n == hexdumpLine && shown && line == before {
			if !starred {
				b.WriteString("*\n")
			}
			starred = true
			offset += hexdumpLine
			continue
		}
		if n > 0 {
			fmt.Fprintf(b, "%08x", offset)
			for i := range hexdumpLine {
				if i%8 == 0 {
					b.WriteByte(' ')
				}
				if i < n {
					b.Write([]byte{' ', digits[line[i]>>4], digits[line[i]&15]})
				} else {
					b.WriteString("   ")
				}
			}
			b.WriteString("  |")
			for _, ch := range line[:n] {
				if ch < ' ' || ch >= 0x7f {
					ch = '.'
				}
				b.WriteByte(ch)
			}
			b.WriteString("|\n")
			offset += int64(n)
			before, shown, starred = line, true, false
		}
		if err := (&messageBudget{}).add(b.Len()); err != nil {
			return err
		}
		if err != nil { // the end
			if offset > 0 {
				fmt.Fprintf(b, "%08x\n", offset)
			}
			return nil
		}
	}
}
