package calls

import (
	"fmt"
	"io/fs"
	"strings"
	"syscall"
	"testing"

	"virt-tools/pkg/guestfs"
)

func TestXattr(t *testing.T) {
	ctx, g := filesystem(t)
	must(t, g.Touch(ctx, "/f"))
	must(t, g.LnS(ctx, "f", "/l"))
	must(t, g.Setxattr(ctx, "user.x", "abc", 3, "/l")) // follows the link
	must(t, g.Setxattr(ctx, "user.a", "", 0, "/f"))
	must(t, g.Lsetxattr(ctx, "trusted.link", "abc", 2, "/l"))
	list := func(attrs []guestfs.XAttr, err error) string {
		t.Helper()
		must(t, err)
		var b strings.Builder
		for _, x := range attrs {
			fmt.Fprintf(&b, "%s=%q ", x.Attrname, x.Attrval)
		}
		return b.String()
	}
	same(t, "getxattrs", list(g.Getxattrs(ctx, "/l")), `user.a="" user.x="abc" `)
	same(t, "lgetxattrs", list(g.Lgetxattrs(ctx, "/l")), `trusted.link="ab" `)
	same(t, "lxattrlist", list(g.Lxattrlist(ctx, "/", []string{"f", "none", "l", "lost+found"})),
		`="2\x00" user.a="" user.x="abc" ="" ="1\x00" trusted.link="ab" ="0\x00" `)
	value, err := g.Getxattr(ctx, "/l", "user.x")
	must(t, err)
	same(t, "getxattr", string(value), "abc")
	value, err = g.Lgetxattr(ctx, "/l", "trusted.link")
	must(t, err)
	same(t, "lgetxattr", string(value), "ab")
	must(t, g.Removexattr(ctx, "user.x", "/l"))
	must(t, g.Lremovexattr(ctx, "trusted.link", "/l"))
	same(t, "after removexattr", list(g.Getxattrs(ctx, "/f"))+list(g.Lgetxattrs(ctx, "/l")), `user.a="" `)

	_, err = g.Getxattr(ctx, "/f", "user.x")
	wantErr(t, err, syscall.ENODATA)
	_, err = g.Getxattrs(ctx, "/none")
	wantErr(t, err, fs.ErrNotExist)
	wantErr(t, g.Removexattr(ctx, "user.x", "/f"), syscall.ENODATA)
	wantErr(t, g.Setxattr(ctx, "nonsense.x", "a", 1, "/f"), syscall.ENOTSUP)
	wantErr(t, g.Setxattr(ctx, "user.x", "abc", 4, "/f"), syscall.EINVAL)
	wantErr(t, g.Setxattr(ctx, "user.x", strings.Repeat("x", 100_000), 100_000, "/f"), syscall.E2BIG)
}

func TestACL(t *testing.T) {
	ctx, g := filesystem(t)
	must(t, g.Touch(ctx, "/f"))
	must(t, g.Mkdir(ctx, "/d"))
	get := func(path guestfs.Path, kind string) string {
		t.Helper()
		text, err := g.AclGetFile(ctx, path, kind)
		must(t, err)
		return text
	}
	same(t, "access list of a plain file", get("/f", "access"), "user::rw-\ngroup::r--\nother::r--\n")
	same(t, "default list of a plain directory", get("/d", "default"), "")
	must(t, g.AclSetFile(ctx, "/f", "access", "u::rw-,u:1:rwx,u:1000:rw-,g::r--,g:5:rwx,m::r--,o::---"))
	same(t, "access list", get("/f", "access"), "user::rw-\nuser:1:rwx\t#effective:r--\nuser:1000:rw-\t#effective:r--\n"+
		"group::r--\ngroup:5:rwx\t#effective:r--\nmask::r--\nother::---\n")
	must(t, g.AclSetFile(ctx, "/f", "access", get("/f", "access"))) // takes what it gives
	must(t, g.AclSetFile(ctx, "/d", "default", "user::rwx\ngroup::r-x\nother::---"))
	same(t, "default list", get("/d", "default"), "user::rwx\ngroup::r-x\nother::---\n")
	must(t, g.AclDeleteDefFile(ctx, "/d"))
	must(t, g.AclDeleteDefFile(ctx, "/d"))
	same(t, "default list that was removed", get("/d", "default"), "")

	_, err := g.AclGetFile(ctx, "/f", "foo")
	wantErr(t, err, syscall.EINVAL)
	_, err = g.AclGetFile(ctx, "/f", "default")
	wantErr(t, err, fs.ErrPermission)
	_, err = g.AclGetFile(ctx, "/none", "access")
	wantErr(t, err, fs.ErrNotExist)
	wantErr(t, g.AclSetFile(ctx, "/f", "access", "xx"), syscall.EINVAL)
	wantErr(t, g.AclSetFile(ctx, "/f", "access", "u::rw-,u:1:rwx,g::r--,o::---"), syscall.EINVAL) // no mask
}

func TestCapabilities(t *testing.T) {
	ctx, g := filesystem(t)
	must(t, g.Touch(ctx, "/f"))
	text, err := g.CapGetFile(ctx, "/f")
	must(t, err)
	same(t, "cap_get_file", text, "")
	for _, want := range []string{"cap_chown,cap_net_raw=ep", "cap_net_raw=i cap_chown+p", "=ep", "="} {
		must(t, g.CapSetFile(ctx, "/f", want))
		text, err := g.CapGetFile(ctx, "/f")
		must(t, err)
		same(t, "cap_get_file", text, want)
	}
	wantErr(t, g.CapSetFile(ctx, "/f", "cap_chown=ep cap_net_raw+p"), syscall.EINVAL)
	wantErr(t, g.CapSetFile(ctx, "/f", "nonsense"), syscall.EINVAL)
	_, err = g.CapGetFile(ctx, "/none")
	wantErr(t, err, fs.ErrNotExist)
}

func TestSelinuxRelabel(t *testing.T) {
	ctx, g := filesystem(t)
	must(t, g.MkdirP(ctx, "/etc/selinux"))
	must(t, g.MkdirP(ctx, "/d/skip"))
	must(t, g.Touch(ctx, "/d/f"))
	must(t, g.Touch(ctx, "/d/skip/f"))
	must(t, g.Write(ctx, "/etc/selinux/rules", []byte("/d(/.*)?\tsystem_u:object_r:tmp_t:s0\n/d/f\tsystem_u:object_r:etc_t:s0\n")))
	label := func(path guestfs.Path) string {
		value, err := g.Getxattr(ctx, path, "security.selinux")
		if err != nil {
			return err.Error()
		}
		return strings.TrimRight(string(value), "\x00")
	}
	must(t, g.Setfiles(ctx, "/etc/selinux/rules", []guestfs.Path{"/d"}, &guestfs.SetfilesOpts{Excludes: []string{"/d/skip"}}))
	same(t, "label", label("/d/f"), "system_u:object_r:etc_t:s0")
	same(t, "label", label("/d"), "system_u:object_r:tmp_t:s0")
	if text := label("/d/skip/f"); strings.HasPrefix(text, "system_u") {
		t.Errorf("a file that is excluded has the label %s", text)
	}
	must(t, g.SelinuxRelabel(ctx, "/etc/selinux/rules", "/d", &guestfs.SelinuxRelabelOpts{Force: true}))
	same(t, "label", label("/d/skip/f"), "system_u:object_r:tmp_t:s0")
	wantErr(t, g.Setfiles(ctx, "/none", []guestfs.Path{"/d"}, nil), fs.ErrNotExist)
}
