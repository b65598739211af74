package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"virt-tools/test/servers"
)

// command runs the program and returns what it printed.
func command(t *testing.T, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	var out, errs bytes.Buffer
	status = run(t.Context(), args, nil, &out, &errs)
	return out.String(), errs.String(), status
}

func tool(t *testing.T, dir, name string, args ...string) {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "PATH="+os.Getenv("PATH")+":/usr/sbin:/sbin")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s %q: %v\n%s", name, args, err, out)
	}
}

// The same disk gives the same numbers wherever it is read from.
func TestVMRemote(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: no appliance is launched")
	}
	dir := t.TempDir()
	tool(t, dir, "truncate", "-s", "64M", "disk.img")
	tool(t, dir, "mkfs.ext4", "-q", "disk.img")
	tool(t, dir, "qemu-img", "convert", "-O", "qcow2", "disk.img", "disk.qcow2")
	image := filepath.Join(dir, "disk.qcow2")
	want, stderr, status := command(t, "--csv", "-a", image)
	if status != 0 || stderr != "" || !strings.Contains(want, "/dev/sda,") {
		t.Fatalf("status %d, %q, %q", status, want, stderr)
	}
	ssh := servers.NewSSH(t)
	t.Setenv("SSH_AUTH_SOCK", ssh.Agent)
	socket := servers.NBD(t, image, "--format=raw", "--read-only", "--export-name=disk.qcow2")
	for _, uri := range []string{
		"file://" + image,
		"nbd:///disk.qcow2?socket=" + socket,
		servers.Web(t, dir, nil) + "/disk.qcow2",
		fmt.Sprintf("ssh://127.0.0.1:%d%s?host_key_check=%s", ssh.Port, image, ssh.HostKey),
	} {
		if got, stderr, status := command(t, "--csv", "-a", uri); got != want || stderr != "" || status != 0 {
			t.Errorf("%s: status %d, %q, %q; want %q", uri, status, got, stderr, want)
		}
	}
}

// A server that cannot be used is an error at once, one line and a hint.
func TestVMRemoteErrors(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: no appliance is launched")
	}
	for uri, want := range map[string]string{
		"nbd://127.0.0.1:1/x":                   "virt-df: error: launch: add nbd://127.0.0.1:1/x: ",
		servers.Web(t, t.TempDir(), nil) + "/x": "/x: ",
	} {
		stdout, stderr, status := command(t, "-a", uri)
		if status != 1 || stdout != "" || !strings.Contains(stderr, want) || strings.Count(stderr, "\n") > 2 {
			t.Errorf("%s: status %d, %q, %q; want %q", uri, status, stdout, stderr, want)
		}
	}
}
