package evtx

import (
	"bytes"
	"encoding/binary"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"unicode/utf16"
)

var little = binary.LittleEndian

// builder writes binary XML into a chunk.
type builder struct{ b []byte }

func (w *builder) bytes(b ...byte) *builder { w.b = append(w.b, b...); return w }
func (w *builder) u16(n int) *builder       { w.b = little.AppendUint16(w.b, uint16(n)); return w }
func (w *builder) u32(n int) *builder       { w.b = little.AppendUint32(w.b, uint32(n)); return w }
func (w *builder) u64(n uint64) *builder    { w.b = little.AppendUint64(w.b, n); return w }
func (w *builder) counted(text string) *builder {
	return w.u16(len(units(text)) / 2).bytes(units(text)...)
}

func units(text string) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(text)) {
		b = little.AppendUint16(b, u)
	}
	return b
}

// name writes a name where it is first used.
func (w *builder) name(text string) *builder {
	at := len(w.b) + 4
	return w.u32(at).u32(0).u16(0).counted(text).u16(0)
}

func (w *builder) open(name string) *builder { return w.bytes(tokenOpen).u16(0xffff).u32(0).name(name) }

func (w *builder) openWith(name string) *builder {
	return w.bytes(tokenOpen | more).u16(0xffff).u32(0).name(name).u32(0)
}

func (w *builder) attribute(name string) *builder { return w.bytes(tokenAttribute).name(name) }
func (w *builder) text(text string) *builder {
	return w.bytes(tokenValue, kindString).counted(text)
}
func (w *builder) fragment() *builder { return w.bytes(tokenFragment, 1, 1, 0) }

// value is one for a template.
type given struct {
	kind byte
	data []byte
}

// template writes an instance with its definition.
func (w *builder) template(define func(*builder), values ...given) *builder {
	w.bytes(tokenTemplate, 1).u32(7)
	w.u32(len(w.b) + 4)
	w.u32(0).bytes(make([]byte, 16)...)
	sizeAt := len(w.b)
	w.u32(0)
	define(w)
	little.PutUint32(w.b[sizeAt:], uint32(len(w.b)-sizeAt-4))
	return w.values(values...)
}

func (w *builder) values(values ...given) *builder {
	w.u32(len(values))
	for _, v := range values {
		w.u16(len(v.data)).bytes(v.kind, 0)
	}
	for _, v := range values {
		w.bytes(v.data...)
	}
	return w
}

// log is a file with these chunks of records, each written by a function.
func log(chunks map[uint64][]func(*builder), order ...uint64) []byte {
	file := make([]byte, fileHeaderBytes)
	copy(file, fileMagic)
	little.PutUint16(file[40:], fileHeaderBytes)
	for _, first := range order {
		w := &builder{make([]byte, chunkHeaderBytes)}
		copy(w.b, chunkMagic)
		little.PutUint64(w.b[8:], first)
		for i, write := range chunks[first] {
			start := len(w.b)
			w.u32(recordMagic).u32(0).u64(first + uint64(i)).u64(133_444_736_000_000_000)
			write(w)
			size := len(w.b) - start + 4
			w.u32(size)
			little.PutUint32(w.b[start+4:], uint32(size))
		}
		little.PutUint32(w.b[48:], uint32(len(w.b)))
		file = append(file, w.b...)
		file = append(file, make([]byte, chunkBytes-len(w.b))...)
	}
	return file
}

// read reads a log and describes its records and what is damaged in it.
func read(t testing.TB, file []byte) (records, damage []string) {
	t.Helper()
	err := Read(bytes.NewReader(file), int64(len(file)), func(r Record) error {
		records = append(records, fmt.Sprintf("%d %s %s", r.Number, r.Time.Format("2006-01-02"), r.XML))
		return nil
	}, func(err error) { damage = append(damage, err.Error()) })
	if err != nil {
		t.Fatal(err)
	}
	return records, damage
}

func plain(w *builder) {
	w.fragment().openWith("Event").attribute("a").text(`1 < "2"`).attribute("b").text("x").bytes(tokenClose).
		open("Empty").bytes(tokenCloseEmpty).
		open("Text").bytes(tokenClose).text("a & b\x01").bytes(tokenCharacter).u16('!').
		bytes(tokenEntity).name("lt").bytes(tokenCDATA).counted("<c>").
		bytes(tokenInstruction).name("pi").bytes(tokenInstructionData).counted("data").
		bytes(tokenEndElement, tokenEndElement, tokenEnd)
}

func templated(w *builder) {
	w.fragment().template(func(w *builder) {
		w.fragment().openWith("Event").
			attribute("id").bytes(tokenSubstitution).u16(0).bytes(kindUint16).
			attribute("none").bytes(tokenOptional).u16(1).bytes(kindString).
			bytes(tokenClose).
			open("Name").bytes(tokenClose).bytes(tokenOptional).u16(2).bytes(kindString).bytes(tokenEndElement).
			bytes(tokenOptional).u16(1).bytes(kindString).
			bytes(tokenEndElement, tokenEnd)
	}, given{kindUint16, []byte{0x2a, 0}}, given{kindNull, nil}, given{kindString, units("näme\x00")}).bytes(tokenEnd)
}

func TestRead(t *testing.T) {
	file := log(map[uint64][]func(*builder){1: {plain, templated}, 3: {plain}}, 3, 1)
	got, damage := read(t, file)
	const first = `<Event a="1 &lt; &#34;2&#34;" b="x"><Empty/><Text>a &amp; b` + "\ufffd" + `!&lt;&lt;c&gt;</Text></Event>`
	want := []string{
		"1 2023-11-14 " + first,
		`2 2023-11-14 <Event id="42"><Name>näme</Name></Event>`,
		"3 2023-11-14 " + first,
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") || damage != nil {
		t.Errorf("records\n%s\ndamage %q; want\n%s", strings.Join(got, "\n"), damage, strings.Join(want, "\n"))
	}
}

// An instance of a template that another record has defined, and XML within a value.
func TestReferences(t *testing.T) {
	var definition int
	define := func(w *builder) {
		definition = len(w.b) + 4 + 10
		w.fragment().template(func(w *builder) {
			w.fragment().open("E").bytes(tokenClose).bytes(tokenSubstitution).u16(0).bytes(kindXML).bytes(tokenEndElement, tokenEnd)
		}, given{kindString, units("one")}).bytes(tokenEnd)
	}
	use := func(w *builder) {
		w.fragment().bytes(tokenTemplate, 1).u32(7).u32(definition)
		// The XML of the value stands behind the count and one descriptor.
		inside := &builder{append([]byte{}, append(w.b, make([]byte, 8)...)...)}
		start := len(inside.b)
		inside.fragment().open("Inner").bytes(tokenCloseEmpty, tokenEnd)
		w.values(given{kindXML, inside.b[start:]}).bytes(tokenEnd)
	}
	got, damage := read(t, log(map[uint64][]func(*builder){1: {define, use}}, 1))
	want := "1 2023-11-14 <E>one</E>\n2 2023-11-14 <E><Inner/></E>"
	if strings.Join(got, "\n") != want || damage != nil {
		t.Errorf("records %q, damage %q; want %s", got, damage, want)
	}
}

func TestValues(t *testing.T) {
	tests := []struct {
		kind byte
		data []byte
		want string
	}{
		{kindString, units("a\x00"), "a"},
		{kindBytes, []byte("a\xff\x00"), "a\ufffd"},
		{kindInt8, []byte{0xff}, "-1"},
		{kindUint8, []byte{0xff}, "255"},
		{kindInt32, []byte{0xfe, 0xff, 0xff, 0xff}, "-2"},
		{kindUint64, bytes.Repeat([]byte{0xff}, 8), "18446744073709551615"},
		{kindFloat, []byte{0, 0, 0xc0, 0x3f}, "1.5"},
		{kindDouble, []byte{0, 0, 0, 0, 0, 0, 0xf8, 0x3f}, "1.5"},
		{kindBool, []byte{1, 0, 0, 0}, "true"},
		{kindBinary, []byte{1, 0xab}, "01AB"},
		{kindGUID, []byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}, "{04030201-0605-0807-090A-0B0C0D0E0F10}"},
		{kindSize, []byte{0x10, 0, 0, 0}, "0x10"},
		{kindFileTime, little.AppendUint64(nil, 131_942_055_246_727_578), "2019-02-09T17:05:24.6727578Z"},
		{kindSysTime, []byte{0xe3, 7, 2, 0, 6, 0, 9, 0, 17, 0, 5, 0, 24, 0, 0x79, 0}, "2019-02-09T17:05:24.121Z"},
		{kindSID, []byte{1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0}, "S-1-5-18"},
		{kindSID, []byte{1, 2, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0}, "010200000000000512000000"},
		{kindHex64, []byte{0, 0, 0, 0, 0, 0, 0x20, 0x40}, "0x4020000000000000"},
		{kindUint16, []byte{1}, "01"},
		{array | kindUint16, []byte{1, 0, 2, 0}, "1, 2"},
		{array | kindString, units("a\x00b\x00"), "a, b"},
		{array | kindUint16, []byte{1, 0, 2}, "010002"},
		{0x7f, []byte{1}, "01"},
	}
	for _, test := range tests {
		if got := text(test.kind, test.data); got != test.want {
			t.Errorf("text(%#x, %x) = %q; want %q", test.kind, test.data, got, test.want)
		}
	}
}

// What is damaged is reported, and the rest is read.
func TestDamage(t *testing.T) {
	tests := []struct {
		name  string
		write func(*builder)
		want  string
	}{
		{"no end", func(w *builder) { w.fragment().open("E").bytes(tokenClose, tokenEnd) }, "an element has no end"},
		{"no start", func(w *builder) { w.fragment().bytes(tokenEndElement) }, "an element ends that did not begin"},
		{"no tag", func(w *builder) { w.fragment().bytes(tokenClose) }, "a tag ends that did not begin"},
		{"attribute", func(w *builder) { w.fragment().attribute("a") }, "an attribute outside a tag"},
		{"token", func(w *builder) { w.fragment().bytes(0x3f) }, "unknown token 0x3f"},
		{"cut", func(w *builder) { w.fragment().bytes(tokenValue, kindString).u16(0xffff) }, "the data is cut off"},
		{"name", func(w *builder) { w.fragment().bytes(tokenOpen).u16(0).u32(0).u32(0xfffffff0) }, "the data is cut off"},
		{"value", func(w *builder) { w.fragment().bytes(tokenSubstitution).u16(5).bytes(0) }, "there is no value 5"},
		{"template", func(w *builder) { w.fragment().bytes(tokenTemplate, 1).u32(1).u32(0xffffff) }, "the data is cut off"},
		{"values", func(w *builder) {
			w.fragment().template(func(w *builder) { w.bytes(tokenEnd) }).bytes(tokenTemplate, 1).u32(7).u32(chunkHeaderBytes).u32(1 << 30)
		}, "the data is cut off"},
		{"deep", func(w *builder) {
			w.fragment()
			for range maxDepth + 1 {
				w.open("E").bytes(tokenClose)
			}
		}, "the record is too large or too deep"},
		// A template that is defined by an instance of itself.
		{"cycle", func(w *builder) {
			at := len(w.b) + 10 + 4
			w.fragment().bytes(tokenTemplate, 1).u32(7).u32(at).u32(0).bytes(make([]byte, 16)...).u32(14).
				bytes(tokenTemplate, 1).u32(7).u32(at).u32(0).u32(0).bytes(tokenEnd)
		}, "the record is too large or too deep"},
		// Templates of templates, each twice: 2^40 elements.
		{"bomb", func(w *builder) {
			w.fragment()
			var last int
			for range 40 {
				inner := last
				last = len(w.b) + 10
				w.template(func(w *builder) {
					for range 2 {
						if inner != 0 {
							w.bytes(tokenTemplate, 1).u32(7).u32(inner).u32(0)
						}
					}
					w.bytes(tokenEnd)
				})
			}
		}, "the record is too large or too deep"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			records, damage := read(t, log(map[uint64][]func(*builder){1: {test.write, plain}}, 1))
			if len(damage) != 1 || damage[0] != "record 1: "+test.want || len(records) != 1 {
				t.Errorf("damage %q, %d records; want %q and 1", damage, len(records), test.want)
			}
		})
	}
}

// A long value that is written again and again, and comes to nothing.
func TestLongValues(t *testing.T) {
	write := func(w *builder) {
		w.fragment().template(func(w *builder) {
			w.openWith("E").attribute("a")
			for range 2000 {
				w.bytes(tokenSubstitution).u16(0).bytes(kindString)
			}
			w.bytes(tokenCloseEmpty, tokenEnd)
		}, given{kindString, make([]byte, 40000)})
	}
	records, damage := read(t, log(map[uint64][]func(*builder){1: {write}}, 1))
	if records != nil || len(damage) != 1 || damage[0] != "record 1: "+errLarge.Error() {
		t.Errorf("%d records, damage %q", len(records), damage)
	}
}

func TestBadFiles(t *testing.T) {
	good := log(map[uint64][]func(*builder){1: {plain, templated}}, 1)
	for _, file := range [][]byte{nil, []byte("ElfFile"), []byte("no event log at all"), bytes.Repeat([]byte{0}, 5000)} {
		if err := Read(bytes.NewReader(file), int64(len(file)), nil, nil); !errors.Is(err, ErrFormat) {
			t.Errorf("Read of %.20q = %v; want %v", file, err, ErrFormat)
		}
	}
	if records, damage := read(t, good[:len(good)-1]); records != nil || damage != nil {
		t.Errorf("a chunk that is cut off gives %q, %q", records, damage)
	}
	bad := bytes.Clone(good)
	bad[fileHeaderBytes+chunkHeaderBytes] = 0
	if records, damage := read(t, bad); records != nil || len(damage) != 1 {
		t.Errorf("a bad record gives %q, %q", records, damage)
	}
	stop := errors.New("stop")
	if err := Read(bytes.NewReader(good), int64(len(good)), func(Record) error { return stop }, nil); err != stop {
		t.Errorf("Read = %v; want the error of emit", err)
	}
}

func wellFormed(text string) error {
	d := xml.NewDecoder(strings.NewReader(text))
	for {
		if _, err := d.RawToken(); err == io.EOF {
			return nil
		} else if err != nil {
			return fmt.Errorf("%w in %q", err, text)
		}
	}
}

func FuzzRead(f *testing.F) {
	file := log(map[uint64][]func(*builder){1: {plain, templated}}, 1)
	f.Add(file[fileHeaderBytes : fileHeaderBytes+2048])
	f.Fuzz(func(t *testing.T, chunk []byte) {
		file := append(bytes.Clone(file[:fileHeaderBytes]), chunk...)
		file = append(file, make([]byte, max(0, fileHeaderBytes+chunkBytes-len(file)))...)
		err := Read(bytes.NewReader(file), int64(len(file)), func(r Record) error {
			if len(r.XML) > 2*maxXMLBytes {
				t.Errorf("%d bytes of XML", len(r.XML))
			}
			return wellFormed(r.XML)
		}, func(error) {})
		if err != nil {
			t.Error(err)
		}
	})
}
