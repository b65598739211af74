package record

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf16"

	"gopkg.in/yaml.v3"
)

// JSON writes v, indented by two spaces and ended by a newline. Characters that cannot
// be seen, such as bidirectional controls, are written as \u escapes.
func JSON(w io.Writer, v any) error {
	data, err := encode(v)
	if err != nil {
		return err
	}
	var indented bytes.Buffer
	if err := json.Indent(&indented, data, "", "  "); err != nil {
		return err
	}
	_, err = io.WriteString(w, escapeInvisible(indented.String()))
	return err
}

// YAML writes v with the keys, order and values that JSON gives it.
func YAML(w io.Writer, v any) error {
	data, err := encode(v)
	if err != nil {
		return err
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	node, err := nextNode(dec)
	if err != nil {
		return err
	}
	enc := yaml.NewEncoder(w)
	enc.SetIndent(2)
	if err := enc.Encode(node); err != nil {
		return err
	}
	return enc.Close()
}

func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// escapeInvisible replaces what encoding/json leaves in strings although no reader can
// see it. Outside strings JSON holds no such character.
func escapeInvisible(s string) string {
	hidden := func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }
	if !strings.ContainsFunc(s, hidden) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		switch {
		case !hidden(r):
			b.WriteRune(r)
		case r < 0x10000:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
		}
	}
	return b.String()
}

// nextNode reads one JSON value into a YAML node. Going through tokens keeps the order
// of the keys; feeding the JSON to the YAML parser instead fails on DEL and C1 bytes.
func nextNode(dec *json.Decoder) (*yaml.Node, error) {
	token, err := dec.Token()
	if err != nil {
		return nil, err
	}
	switch token := token.(type) {
	case json.Delim:
		kind := yaml.SequenceNode
		if token == '{' {
			kind = yaml.MappingNode
		}
		return children(dec, &yaml.Node{Kind: kind})
	case string:
		node := new(yaml.Node)
		node.SetString(token)
		return node, nil
	case json.Number:
		return scalar(numberTag(token), token.String()), nil
	case bool:
		return scalar("!!bool", fmt.Sprint(token)), nil
	case nil:
		return scalar("!!null", "null"), nil
	}
	return nil, errors.New("unexpected json token")
}

func children(dec *json.Decoder, node *yaml.Node) (*yaml.Node, error) {
	for dec.More() {
		child, err := nextNode(dec)
		if err != nil {
			return nil, err
		}
		node.Content = append(node.Content, child)
	}
	if len(node.Content) == 0 {
		node.Style = yaml.FlowStyle // [] and {}
	}
	_, err := dec.Token() // the closing bracket
	return node, err
}

func scalar(tag, value string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: tag, Value: value}
}

func numberTag(n json.Number) string {
	if strings.ContainsAny(n.String(), ".eE") {
		return "!!float"
	}
	return "!!int"
}
