package netdisk

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func host(name string, port int) []Server { return []Server{{Host: name, Port: port}} }

func TestParse(t *testing.T) {
	tests := []struct {
		uri   string
		want  Disk
		shown string
		node  map[string]any
	}{
		{"nbd://h", Disk{Protocol: "nbd", Servers: host("h", 0)}, "nbd://h",
			map[string]any{"driver": "nbd", "server": map[string]any{"type": "inet", "host": "h", "port": "10809"}}},
		{"nbd://h:1/a%20b", Disk{Protocol: "nbd", Servers: host("h", 1), Name: "a b"}, "nbd://h:1/a b",
			map[string]any{"driver": "nbd", "server": map[string]any{"type": "inet", "host": "h", "port": "1"}, "export": "a b"}},
		{"nbd://[fe80::1]:1//x", Disk{Protocol: "nbd", Servers: host("fe80::1", 1), Name: "/x"}, "nbd://[fe80::1]:1/x",
			map[string]any{"driver": "nbd", "server": map[string]any{"type": "inet", "host": "fe80::1", "port": "1"}, "export": "/x"}},
		{"nbd:///e?socket=/run/a%26b", Disk{Protocol: "nbd", Servers: []Server{{Socket: "/run/a&b"}}, Name: "e"}, "nbd:///e?socket=/run/a&b",
			map[string]any{"driver": "nbd", "server": map[string]any{"type": "unix", "path": "/run/a&b"}, "export": "e"}},
		{"nbd+unix:///?socket=s", Disk{Protocol: "nbd", Servers: []Server{{Socket: "s"}}}, "nbd://?socket=s",
			map[string]any{"driver": "nbd", "server": map[string]any{"type": "unix", "path": "s"}}},
		{"https://u%40x:p%3A%2F@h:8443/a%20b.img?t=%20&x", Disk{Protocol: "https", Servers: host("h", 8443), Name: "/a b.img", Query: "t=%20&x", User: "u@x", Secret: "p:/"}, "https://h:8443/a b.img",
			map[string]any{"driver": "https", "url": "https://h:8443/a%20b.img?t=%20&x", "username": "u@x", "password-secret": "idpassword", "timeout": 20}},
		{"ftp://[::1]/a%3Fb", Disk{Protocol: "ftp", Servers: host("::1", 0), Name: "/a?b"}, "ftp://[::1]/a?b",
			map[string]any{"driver": "ftp", "url": "ftp://[::1]/a%3Fb", "timeout": 20}},
		{"ssh://root@h/d.img", Disk{Protocol: "ssh", Servers: host("h", 0), Name: "/d.img", User: "root"}, "ssh://h/d.img",
			map[string]any{"driver": "ssh", "server": map[string]any{"host": "h", "port": "22"}, "path": "/d.img", "user": "root"}},
		{"ssh://h:2/d?host_key_check=sha256:0a", Disk{Protocol: "ssh", Servers: host("h", 2), Name: "/d", HostKey: "sha256:0a"}, "ssh://h:2/d",
			map[string]any{"driver": "ssh", "server": map[string]any{"host": "h", "port": "2"}, "path": "/d",
				"host-key-check": map[string]any{"mode": "hash", "type": "sha256", "hash": "0a"}}},
		{"iscsi://u:p@h/iqn.2000-01.org:x/3", Disk{Protocol: "iscsi", Servers: host("h", 0), Name: "iqn.2000-01.org:x/3", User: "u", Secret: "p"}, "iscsi://h/iqn.2000-01.org:x/3",
			map[string]any{"driver": "iscsi", "transport": "tcp", "portal": "h:3260", "target": "iqn.2000-01.org:x", "lun": 3, "user": "u", "password-secret": "idpassword", "timeout": 20}},
		{"rbd:///pool/disk", Disk{Protocol: "rbd", Name: "pool/disk"}, "rbd:///pool/disk",
			map[string]any{"driver": "rbd", "pool": "pool", "image": "disk"}},
		{"rbd://me:a2V5@h:1/pool/ns/disk", Disk{Protocol: "rbd", Servers: host("h", 1), Name: "pool/ns/disk", User: "me", Secret: "a2V5"}, "rbd://h:1/pool/ns/disk",
			map[string]any{"driver": "rbd", "pool": "pool", "namespace": "ns", "image": "disk", "user": "me", "key-secret": "idkey",
				"auth-client-required": []string{"cephx", "none"}, "server": []any{map[string]any{"host": "h", "port": "1"}}}},
	}
	for _, test := range tests {
		t.Run(test.uri, func(t *testing.T) {
			d, err := Parse(test.uri)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(&test.want, d); diff != "" {
				t.Errorf("Parse (-want +got):\n%s", diff)
			}
			if d.String() != test.shown {
				t.Errorf("String = %q; want %q", d, test.shown)
			}
			node, secrets := d.Blockdev("id")
			if diff := cmp.Diff(test.node, node); diff != "" {
				t.Errorf("Blockdev (-want +got):\n%s", diff)
			}
			if d.Secret != "" && len(secrets) != 1 {
				t.Errorf("secrets %v; want one", secrets)
			}
		})
	}
}

func TestParseErrors(t *testing.T) {
	tests := []struct{ uri, want string }{
		{"nbd:///x", "the server is missing"},
		{"nbd://h:0/x", `"0" is not a port`},
		{"nbd://h:99999/x", `"99999" is not a port`},
		{"nbd://h/x?socket=/s", "both a server and a socket"},
		{"nbd+unix:///x", "it needs ?socket=PATH"},
		{"http+unix:///x?socket=/s", "it needs ?socket=PATH"},
		{"nbd://u:secret@h/x", "nbd takes no user name"},
		{"http://h", "the path of the disk is missing"},
		{"http://h/", "the path of the disk is missing"},
		{"http://h/x#y", "no #fragment"},
		{"http://:secret@h/x", "a password but no user name"},
		{"http://h/%00", "a zero byte"},
		{"http://u:secret@h/%zz", "invalid URL escape"},
		{"http://u:secret@h:port/x", "invalid port"},
		{"ssh://u:secret@h/x", "QEMU cannot use a password with ssh"},
		{"ssh://h/x?host_key_check=maybe", `host_key_check is "maybe"`},
		{"iscsi://h/", "is not the name of a target"},
		{"iscsi://h/t/lun", "is not the name of a target"},
		{"rbd:///disk", "is not POOL/IMAGE"},
		{"gluster://h/v/i", "disks over gluster are not supported"},
		{"tftp://h/x", "disks over tftp are not supported"},
		{"foo://h/x", `unknown protocol "foo"`},
		{"nbd://[::1/x", "missing ']'"},
	}
	for _, test := range tests {
		_, err := Parse(test.uri)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("Parse(%q) = %v; want %q", test.uri, err, test.want)
		} else if strings.Contains(err.Error(), "secret") {
			t.Errorf("Parse(%q) = %v: it shows the password", test.uri, err)
		}
	}
}

func TestNew(t *testing.T) {
	tests := []struct {
		protocol, name string
		servers        []string
		want           string // of the error, or String of the disk
	}{
		{"nbd", "", []string{"tcp:h"}, "nbd://h"},
		{"nbd", "", []string{"h:10"}, "nbd://h:10"},
		{"nbd", "", []string{"tcp:[::1]:10"}, "nbd://[::1]:10"},
		{"nbd", "", []string{"::1"}, "nbd://[::1]"},
		{"nbd", "", []string{"unix:/s"}, "nbd://?socket=/s"},
		{"rbd", "p/i", []string{"a:1", "b:2"}, "rbd://a:1/p/i"},
		{"nbd", "", []string{"a", "b"}, "takes one server, not 2"},
		{"nbd", "", []string{"unix:"}, "the path of the socket is missing"},
		{"nbd", "", []string{"tcp:"}, "the host is missing"},
		{"nbd", "", []string{"h:x"}, "is not a port"},
		{"ssh", "/x", []string{"unix:/s"}, "ssh takes no socket"},
		{"http", "x", []string{"h"}, "the path of the disk is missing"},
	}
	for _, test := range tests {
		d, err := New(test.protocol, test.name, test.servers, "", "")
		got := ""
		if err != nil {
			got = err.Error()
		} else {
			got = d.String()
		}
		if !strings.Contains(got, test.want) {
			t.Errorf("New(%s, %q, %q) = %q; want %q", test.protocol, test.name, test.servers, got, test.want)
		}
	}
}

func TestIsURI(t *testing.T) {
	for value, want := range map[string]bool{
		"nbd://h": true, "nbd+unix:///?socket=s": true, "foo://x": true,
		"./nbd://h": false, "C://x": false, "://x": false, "a-b://x": false, "x": false, "": false,
	} {
		if IsURI(value) != want {
			t.Errorf("IsURI(%q) = %t", value, !want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, uri := range []string{
		"nbd://h:1/x", "nbd+unix:///x?socket=/s", "http://user:hidden@h/x", "ssh://h/x?host_key_check=no", "iscsi://h/t/1", "rbd:///p/i", "http://u:hidden@@/",
	} {
		f.Add(uri)
	}
	f.Fuzz(func(t *testing.T, uri string) {
		d, err := Parse(uri)
		if err != nil {
			return
		}
		if err := d.Check(); err != nil {
			t.Errorf("Parse(%q) gave a disk that cannot be used: %v", uri, err)
		}
		d.Blockdev("id")
	})
}
