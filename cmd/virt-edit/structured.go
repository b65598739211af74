package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strconv"
	"strings"

	jsonpatch "github.com/evanphx/json-patch/v5"
	"gopkg.in/yaml.v3"
)

// structuredMax bounds a file that is parsed as a whole, in bytes.
const structuredMax = 64 << 20

var errLarge = fmt.Errorf("larger than %d MiB", structuredMax>>20)

func readStructured(r io.Reader) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, structuredMax+1))
	if err == nil && len(b) > structuredMax {
		err = errLarge
	}
	return b, err
}

// newJSONPatch parses a JSON patch (RFC 6902), or the local file that holds it.
func newJSONPatch(text string) (change, error) {
	b := []byte(text)
	if local, isFile := strings.CutPrefix(text, "@"); isFile {
		f, err := os.Open(local)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		if b, err = readStructured(f); err != nil {
			return nil, fmt.Errorf("%s: %w", local, err)
		}
	}
	patch, err := jsonpatch.DecodePatch(b)
	if err != nil {
		return nil, fmt.Errorf("JSON patch: %w", err)
	}
	return changeFunc(func(_ context.Context, dst io.Writer, src io.Reader) error {
		old, err := readStructured(src)
		if err != nil {
			return err
		}
		if !json.Valid(bytes.TrimPrefix(old, utf8BOM)) {
			return errors.New("not JSON")
		}
		how := jsonpatch.NewApplyOptions()
		how.EscapeHTML = false
		out, err := patch.ApplyIndentWithOptions(bytes.TrimPrefix(old, utf8BOM), indentOf(old), how)
		if err != nil {
			return fmt.Errorf("JSON patch: %w", err)
		}
		if bytes.HasSuffix(old, []byte("\n")) {
			out = append(out, '\n')
		}
		_, err = dst.Write(out)
		return err
	}), nil
}

var utf8BOM = []byte("\xef\xbb\xbf")

// indentOf is the white space that the second line begins with: none for a JSON text
// on one line.
func indentOf(text []byte) string {
	_, second, _ := bytes.Cut(text, []byte("\n"))
	return string(second[:len(second)-len(bytes.TrimLeft(second, " \t"))])
}

// A step of a YAML key is the name of a mapping's value or, in brackets, the number of a
// list's: users[0].name, "a.b"."c".
var yamlStep = regexp.MustCompile(`^(?:"((?:[^"\\]|\\.)*)"|\[([0-9]{1,6})\]|([^."\[\]=]+))`)

// newYAMLSet parses KEY=VALUE, of which VALUE is YAML.
func newYAMLSet(text string) (change, error) {
	steps, value, err := yamlKey(text)
	if err != nil {
		return nil, err
	}
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(value), &doc); err != nil {
		return nil, fmt.Errorf("the new value: %w", err)
	}
	if len(doc.Content) == 0 { // nothing at all is null
		doc.Content = []*yaml.Node{{Kind: yaml.ScalarNode, Tag: "!!null", Value: "null"}}
	}
	return changeFunc(func(_ context.Context, dst io.Writer, src io.Reader) error {
		old, err := readStructured(src)
		if err != nil {
			return err
		}
		return setYAML(dst, old, steps, doc.Content[0])
	}), nil
}

// yamlKey splits KEY=VALUE; a step is a string or an int.
func yamlKey(text string) (steps []any, value string, err error) {
	rest := text
	for {
		m := yamlStep.FindStringSubmatch(rest)
		if m == nil {
			return nil, "", notKey(text)
		}
		rest = rest[len(m[0]):]
		switch {
		case m[2] != "":
			n, err := strconv.Atoi(m[2])
			if err != nil {
				return nil, "", err
			}
			steps = append(steps, n)
		case m[3] != "":
			steps = append(steps, m[3])
		default:
			name, err := strconv.Unquote(`"` + m[1] + `"`)
			if err != nil {
				return nil, "", fmt.Errorf("%q: %w", m[0], err)
			}
			steps = append(steps, name)
		}
		switch {
		case strings.HasPrefix(rest, "="):
			return steps, rest[1:], nil
		case strings.HasPrefix(rest, "."):
			rest = rest[1:]
		case !strings.HasPrefix(rest, "["):
			return nil, "", notKey(text)
		}
	}
}

func notKey(text string) error {
	return fmt.Errorf("%q: expected KEY=VALUE, with a key such as network.version or users[0].name", text)
}

var errDocuments = errors.New("more than one YAML document in it")

// setYAML sets a value and writes the document. Comments stay; blank lines may not.
func setYAML(dst io.Writer, old []byte, steps []any, value *yaml.Node) error {
	var doc yaml.Node
	in := yaml.NewDecoder(bytes.NewReader(old))
	if err := in.Decode(&doc); err != nil && err != io.EOF {
		return err
	}
	if err := in.Decode(new(yaml.Node)); err != io.EOF {
		return errors.Join(err, errDocuments)
	}
	if len(doc.Content) == 0 {
		doc = yaml.Node{Kind: yaml.DocumentNode, Content: []*yaml.Node{{Kind: yaml.MappingNode}}}
	}
	if err := setNode(doc.Content[0], steps, value); err != nil {
		return err
	}
	out := yaml.NewEncoder(dst)
	out.SetIndent(yamlIndent(doc.Content[0]))
	return errors.Join(out.Encode(&doc), out.Close())
}

// yamlIndent is how much deeper the values of the first mapping within another stand.
func yamlIndent(n *yaml.Node) int {
	for i := 1; n.Kind == yaml.MappingNode && i < len(n.Content); i += 2 {
		v := n.Content[i]
		if v.Kind == yaml.MappingNode && v.Style&yaml.FlowStyle == 0 && v.Column > n.Column {
			return v.Column - n.Column
		}
	}
	return 2
}

// setNode puts value where the steps lead from n, and makes mappings on the way.
func setNode(n *yaml.Node, steps []any, value *yaml.Node) error {
	if n.Kind == yaml.AliasNode {
		return fmt.Errorf("%v: cannot change what an alias stands for", steps[0])
	}
	if len(steps) == 0 {
		comments := [3]string{n.HeadComment, n.LineComment, n.FootComment}
		*n = *value
		n.HeadComment, n.LineComment, n.FootComment = comments[0], comments[1], comments[2]
		return nil
	}
	switch step := steps[0].(type) {
	case int:
		switch {
		case n.Kind != yaml.SequenceNode:
			return fmt.Errorf("[%d]: not a list", step)
		case step < len(n.Content):
			return setNode(n.Content[step], steps[1:], value)
		case step > len(n.Content):
			return fmt.Errorf("[%d]: the list has %d elements", step, len(n.Content))
		}
		n.Content = append(n.Content, newNode(steps[1:]))
		return setNode(n.Content[step], steps[1:], value)
	case string:
		if n.Kind == yaml.ScalarNode && n.Tag == "!!null" {
			*n = *newNode(steps)
		}
		if n.Kind != yaml.MappingNode {
			return fmt.Errorf("%s: not in a mapping", step)
		}
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == step {
				return setNode(n.Content[i+1], steps[1:], value)
			}
		}
		to := newNode(steps[1:])
		n.Content = append(n.Content, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: step}, to)
		return setNode(to, steps[1:], value)
	}
	return fmt.Errorf("%v: not a key", steps[0])
}

// newNode is empty, of the kind that the first of steps can be set in.
func newNode(steps []any) *yaml.Node {
	if len(steps) == 0 {
		return &yaml.Node{Kind: yaml.ScalarNode}
	}
	if _, isIndex := steps[0].(int); isIndex {
		return &yaml.Node{Kind: yaml.SequenceNode}
	}
	return &yaml.Node{Kind: yaml.MappingNode}
}
