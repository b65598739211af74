package daemon

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// create calls work, which makes something called name. Parents that are
// missing are made; what is in the way is removed.
func (u *unpacker) create(name string, work func() error) error {
	if i, ok := u.lateLinks[name]; ok { // this member takes its place
		u.links[i].name = ""
		delete(u.lateLinks, name)
	}
	err := work()
	if err == syscall.ENOENT && strings.Contains(name, "/") {
		if err := mkdirAll(path.Dir(name), path.Dir(name)); err != nil {
			return err
		}
		err = work()
	}
	if err == syscall.EEXIST {
		if e := unix.Unlink(name); e == syscall.EISDIR || e == syscall.EPERM {
			e = unix.Rmdir(name)
			if e != nil {
				return e
			}
		} else if e != nil {
			return e
		}
		err = work()
	}
	return err
}

func (u *unpacker) directory(name string, attr attributes) error {
	var st unix.Stat_t
	err := unix.Lstat(name, &st)
	if err == nil && st.Mode&unix.S_IFMT == unix.S_IFLNK && u.keepDirLink {
		var to unix.Stat_t
		if unix.Stat(name, &to) == nil && to.Mode&unix.S_IFMT == unix.S_IFDIR {
			return nil
		}
	}
	if err != nil || st.Mode&unix.S_IFMT != unix.S_IFDIR {
		if err := u.create(name, func() error { return unix.Mkdir(name, 0o700) }); err != nil {
			return err
		}
		if err := unix.Lstat(name, &st); err != nil {
			return err
		}
	}
	u.dirs = append(u.dirs, lateDir{name, st.Ino, attr})
	return nil
}

func (u *unpacker) symlink(name, target string, attr attributes) error {
	if strings.HasPrefix(target, "/") || slices.Contains(strings.Split(target, "/"), "..") {
		u.late(lateLink{name: name, target: target, attr: attr})
		return nil
	}
	if err := u.create(name, func() error { return unix.Symlink(target, name) }); err != nil {
		return err
	}
	return u.apply(name, &attr)
}

func (u *unpacker) late(l lateLink) {
	if i, ok := u.lateLinks[l.name]; ok {
		u.links[i].name = ""
	}
	u.lateLinks[l.name] = len(u.links)
	u.links = append(u.links, l)
}

func (u *unpacker) hardLink(name, target string) error {
	target, err := memberName(target)
	if err != nil {
		return err
	}
	if _, ok := u.lateLinks[target]; ok {
		if target != name {
			u.late(lateLink{name: name, target: target, hard: true})
		}
		return nil
	}
	return u.link(name, target)
}

func (u *unpacker) link(name, target string) error {
	var from, to unix.Stat_t
	if err := unix.Lstat(target, &from); err != nil {
		return &os.LinkError{Op: "link", Old: target, New: name, Err: err}
	}
	if unix.Lstat(name, &to) == nil && from.Dev == to.Dev && from.Ino == to.Ino {
		return nil
	}
	if err := u.create(name, func() error { return unix.Link(target, name) }); err != nil {
		return &os.LinkError{Op: "link", Old: target, New: name, Err: err}
	}
	return nil
}

func (u *unpacker) node(name string, dev uint64, attr attributes) error {
	err := u.create(name, func() error { return unix.Mknod(name, attr.mode&unix.S_IFMT|0o600, int(dev)) })
	if err != nil {
		return err
	}
	return u.apply(name, &attr)
}

func (u *unpacker) regular(name string, h *tar.Header, content io.Reader, attr attributes) error {
	fd := -1
	err := u.create(name, func() (err error) {
		fd, err = unix.Open(name, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0o600)
		return err
	})
	if err != nil {
		return err
	}
	f := os.NewFile(uintptr(fd), name)
	if u.buf == nil {
		u.buf = make([]byte, copyBytes)
	}
	err = u.copyContent(f, content, isSparse(h))
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		return err
	}
	return u.apply(name, &attr)
}

// isSparse tells whether the file had holes where it was packed.
func isSparse(h *tar.Header) bool {
	if h.Typeflag == tar.TypeGNUSparse {
		return true
	}
	for k := range h.PAXRecords {
		if strings.HasPrefix(k, "GNU.sparse.") {
			return true
		}
	}
	return false
}

// copyContent writes a file. In a sparse one, blocks of zeros become holes.
func (u *unpacker) copyContent(f *os.File, content io.Reader, sparse bool) error {
	hole := false
	for {
		if err := u.c.Err(); err != nil {
			return err
		}
		n, err := io.ReadFull(content, u.buf)
		if n > 0 {
			var e error
			if hole = sparse && allZero(u.buf[:n]); hole {
				_, e = f.Seek(int64(n), io.SeekCurrent)
			} else {
				_, e = f.Write(u.buf[:n])
			}
			if e != nil {
				return e
			}
		}
		switch {
		case err == io.EOF || err == io.ErrUnexpectedEOF && u.atEnd(content):
			if !hole {
				return nil
			}
			end, err := f.Seek(0, io.SeekCurrent)
			if err != nil {
				return err
			}
			return f.Truncate(end)
		case errors.Is(err, errUploadCancelled):
			return err
		case err != nil:
			return fmt.Errorf("%w: %w", errArchive, err)
		}
	}
}

// atEnd tells the end of a member from that of an archive cut short, which
// reads the same.
func (u *unpacker) atEnd(content io.Reader) bool {
	var b [1]byte
	_, err := content.Read(b[:])
	return err == io.EOF
}

func allZero(b []byte) bool {
	for len(b) >= 8 {
		if b[0]|b[1]|b[2]|b[3]|b[4]|b[5]|b[6]|b[7] != 0 {
			return false
		}
		b = b[8:]
	}
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}

var tarTypes = map[byte]uint32{
	tar.TypeDir: unix.S_IFDIR, 'D': unix.S_IFDIR, tar.TypeSymlink: unix.S_IFLNK,
	tar.TypeChar: unix.S_IFCHR, tar.TypeBlock: unix.S_IFBLK, tar.TypeFifo: unix.S_IFIFO,
}

// attributes returns what a member's file is to have.
func (u *unpacker) attributes(h *tar.Header) (attributes, error) {
	if h.Uid < 0 || h.Gid < 0 || int64(h.Uid) >= math.MaxUint32 || int64(h.Gid) >= math.MaxUint32 {
		return attributes{}, fmt.Errorf("no owner has the numbers %d and %d: %w", h.Uid, h.Gid, syscall.EINVAL)
	}
	a := attributes{mode: uint32(h.Mode)&0o7777 | unix.S_IFREG, uid: h.Uid, gid: h.Gid}
	if t, ok := tarTypes[h.Typeflag]; ok {
		a.mode = a.mode&0o7777 | t
	}
	a.mtime = unix.Timespec{Sec: h.ModTime.Unix(), Nsec: int64(h.ModTime.Nanosecond())}
	a.xattrs = u.extendedAttributes(h.Name, h.PAXRecords)
	return a, nil
}

// apply sets attributes. What the filesystem cannot keep is no error, as with
// GNU tar on vfat; it is told, once, when it was asked for.
func (u *unpacker) apply(name string, attr *attributes) error {
	problems, err := attr.apply(name)
	for _, p := range problems {
		if !u.warned[p.what] {
			u.warned[p.what] = true
			if p.asked {
				u.c.warn("%s: not kept, here and maybe elsewhere: %v", name, p)
			}
		}
	}
	return err
}
