package daemon

import (
	"archive/tar"
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// Rules of unpacking, which are those of GNU tar run by root:
//   - names lose their leading slashes; one with .. in it is an error;
//   - a file takes the place of what was there and is never written through it;
//     a directory stays and gets the attributes of the archive;
//   - symbolic links that are absolute or have .. in them are made last, so that
//     nothing in the archive is written through them;
//   - attributes of directories are set last: their content changes their time;
//   - owners are set by number, since the appliance does not know the names;
//   - after an error the rest is unpacked, unless the disk is full or broken.

func doTarIn(c *Call, tarfile io.Reader, directory string, opts *tarInOpts) error {
	yes := func(p *bool) bool { return p != nil && *p }
	u := unpacker{
		c: c, xattrs: yes(opts.Xattrs), selinux: yes(opts.Selinux), acls: yes(opts.Acls), keepDirLink: yes(opts.Keepdirlink),
		lateLinks: map[string]int{}, warned: map[string]bool{},
	}
	return c.inGuest(func() error {
		if err := unix.Chdir(directory); err != nil {
			return &os.PathError{Op: "chdir", Path: directory, Err: err}
		}
		if u.acls {
			u.users, u.groups = readNames("/etc/passwd"), readNames("/etc/group")
		}
		if err := u.unpack(opts.Compress, tarfile); err != nil {
			return err
		}
		u.finish()
		if err := syncFilesystem("."); err != nil {
			return &os.PathError{Op: "sync", Path: directory, Err: err}
		}
		return oneError(u.errs)
	})
}

// unpacker unpacks an archive into the current directory of its thread.
type unpacker struct {
	c                                  *Call
	xattrs, selinux, acls, keepDirLink bool
	users, groups                      names

	buf       []byte
	dirs      []lateDir
	links     []lateLink
	lateLinks map[string]int  // index in links of a name's symbolic link
	warned    map[string]bool // attributes that the filesystem does not take
	errs      []error
}

// lateDir is a directory whose attributes are set at the end.
type lateDir struct {
	name string
	ino  uint64
	attr attributes
}

// lateLink is a link that is made at the end.
type lateLink struct {
	name, target string
	hard         bool
	attr         attributes
}

const lateMax = 2 << 20 // directories and links put off to the end

func (u *unpacker) unpack(compress *string, tarfile io.Reader) error {
	file := bufio.NewReaderSize(tarfile, copyBytes)
	packed := ""
	if compress == nil {
		packed = packedAs(file)
	}
	_, empty := file.Peek(1)
	plain, err := unpackedReader(compress, file)
	if err != nil {
		return err
	}
	for r, first := tar.NewReader(plain), true; ; first = false {
		if err := u.c.Err(); err != nil {
			return err
		}
		h, err := r.Next()
		switch {
		case err == io.EOF && !(first && empty == io.EOF):
			return nil
		case errors.Is(err, errUploadCancelled):
			return err
		case first && packed != "":
			return withErrno(syscall.EINVAL, "the archive is packed with %s: the compress option must say so", packed)
		case err == io.EOF || first && errors.Is(err, tar.ErrHeader):
			return withErrno(syscall.EINVAL, "this does not look like a tar archive")
		case err != nil && !errors.Is(err, tar.ErrInsecurePath):
			return withErrno(syscall.EINVAL, "read the archive: %w", err)
		}
		if err := u.member(h, r); err != nil {
			if errors.Is(err, errUploadCancelled) || isFatal(err) {
				return err
			}
			u.fail(h.Name, err)
		}
	}
}

// fail keeps the error of a member.
func (u *unpacker) fail(name string, err error) {
	if errno, ok := err.(syscall.Errno); ok {
		err = &os.PathError{Op: "unpack", Path: name, Err: errno}
	}
	if err != nil && len(u.errs) < errorsKeptMax {
		u.errs = append(u.errs, err)
	}
}

// isFatal tells whether an error will meet every other file as well.
func isFatal(err error) bool {
	for _, e := range []error{syscall.ENOSPC, syscall.EDQUOT, syscall.EIO, syscall.EROFS, io.ErrUnexpectedEOF, tar.ErrHeader, errArchive} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

var errArchive = errors.New("the archive cannot be read on")

// memberName is where a name in an archive lies below the directory.
func memberName(name string) (string, error) {
	if slices.Contains(strings.Split(name, "/"), "..") {
		return "", withErrno(syscall.EINVAL, "%s: member name contains '..'", name)
	}
	return path.Clean(strings.TrimLeft(name, "/")), nil
}

// member unpacks one member.
func (u *unpacker) member(h *tar.Header, content io.Reader) error {
	switch h.Typeflag {
	case tar.TypeXGlobalHeader, 'V', 'M', 'N': // no files: defaults, label, multiple volumes, old long names
		return nil
	}
	name, err := memberName(h.Name)
	if err != nil {
		return err
	}
	attr, err := u.attributes(h)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if len(u.dirs)+len(u.links) > lateMax {
		return fmt.Errorf("%w: more than %d directories and links", errArchive, lateMax)
	}
	switch h.Typeflag {
	case tar.TypeDir, 'D':
		err = u.directory(name, attr)
	case tar.TypeSymlink:
		err = u.symlink(name, h.Linkname, attr)
	case tar.TypeLink:
		err = u.hardLink(name, h.Linkname)
	case tar.TypeChar, tar.TypeBlock, tar.TypeFifo:
		err = u.node(name, unix.Mkdev(uint32(h.Devmajor), uint32(h.Devminor)), attr)
	default:
		return u.regular(name, h, content, attr)
	}
	return err
}

// finish makes the links and sets the attributes that were put off.
func (u *unpacker) finish() {
	links := u.links
	u.lateLinks = nil
	for i := range links {
		l := &links[i]
		if l.name == "" {
			continue
		}
		var err error
		if l.hard {
			err = u.link(l.name, l.target)
		} else if err = u.create(l.name, func() error { return unix.Symlink(l.target, l.name) }); err == nil {
			err = u.apply(l.name, &l.attr)
		}
		u.fail(l.name, err)
	}
	for _, d := range slices.Backward(u.dirs) {
		var st unix.Stat_t
		if unix.Lstat(d.name, &st) != nil || st.Mode&unix.S_IFMT != unix.S_IFDIR || st.Ino != d.ino {
			continue // a later member has taken its place
		}
		u.fail(d.name, u.apply(d.name, &d.attr))
	}
}
