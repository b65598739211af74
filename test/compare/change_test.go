package compare

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"virt-tools/pkg/guestfs"
	"virt-tools/test/guests"
)

// copyOf copies an image, to be changed.
func copyOf(t *testing.T, image, name string) string {
	t.Helper()
	b, err := os.ReadFile(image)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), name+filepath.Ext(image))
	if err := os.WriteFile(file, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestVirtWinReg shows keys with both, merges the same file with both, and shows again.
func TestVirtWinReg(t *testing.T) {
	ctx, w := setup(t)
	g, err := guests.Named("windows-10")
	if err != nil {
		t.Fatal(err)
	}
	images, err := g.Images(ctx)
	if err != nil {
		t.Fatal(err)
	}
	theirs, ours := copyOf(t, images[0], "windows"), copyOf(t, images[0], "windows")
	before := guests.Hash(t, ours)
	same := func(when string, key ...string) {
		t.Helper()
		want := w.onOurs(ctx, t, "virt-win-reg", append([]string{"--format=raw", theirs}, key...)...)
		got := w.our(ctx, t, "virt-win-reg", append([]string{"--hex-strings", "--format=raw", "-a", ours}, key...)...)
		if want.Stdout == "" || want.Stdout != got.Stdout || want.Code != got.Code {
			t.Errorf("%s, %q: exit status %d, libguestfs's %d\nours:\n%s%s\nlibguestfs's:\n%s%s",
				when, key, got.Code, want.Code, got.Stdout, got.Stderr, want.Stdout, want.Stderr)
		}
	}
	same("at first", `HKLM\SOFTWARE`)
	same("at first", `HKEY_LOCAL_MACHINE\system\select`, "current")
	same("at first", `HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion`, "ProductName")

	changes := filepath.Join(t.TempDir(), "changes.reg")
	text := "[HKEY_LOCAL_MACHINE\\SOFTWARE\\Clone]\n@=\"default\"\n\"n\"=dword:0000002a\n\"b\"=hex:01,02,\\\n  03\n\n" +
		"[HKLM\\SYSTEM\\ControlSet001\\Services\\Tcpip\\Parameters]\n\"Hostname\"=\"clone\"\n\"NV Hostname\"=-\n\n" +
		"[-HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Uninstall]\n"
	if err := os.WriteFile(changes, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	dry := w.our(ctx, t, "virt-win-reg", "--format=raw", ours, "--merge", "--dry-run", changes)
	wantDry := "+[HKEY_LOCAL_MACHINE\\SOFTWARE\\Clone]\n+@=\"default\"\n+\"n\"=dword:0000002a\n+\"b\"=hex:01,02,03\n" +
		" [HKEY_LOCAL_MACHINE\\SYSTEM\\ControlSet001\\Services\\Tcpip\\Parameters]\n-\"Hostname\"=\"ten\"\n+\"Hostname\"=\"clone\"\n-\"NV Hostname\"=\"ten\"\n" +
		"-[HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Uninstall]\n"
	if dry.Stdout != wantDry || dry.Code != 0 {
		t.Errorf("dry run: exit status %d\n%s%s\nwant\n%s", dry.Code, dry.Stdout, dry.Stderr, wantDry)
	}
	if guests.Hash(t, ours) != before {
		t.Fatal("showing and a dry run have changed the image")
	}
	want := w.onOurs(ctx, t, "virt-win-reg", "--format=raw", "--merge", theirs, changes)
	got := w.our(ctx, t, "virt-win-reg", "--format=raw", ours, "--merge", changes)
	if want.Code != 0 || got.Code != 0 || got.Stdout+got.Stderr != "" {
		t.Fatalf("merge: exit status %d, libguestfs's %d\n%s%s%s", got.Code, want.Code, got.Stdout, got.Stderr, want.Stderr)
	}
	same("merged", `HKLM\SOFTWARE`)
	same("merged", `HKLM\SYSTEM`)
	current := w.our(ctx, t, "virt-win-reg", "--format=raw", "-a", ours, `HKLM\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters`, "hostname")
	if current.Stdout != "clone\n" {
		t.Errorf("CurrentControlSet: %s%s", current.Stdout, current.Stderr)
	}
}

// TestVirtEdit edits the same file with both, and looks at all of its attributes.
func TestVirtEdit(t *testing.T) {
	ctx, w := setup(t)
	image, err := guests.SingleExt4(ctx)
	if err != nil {
		t.Fatal(err)
	}
	start := copyOf(t, image, "start")
	h := guestfs.New(nil)
	defer h.Close()
	step := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	step(h.AddDrive(start, nil))
	step(h.Launch(ctx))
	step(h.Mount(ctx, "/dev/sda", "/"))
	step(h.Mkdir(ctx, "/etc"))
	step(h.Write(ctx, "/etc/shadow", []byte("root:*:1\ndaemon:*:2\nlast:*:3")))
	step(h.Chown(ctx, 3, 42, "/etc/shadow"))
	step(h.Chmod(ctx, 0o640, "/etc/shadow"))
	step(h.Setxattr(ctx, "security.selinux", "system_u:object_r:shadow_t:s0", 29, "/etc/shadow"))
	step(h.AclSetFile(ctx, "/etc/shadow", "access", "u::rw,u:7:r,g::r,m::r,o::-"))
	step(h.LnS(ctx, "../etc/shadow", "/link"))
	step(h.Shutdown(ctx))
	step(h.Close())

	for _, expr := range []string{"s/:\\*:/::/", `$_ = "" if /^daemon/; s/$/$lineno/`} {
		theirs, ours := copyOf(t, start, "theirs"), copyOf(t, start, "ours")
		args := []string{"-m", "/dev/sda", "-b", ".old", "/link", "-e", expr}
		want := w.onOurs(ctx, t, "virt-edit", append(add(theirs), args...)...)
		got := w.our(ctx, t, "virt-edit", append(add(ours), args...)...)
		if want.Code != 0 || got.Code != 0 || want.Stdout != got.Stdout {
			t.Errorf("%q: exit status %d, libguestfs's %d\n%s%s\n%s%s", expr, got.Code, want.Code, got.Stdout, got.Stderr, want.Stdout, want.Stderr)
		}
		g := guestfs.New(nil)
		defer g.Close()
		step(g.AddDrive(theirs, nil))
		step(g.AddDrive(ours, nil))
		step(g.Launch(ctx))
		var trees [2]string
		for i, device := range []guestfs.Mountable{"/dev/sda", "/dev/sdb"} {
			step(g.UmountAll(ctx))
			step(g.MountRo(ctx, device, "/"))
			var b strings.Builder
			names, err := g.Find(ctx, "/")
			step(err)
			for _, name := range names {
				path := guestfs.Path("/" + name)
				st, err := g.Lstatns(ctx, path)
				step(err)
				xattrs, err := g.Lgetxattrs(ctx, path)
				step(err)
				fmt.Fprintf(&b, "%s %o %d:%d %d %q\n", name, st.StMode, st.StUid, st.StGid, st.StSize, xattrs)
				if strings.HasPrefix(name, "etc/") {
					content, err := g.ReadFile(ctx, path)
					step(err)
					fmt.Fprintf(&b, "%s\n", content)
				}
			}
			trees[i] = b.String()
		}
		if trees[0] != trees[1] || !strings.Contains(trees[0], "shadow.old") {
			t.Errorf("%q: the trees differ\nours:\n%s\nlibguestfs's:\n%s", expr, trees[1], trees[0])
		}
		step(g.Close())
	}
}
