package guestfs

import (
	"context"
	"path"
	"syscall"
	"time"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
)

// localNode is a file, a directory or what else is in a guest that MountLocal
// has mounted. What reads is in this file, what changes in localwrite.go.
//
// Nodes are known by their path. A guest can claim the same inode number for a
// directory and one below it, so numbers of the guest name nothing here.
type localNode struct {
	fs.Inode
	m *localMount
}

// path is where the node is now, after renames through the mount.
func (n *localNode) path() Path { return Path("/" + n.Path(n.Root())) }

func (n *localNode) child(name string) Path { return Path(path.Join(string(n.path()), name)) }

// aheadStat is what a listing found out about a name, for the look-ups that
// follow it.
type aheadStat struct {
	StatNS
	until time.Time
}

// keep replaces what is known ahead; nil forgets it, since something changed.
func (m *localMount) keep(ahead map[Path]aheadStat) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.ahead = ahead
}

// stat describes a path, and takes what is known ahead only once.
func (m *localMount) stat(p Path) (*StatNS, error) {
	m.mu.Lock()
	st, ok := m.ahead[p]
	delete(m.ahead, p)
	m.mu.Unlock()
	if ok && time.Now().Before(st.until) {
		return &st.StatNS, nil
	}
	return m.g.Lstatns(m.ctx, p)
}

// fill turns what the guest says into what the kernel wants to know. The inode
// number is go-fuse's.
func fillAttr(out *fuse.Attr, st *StatNS) {
	out.Size, out.Blocks, out.Blksize = uint64(st.StSize), uint64(st.StBlocks), uint32(st.StBlksize)
	out.Mode, out.Nlink, out.Rdev = uint32(st.StMode), uint32(st.StNlink), uint32(st.StRdev)
	out.Uid, out.Gid = uint32(st.StUid), uint32(st.StGid)
	out.Atime, out.Atimensec = uint64(st.StAtimeSec), uint32(st.StAtimeNsec)
	out.Mtime, out.Mtimensec = uint64(st.StMtimeSec), uint32(st.StMtimeNsec)
	out.Ctime, out.Ctimensec = uint64(st.StCtimeSec), uint32(st.StCtimeNsec)
}

// Lookup finds a name in a directory.
func (n *localNode) Lookup(ctx context.Context, name string, out *fuse.EntryOut) (*fs.Inode, syscall.Errno) {
	st, err := n.m.stat(n.child(name))
	if err != nil {
		return nil, errnoOf(err)
	}
	return n.entry(ctx, name, st, out), 0
}

// entry is the node of a name: the one that is there, unless it was of another
// kind.
func (n *localNode) entry(ctx context.Context, name string, st *StatNS, out *fuse.EntryOut) *fs.Inode {
	fillAttr(&out.Attr, st)
	kind := uint32(st.StMode) & syscall.S_IFMT
	if old := n.GetChild(name); old != nil && old.StableAttr().Mode == kind {
		return old
	}
	return n.NewInode(ctx, &localNode{m: n.m}, fs.StableAttr{Mode: kind})
}

// Getattr describes the node.
func (n *localNode) Getattr(_ context.Context, _ fs.FileHandle, out *fuse.AttrOut) syscall.Errno {
	st, err := n.m.stat(n.path())
	if err != nil {
		return errnoOf(err)
	}
	fillAttr(&out.Attr, st)
	return 0
}

// Readdir lists a directory. The kernel looks all the names up that it gets, so
// they are asked about together.
func (n *localNode) Readdir(context.Context) (fs.DirStream, syscall.Errno) {
	dir := n.path()
	list, err := n.m.g.Readdir(n.m.ctx, dir)
	if err != nil {
		return nil, errnoOf(err)
	}
	var names []string
	for _, e := range list {
		if e.Name != "." && e.Name != ".." {
			names = append(names, e.Name)
		}
	}
	stats, err := n.m.g.Lstatnslist(n.m.ctx, dir, names)
	if err != nil {
		return nil, errnoOf(err)
	}
	entries := make([]fuse.DirEntry, 0, len(names))
	ahead := make(map[Path]aheadStat, len(names))
	until := time.Now().Add(n.m.timeout)
	for i, st := range stats {
		if st.StIno == -1 {
			continue // removed meanwhile
		}
		ahead[n.child(names[i])] = aheadStat{st, until}
		entries = append(entries, fuse.DirEntry{Name: names[i], Mode: uint32(st.StMode) & syscall.S_IFMT})
	}
	n.m.keep(ahead)
	return fs.NewListDirStream(entries), 0
}

// Readlink returns the target of a symbolic link, which the host follows in its
// own tree.
func (n *localNode) Readlink(context.Context) ([]byte, syscall.Errno) {
	target, err := n.m.g.Readlink(n.m.ctx, n.path())
	return []byte(target), errnoOf(err)
}

// Open opens a file; reads and writes name it by its path.
func (n *localNode) Open(_ context.Context, flags uint32) (fs.FileHandle, uint32, syscall.Errno) {
	if n.m.readonly && flags&syscall.O_ACCMODE != syscall.O_RDONLY {
		return nil, 0, syscall.EROFS
	}
	return nil, 0, 0
}

// Read reads from a file.
func (n *localNode) Read(_ context.Context, _ fs.FileHandle, dest []byte, off int64) (fuse.ReadResult, syscall.Errno) {
	content, err := n.m.g.Pread(n.m.ctx, n.path(), min(len(dest), localTransfer), off)
	if err != nil {
		return nil, errnoOf(err)
	}
	return fuse.ReadResultData(content), 0
}

// Statfs describes the filesystem of the guest that the node is on.
func (n *localNode) Statfs(_ context.Context, out *fuse.StatfsOut) syscall.Errno {
	st, err := n.m.g.Statvfs(n.m.ctx, n.path())
	if err != nil {
		return errnoOf(err)
	}
	out.Bsize, out.Frsize, out.NameLen = uint32(st.Bsize), uint32(st.Frsize), uint32(st.Namemax)
	out.Blocks, out.Bfree, out.Bavail = uint64(st.Blocks), uint64(st.Bfree), uint64(st.Bavail)
	out.Files, out.Ffree = uint64(st.Files), uint64(st.Ffree)
	return 0
}

// Getxattr reads an extended attribute.
func (n *localNode) Getxattr(_ context.Context, attr string, dest []byte) (uint32, syscall.Errno) {
	value, err := n.m.g.Lgetxattr(n.m.ctx, n.path(), attr)
	if err != nil {
		return 0, errnoOf(err)
	}
	return answer(dest, value)
}

// Listxattr lists the names of the extended attributes.
func (n *localNode) Listxattr(_ context.Context, dest []byte) (uint32, syscall.Errno) {
	list, err := n.m.g.Lgetxattrs(n.m.ctx, n.path())
	if err != nil {
		return 0, errnoOf(err)
	}
	var names []byte
	for _, x := range list {
		names = append(append(names, x.Attrname...), 0)
	}
	return answer(dest, names)
}

// answer copies as getxattr(2) does: ERANGE and the size when there is no room.
func answer(dest, value []byte) (uint32, syscall.Errno) {
	size := uint32(len(value))
	if len(dest) < len(value) {
		return size, syscall.ERANGE
	}
	copy(dest, value)
	return size, 0
}
