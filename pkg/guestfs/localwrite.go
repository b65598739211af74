package guestfs

import (
	"context"
	"syscall"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"
)

// change makes a call that changes the guest, unless the mount is read-only.
func (m *localMount) change(call func() error) syscall.Errno {
	if m.readonly {
		return syscall.EROFS
	}
	m.keep(nil)
	return errnoOf(call())
}

// create makes a name with a call and returns its node.
func (n *localNode) create(ctx context.Context, name string, out *fuse.EntryOut, call func(Path) error) (*fs.Inode, syscall.Errno) {
	p := n.child(name)
	if errno := n.m.change(func() error { return call(p) }); errno != 0 {
		return nil, errno
	}
	return n.Lookup(ctx, name, out)
}

// setMode gives what was made just now the mode that was asked for, since the
// daemon has a umask of its own.
func (n *localNode) setMode(p Path, mode uint32) error {
	const masked = 0o022
	if mode&masked == 0 {
		return nil
	}
	return n.m.g.Chmod(n.m.ctx, int(mode&0o7777), p)
}

// Mkdir makes a directory.
func (n *localNode) Mkdir(ctx context.Context, name string, mode uint32, out *fuse.EntryOut) (*fs.Inode, syscall.Errno) {
	return n.create(ctx, name, out, func(p Path) error {
		if err := n.m.g.MkdirMode(n.m.ctx, p, int(mode&0o7777)); err != nil {
			return err
		}
		return n.setMode(p, mode)
	})
}

// Mknod makes a file, a device, a pipe or a socket.
func (n *localNode) Mknod(ctx context.Context, name string, mode, dev uint32, out *fuse.EntryOut) (*fs.Inode, syscall.Errno) {
	return n.create(ctx, name, out, func(p Path) error {
		if err := n.m.g.Mknod(n.m.ctx, int(mode), int(unix.Major(uint64(dev))), int(unix.Minor(uint64(dev))), p); err != nil {
			return err
		}
		return n.setMode(p, mode)
	})
}

// Create makes a file and opens it.
func (n *localNode) Create(ctx context.Context, name string, _, mode uint32, out *fuse.EntryOut) (*fs.Inode, fs.FileHandle, uint32, syscall.Errno) {
	node, errno := n.Mknod(ctx, name, mode&0o7777|syscall.S_IFREG, 0, out)
	return node, nil, 0, errno
}

// Symlink makes a symbolic link.
func (n *localNode) Symlink(ctx context.Context, target, name string, out *fuse.EntryOut) (*fs.Inode, syscall.Errno) {
	return n.create(ctx, name, out, func(p Path) error { return n.m.g.LnS(n.m.ctx, target, p) })
}

// Link makes a hard link. It gets a node of its own.
func (n *localNode) Link(ctx context.Context, target fs.InodeEmbedder, name string, out *fuse.EntryOut) (*fs.Inode, syscall.Errno) {
	from, ok := target.(*localNode)
	if !ok {
		return nil, syscall.EXDEV
	}
	return n.create(ctx, name, out, func(p Path) error { return n.m.g.Ln(n.m.ctx, string(from.path()), p) })
}

// Unlink removes a name.
func (n *localNode) Unlink(_ context.Context, name string) syscall.Errno {
	return n.m.change(func() error { return n.m.g.Rm(n.m.ctx, n.child(name)) })
}

// Rmdir removes an empty directory.
func (n *localNode) Rmdir(_ context.Context, name string) syscall.Errno {
	return n.m.change(func() error { return n.m.g.Rmdir(n.m.ctx, n.child(name)) })
}

// Rename moves a name. There is no call that would exchange two, or leave what
// is in the way.
func (n *localNode) Rename(_ context.Context, name string, newParent fs.InodeEmbedder, newName string, flags uint32) syscall.Errno {
	to, ok := newParent.(*localNode)
	if !ok {
		return syscall.EXDEV
	}
	if flags != 0 {
		return syscall.EINVAL
	}
	return n.m.change(func() error { return n.m.g.Rename(n.m.ctx, n.child(name), to.child(newName)) })
}

// Write writes to a file.
func (n *localNode) Write(_ context.Context, _ fs.FileHandle, data []byte, off int64) (written uint32, errno syscall.Errno) {
	errno = n.m.change(func() error {
		count, err := n.m.g.Pwrite(n.m.ctx, n.path(), data, off)
		written = uint32(count)
		return err
	})
	return written, errno
}

// Fsync brings what was written to the disks of the guest.
func (n *localNode) Fsync(context.Context, fs.FileHandle, uint32) syscall.Errno {
	return errnoOf(n.m.g.Sync(n.m.ctx))
}

// Setattr changes mode, owner, size and times, and describes the node then.
func (n *localNode) Setattr(ctx context.Context, f fs.FileHandle, in *fuse.SetAttrIn, out *fuse.AttrOut) syscall.Errno {
	errno := n.m.change(func() error {
		p := n.path()
		if mode, ok := in.GetMode(); ok {
			if err := n.m.g.Chmod(n.m.ctx, int(mode&0o7777), p); err != nil {
				return err
			}
		}
		if in.Valid&(fuse.FATTR_UID|fuse.FATTR_GID) != 0 {
			if err := n.setOwner(p, in); err != nil {
				return err
			}
		}
		if size, ok := in.GetSize(); ok {
			if err := n.m.g.TruncateSize(n.m.ctx, p, int64(size)); err != nil {
				return err
			}
		}
		if in.Valid&(fuse.FATTR_ATIME|fuse.FATTR_MTIME) == 0 {
			return nil
		}
		atime, atimeNsec := setTime(in.Valid, fuse.FATTR_ATIME, fuse.FATTR_ATIME_NOW, in.Atime, in.Atimensec)
		mtime, mtimeNsec := setTime(in.Valid, fuse.FATTR_MTIME, fuse.FATTR_MTIME_NOW, in.Mtime, in.Mtimensec)
		return n.m.g.Utimens(n.m.ctx, p, atime, atimeNsec, mtime, mtimeNsec)
	})
	if errno != 0 {
		return errno
	}
	return n.Getattr(ctx, f, out)
}

// setOwner changes owner, group or both. The call has no word for "as it is".
func (n *localNode) setOwner(p Path, in *fuse.SetAttrIn) error {
	st, err := n.m.g.Lstatns(n.m.ctx, p)
	if err != nil {
		return err
	}
	owner, group := int(st.StUid), int(st.StGid)
	if uid, ok := in.GetUID(); ok {
		owner = int(uid)
	}
	if gid, ok := in.GetGID(); ok {
		group = int(gid)
	}
	return n.m.g.Lchown(n.m.ctx, owner, group, p)
}

// setTime is a time in the words of utimens: -1 nanoseconds are now, -2 leave
// it as it is.
func setTime(valid, given, now uint32, secs uint64, nsecs uint32) (int64, int64) {
	const timeNow, timeOmit = -1, -2
	switch {
	case valid&given == 0:
		return 0, timeOmit
	case valid&now != 0:
		return 0, timeNow
	}
	return int64(secs), int64(nsecs)
}

// Setxattr writes an extended attribute. A value with a NUL byte is EINVAL: the
// call takes a text, in libguestfs too.
func (n *localNode) Setxattr(_ context.Context, attr string, data []byte, flags uint32) syscall.Errno {
	return n.m.change(func() error {
		p := n.path()
		if flags != 0 {
			_, err := n.m.g.Lgetxattr(n.m.ctx, p, attr)
			switch {
			case err == nil && flags&unix.XATTR_CREATE != 0:
				return syscall.EEXIST
			case err != nil && flags&unix.XATTR_REPLACE != 0:
				return err
			}
		}
		return n.m.g.Lsetxattr(n.m.ctx, attr, string(data), len(data), p)
	})
}

// Removexattr removes an extended attribute.
func (n *localNode) Removexattr(_ context.Context, attr string) syscall.Errno {
	return n.m.change(func() error { return n.m.g.Lremovexattr(n.m.ctx, attr, n.path()) })
}
