package qemu

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"virt-tools/internal/netdisk"
	"virt-tools/test/servers"
)

// patterned makes a raw image and a qcow2 of it, each of 8 MiB that begin with readSome's bytes.
func patterned(t *testing.T) (dir string) {
	t.Helper()
	needQemuImg(t)
	dir = t.TempDir()
	content := make([]byte, 8<<20)
	copy(content, bytes.Repeat([]byte{0x5a}, 4096))
	if err := os.WriteFile(filepath.Join(dir, "disk.img"), content, 0o600); err != nil {
		t.Fatal(err)
	}
	qemuImg(t, dir, "convert", "-f", "raw", "-O", "qcow2", "disk.img", "disk.qcow2")
	qemuImg(t, dir, "convert", "-f", "raw", "-O", "qcow2", "disk.img", "served.img") // served as it is
	qemuImg(t, dir, "create", "-q", "-f", "qcow2", "-b", "disk.img", "-F", "raw", "overlay.qcow2")
	return dir
}

func parse(t *testing.T, uri string) *netdisk.Disk {
	t.Helper()
	d, err := netdisk.Parse(uri)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// Each protocol, with the format given and detected, read-only and for writing.
func TestRemote(t *testing.T) {
	dir := patterned(t)
	raw, qcow2 := filepath.Join(dir, "disk.img"), filepath.Join(dir, "disk.qcow2")
	ssh := servers.NewSSH(t)
	t.Setenv("SSH_AUTH_SOCK", ssh.Agent)
	web := servers.Web(t, dir, func(w http.ResponseWriter, r *http.Request) bool {
		user, password, _ := r.BasicAuth()
		if user == "me" && password == "it's:@ me" && r.URL.RawQuery == "a=b&c=%20" {
			return true
		}
		w.Header().Set("WWW-Authenticate", `Basic realm="x"`)
		w.WriteHeader(http.StatusUnauthorized)
		return false
	})
	v6 := servers.NBDTCP(t, "::1", raw, "--format=raw", "--export-name=a b/c")
	tests := []struct {
		uri      string
		format   string
		readOnly bool
	}{
		{"nbd:///?socket=" + servers.NBD(t, filepath.Join(dir, "served.img"), "--format=raw"), "", true},
		{"nbd+unix:///a%20b?socket=" + servers.NBD(t, qcow2, "--format=qcow2", "--export-name=a b"), "raw", false},
		{"nbd:///?socket=" + servers.NBD(t, raw, "--format=raw", "--read-only"), "", true},
		{fmt.Sprintf("nbd://[::1]:%d/a%%20b/c", v6), "", true},
		{"nbd:///?socket=" + servers.Nbdkit(t, "--readonly", "file", raw), "", true},
		{"nbd:///?socket=" + servers.Nbdkit(t, "--readonly", "curl", servers.Web(t, dir, nil)+"/disk.img"), "raw", true},
		{servers.Web(t, dir, nil) + "/disk.img", "", true},
		{strings.Replace(web, "//", "//me:it's%3A%40%20me@", 1) + "/disk.qcow2?a=b&c=%20", "qcow2", true},
		{fmt.Sprintf("ssh://127.0.0.1:%d%s?host_key_check=%s", ssh.Port, qcow2, ssh.HostKey), "", true},
		{fmt.Sprintf("ssh://127.0.0.1:%d%s?host_key_check=no", ssh.Port, raw), "raw", false},
	}
	var drives []Drive
	for i, test := range tests {
		drives = append(drives, Drive{Index: i, Remote: parse(t, test.uri), Format: test.format, ReadOnly: test.readOnly})
	}
	log := newIOLog(t)
	m := startIdle(t, Config{Log: log.log})
	ctx := testContext(t)
	for i, d := range drives {
		if err := m.Plug(ctx, d); err != nil {
			t.Errorf("Plug %s = %v", tests[i].uri, err)
			continue
		}
		if size, err := m.Size(i); err != nil || size != 8<<20 {
			t.Errorf("Size of %s = %d, %v; want 8 MiB", tests[i].uri, size, err)
		}
		if err := log.io(m, i, readSome); err != nil {
			t.Errorf("read %s: %v", tests[i].uri, err)
		}
		if err := log.io(m, i, "write -P 0x11 1048576 4096"); err != nil {
			t.Errorf("write to %s: %v", tests[i].uri, err)
		}
		if err := m.Unplug(ctx, i); err != nil {
			t.Errorf("Unplug %s = %v", tests[i].uri, err)
		}
	}
	nothingLeft(t, m)
	if content, err := os.ReadFile(raw); err != nil || content[1<<20] != 0x11 {
		t.Errorf("what was written over ssh is not there: %v", err)
	}
}

// nothingLeft checks that QEMU holds no nodes, descriptors or passwords.
func nothingLeft(t *testing.T, m *Machine) {
	t.Helper()
	for command, args := range map[string]options{
		"query-named-block-nodes": {}, "query-fdsets": {}, "query-jobs": {}, "qom-list": {"path": "/objects"},
	} {
		var left []map[string]any
		if err := m.Monitor().Execute(testContext(t), command, args, &left); err != nil {
			t.Errorf("%s: %v", command, err)
		}
		for _, l := range left {
			if command != "qom-list" || l["type"] == "child<secret>" {
				t.Errorf("%s: left: %v", command, l)
			}
		}
	}
}

func TestRemoteErrors(t *testing.T) {
	dir := patterned(t)
	port := servers.NBDTCP(t, "127.0.0.1", filepath.Join(dir, "disk.img"), "--format=raw", "--export-name=x")
	web := servers.Web(t, dir, nil)
	noRanges := servers.Web(t, dir, func(w http.ResponseWriter, r *http.Request) bool {
		http.Error(w, "no", http.StatusTeapot)
		return false
	})
	tests := []struct {
		name     string
		uri      string
		format   string
		writable bool
		want     []string // in the error and its hint
		cause    error
	}{
		{"refused", "nbd://127.0.0.1:1/x", "", false, []string{"nbd://127.0.0.1:1/x", "Connection refused", "is the server running"}, syscall.ECONNREFUSED},
		{"no socket", "nbd:///?socket=/nonexistent/s", "", false, []string{"/nonexistent/s", "No such file"}, nil},
		{"export", fmt.Sprintf("nbd://127.0.0.1:%d/y", port), "", false, []string{"/y", "export"}, nil},
		{"not there", web + "/none.img", "", false, []string{"/none.img", "404"}, nil},
		{"teapot", noRanges + "/disk.img", "", false, []string{"/disk.img", "418"}, nil},
		{"web, writable", web + "/disk.img", "", true, []string{"cannot be written to", "add the disk read-only"}, nil},
		{"backing", web + "/overlay.qcow2", "", false, []string{"names another file", `"disk.img"`}, nil},
		{"backing, format given", web + "/overlay.qcow2", "qcow2", false, []string{"names another file"}, nil},
		{"wrong format", web + "/disk.img", "qcow2", false, []string{"not a qcow2 image"}, nil},
		{"unknown host", "nbd://host.invalid/x", "", false, []string{"host.invalid"}, nil},
		{"ssh", "ssh://127.0.0.1:1/x", "", false, []string{"ssh://127.0.0.1:1/x", "refused"}, nil},
	}
	m := startIdle(t, Config{})
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := m.Plug(testContext(t), Drive{Remote: parse(t, test.uri), Format: test.format, ReadOnly: !test.writable})
			if err == nil {
				t.Fatal("it was plugged in")
			}
			text := err.Error() + "\n" + HintOf(err)
			for _, want := range test.want {
				if !strings.Contains(text, want) {
					t.Errorf("error %q; want %q in it", text, want)
				}
			}
			if strings.Count(err.Error(), "\n") > 0 {
				t.Errorf("error %q has several lines", err)
			}
		})
	}
	nothingLeft(t, m)
}

// A server that says nothing ends the machine, in time.
func TestSilentServer(t *testing.T) {
	for _, scheme := range []string{"nbd", "ssh", "http"} {
		m := startIdle(t, Config{OpenTimeout: 300 * time.Millisecond})
		uri := fmt.Sprintf("%s://127.0.0.1:%d/x", scheme, servers.Silent(t))
		err := m.Plug(testContext(t), Drive{Remote: parse(t, uri), ReadOnly: true})
		if err == nil || !strings.Contains(err.Error(), uri+": the server does not answer within 300ms") || HintOf(err) == "" {
			t.Errorf("%s: error %v; want one that the server does not answer", scheme, err)
		}
	}
}

// A server that goes away in the middle gives errors; one that falls silent ends the machine.
func TestServerLost(t *testing.T) {
	dir := patterned(t)
	for _, how := range []string{"drop", "stall"} {
		line := servers.NewLine(t, servers.NBD(t, filepath.Join(dir, "disk.img"), "--format=raw", "--read-only"))
		log := newIOLog(t)
		m := startIdle(t, Config{Log: log.log, OpenTimeout: 600 * time.Millisecond})
		uri := fmt.Sprintf("nbd://127.0.0.1:%d", line.Port)
		if err := m.Plug(testContext(t), Drive{Remote: parse(t, uri), ReadOnly: true}); err != nil {
			t.Fatal(err)
		}
		if how == "drop" {
			line.Drop()
			if err := log.io(m, 0, readSome); err == nil {
				t.Error("drop: a read succeeded")
			}
			continue
		}
		line.Stall()
		select {
		case <-m.Done():
		case <-testContext(t).Done():
			t.Fatal("stall: the machine goes on")
		}
		if err := m.Err(); err == nil || err.Error() != uri+": the server does not answer any more" || HintOf(err) == "" {
			t.Errorf("stall: error %v", err)
		}
	}
}

// A chain that the caller knows: what the headers say does not count.
func TestKnownChain(t *testing.T) {
	dir := patterned(t)
	raw := filepath.Join(dir, "disk.img")
	moved := filepath.Join(dir, "moved.img")
	if err := os.Rename(raw, moved); err != nil {
		t.Fatal(err)
	}
	web := servers.Web(t, dir, nil)
	overlay := filepath.Join(dir, "overlay.qcow2")
	log := newIOLog(t)
	m := startIdle(t, Config{Log: log.log})
	tests := []struct {
		name  string
		drive Drive
		want  string // error of the read or of Plug
	}{
		{"file", Drive{File: overlay, Format: "qcow2", Chain: true, Backing: []Layer{{File: moved, Format: "raw"}}}, ""},
		{"network below", Drive{File: overlay, Format: "qcow2", Chain: true, Backing: []Layer{{Remote: parse(t, web+"/moved.img"), Format: "raw"}}}, ""},
		{"network above", Drive{Remote: parse(t, web+"/overlay.qcow2"), Format: "qcow2", Chain: true, Backing: []Layer{{File: moved, Format: "raw"}}}, ""},
		{"nothing below", Drive{File: overlay, Format: "qcow2", Chain: true}, "Pattern verification failed"},
		{"raw above", Drive{File: moved, Format: "raw", Chain: true, Backing: []Layer{{File: overlay, Format: "qcow2"}}}, "has none below it"},
	}
	for _, test := range tests {
		test.drive.ReadOnly = true
		err := m.Plug(testContext(t), test.drive)
		if err == nil {
			err = log.io(m, 0, readSome)
			if err := m.Unplug(testContext(t), 0); err != nil {
				t.Error(err)
			}
		}
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v; want %q", test.name, err, test.want)
		}
	}
	nothingLeft(t, m)
}

// Images that QEMU encrypted, with their key and without.
func TestKey(t *testing.T) {
	dir := patterned(t)
	secret := filepath.Join(dir, "secret")
	if err := os.WriteFile(secret, []byte("open sesame"), 0o600); err != nil {
		t.Fatal(err)
	}
	qemuImg(t, dir, "create", "-q", "-f", "qcow2", "--object", "secret,id=k,file=secret",
		"-o", "encrypt.format=luks,encrypt.key-secret=k,encrypt.iter-time=10", "new.qcow2", "8M")
	// cryptsetup does not measure for seconds how fast this machine is, as QEMU does.
	luks := filepath.Join(dir, "new.luks")
	cryptsetup := exec.Command("cryptsetup", "luksFormat", "-q", "--type=luks1", "--pbkdf-force-iterations=1000", luks, secret)
	cryptsetup.Env = append(os.Environ(), "PATH="+os.Getenv("PATH")+":/usr/sbin:/sbin")
	if err := os.WriteFile(luks, make([]byte, 10<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := cryptsetup.CombinedOutput(); err != nil {
		t.Fatalf("cryptsetup: %v\n%s", err, out)
	}
	for format, prefix := range map[string]string{"qcow2": "encrypt.", "luks": ""} {
		qemuImg(t, dir, "convert", "-n", "--object", "secret,id=k,file=secret", "--image-opts", "driver=raw,file.filename=disk.img",
			"--target-image-opts", "driver="+format+",file.filename=new."+format+","+prefix+"key-secret=k")
	}
	log := newIOLog(t)
	m := startIdle(t, Config{Log: log.log})
	web := servers.Web(t, dir, nil)
	tests := []struct {
		drive Drive
		want  string
	}{
		{Drive{File: filepath.Join(dir, "new.qcow2"), Format: "qcow2", Key: "open sesame"}, ""},
		{Drive{File: filepath.Join(dir, "new.luks"), Format: "raw", Key: "open sesame"}, ""},
		{Drive{Remote: parse(t, web+"/new.qcow2"), Key: "open sesame"}, ""},
		{Drive{Remote: parse(t, web+"/new.luks"), Format: "raw", Key: "open sesame"}, ""},
		{Drive{File: filepath.Join(dir, "new.qcow2"), Format: "qcow2", Key: "close"}, "Invalid password"},
		{Drive{File: filepath.Join(dir, "new.qcow2"), Format: "qcow2"}, "the image is encrypted by QEMU"},
		{Drive{File: filepath.Join(dir, "disk.qcow2"), Format: "qcow2", Key: "x"}, "the image is not encrypted"},
	}
	for _, test := range tests {
		test.drive.ReadOnly = true
		err := m.Plug(testContext(t), test.drive)
		if err == nil {
			if size, err := m.Size(0); err != nil || size < 8<<20 || size >= 10<<20 {
				t.Errorf("Size of %s = %d, %v; want 8 MiB and a little", test.drive.name(), size, err)
			}
			err = log.io(m, 0, readSome)
			if err := m.Unplug(testContext(t), 0); err != nil {
				t.Error(err)
			}
		}
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v; want %q", test.drive.name(), err, test.want)
		}
	}
	nothingLeft(t, m)
}
