package main

import (
	"bytes"
	"strings"
	"testing"
)

func changed(t *testing.T, c change, in string) (string, error) {
	t.Helper()
	var b bytes.Buffer
	err := c.Run(t.Context(), &b, strings.NewReader(in))
	return b.String(), err
}

func TestYAMLSet(t *testing.T) {
	for _, test := range []struct{ set, in, want, err string }{
		{"a=1", "", "a: 1\n", ""},
		{"a=", "a: 1\n", "a: null\n", ""},
		{"a.b=x", "a: 1\n", "", "b: not in a mapping"},
		{"a.b=x", "a:\n", "a:\n  b: x\n", ""},
		{`"x.y"[0].z={k: v}`, "# top\nq: 'r' # note\n", "# top\nq: 'r' # note\nx.y:\n  - z: {k: v}\n", ""},
		{"l[1]=n", "l: [a, b, c]\n", "l: [a, n, c]\n", ""},
		{"l[3]=n", "l: [a, b, c]\n", "l: [a, b, c, n]\n", ""},
		{"l[9]=n", "l: [a]\n", "", "[9]: the list has 1 elements"},
		{"a[0]=n", "a: {}\n", "", "[0]: not a list"},
		{"b=2", "x: &a {b: 1}\ny: *a\n", "x: &a {b: 1}\ny: *a\nb: 2\n", ""},
		{"y.b=2", "x: &a {b: 1}\ny: *a\n", "", "b: cannot change what an alias stands for"},
		{"a=1", "a: [\n", "", "yaml: line 1: did not find expected node content"},
		{"a=1", "a: 0\n---\nb: 1\n", "", "more than one YAML document in it"},
		{"b.c=1", "a:\n    b: 1\nb:\n    d: 2\n", "a:\n    b: 1\nb:\n    d: 2\n    c: 1\n", ""},
	} {
		c, err := newYAMLSet(test.set)
		if err != nil {
			t.Errorf("%s: %v", test.set, err)
			continue
		}
		got, err := changed(t, c, test.in)
		if err != nil && err.Error() != test.err || err == nil && (got != test.want || test.err != "") {
			t.Errorf("%s in %q = %q, %v; want %q, %s", test.set, test.in, got, err, test.want, test.err)
		}
	}
}

func TestJSONPatch(t *testing.T) {
	c, err := newJSONPatch(`[{"op":"add","path":"/n","value":"a<b&c"}]`)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ in, want string }{
		{`{"z":1,"a":1e3}`, `{"z":1,"a":1e3,"n":"a<b&c"}`},
		{"{\n\t\"z\": 1\n}\n", "{\n\t\"z\": 1,\n\t\"n\": \"a<b&c\"\n}\n"},
		{"\xef\xbb\xbf{\"n\": null}\n", "{\"n\":\"a<b&c\"}\n"},
	} {
		if got, err := changed(t, c, test.in); got != test.want || err != nil {
			t.Errorf("patch of %q = %q, %v; want %q", test.in, got, err, test.want)
		}
	}
	for _, in := range []string{"", "{", "[1]", strings.Repeat("[", 100000)} {
		if got, err := changed(t, c, in); err == nil {
			t.Errorf("patch of %.20q = %q", in, got)
		}
	}
	if _, err := newJSONPatch(`[{"op":"fly","path":"/x"}]`); err == nil {
		t.Error("an unknown operation is taken")
	}
}

func TestAppended(t *testing.T) {
	for _, test := range []struct{ in, text, want string }{
		{"", "x", "x\n"},
		{"a", "x", "a\nx\n"},
		{"a\n", "x\ny\n", "a\nx\ny\n"},
		{"a\r\nb", "x", "a\r\nb\r\nx\r\n"},
		{"a\nb\r\n", "x", "a\nb\r\nx\n"},
	} {
		if got, err := changed(t, appended(strings.NewReader(test.text)), test.in); got != test.want || err != nil {
			t.Errorf("%q and %q = %q, %v; want %q", test.in, test.text, got, err, test.want)
		}
	}
}

func TestLocalName(t *testing.T) {
	for in, want := range map[string]string{
		"/etc/hosts": "hosts", `C:\Windows\win.ini`: "win.ini", "/a b;\x1b$x": "a_b___x", "/": "",
		"/" + strings.Repeat("x", 300) + ".conf": strings.Repeat("x", 59) + ".conf",
	} {
		if got := localName(in); got != want {
			t.Errorf("localName(%q) = %q; want %q", in, got, want)
		}
	}
}
