package daemon

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// TestACLText goes both ways with lists that setfacl has made.
func TestACLText(t *testing.T) {
	file := filepath.Join(t.TempDir(), "f")
	must(t, os.WriteFile(file, nil, 0o640))
	for _, acl := range []string{"u:1000:rw", "g:4294967294:x,u:7:-,u:5:rwx", "m::r,u:1:rwx"} {
		if out, err := exec.Command("setfacl", "-m", acl, file).CombinedOutput(); err != nil {
			t.Fatalf("setfacl: %v: %s", err, out)
		}
		attr := make([]byte, 1000)
		n, err := unix.Lgetxattr(file, aclAccess, attr)
		must(t, err)
		attr = attr[:n]
		text, err := aclText(attr)
		must(t, err)
		back, err := aclFromText(text, nil, nil)
		if err != nil || !bytes.Equal(back, attr) {
			t.Errorf("aclFromText(%q) = %x, %v; want %x", text, back, err, attr)
		}
	}
}

func TestACLFromText(t *testing.T) {
	users, groups := parseNames("alice:x:1000:1::/:\n"), parseNames("wheel:x:10:\n")
	want, err := aclFromText("user::rwx\nuser:1000:r--\ngroup::r-x\ngroup:10:---\nmask::rwx\nother::--x\n", nil, nil)
	must(t, err)
	for _, same := range []string{
		"u::rwx,u:alice:r,g::rx,g:wheel:-,m::rwx,o::x",
		"other:--x\nmask:rwx\nuser::rwx\t#effective:rwx\ngroup::r-x\nuser:bob:r--:1000\ngroup:wheel:---",
	} {
		if got, err := aclFromText(same, users, groups); err != nil || !bytes.Equal(got, want) {
			t.Errorf("aclFromText(%q) = %x, %v; want %x", same, got, err, want)
		}
	}
	for _, bad := range []string{"user", "user:alice:rwx:x:y", "owner::rwx", "user:nobody:rwx", "user::rwz", "mask:alice:r", ":::"} {
		if _, err := aclFromText(bad, users, groups); err == nil {
			t.Errorf("aclFromText(%q) gives no error", bad)
		}
	}
	if got, err := aclFromText(" \n", nil, nil); got != nil || err != nil {
		t.Errorf("aclFromText of nothing = %x, %v; want nil", got, err)
	}
}

func FuzzACL(f *testing.F) {
	f.Add([]byte("\x02\x00\x00\x00\x01\x00\x07\x00\xff\xff\xff\xff"), "u::rwx,g:10:r")
	f.Fuzz(func(t *testing.T, attr []byte, text string) {
		if text, err := aclText(attr); err == nil {
			if _, err := aclFromText(text, nil, nil); err != nil {
				t.Errorf("aclText wrote %q: %v", text, err)
			}
		}
		_, _ = aclFromText(text, names{1: "a"}, nil)
	})
}

func FuzzNames(f *testing.F) {
	f.Add("root:x:0:0::/:\n#c\n::\nx:y:-1\n")
	f.Fuzz(func(t *testing.T, text string) { parseNames(text) })
}
