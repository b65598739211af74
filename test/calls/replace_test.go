package calls

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"virt-tools/pkg/guestfs"
)

// TestReplaceFile replaces files on every kind of filesystem that a guest has
// its configuration on, and those without links, owners or nameless files.
func TestReplaceFile(t *testing.T) {
	for _, kind := range []string{"ext4", "xfs", "btrfs", "f2fs", "vfat", "ntfs"} {
		t.Run(kind, func(t *testing.T) {
			ctx, g := shared(t)
			must(t, g.Mkfs(ctx, kind, disk(0), nil))
			must(t, g.Mount(ctx, guestfs.Mountable(disk(0)), "/"))
			must(t, g.Mkdir(ctx, "/dir"))
			must(t, g.Write(ctx, "/dir/file", []byte("old\n")))
			if kind == "ext4" || kind == "xfs" || kind == "btrfs" {
				must(t, g.AclSetFile(ctx, "/dir", "default", "u::rwx,u:5:rwx,g::rx,o::rx,m::rwx"))
				must(t, g.AclSetFile(ctx, "/dir/file", "access", "u::rw,u:7:rw,g::-,o::-,m::rw"))
				must(t, g.CapSetFile(ctx, "/dir/file", "cap_net_raw=p"))
				must(t, g.Setxattr(ctx, "security.selinux", "system_u:object_r:etc_t:s0", 26, "/dir/file"))
				must(t, g.Chown(ctx, 10, 11, "/dir/file"))
				must(t, g.CapSetFile(ctx, "/dir/file", "cap_net_raw=p"))
			}
			attributes := func() string {
				st, err := g.Statns(ctx, "/dir/file")
				must(t, err)
				xattrs, err := g.Getxattrs(ctx, "/dir/file")
				must(t, err)
				return fmt.Sprintf("%o %d %d %d %q", st.StMode, st.StUid, st.StGid, st.StNlink, xattrs)
			}
			before := attributes()
			big := bytes.Repeat([]byte("new content\n"), 1<<18)
			must(t, g.ReplaceFile(ctx, bytes.NewReader(big), "/dir/file", &guestfs.ReplaceFileOpts{Backup: ".orig"}))
			must(t, g.ReplaceFile(ctx, strings.NewReader("made\n"), "/dir/made", &guestfs.ReplaceFileOpts{Create: 0o644}))
			if after := attributes(); after != before {
				t.Errorf("attributes %s; want %s", after, before)
			}
			names, err := g.Ls(ctx, "/dir")
			must(t, err)
			same(t, "ls", names, []string{"file", "file.orig", "made"})
			sum, err := g.Checksum(ctx, "md5", "/dir/file")
			must(t, err)
			kept, err := g.Cat(ctx, "/dir/file.orig")
			must(t, err)
			same(t, "backup", kept, "old\n")
			must(t, g.UmountAll(ctx))
			must(t, g.MountRo(ctx, guestfs.Mountable(disk(0)), "/"))
			again, err := g.Checksum(ctx, "md5", "/dir/file")
			must(t, err)
			same(t, "checksum after mounting anew", again, sum)
			if err := g.ReplaceFile(ctx, strings.NewReader("x"), "/dir/file", nil); err == nil {
				t.Error("replace_file on a filesystem mounted read-only succeeds")
			}
		})
	}
}
