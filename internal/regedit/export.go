package regedit

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"virt-tools/internal/regf"
)

// Style is a way to write text.
type Style int

// The styles. All of them can be read again, and give the same hive, but for
// Unsafe: that takes every value of a type for text to be text.
const (
	Readable Style = iota // as regedit: "x"="text", or hexadecimal where that would lose something
	Hex                   // all text in hexadecimal
	Unsafe                // "x"=str(1):"text" for REG_SZ and REG_EXPAND_SZ
)

// depthMax is how deep keys can be in keys, as in Windows.
const depthMax = 512

// Export writes a key and all in it. name is what it is called in the output.
// What cannot be read, or has a name that cannot be written, is left out, and
// said in warnings.
func Export(w io.Writer, h *regf.Hive, n regf.Node, name string, style Style) (warnings []string, err error) {
	e := exporter{w: w, h: h, style: style, seen: map[regf.Node]bool{}}
	err = e.key(n, name, 0)
	return e.warnings, err
}

type exporter struct {
	w        io.Writer
	h        *regf.Hive
	style    Style
	seen     map[regf.Node]bool
	warnings []string
}

// warningsMax bounds what is said about a damaged hive.
const warningsMax = 100

func (e *exporter) warn(format string, args ...any) {
	if len(e.warnings) < warningsMax {
		e.warnings = append(e.warnings, fmt.Sprintf(format, args...))
	}
}

// writable tells whether a name fits in a line.
func writable(name string) bool { return !strings.ContainsAny(name, "\n\r\x00") }

func (e *exporter) key(n regf.Node, name string, depth int) error {
	if e.seen[n] || depth > depthMax {
		e.warn("%s: the key is within itself, or too deep", name)
		return nil
	}
	e.seen[n] = true
	if _, err := fmt.Fprintf(e.w, "[%s]\n", name); err != nil {
		return err
	}
	if err := e.values(n, name); err != nil {
		return err
	}
	if _, err := io.WriteString(e.w, "\n"); err != nil {
		return err
	}
	children, err := e.h.Readable(n)
	if err != nil {
		e.warn("%s: %v", name, err)
	}
	for _, child := range children {
		childName, err := e.h.Name(child)
		switch {
		case err != nil:
			e.warn("%s: %v", name, err)
		case !writable(childName):
			e.warn("%s: the key %q has a name that cannot be written", name, childName)
		default:
			if err := e.key(child, name+`\`+childName, depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}

func (e *exporter) values(n regf.Node, key string) error {
	values, err := e.h.Values(n)
	if err != nil {
		e.warn("%s: %v", key, err)
		return nil
	}
	var all []regf.Data
	for _, v := range values {
		d, err := e.value(v)
		switch {
		case err != nil:
			e.warn("%s: %v", key, err)
		case !writable(d.Name):
			e.warn("%s: the value %q has a name that cannot be written", key, d.Name)
		default:
			all = append(all, d)
		}
	}
	slices.SortStableFunc(all, func(a, b regf.Data) int { return strings.Compare(a.Name, b.Name) })
	for _, d := range all {
		if _, err := io.WriteString(e.w, e.style.line(d)); err != nil {
			return err
		}
	}
	return nil
}

func (e *exporter) value(v regf.Value) (d regf.Data, err error) {
	if d.Name, err = e.h.Key(v); err != nil {
		return d, err
	}
	if d.Type, err = e.h.Type(v); err != nil {
		return d, err
	}
	d.Bytes, err = e.h.Data(v)
	return d, err
}

// line writes a value on a line, with its end.
func (s Style) line(d regf.Data) string {
	name := "@"
	if d.Name != "" {
		name = quote(d.Name)
	}
	return name + "=" + s.data(d) + "\n"
}

func (s Style) data(d regf.Data) string {
	isText := d.Type == regf.String || d.Type == regf.ExpandString
	switch {
	case d.Type == DWORD && len(d.Bytes) == 4:
		return fmt.Sprintf("dword:%08x", binary.LittleEndian.Uint32(d.Bytes))
	case s == Readable && d.Type == regf.String:
		if text, ok := exactText(d.Bytes); ok {
			return quote(text)
		}
	case s == Unsafe && isText:
		return fmt.Sprintf("str(%x):%s", d.Type, quote(Text(d.Bytes)))
	}
	var b strings.Builder
	fmt.Fprintf(&b, "hex(%x):", d.Type)
	if s == Readable && d.Type == typeBinary {
		b.Reset()
		b.WriteString("hex:")
	}
	for i, c := range d.Bytes {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "%02x", c)
	}
	return b.String()
}

func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// exactText returns text that gives the same bytes again, on one line.
func exactText(b []byte) (string, bool) {
	text := Text(b)
	clean := !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f || r == utf8.RuneError })
	return text, clean && bytes.Equal(regf.UTF16(text), b)
}

// Text is the text in UTF-16, without the zero at its end.
func Text(b []byte) string {
	units := make([]uint16, len(b)/2)
	for i := range units {
		units[i] = binary.LittleEndian.Uint16(b[2*i:])
	}
	if n := len(units); n > 0 && units[n-1] == 0 {
		units = units[:n-1]
	}
	return string(utf16.Decode(units))
}
