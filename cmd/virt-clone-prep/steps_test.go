package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"virt-tools/internal/cloneprep"
	"virt-tools/pkg/guestfs"
)

// stepArgs are options for each kind of step, with files that they need. What comes
// later finds what came before.
func stepArgs(t *testing.T, dir string) []string {
	t.Helper()
	local := filepath.Join(dir, "local")
	must(t, os.MkdirAll(filepath.Join(local, "sub"), 0o755))
	must(t, os.WriteFile(filepath.Join(local, "sub", "file"), []byte("copied in\n"), 0o640))
	must(t, os.WriteFile(filepath.Join(dir, "script"), []byte("#!/bin/sh\necho ran >/srv/t/ran\n"), 0o600))
	must(t, os.WriteFile(filepath.Join(dir, "key.pub"), []byte("ssh-ed25519 AAAA test\n"), 0o600))
	out, err := exec.Command("tar", "-C", local, "-czf", filepath.Join(dir, "local.tgz"), "sub").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return []string{
		"--mkdir", "/srv/t/deep", "--write", "/srv/t/a:one: two\n", "--append-line", "/srv/t/a:three", "--chmod", "0604:/srv/t/a", "--chown", "3:4:/srv/t/a",
		"--copy", "/srv/t/a:/srv/t/b", "--move", "/srv/t/b:/srv/t/c", "--link", "a:/srv/t/l1:/srv/t/l2", "--touch", "/srv/t/touched",
		"--write", "/srv/t/emptied:x", "--truncate", "/srv/t/emptied", "--write", "/srv/t/gone1:x", "--write", "/srv/t/gone2:x", "--delete", "/srv/t/gone*",
		"--write", "/srv/t/scrubbed:x", "--scrub", "/srv/t/scrubbed", "--upload", filepath.Join(local, "sub", "file") + ":/srv/t/uploaded",
		"--copy-in", local + ":/srv/t", "--tar-in", filepath.Join(dir, "local.tgz") + ":/srv/t/tar", "--timezone", "Etc/UTC",
		"--run", filepath.Join(dir, "script"), "--run-command", "cat /srv/t/ran >/srv/t/commanded",
		"--user", "ann:password:pw", "--user", "bob", "--password", "bob:disabled", "--ssh-inject", "ann:file:" + filepath.Join(dir, "key.pub"),
		"--ssh-inject", "ann:string:ssh-ed25519 BBBB test",
	}
}

// TestStepArgs holds the list above to all kinds of steps; TestCloneBoots has the
// rest.
func TestStepArgs(t *testing.T) {
	args := append(stepArgs(t, t.TempDir()), "--firstboot", "--firstboot-command", "--root-password")
	for _, kind := range cloneprep.StepKinds() {
		if !slices.Contains(args, "--"+kind.Name) && kind.Name != "firstboot" {
			t.Errorf("--%s is not tried", kind.Name)
		}
	}
}

func checkSteps(t *testing.T, g *guestfs.Handle) {
	ctx := t.Context()
	for path, want := range map[guestfs.Path]string{
		"/srv/t/a": "one: two\nthree\n", "/srv/t/c": "one: two\nthree\n", "/srv/t/l1": "one: two\nthree\n", "/srv/t/l2": "one: two\nthree\n", "/srv/t/touched": "",
		"/srv/t/emptied": "", "/srv/t/uploaded": "copied in\n", "/srv/t/local/sub/file": "copied in\n", "/srv/t/tar/sub/file": "copied in\n",
		"/srv/t/ran": "ran\n", "/srv/t/commanded": "ran\n", "/home/ann/.ssh/authorized_keys": "ssh-ed25519 AAAA test\nssh-ed25519 BBBB test\n",
		"/etc/hosts": "127.0.0.1\tlocalhost\n127.0.1.1\tweb-01 web-01\n",
	} {
		if got, err := g.ReadFile(ctx, path); err != nil || string(got) != want {
			t.Errorf("%s holds %q, %v; want %q", path, got, err, want)
		}
	}
	for path, want := range map[guestfs.Path]string{
		"/srv/t/a": "100604 3 4", "/srv/t/c": "100604 3 4", "/srv/t/deep": "40755 0 0", "/srv/t/uploaded": "100640 0 0", "/srv/t/local/sub/file": "100640 0 0",
		"/home/ann": "40700 1000 1000", "/home/ann/.ssh": "40700 1000 1000", "/home/ann/.ssh/authorized_keys": "100600 1000 1000", "/home/bob": "40700 1001 1001",
		"/etc/shadow": "100640 0 42", "/etc/ssh/ssh_host_rsa_key": "100600 0 0", "/etc/ssh/ssh_host_rsa_key.pub": "100644 0 0",
	} {
		st, err := g.Lstatns(ctx, path)
		must(t, err)
		if got := fmt.Sprintf("%o %d %d", st.StMode, st.StUid, st.StGid); got != want {
			t.Errorf("%s has mode and owner %s; want %s", path, got, want)
		}
	}
	for _, path := range []guestfs.Path{"/srv/t/b", "/srv/t/gone1", "/srv/t/gone2", "/srv/t/scrubbed", "/tmp/virt-clone-prep-script"} {
		if is, err := g.Exists(ctx, path); err != nil || is {
			t.Errorf("%s is there, %v", path, err)
		}
	}
	zone, err := g.Readlink(ctx, "/etc/localtime")
	if err != nil || zone != "/usr/share/zoneinfo/Etc/UTC" {
		t.Errorf("localtime leads to %s, %v", zone, err)
	}
	shadow, err := g.ReadLines(ctx, "/etc/shadow")
	must(t, err)
	for user, form := range map[string]string{"root": `^root:\$y\$j9T\$[^:]{22}\$[^:]{43}:\d{5}:`, "ann": `^ann:\$y\$`, "bob": `^bob:\*:`} {
		if !slices.ContainsFunc(shadow, regexp.MustCompile(form).MatchString) {
			t.Errorf("shadow of %s: %s", user, strings.Join(shadow, "\n"))
		}
	}
}
