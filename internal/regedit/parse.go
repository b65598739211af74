package regedit

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// fileMax bounds a file, in bytes.
const fileMax = 256 << 20

var errText = errors.New("neither UTF-8 nor UTF-16")

// Parse reads a file in UTF-8, or in UTF-16 as Windows writes it. text says how
// the strings in it will stand in the hive.
func Parse(r io.Reader, text Encoding) ([]Key, error) {
	b, err := io.ReadAll(io.LimitReader(r, fileMax+1))
	if err != nil {
		return nil, err
	}
	if len(b) > fileMax {
		return nil, fmt.Errorf("larger than %d MiB", fileMax>>20)
	}
	decoded, err := decode(b)
	if err != nil {
		return nil, err
	}
	p := parser{text: text}
	for rest := decoded; rest != ""; {
		var line string
		line, rest = p.next(rest)
		if err := p.line(line); err != nil {
			return nil, fmt.Errorf("line %d: %w", p.start, err)
		}
	}
	return p.keys, nil
}

// decode makes UTF-8 of a file.
func decode(b []byte) (string, error) {
	if len(b) >= 2 && (b[0] == 0xff && b[1] == 0xfe || b[0] != 0 && b[1] == 0) {
		units := make([]uint16, len(b)/2)
		for i := range units {
			units[i] = binary.LittleEndian.Uint16(b[2*i:])
		}
		return strings.TrimPrefix(string(utf16.Decode(units)), "\ufeff"), nil
	}
	b = bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))
	if !utf8.Valid(b) {
		return "", errText
	}
	return string(b), nil
}

type parser struct {
	text  Encoding
	keys  []Key
	open  bool // values belong to the last key
	count int  // lines read
	start int  // number of the first line of the text at hand
}

// next takes a line off rest, with those that continue it.
func (p *parser) next(rest string) (line, left string) {
	var whole strings.Builder
	p.start = p.count + 1
	for {
		line, left, _ = strings.Cut(rest, "\n")
		p.count++
		line = strings.TrimRight(line, "\r")
		trimmed := strings.TrimRight(line, " \t")
		if !strings.HasSuffix(trimmed, `\`) || left == "" || strings.HasPrefix(trimmed, "[") {
			whole.WriteString(line)
			return whole.String(), left
		}
		whole.WriteString(strings.TrimSuffix(trimmed, `\`))
		rest = left
	}
}

var errLine = errors.New(`expected [KEY], "NAME"=VALUE or a comment`)

func (p *parser) line(line string) error {
	line = strings.Trim(line, " \t\r")
	switch {
	case line == "" || line[0] == ';':
		return nil
	case len(p.keys) == 0 && (strings.HasPrefix(line, "Windows Registry Editor Version") || strings.HasPrefix(line, "REGEDIT")):
		return nil
	case line[0] == '[' && line[len(line)-1] == ']':
		path, remove := strings.CutPrefix(line[1:len(line)-1], "-")
		p.keys = append(p.keys, Key{Path: path, Line: p.start, Delete: remove})
		p.open = !remove
		return nil
	case line[0] != '"' && line[0] != '@':
		return errLine
	case !p.open:
		return errors.New("a value without a key before it")
	}
	v, err := p.value(line)
	if err != nil {
		return err
	}
	key := &p.keys[len(p.keys)-1]
	key.Values = append(key.Values, v)
	return nil
}

// value reads "NAME"=VALUE or @=VALUE.
func (p *parser) value(line string) (v Value, err error) {
	rest := line[1:]
	if line[0] == '"' {
		if v.Name, rest, err = quoted(line); err != nil {
			return v, err
		}
	}
	rest, ok := strings.CutPrefix(strings.TrimLeft(rest, " \t"), "=")
	if !ok {
		return v, errLine
	}
	rest = strings.TrimLeft(rest, " \t")
	if rest == "-" {
		v.Delete = true
		return v, nil
	}
	v.Type, v.Bytes, err = p.data(rest)
	return v, err
}

var (
	dword  = regexp.MustCompile(`^dword:([0-9a-fA-F]{1,8})$`)
	digits = regexp.MustCompile(`^hex(?:\(([0-9a-fA-F]{1,8})\))?:(.*)$`)
	str    = regexp.MustCompile(`^(?:str(?:\(([0-9a-fA-F]{1,8})\))?:)?(".*)$`)
)

func (p *parser) data(text string) (kind uint32, data []byte, err error) {
	if m := dword.FindStringSubmatch(text); m != nil {
		n, err := strconv.ParseUint(m[1], 16, 32)
		return DWORD, binary.LittleEndian.AppendUint32(nil, uint32(n)), err
	}
	if m := digits.FindStringSubmatch(text); m != nil {
		kind, err := kindOf(m[1], typeBinary)
		if err != nil {
			return 0, nil, err
		}
		data, err := unhex(m[2])
		return kind, data, err
	}
	m := str.FindStringSubmatch(text)
	if m == nil {
		return 0, nil, fmt.Errorf("%q is not the value of a key", text)
	}
	if kind, err = kindOf(m[1], 1); err != nil {
		return 0, nil, err
	}
	content, after, err := quoted(m[2])
	if err != nil {
		return 0, nil, err
	}
	if strings.Trim(after, " \t") != "" {
		return 0, nil, fmt.Errorf("%q after the end of the text", after)
	}
	data, err = p.text.encode(content)
	return kind, data, err
}

func kindOf(text string, otherwise uint32) (uint32, error) {
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.ParseUint(text, 16, 32)
	return uint32(n), err
}

func unhex(text string) ([]byte, error) {
	data := []byte{}
	text = strings.NewReplacer(" ", "", "\t", "").Replace(text)
	for pair := range strings.SplitSeq(strings.TrimSuffix(text, ","), ",") {
		if pair == "" && text == "" {
			break
		}
		b, err := hex.DecodeString(strings.Repeat("0", len(pair)&1) + pair)
		if err != nil || len(b) != 1 {
			return nil, fmt.Errorf("%q is not a byte in hexadecimal", pair)
		}
		data = append(data, b[0])
	}
	return data, nil
}

// quoted reads text in quotation marks, and returns what follows it.
func quoted(text string) (content, after string, err error) {
	var b strings.Builder
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '"':
			return b.String(), text[i+1:], nil
		case '\\':
			if i++; i == len(text) || text[i] != '\\' && text[i] != '"' {
				return "", "", fmt.Errorf(`%s: a backslash in quotation marks is written \\`, text)
			}
		}
		b.WriteByte(text[i])
	}
	return "", "", fmt.Errorf("%s: the quotation mark at the end is missing", text)
}
