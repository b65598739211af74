package cloneprep

import (
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRenameHosts(t *testing.T) {
	for _, test := range []struct{ old, name, in, want string }{
		{"golden.example.org", "web-01.example.org",
			"127.0.0.1\tlocalhost\n127.0.1.1\tgolden.example.org golden\n# golden was here\n10.0.0.1 golden2 goldenx golden-a # golden\n",
			"127.0.0.1\tlocalhost\n127.0.1.1\tweb-01.example.org web-01\n# golden was here\n10.0.0.1 golden2 goldenx golden-a # golden\n"},
		{"golden", "web-01", "127.0.1.1 GOLDEN golden.lan", "127.0.1.1 web-01 golden.lan"},
		{"golden", "web.example", "127.0.1.1 golden", "127.0.1.1 web"},
		{"localhost.localdomain", "web", "127.0.0.1 localhost.localdomain localhost\n", "127.0.0.1 localhost.localdomain localhost\n"},
		{"", "web", "127.0.1.1 golden\n", "127.0.1.1 golden\n"},
		{"1", "2", "1 1", "1 2"},
	} {
		if d := cmp.Diff(test.want, renameHosts(test.in, test.old, test.name)); d != "" {
			t.Errorf("%s to %s: -want +got:\n%s", test.old, test.name, d)
		}
	}
}

func TestRenameKeys(t *testing.T) {
	keys := hostnameKeys["/etc/cloud/cloud.cfg"]
	in := "distro: debian\nhostname: debian\n  fqdn: debian.example\nhostnames: debian\n"
	want := "distro: debian\nhostname: web\n  fqdn: web.example\nhostnames: debian\n"
	if d := cmp.Diff(want, renameKeys(in, keys, "debian.example", "web.example")); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
	for pattern, keys := range hostnameKeys {
		if keys.MatchString("# a comment: x = golden") {
			t.Errorf("%s: the keys match a comment", pattern)
		}
	}
}

func TestSetVariable(t *testing.T) {
	for _, test := range []struct {
		in, want string
		ok       bool
	}{
		{"NETWORKING=yes\nHOSTNAME=old.example\n", "NETWORKING=yes\nHOSTNAME=new\n", true},
		{"HOSTNAME=\"old\"\n", "HOSTNAME=\"new\"\n", true},
		{"#HOSTNAME=old\n", "#HOSTNAME=old\n", false},
		{"XHOSTNAME=old", "XHOSTNAME=old", false},
		{"HOSTNAME=", "HOSTNAME=new", true},
	} {
		got, ok := setVariable(test.in, "HOSTNAME", "new")
		if got != test.want || ok != test.ok {
			t.Errorf("setVariable(%q) = %q, %v; want %q, %v", test.in, got, ok, test.want, test.ok)
		}
	}
}

func TestCheckHostname(t *testing.T) {
	for name, ok := range map[string]bool{
		"web-01": true, "a": true, "web-01.example.org": true, "3com": true,
		"": false, "-web": false, "web-": false, "web_1": false, "a..b": false, "a.": false, "a b": false, "ä": false, "a\n": false,
	} {
		if got := CheckHostname(name) == nil; got != ok {
			t.Errorf("CheckHostname(%q) allows it: %v; want %v", name, got, ok)
		}
	}
}

func TestMachineIDValue(t *testing.T) {
	for value, ok := range map[string]bool{
		"": true, "empty": true, "fresh": true, "0123456789abcdef0123456789abcdef": true,
		"0123456789ABCDEF0123456789abcdef": false, "123": false, "00000000000000000000000000000000": false,
	} {
		if got := CheckMachineID(value) == nil; got != ok {
			t.Errorf("CheckMachineID(%q) allows it: %v; want %v", value, got, ok)
		}
	}
}

func TestInitiator(t *testing.T) {
	in := "## a comment\nInitiatorName=iqn.1993-08.org.debian:01:abcdef\n"
	a, b := newInitiator(in), newInitiator(in)
	form := regexp.MustCompile(`^## a comment\nInitiatorName=iqn\.1993-08\.org\.debian:[0-9a-f]{12}\n$`)
	if !form.MatchString(a) || a == b {
		t.Errorf("newInitiator = %q, then %q", a, b)
	}
	if in := "GenerateName=yes\n"; newInitiator(in) != in {
		t.Error("a file without a name was changed")
	}
}
