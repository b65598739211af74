package record

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"
)

func TestCSV(t *testing.T) {
	tests := []struct {
		fields []string
		want   string
	}{
		{nil, "\n"},
		{[]string{"a", "b"}, "a,b\n"},
		{[]string{"", "", "x"}, ",,x\n"},
		{[]string{"a b", "c,d"}, "\"a b\",\"c,d\"\n"},
		{[]string{`say "hi"`, `"`}, "\"say \"\"hi\"\"\",\"\"\"\"\n"},
		{[]string{"line\nline"}, "\"line\nline\"\n"},
		{[]string{"tab\tstays", "cr\rstays", "ä"}, "tab\tstays,cr\rstays,ä\n"},
	}
	for _, test := range tests {
		var b bytes.Buffer
		if err := CSV(&b, test.fields...); err != nil {
			t.Fatal(err)
		}
		if b.String() != test.want {
			t.Errorf("CSV(%q) = %q; want %q", test.fields, b.String(), test.want)
		}
	}
}

type row struct {
	Name  string   `json:"name"`
	Bytes int64    `json:"bytes"`
	Share *float64 `json:"share"`
	Found bool     `json:"found"`
	Notes []string `json:"notes"`
}

func report() any {
	share := 12.5
	return map[string]any{"rows": []row{
		{Name: "disk.img", Bytes: 1 << 53, Share: &share, Found: true, Notes: []string{}},
		{Name: "yes\x7f\u202e<&>", Notes: []string{"1.0", "null", "a: b", "two\nlines", "\U000e0041"}},
	}}
}

func TestJSON(t *testing.T) {
	const want = `{
  "rows": [
    {
      "name": "disk.img",
      "bytes": 9007199254740992,
      "share": 12.5,
      "found": true,
      "notes": []
    },
    {
      "name": "yes\u007f\u202e<&>",
      "bytes": 0,
      "share": null,
      "found": false,
      "notes": [
        "1.0",
        "null",
        "a: b",
        "two\nlines",
        "\udb40\udc41"
      ]
    }
  ]
}
`
	var b bytes.Buffer
	if err := JSON(&b, report()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("JSON (-want +got):\n%s", diff)
	}
}

// YAML must mean what JSON means, whatever the strings look like.
func TestYAMLEqualsJSON(t *testing.T) {
	var y, j bytes.Buffer
	if err := YAML(&y, report()); err != nil {
		t.Fatal(err)
	}
	if err := JSON(&j, report()); err != nil {
		t.Fatal(err)
	}
	var fromYAML, fromJSON any
	if err := yaml.Unmarshal(y.Bytes(), &fromYAML); err != nil {
		t.Fatalf("%v in\n%s", err, y.String())
	}
	if err := json.Unmarshal(j.Bytes(), &fromJSON); err != nil {
		t.Fatal(err)
	}
	again, err := json.Marshal(fromYAML)
	if err != nil {
		t.Fatal(err)
	}
	want, err := json.Marshal(fromJSON)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(again)); diff != "" {
		t.Errorf("YAML read back (-json +yaml):\n%s\n%s", diff, y.String())
	}
	const start = "rows:\n  - name: disk.img\n    bytes: 9007199254740992\n    share: 12.5\n    found: true\n    notes: []\n"
	if !bytes.HasPrefix(y.Bytes(), []byte(start)) {
		t.Errorf("YAML = \n%s; want it to start with\n%s", y.String(), start)
	}
}
