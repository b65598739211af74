package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/antchfx/xmlquery"
	"github.com/antchfx/xpath"

	"virt-tools/internal/cli"
)

// maxReport bounds the XML that a query is asked about: it is kept in memory.
const maxReport = 256 << 20

// query evaluates an XPath expression over the XML from r. Nodes are written as XML, one a
// line; of attributes, texts and other values what they are.
func query(r io.Reader, w io.Writer, expression string) error {
	compiled, err := xpath.Compile(expression)
	if err != nil {
		return fmt.Errorf("--xpath %q: %w", expression, err)
	}
	limited := &io.LimitedReader{R: r, N: maxReport}
	doc, err := xmlquery.Parse(limited)
	switch {
	case limited.N <= 0:
		return fmt.Errorf("standard input is more than %d MiB of XML", maxReport>>20)
	case err != nil:
		return cli.Hint(fmt.Errorf("standard input is not XML: %w", err), "give it what virt-inspector wrote: virt-inspector --xpath=QUERY < report.xml")
	}
	if deep(doc) {
		return fmt.Errorf("standard input has elements more than %d deep", maxDepth)
	}
	switch value := compiled.Evaluate(xmlquery.CreateXPathNavigator(doc)).(type) {
	case *xpath.NodeIterator:
		for value.MoveNext() {
			navigator, ok := value.Current().(*xmlquery.NodeNavigator)
			if !ok {
				return fmt.Errorf("--xpath %q: a node of kind %T", expression, value.Current())
			}
			if _, err := io.WriteString(w, nodeText(navigator)+"\n"); err != nil {
				return err
			}
		}
		return nil
	case float64:
		_, err = fmt.Fprintln(w, strconv.FormatFloat(value, 'g', 15, 64))
	case bool:
		_, err = fmt.Fprintln(w, value)
	case string:
		_, err = fmt.Fprintln(w, value)
	default:
		return fmt.Errorf("--xpath %q: the result is a %T", expression, value)
	}
	return err
}

// maxDepth is that of libxml2; a report has 5.
const maxDepth = 256

// deep reports whether elements are nested deeper than recursion should follow.
func deep(doc *xmlquery.Node) bool {
	depth := 0
	for n := doc; n != nil; {
		if depth > maxDepth {
			return true
		}
		if n.FirstChild != nil {
			n = n.FirstChild
			depth++
			continue
		}
		for n != nil && n.NextSibling == nil {
			n = n.Parent
			depth--
		}
		if n != nil {
			n = n.NextSibling
		}
	}
	return false
}

// nodeText is a node as XML, indented from the left.
func nodeText(n *xmlquery.NodeNavigator) string {
	switch n.NodeType() {
	case xpath.AttributeNode:
		return " " + n.LocalName() + `="` + escapeAttribute.Replace(n.Value()) + `"`
	case xpath.TextNode:
		return escapeText.Replace(n.Value())
	}
	var b strings.Builder
	node := n.Current()
	if node.Type == xmlquery.DocumentNode {
		node = xmlquery.FindOne(node, "/*")
	}
	writeNode(&b, node, 0)
	return b.String()
}

// writeNode writes an element. One that holds no text has its children on lines of
// their own.
func writeNode(b *strings.Builder, n *xmlquery.Node, indent int) {
	b.WriteString("<" + qualified(n.Prefix, n.Data))
	for _, a := range n.Attr {
		b.WriteString(" " + qualified(a.Name.Space, a.Name.Local) + `="` + escapeAttribute.Replace(a.Value) + `"`)
	}
	var children []*xmlquery.Node
	mixed := false
	for child := n.FirstChild; child != nil; child = child.NextSibling {
		switch child.Type {
		case xmlquery.TextNode, xmlquery.CharDataNode:
			mixed = mixed || strings.TrimSpace(child.Data) != ""
			children = append(children, child)
		case xmlquery.ElementNode:
			children = append(children, child)
		}
	}
	if len(children) == 0 {
		b.WriteString("/>")
		return
	}
	b.WriteString(">")
	for _, child := range children {
		switch {
		case child.Type != xmlquery.ElementNode:
			if mixed || len(children) == 1 {
				b.WriteString(escapeText.Replace(child.Data))
			}
		case mixed:
			writeNode(b, child, 0)
		default:
			b.WriteString("\n" + strings.Repeat("  ", indent+1))
			writeNode(b, child, indent+1)
		}
	}
	if !mixed && len(children) > 1 {
		b.WriteString("\n" + strings.Repeat("  ", indent))
	}
	b.WriteString("</" + qualified(n.Prefix, n.Data) + ">")
}

func qualified(prefix, name string) string {
	if prefix == "" {
		return name
	}
	return prefix + ":" + name
}
