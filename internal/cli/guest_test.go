package cli

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDrives(t *testing.T) {
	tests := []struct {
		name string
		args []string
		want []Drive
	}{
		{"plain", []string{"-a", "a"}, []Drive{{File: "a"}}},
		{"commas", []string{"-a", "a,b.img", "-a", "c"}, []Drive{{File: "a,b.img"}, {File: "c"}}},
		{"format for what follows", []string{"-a", "a", "--format=raw", "-a", "b", "-a", "c", "--format", "-a", "d"},
			[]Drive{{File: "a"}, {File: "b", Format: "raw"}, {File: "c", Format: "raw"}, {File: "d"}}},
		{"blocksize for what follows", []string{"--blocksize=4096", "-a", "a", "--blocksize", "-a", "b", "--blocksize=512", "-a", "c"},
			[]Drive{{File: "a", Blocksize: 4096}, {File: "b"}, {File: "c", Blocksize: 512}}},
		{"uri", []string{"-a", "file:///tmp/a%20b.img"}, []Drive{{File: "/tmp/a b.img"}}},
		{"uri with host", []string{"-a", "file://localhost/a"}, []Drive{{File: "/a"}}},
		{"network", []string{"--format=qcow2", "-a", "nbd://h/x"}, []Drive{{URI: "nbd://h/x", Format: "qcow2"}}},
		{"no uri", []string{"-a", "./nbd://x", "-a", "C://x"}, []Drive{{File: "./nbd://x"}, {File: "C://x"}}},
		{"domain between", []string{"-a", "a", "-d", "d", "-a", "b"}, []Drive{{File: "a"}, {Domain: "d"}, {File: "b"}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var opts sampleOptions
			parser := sample.parser(&opts)
			line, err := getopt(parser.Model.Node, test.args)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := parser.Parse(line.args); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, opts.Drives(), cmp.AllowUnexported(Drive{})); diff != "" {
				t.Errorf("Drives of %q (-want +got):\n%s", test.args, diff)
			}
		})
	}
}

func TestGuestErrors(t *testing.T) {
	file := image(t, "disk.img")
	dir := filepath.Dir(file)
	const help = "virt-sample: hint: virt-sample --help lists the options\n"
	tests := []struct {
		name string
		args []string
		want string // after "virt-sample: error: "
	}{
		{"format after", []string{"-a", file, "--format=raw"}, "--format must come before the -a that it is for\n"},
		{"format alone", []string{"--format=raw"}, "--format must come before the -a that it is for\n"},
		{"blocksize after", []string{"-a", file, "--blocksize"}, "--blocksize must come before the -a that it is for\n"},
		{"blocksize", []string{"--blocksize=513", "-a", file}, "--blocksize: \"513\" is not a sector size: it must be 512 or 4096\n" + help},
		{"missing", []string{"-a", dir + "/none"}, "open " + dir + "/none: no such file or directory\n"},
		{"missing by uri", []string{"-a", "file://" + dir + "/none"}, "open " + dir + "/none: no such file or directory\n"},
		{"directory", []string{"-a", dir}, "open " + dir + ": is a directory\nvirt-sample: hint: -a needs a disk image\n"},
		{"empty name", []string{"-a", ""}, "--add: the name of a disk image cannot be empty\n" + help},
		{"network", []string{"-a", "nbd:///x"}, "--add: nbd:///x: the server is missing\n" + help},
		{"network, password", []string{"-a", "ssh://me:hush@h/x"}, "--add: ssh://h/x: QEMU cannot use a password with ssh\n" +
			"virt-sample: hint: add an SSH key to the agent (ssh-add) or to ~/.ssh, and leave the password out\n"},
		{"network, gone", []string{"-a", "gluster://h/v/x"}, "--add: gluster://h/v/x: disks over gluster are not supported\n" +
			"virt-sample: hint: QEMU has given up GlusterFS; mount the volume and name the file on it\n"},
		{"unknown protocol", []string{"-a", "foo://x"}, "--add: foo://x: unknown protocol \"foo\"\nvirt-sample: hint: for a file of that name, write ./ before it\n"},
		{"uri with a host", []string{"-a", "file://tmp/x"}, "--add: file://tmp/x: a file URI cannot name the host \"tmp\"\n" +
			"virt-sample: hint: an absolute path needs three slashes: file:///path\n"},
		{"uri with a query", []string{"-a", "file:///x?y"}, "--add: file:///x?y: a file URI holds nothing but a path\nvirt-sample: hint: write ? as %3F and # as %23\n"},
		{"uri without a path", []string{"-a", "file://"}, "--add: file://: the path is missing\n" + help},
		{"connect", []string{"-c", "test:///default", "-a", file}, "-c is for libvirt domains: there is no -d\n"},
		{"freeze", []string{"--freeze", "-a", file}, "--freeze is for libvirt domains: there is no -d\n"},
		{"domain without a name", []string{"-d", ""}, "--domain: the name of a domain cannot be empty\n" + help},
		{"number", []string{"-P", "x"}, "--count: expected a valid 64 bit int but got \"x\"\n" + help},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			status, out, stderr := runSample(new(sampleOptions), nothing, test.args...)
			if status != StatusFailed || out != "" {
				t.Errorf("status %d, stdout %q; want 1 and none", status, out)
			}
			if diff := cmp.Diff("virt-sample: error: "+test.want, stderr); diff != "" {
				t.Errorf("stderr (-want +got):\n%s", diff)
			}
		})
	}
}

func TestUnreadable(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root may read everything")
	}
	file := image(t, "disk.img")
	if err := os.Chmod(file, 0); err != nil {
		t.Fatal(err)
	}
	if err := checkReadable(file); err == nil || !errors.Is(err, fs.ErrPermission) {
		t.Errorf("checkReadable = %v; want %v", err, fs.ErrPermission)
	}
}

func TestPositional(t *testing.T) {
	file := image(t, "disk.img")
	t.Chdir(filepath.Dir(file))
	tests := []struct {
		args []string
		want []Drive
	}{
		{nil, nil},
		{[]string{"disk.img"}, []Drive{{File: "disk.img"}}},
		{[]string{"./none"}, []Drive{{File: "./none"}}},
		{[]string{"domain", "disk.img"}, []Drive{{Domain: "domain", guessed: true}, {File: "disk.img"}}},
	}
	for _, test := range tests {
		var g Guest
		if err := g.Positional(test.args); err != nil {
			t.Errorf("Positional(%q) = %v", test.args, err)
		}
		if diff := cmp.Diff(test.want, g.Drives(), cmp.AllowUnexported(Drive{})); diff != "" {
			t.Errorf("Positional(%q) (-want +got):\n%s", test.args, diff)
		}
	}
	g := Guest{drives: []Drive{{File: "a"}}}
	if err := g.Positional([]string{"b"}); err == nil {
		t.Error("an argument beside -a was taken")
	}
}

func TestName(t *testing.T) {
	tests := []struct {
		drives []Drive
		want   string
	}{
		{nil, ""},
		{[]Drive{{File: "disk.img"}}, "disk.img"},
		{[]Drive{{File: "/a/b/disk.img"}, {File: "x"}, {File: "y"}}, "disk.img++"},
		{[]Drive{{URI: "http://me:hush@h/a/b%20c.img?x=/y"}, {File: "x"}}, "b c.img+"},
		{[]Drive{{URI: "nbd://h:10"}}, "nbd://h:10"},
	}
	for _, test := range tests {
		g := Guest{drives: test.drives}
		if got := g.Name(); got != test.want {
			t.Errorf("Name of %v = %q; want %q", test.drives, got, test.want)
		}
	}
}
