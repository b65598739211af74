package cloneprep

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReadRecipe(t *testing.T) {
	const text = `# a recipe
operations: [defaults, -tmp-files]
hostname: web-01
machine-id: fresh
regenerate-ssh-keys: true
keep-user-accounts: [ann]
password-crypto: sha512
steps:
  - write: "/etc/motd:Hello: you"
  - chmod: 0640:/etc/motd
`
	got, err := ReadRecipe(strings.NewReader(text), "r.yaml")
	if err != nil {
		t.Fatal(err)
	}
	want := &Recipe{
		Operations: []string{"defaults", "-tmp-files"}, Hostname: "web-01", MachineID: "fresh", RegenerateSSHKeys: true,
		KeepUserAccounts: []string{"ann"}, PasswordCrypto: "sha512",
		Steps: []Step{{"write", "/etc/motd:Hello: you"}, {"chmod", "0640:/etc/motd"}},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
	var b bytes.Buffer
	if err := got.Print(&b); err != nil {
		t.Fatal(err)
	}
	again, err := ReadRecipe(&b, "printed")
	if err != nil {
		t.Fatalf("%v\n%s", err, b.String())
	}
	if d := cmp.Diff(want, again); d != "" {
		t.Errorf("printed and read again: -want +got:\n%s", d)
	}
	for _, empty := range []string{"", "# nothing\n", "---\n", "null\n"} {
		if r, err := ReadRecipe(strings.NewReader(empty), "empty"); err != nil || cmp.Diff(&Recipe{}, r) != "" {
			t.Errorf("ReadRecipe(%q) = %v, %v", empty, r, err)
		}
	}
}

func TestRecipeErrors(t *testing.T) {
	for text, want := range map[string]string{
		"hostname: a\nhostnam: b\n":              `r:2: unknown key "hostnam"`,
		"hostname: a\n\nhostname: b\n":           `r:3: "hostname" is given twice`,
		"hostname: [a]\n":                        "r:1: hostname: a text is wanted",
		"hostname: a b\n":                        `r:1: hostname: "a b" is not a hostname: letters, digits and hyphens in it, dots between labels of at most 63`,
		"force: perhaps\n":                       "r:1: force: true or false is wanted",
		"operations: defaults\n":                 "r:1: operations: a list is wanted",
		"operations:\n  - nosuch\n":              `r:2: operations: there is no operation "nosuch"`,
		"steps:\n  - mkdir: /a\n  - makedir: /b": `r:3: steps: unknown key "makedir"`,
		"steps:\n  - mkdir: a\n":                 `r:2: steps: --mkdir: "a" is not a path from the root of the guest`,
		"steps:\n  - mkdir: /a\n    touch: /b\n": `r:2: steps: each is one key and a value, such as "- delete: /srv/old"`,
		"steps: {}\n":                            "r:1: steps: a list is wanted",
		"- hostname\n":                           `r:1: a recipe is keys and values, such as "hostname: web-01"`,
		"a: b\n---\nc: d\n":                      "r: there is more than one document",
		"\tx: y\n":                               "r: found character that cannot start any token",
		"machine-id: 12\n":                       `r:1: machine-id: machine-id "12" is not fresh, empty or 32 lower-case hexadecimal digits`,
		"password-crypto: md5\n":                 `r:1: password-crypto: "md5" is none of sha256, sha512, yescrypt`,
	} {
		_, err := ReadRecipe(strings.NewReader(text), "r")
		if err == nil || err.Error() != want {
			t.Errorf("ReadRecipe(%q): %v; want %s", text, err, want)
		}
	}
}

func FuzzRecipe(f *testing.F) {
	f.Add("hostname: a\nsteps:\n  - write: /a:b\noperations: [all]\n")
	f.Fuzz(func(t *testing.T, text string) {
		r, err := ReadRecipe(strings.NewReader(text), "fuzz")
		if err != nil {
			return
		}
		var b bytes.Buffer
		if err := r.Print(&b); err != nil {
			t.Fatal(err)
		}
	})
}
