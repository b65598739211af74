package evtx

import (
	"encoding/binary"
	"encoding/xml"
	"errors"
	"fmt"
	"strings"
	"unicode/utf16"
)

// The tokens of binary XML. More tells that an attribute follows, or data.
const (
	tokenEnd = iota
	tokenOpen
	tokenClose
	tokenCloseEmpty
	tokenEndElement
	tokenValue
	tokenAttribute
	tokenCDATA
	tokenCharacter
	tokenEntity
	tokenInstruction
	tokenInstructionData
	tokenTemplate
	tokenSubstitution
	tokenOptional
	tokenFragment

	more = 0x40
)

// What a record may cost: the elements in each other, templates and XML within values
// among them, the tokens and the bytes of XML. A chunk has 64 KiB, so no honest record
// comes near.
const (
	maxDepth    = 64
	maxTokens   = 1 << 16
	maxXMLBytes = 4 << 20

	maxChunkTokens = 1 << 18
	bytesPerToken  = 64 // of a value, which can be written many times
)

var (
	errCut   = errors.New("the data is cut off")
	errLarge = errors.New("the record is too large or too deep")
)

// parser turns one record into XML.
type parser struct {
	chunk  []byte // offsets in binary XML count from its start
	out    strings.Builder
	tokens int // that it may still read
	depth  int
}

// value is one that a template instance gives.
type value struct {
	kind     byte
	at, size int
}

// fragment writes what stands between at and end; subs are the values for its
// substitutions. It leaves no element open.
func (p *parser) fragment(at, end int, subs []value) error {
	if p.depth++; p.depth > maxDepth {
		return errLarge
	}
	defer func() { p.depth-- }()
	f := fragment{parser: p, r: reader{data: p.chunk[:end], at: at}, subs: subs}
	for f.r.at < end {
		if p.tokens--; p.tokens < 0 || p.out.Len()+f.text.Len() > maxXMLBytes {
			return errLarge
		}
		token := f.r.byte()
		if token&^more == tokenEnd {
			break
		}
		if err := f.token(token); err != nil {
			return err
		}
		if f.r.cut {
			return errCut
		}
	}
	if len(f.open) > 0 || f.inTag {
		return errors.New("an element has no end")
	}
	return nil
}

// fragment is a piece of binary XML that is being read.
type fragment struct {
	*parser
	r    reader
	subs []value
	open []string // names of the elements
	// Within a start tag values belong to the attribute that came last.
	inTag       bool
	attribute   string
	text        strings.Builder
	substituted bool // by nothing: such an attribute is left out
}

func (f *fragment) token(token byte) error {
	switch token &^ more {
	case tokenFragment:
		f.r.skip(3)
	case tokenOpen:
		return f.openElement(token&more != 0)
	case tokenAttribute:
		if !f.inTag {
			return errors.New("an attribute outside a tag")
		}
		f.endAttribute()
		f.attribute = f.name()
	case tokenClose, tokenCloseEmpty:
		if !f.inTag {
			return errors.New("a tag ends that did not begin")
		}
		f.endAttribute()
		f.inTag = false
		if token&^more == tokenClose {
			f.out.WriteString(">")
			break
		}
		f.out.WriteString("/>")
		f.open = f.open[:len(f.open)-1]
	case tokenEndElement:
		if f.inTag || len(f.open) == 0 {
			return errors.New("an element ends that did not begin")
		}
		f.out.WriteString("</" + f.open[len(f.open)-1] + ">")
		f.open = f.open[:len(f.open)-1]
	case tokenValue:
		if kind := f.r.byte(); kind != kindString {
			return fmt.Errorf("text of type %#x", kind)
		}
		f.write(f.r.counted())
	case tokenCDATA:
		f.write(f.r.counted())
	case tokenCharacter:
		f.write(string(utf16.Decode([]uint16{f.r.uint16()})))
	case tokenEntity:
		f.write(entities[f.name()])
	case tokenInstruction:
		f.name()
	case tokenInstructionData:
		f.r.counted()
	case tokenTemplate:
		return f.template()
	case tokenSubstitution, tokenOptional:
		index := int(f.r.uint16())
		f.r.skip(1) // the type that is expected; the value has its own
		if index >= len(f.subs) {
			return fmt.Errorf("there is no value %d", index)
		}
		return f.substitute(f.subs[index], token&^more == tokenOptional)
	default:
		return fmt.Errorf("unknown token %#x", token)
	}
	return nil
}

var entities = map[string]string{"amp": "&", "lt": "<", "gt": ">", "quot": `"`, "apos": "'"}

func (f *fragment) openElement(hasAttributes bool) error {
	if f.inTag || len(f.open) >= maxDepth {
		return errLarge
	}
	f.r.skip(2 + 4) // of what it depends, and its size
	name := f.name()
	if hasAttributes {
		f.r.skip(4) // the size of the attributes
	}
	f.open = append(f.open, name)
	f.inTag = true
	f.out.WriteString("<" + name)
	return nil
}

func (f *fragment) endAttribute() {
	if f.attribute != "" && !(f.substituted && f.text.Len() == 0) {
		f.out.WriteString(" " + f.attribute + `="` + escape(f.text.String()) + `"`)
	}
	f.attribute, f.substituted = "", false
	f.text.Reset()
}

// write adds text to the attribute, or to the element.
func (f *fragment) write(text string) {
	if f.inTag {
		f.text.WriteString(text)
		return
	}
	f.out.WriteString(escape(text))
}

func escape(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // a Builder does not fail
	return b.String()
}

// name reads a name. It stands where it is first used and is pointed to from elsewhere.
func (f *fragment) name() string {
	at := int(f.r.uint32())
	where := reader{data: f.chunk, at: at}
	where.skip(4 + 2) // the next name and a hash
	name := where.counted()
	where.skip(2) // a zero
	if at == f.r.at {
		f.r.at = where.at
	}
	f.r.cut = f.r.cut || where.cut
	if name = strings.Map(nameRune, name); name == "" || strings.ContainsAny(name[:1], "0123456789-.:") {
		name = "_" + name
	}
	return name
}

// nameRune replaces what must not stand in a name of XML.
func nameRune(r rune) rune {
	switch {
	case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', strings.ContainsRune("_-.:", r):
		return r
	}
	return '_'
}

// template writes an instance of a template: a definition, which stands where it is first
// used, and values for it.
func (f *fragment) template() error {
	f.r.skip(1 + 4) // unknown, the number of the template
	definition := int(f.r.uint32())
	where := reader{data: f.chunk, at: definition}
	where.skip(4 + 16) // the next template, its GUID
	size := int(where.uint32())
	if where.cut || size > len(f.chunk)-where.at {
		return errCut
	}
	if definition == f.r.at {
		f.r.at = where.at + size
	}
	count := int(f.r.uint32())
	if count > (len(f.r.data)-f.r.at)/4 || f.r.cut {
		return errCut
	}
	subs := make([]value, count)
	data := f.r.at + 4*count
	for i := range subs {
		subs[i] = value{size: int(f.r.uint16()), kind: f.r.byte(), at: data}
		f.r.skip(1)
		data += subs[i].size
	}
	if data > len(f.r.data) {
		return errCut
	}
	f.r.at = data
	return f.parser.fragment(where.at, where.at+size, subs)
}

// substitute writes a value. One that is optional may be nothing.
func (f *fragment) substitute(v value, optional bool) error {
	if v.kind == kindNull || optional && v.size == 0 {
		f.substituted = true
		return nil
	}
	if v.kind == kindXML {
		if f.inTag {
			return errors.New("XML in an attribute")
		}
		return f.parser.fragment(v.at, v.at+v.size, nil)
	}
	f.tokens -= v.size / bytesPerToken
	f.write(text(v.kind, f.chunk[v.at:v.at+v.size]))
	return nil
}

// reader reads numbers, and remembers when there were too few bytes.
type reader struct {
	data []byte
	at   int
	cut  bool
}

func (r *reader) skip(n int) []byte {
	if r.at < 0 || n > len(r.data)-r.at {
		r.cut = true
		r.at = len(r.data)
		return make([]byte, n)
	}
	r.at += n
	return r.data[r.at-n : r.at]
}

func (r *reader) byte() byte     { return r.skip(1)[0] }
func (r *reader) uint16() uint16 { return binary.LittleEndian.Uint16(r.skip(2)) }
func (r *reader) uint32() uint32 { return binary.LittleEndian.Uint32(r.skip(4)) }

// counted reads a text with its length before it.
func (r *reader) counted() string { return decode(r.skip(2 * int(r.uint16()))) }
