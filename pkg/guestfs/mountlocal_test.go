package guestfs

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	gofs "github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"
)

// withFilesystem launches an appliance with an ext4 mounted on /.
func withFilesystem(t *testing.T) (context.Context, *Handle) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	t.Cleanup(cancel)
	g := New(nil)
	t.Cleanup(func() { g.Close() })
	for _, err := range []error{
		g.AddDriveScratch(64<<20, nil), g.Launch(ctx),
		g.Mkfs(ctx, "ext4", "/dev/sda", nil), g.Mount(ctx, "/dev/sda", "/"),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return ctx, g
}

// TestMountLocal mounts a guest and uses it with the functions of package os.
// Where there is no /dev/fuse the mount must say so; TestLocalNodes covers what
// is behind the mount everywhere.
func TestMountLocal(t *testing.T) {
	ctx, g := withFilesystem(t)
	dir := t.TempDir()
	if _, err := os.Stat("/dev/fuse"); err != nil {
		var e *Error
		if err := g.MountLocal(ctx, dir, nil); !errors.As(err, &e) || !errors.Is(err, fs.ErrNotExist) || e.Hint() == "" {
			t.Fatalf("MountLocal without /dev/fuse: %v", err)
		}
		return
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	wantErrno := func(err error, want syscall.Errno) {
		t.Helper()
		if !errors.Is(err, want) {
			t.Errorf("error %v; want %v", err, want)
		}
	}
	// The errors first.
	wantErrno(g.MountLocalRun(ctx), syscall.EINVAL)
	wantErrno(g.UmountLocal(ctx, nil), syscall.EINVAL)
	wantErrno(g.MountLocal(ctx, filepath.Join(dir, "none"), nil), syscall.ENOENT)
	wantErrno(g.MountLocal(ctx, "/dev/null", nil), syscall.ENOTDIR)
	wantErrno(g.MountLocal(ctx, dir, &MountLocalOpts{Cachetimeout: -1}), syscall.EINVAL)
	if err := g.MountLocal(ctx, dir, &MountLocalOpts{Options: "nosuchoption"}); err == nil {
		t.Fatal("no error for an option that there is not")
	}

	must(g.MountLocal(ctx, dir, &MountLocalOpts{Options: "fsname=guest"}))
	wantErrno(g.MountLocal(ctx, dir, nil), syscall.EINVAL)
	done := make(chan error, 1)
	go func() { done <- g.MountLocalRun(ctx) }()
	at := func(name string) string { return filepath.Join(dir, name) }
	content := bytes.Repeat([]byte("0123456789abcdef"), 200_000) // more than a message, more than one write
	must(os.Mkdir(at("d"), 0o777))
	must(os.WriteFile(at("d/file"), content, 0o640))
	must(os.Symlink("file", at("d/link")))
	got, err := os.ReadFile(at("d/link"))
	must(err)
	if !bytes.Equal(got, content) {
		t.Errorf("%d bytes read, not those of %d that were written", len(got), len(content))
	}
	sum, err := g.Checksum(ctx, "md5", "/d/file")
	must(err)
	if out, err := exec.Command("md5sum", at("d/file")).Output(); err != nil || !strings.HasPrefix(string(out), sum) {
		t.Errorf("md5sum %s, %v; checksum %s", out, err, sum)
	}
	f, err := os.OpenFile(at("d/file"), os.O_APPEND|os.O_WRONLY, 0)
	must(err)
	_, err = f.WriteString("end")
	must(err)
	must(f.Sync())
	must(f.Close())
	must(os.Rename(at("d/file"), at("moved")))
	tail, err := g.Tail(ctx, "/moved")
	must(err)
	if len(tail) != 1 || !strings.HasSuffix(tail[0], "abcdefend") {
		t.Error("what was appended is not at the end of the file")
	}
	var names []string
	must(filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		names = append(names, strings.TrimPrefix(path, dir))
		return err
	}))
	if diff := cmp.Diff([]string{"", "/d", "/d/link", "/lost+found", "/moved"}, names); diff != "" {
		t.Error(diff)
	}
	wantErrno(os.Remove(at("none")), syscall.ENOENT)
	wantErrno(os.Remove(at("d")), syscall.ENOTEMPTY)
	var st unix.Statfs_t
	must(unix.Statfs(dir, &st))
	if inside, err := g.Statvfs(ctx, "/"); err != nil || st.Blocks != uint64(inside.Blocks) || st.Files != uint64(inside.Files) {
		t.Errorf("statfs: %d blocks, %d files; inside %+v, %v", st.Blocks, st.Files, inside, err)
	}
	mounts, err := os.ReadFile("/proc/self/mounts")
	must(err)
	if !strings.Contains(string(mounts), "guest "+dir+" fuse.guestfs rw") {
		t.Errorf("the mount is not in /proc/self/mounts:\n%s", mounts)
	}

	// A folder in use is not unmounted; then it is, and MountLocalRun ends.
	f, err = os.Open(at("moved"))
	must(err)
	wantErrno(g.UmountLocal(ctx, nil), syscall.EBUSY)
	must(f.Close())
	must(g.UmountLocal(ctx, &UmountLocalOpts{Retry: true}))
	must(<-done)

	// Read-only, and ended by the context.
	must(g.MountLocal(ctx, dir, &MountLocalOpts{Readonly: true, Cachetimeout: 1, Debugcalls: true}))
	run, stop := context.WithCancel(ctx)
	go func() { done <- g.MountLocalRun(run) }()
	if _, err := os.Stat(at("moved")); err != nil {
		t.Error(err)
	}
	wantErrno(os.WriteFile(at("new"), nil, 0o600), syscall.EROFS)
	stop()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("MountLocalRun after its context ended: %v", err)
	}

	// A handle that ends leaves no mount, run or not.
	must(g.MountLocal(ctx, dir, nil))
	must(g.Shutdown(ctx))
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 0 {
		t.Errorf("the folder after Shutdown: %v, %v", entries, err)
	}
	wantErrno(g.MountLocal(ctx, dir, nil), syscall.EINVAL)
}

// rawMount asks the filesystem what the kernel would ask, without a kernel.
type rawMount struct {
	t  *testing.T
	fs fuse.RawFileSystem
}

func (r *rawMount) want(what string, got fuse.Status, want syscall.Errno) {
	r.t.Helper()
	if got != fuse.Status(want) {
		r.t.Errorf("%s: %v; want %v", what, got, want)
	}
}

// node looks a path up, name by name.
func (r *rawMount) node(path string) (fuse.InHeader, fuse.EntryOut) {
	r.t.Helper()
	h, out := fuse.InHeader{NodeId: 1}, fuse.EntryOut{}
	for name := range strings.SplitSeq(strings.Trim(path, "/"), "/") {
		if name == "" {
			continue
		}
		out = fuse.EntryOut{}
		r.want("lookup of "+path, r.fs.Lookup(nil, &h, name, &out), 0)
		h.NodeId = out.NodeId
	}
	return h, out
}

func TestLocalNodes(t *testing.T) {
	ctx, g := withFilesystem(t)
	m := newLocalMount(ctx, g, t.TempDir(), &MountLocalOpts{})
	r := &rawMount{t, gofs.NewNodeFS(&localNode{m: m}, m.nodeOptions())}
	root := fuse.InHeader{NodeId: 1}
	var out fuse.EntryOut
	r.want("mkdir", r.fs.Mkdir(nil, &fuse.MkdirIn{InHeader: root, Mode: 0o777}, "d", &out), 0)
	d := fuse.InHeader{NodeId: out.NodeId}
	r.want("mkdir again", r.fs.Mkdir(nil, &fuse.MkdirIn{InHeader: root, Mode: 0o777}, "d", &out), syscall.EEXIST)
	r.want("mknod", r.fs.Mknod(nil, &fuse.MknodIn{InHeader: d, Mode: syscall.S_IFCHR | 0o666, Rdev: 0x0105}, "null", &out), 0)
	var created fuse.CreateOut
	r.want("create", r.fs.Create(nil, &fuse.CreateIn{InHeader: d, Mode: 0o4755}, "file", &created), 0)
	file := fuse.InHeader{NodeId: created.NodeId}
	n, status := r.fs.Write(nil, &fuse.WriteIn{InHeader: file, Fh: created.Fh, Offset: 2}, []byte("hello"))
	r.want("write", status, 0)
	if n != 5 {
		t.Errorf("write: %d bytes of 5", n)
	}
	r.want("symlink", r.fs.Symlink(nil, &d, "/file", "link", &out), 0)
	link := fuse.InHeader{NodeId: out.NodeId}
	r.want("link", r.fs.Link(nil, &fuse.LinkIn{InHeader: root, Oldnodeid: file.NodeId}, "hard", &out), 0)
	target, status := r.fs.Readlink(nil, &link)
	r.want("readlink", status, 0)
	if string(target) != "/file" {
		t.Errorf("readlink: %q", target)
	}
	res, status := r.fs.Read(nil, &fuse.ReadIn{InHeader: file, Size: 100, Offset: 1}, make([]byte, 100))
	r.want("read", status, 0)
	if content, _ := res.Bytes(nil); string(content) != "\x00hello" {
		t.Errorf("read: %q", content)
	}

	// What the guest says of all that.
	type entry struct {
		Mode       string
		Nlink, Dev int64
	}
	got := map[string]entry{}
	for _, p := range []Path{"/d", "/d/null", "/d/file", "/d/link", "/hard"} {
		st, err := g.Lstatns(ctx, p)
		if err != nil {
			t.Fatal(err)
		}
		got[string(p)] = entry{strconv.FormatInt(st.StMode, 8), st.StNlink, st.StRdev}
	}
	want := map[string]entry{
		"/d": {"40777", 2, 0}, "/d/null": {"20666", 1, 0x0105}, "/d/file": {"104755", 2, 0}, "/d/link": {"120777", 1, 0}, "/hard": {"104755", 2, 0},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}

	set := &fuse.SetAttrIn{SetAttrInCommon: fuse.SetAttrInCommon{
		InHeader: file, Valid: fuse.FATTR_MODE | fuse.FATTR_GID | fuse.FATTR_SIZE | fuse.FATTR_MTIME,
		Mode: 0o600, Owner: fuse.Owner{Gid: 44}, Size: 4, Mtime: 1_000_000_000, Mtimensec: 5,
	}}
	var attr fuse.AttrOut
	r.want("setattr", r.fs.SetAttr(nil, set, &attr), 0)
	if attr.Mode != syscall.S_IFREG|0o600 || attr.Uid != 0 || attr.Gid != 44 || attr.Size != 4 || attr.Mtime != 1_000_000_000 || attr.Mtimensec != 5 || attr.Nlink != 2 {
		t.Errorf("setattr: %+v", attr.Attr)
	}
	set = &fuse.SetAttrIn{SetAttrInCommon: fuse.SetAttrInCommon{InHeader: file, Valid: fuse.FATTR_ATIME | fuse.FATTR_ATIME_NOW}}
	r.want("setattr of times", r.fs.SetAttr(nil, set, &attr), 0)
	if attr.Mtime != 1_000_000_000 || attr.Atime < 1_700_000_000 {
		t.Errorf("setattr of times: %+v", attr.Attr)
	}

	xattr := func(flags uint32, name, value string) fuse.Status {
		return r.fs.SetXAttr(nil, &fuse.SetXAttrIn{InHeader: file, Flags: flags}, name, []byte(value))
	}
	r.want("replace an attribute that is not there", xattr(unix.XATTR_REPLACE, "user.a", "x"), syscall.ENODATA)
	r.want("set an attribute", xattr(unix.XATTR_CREATE, "user.a", "a b"), 0)
	r.want("create it again", xattr(unix.XATTR_CREATE, "user.a", "x"), syscall.EEXIST)
	value := make([]byte, 3)
	size, status := r.fs.GetXAttr(nil, &file, "user.a", value)
	r.want("read it", status, 0)
	if size != 3 || string(value) != "a b" {
		t.Errorf("attribute: %d bytes, %q", size, value)
	}
	size, status = r.fs.GetXAttr(nil, &file, "user.a", nil)
	if status == fuse.OK || size != 3 {
		t.Errorf("its size: %d, %v", size, status)
	}
	list := make([]byte, 20)
	size, status = r.fs.ListXAttr(nil, &file, list)
	r.want("list", status, 0)
	if string(list[:size]) != "user.a\x00" {
		t.Errorf("attributes: %q", list[:size])
	}
	r.want("remove it", r.fs.RemoveXAttr(nil, &file, "user.a"), 0)
	r.want("remove it again", r.fs.RemoveXAttr(nil, &file, "user.a"), syscall.ENODATA)

	// A directory that is moved takes its nodes along.
	r.want("rename", r.fs.Rename(nil, &fuse.RenameIn{InHeader: root, Newdir: 1}, "d", "moved"), 0)
	r.want("rename with a flag", r.fs.Rename(nil, &fuse.RenameIn{InHeader: root, Newdir: 1, Flags: unix.RENAME_EXCHANGE}, "moved", "hard"), syscall.EINVAL)
	r.want("getattr after a rename", r.fs.GetAttr(nil, &fuse.GetAttrIn{InHeader: file}, &attr), 0)
	if again, _ := r.node("/moved/file"); again.NodeId != file.NodeId {
		t.Errorf("node %d has become %d", file.NodeId, again.NodeId)
	}
	r.want("rmdir", r.fs.Rmdir(nil, &root, "moved"), syscall.ENOTEMPTY)
	for _, name := range []string{"null", "link"} {
		r.want("unlink", r.fs.Unlink(nil, &d, name), 0)
	}
	var opened fuse.OpenOut
	r.want("opendir", r.fs.OpenDir(nil, &fuse.OpenIn{InHeader: d}, &opened), 0)
	listing := fuse.NewDirEntryList(make([]byte, 4096), 0)
	r.want("readdir", r.fs.ReadDirPlus(nil, &fuse.ReadIn{InHeader: d, Fh: opened.Fh, Size: 4096}, listing), 0)
	if len(m.ahead) != 0 {
		t.Errorf("%d names were looked up one by one", len(m.ahead))
	}
	r.want("unlink", r.fs.Unlink(nil, &d, "file"), 0)
	r.want("getattr of what is gone", r.fs.GetAttr(nil, &fuse.GetAttrIn{InHeader: file}, &attr), syscall.ENOENT)
	r.want("rmdir", r.fs.Rmdir(nil, &root, "moved"), 0)
	r.want("fsync", r.fs.Fsync(nil, &fuse.FsyncIn{InHeader: root}), 0)

	m.readonly = true
	hard, _ := r.node("/hard")
	r.want("mkdir, read-only", r.fs.Mkdir(nil, &fuse.MkdirIn{InHeader: root}, "e", &out), syscall.EROFS)
	r.want("setattr, read-only", r.fs.SetAttr(nil, &fuse.SetAttrIn{SetAttrInCommon: fuse.SetAttrInCommon{InHeader: hard, Valid: fuse.FATTR_SIZE}}, &attr), syscall.EROFS)
	r.want("open, read-only", r.fs.Open(nil, &fuse.OpenIn{InHeader: hard, Flags: syscall.O_RDWR}, &opened), syscall.EROFS)
	_, status = r.fs.Write(nil, &fuse.WriteIn{InHeader: hard}, []byte("x"))
	r.want("write, read-only", status, syscall.EROFS)
}
