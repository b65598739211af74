package daemon

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Rules of packing, which are those of GNU tar:
//   - names begin with ./; the directory itself is the first member;
//   - the format is GNU, which keeps names of any bytes and files of any size,
//     or pax where extended attributes are asked for;
//   - a file with several names is stored once; sockets are left out;
//   - within a directory the order is that of the names, so that the same tree
//     gives the same archive;
//   - what cannot be read ends the call: an archive that lacks a file, and does
//     not say so, is worse than none.

func doTarOut(c *Call, directory string, tarfile io.Writer, opts *tarOutOpts) error {
	yes := func(p *bool) bool { return p != nil && *p }
	p := packer{c: c, xattrs: yes(opts.Xattrs), selinux: yes(opts.Selinux), acls: yes(opts.Acls), seen: map[inode]*hardLinked{}}
	if opts.Excludes != nil {
		p.excludes = *opts.Excludes
	}
	return c.inGuest(func() error {
		if err := unix.Chdir(directory); err != nil {
			return &os.PathError{Op: "chdir", Path: directory, Err: err}
		}
		if !yes(opts.Numericowner) {
			p.users, p.groups = readNames("/etc/passwd"), readNames("/etc/group")
		}
		p.buf = make([]byte, copyBytes)
		return c.packed(opts.Compress, defaultLevel, tarfile, func(w io.Writer) error {
			p.w = tar.NewWriter(w)
			if err := p.member(".", ".", 0); err != nil {
				return err
			}
			return p.w.Close()
		})
	})
}

// packer packs the current directory of its thread.
type packer struct {
	c                     *Call
	w                     *tar.Writer
	xattrs, selinux, acls bool
	users, groups         names
	excludes              []string
	seen                  map[inode]*hardLinked
	buf                   []byte
}

type inode struct{ dev, ino uint64 }

// hardLinked is a file with several names.
type hardLinked struct {
	name string // the first one
	left uint64 // names not seen yet
}

// member packs a name in the current directory, and what is below it; whole is
// its name in the archive.
func (p *packer) member(name, whole string, depth int) error {
	if err := p.c.Err(); err != nil {
		return err
	}
	if excluded(p.excludes, whole) {
		return nil
	}
	fail := func(err error) error { return &os.PathError{Op: "pack", Path: whole, Err: err} }
	var st unix.Stat_t
	if err := unix.Lstat(name, &st); err != nil {
		return fail(err)
	}
	h := &tar.Header{
		Name: whole, Mode: int64(st.Mode & 0o7777), Uid: int(st.Uid), Gid: int(st.Gid),
		Uname: p.users[st.Uid], Gname: p.groups[st.Gid],
		ModTime: time.Unix(int64(st.Mtim.Sec), 0), Format: tar.FormatGNU,
	}
	var file *os.File
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFREG:
		h.Typeflag, h.Size = tar.TypeReg, st.Size
	case unix.S_IFDIR:
		h.Typeflag, h.Name = tar.TypeDir, whole+"/"
	case unix.S_IFLNK:
		link, err := os.Readlink(name)
		if err != nil {
			return fail(errnoOf(err))
		}
		h.Typeflag, h.Linkname = tar.TypeSymlink, link
	case unix.S_IFCHR, unix.S_IFBLK:
		h.Typeflag = tar.TypeChar
		if st.Mode&unix.S_IFMT == unix.S_IFBLK {
			h.Typeflag = tar.TypeBlock
		}
		h.Devmajor, h.Devminor = int64(unix.Major(st.Rdev)), int64(unix.Minor(st.Rdev))
	case unix.S_IFIFO:
		h.Typeflag = tar.TypeFifo
	default:
		return nil // a socket, which only its program can make
	}
	if first := p.otherName(&st, whole); first != "" {
		h.Typeflag, h.Linkname, h.Size = tar.TypeLink, first, 0
	} else if err := p.extended(h, name); err != nil {
		return fail(err)
	}
	if h.Typeflag == tar.TypeReg && h.Size > 0 {
		fd, err := unix.Open(name, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
		if err != nil {
			return fail(err)
		}
		if file, err = blockingFile(fd, whole); err != nil {
			return err
		}
		defer file.Close()
	}
	if err := p.header(h); err != nil {
		return fmt.Errorf("%s: %w", whole, err)
	}
	switch {
	case file != nil:
		return p.content(file, h.Size)
	case h.Typeflag == tar.TypeDir:
		return p.directory(name, whole, depth)
	}
	return nil
}

// header writes a header; a name of an owner that the GNU format has no room
// for makes it one of the pax format.
func (p *packer) header(h *tar.Header) error {
	err := p.w.WriteHeader(h)
	if errors.Is(err, tar.ErrHeader) && h.Format == tar.FormatGNU {
		h.Format = tar.FormatPAX
		err = p.w.WriteHeader(h)
	}
	return err
}

// extended adds the extended attributes that were asked for.
func (p *packer) extended(h *tar.Header, name string) error {
	if !p.xattrs && !p.selinux && !p.acls {
		return nil
	}
	attrs, err := readXattrs(name)
	if err != nil {
		return err
	}
	if h.PAXRecords, err = p.records(attrs); err == nil && h.PAXRecords != nil {
		h.Format = tar.FormatPAX
	}
	return err
}

// otherName returns the name under which a file is in the archive already.
func (p *packer) otherName(st *unix.Stat_t, whole string) string {
	if st.Nlink < 2 || st.Mode&unix.S_IFMT == unix.S_IFDIR {
		return ""
	}
	key := inode{uint64(st.Dev), st.Ino}
	link, ok := p.seen[key]
	if !ok {
		p.seen[key] = &hardLinked{whole, uint64(st.Nlink) - 1}
		return ""
	}
	if link.left--; link.left == 0 {
		delete(p.seen, key)
	}
	return link.name
}

// content writes as many bytes as the header has promised.
func (p *packer) content(f *os.File, size int64) error {
	for size > 0 {
		if err := p.c.Err(); err != nil {
			return err
		}
		n, err := f.Read(p.buf[:min(size, int64(len(p.buf)))])
		if _, err := p.w.Write(p.buf[:n]); err != nil {
			return err
		}
		size -= int64(n)
		if err == io.EOF {
			return withErrno(syscall.EIO, "%s: the file ends %d bytes before its size", f.Name(), size)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

const packBatch = 100_000 // names of a directory that are sorted at a time

// directory packs what is in a directory, with that as the current one.
func (p *packer) directory(name, whole string, depth int) error {
	fail := func(err error) error { return &os.PathError{Op: "pack", Path: whole, Err: errnoOf(err)} }
	if depth == treeDepthMax {
		return fail(syscall.ELOOP)
	}
	if err := enterDir(name); err != nil {
		return fail(err)
	}
	d, err := os.Open(".")
	if err != nil {
		return fail(err)
	}
	defer d.Close()
	for {
		batch, err := d.Readdirnames(packBatch)
		if err == io.EOF {
			d.Close() // before any other directory is opened: a tree may be deep
			break
		}
		if err != nil {
			return fail(err)
		}
		slices.Sort(batch)
		if len(batch) < packBatch {
			d.Close()
		}
		for _, n := range batch {
			if err := p.member(n, whole+"/"+n, depth+1); err != nil {
				return err
			}
		}
		if len(batch) < packBatch {
			break
		}
	}
	if name == "." {
		return nil
	}
	if err := unix.Chdir(".."); err != nil {
		return fail(err)
	}
	return nil
}

// errnoOf takes the error number out of an error of package os.
func errnoOf(err error) error {
	var errno syscall.Errno
	if errors.As(err, &errno) {
		return errno
	}
	return err
}
