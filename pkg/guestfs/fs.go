package guestfs

import (
	"cmp"
	"context"
	"io"
	"io/fs"
	"path"
	"slices"
	"syscall"
	"time"
)

// FS returns the mounted filesystems of the guest for code that reads an
// fs.FS: fs.WalkDir, fs.Glob, template.ParseFS. It is an fs.StatFS,
// fs.ReadDirFS, fs.ReadFileFS and fs.ReadLinkFS, its files are io.ReaderAt and
// io.Seeker. Symbolic links are followed within the guest. Sys of a FileInfo
// is a *StatNS. ctx holds for everything that is done with it.
//
// What is neither a file nor a directory can be looked at but not read.
func (g *Handle) FS(ctx context.Context) fs.FS { return &guestFS{ctx, g} }

// guestFS keeps a context, since the methods of an fs.FS take none.
type guestFS struct {
	ctx context.Context
	g   *Handle
}

// guestPath turns the name of an fs.FS into a path in the guest.
func guestPath(op, name string) (Path, error) {
	if !fs.ValidPath(name) {
		return "", &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
	}
	return Path("/" + name).clean(), nil
}

func (p Path) clean() Path { return Path(path.Clean(string(p))) }

// Open opens a file or a directory.
func (f *guestFS) Open(name string) (fs.File, error) {
	info, err := f.stat("open", name, f.g.Statns)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return &openDirectory{fs: f, name: name, info: info}, nil
	}
	return &openFile{fs: f, name: name, path: Path("/" + name), info: info}, nil
}

// Stat describes a file; of a symbolic link, what it leads to.
func (f *guestFS) Stat(name string) (fs.FileInfo, error) { return f.stat("stat", name, f.g.Statns) }

// Lstat describes a file; a symbolic link itself.
func (f *guestFS) Lstat(name string) (fs.FileInfo, error) { return f.stat("lstat", name, f.g.Lstatns) }

func (f *guestFS) stat(op, name string, call func(context.Context, Path) (*StatNS, error)) (fs.FileInfo, error) {
	p, err := guestPath(op, name)
	if err != nil {
		return nil, err
	}
	st, err := call(f.ctx, p)
	if err != nil {
		return nil, &fs.PathError{Op: op, Path: name, Err: err}
	}
	return &fileInfo{path.Base(name), st}, nil
}

// ReadLink returns the target of a symbolic link as it stands in the guest.
func (f *guestFS) ReadLink(name string) (string, error) {
	p, err := guestPath("readlink", name)
	if err != nil {
		return "", err
	}
	target, err := f.g.Readlink(f.ctx, p)
	if err != nil {
		return "", &fs.PathError{Op: "readlink", Path: name, Err: err}
	}
	return target, nil
}

// ReadFile returns the content of a file of at most 1 GiB.
func (f *guestFS) ReadFile(name string) ([]byte, error) {
	p, err := guestPath("read", name)
	if err != nil {
		return nil, err
	}
	content, err := f.g.ReadFile(f.ctx, p)
	if err != nil {
		return nil, &fs.PathError{Op: "read", Path: name, Err: err}
	}
	return content, nil
}

// ReadDir lists a directory, sorted by name. It takes two calls, whatever the
// directory's size.
func (f *guestFS) ReadDir(name string) ([]fs.DirEntry, error) {
	p, err := guestPath("readdir", name)
	if err != nil {
		return nil, err
	}
	names, err := f.g.Ls(f.ctx, p)
	if err != nil {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: err}
	}
	stats, err := f.g.Lstatnslist(f.ctx, p, names)
	if err != nil {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: err}
	}
	entries := make([]fs.DirEntry, 0, len(names))
	for i := range stats {
		if stats[i].StIno == -1 { // gone since it was listed
			continue
		}
		entries = append(entries, fs.FileInfoToDirEntry(&fileInfo{names[i], &stats[i]}))
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return cmp.Compare(a.Name(), b.Name()) })
	return entries, nil
}

// fileInfo is what a call said of a file.
type fileInfo struct {
	name string
	st   *StatNS
}

func (i *fileInfo) Name() string       { return i.name }
func (i *fileInfo) Size() int64        { return i.st.StSize }
func (i *fileInfo) IsDir() bool        { return i.Mode().IsDir() }
func (i *fileInfo) ModTime() time.Time { return time.Unix(i.st.StMtimeSec, i.st.StMtimeNsec) }
func (i *fileInfo) Sys() any           { return i.st }

// Mode turns the mode of stat(2) into Go's.
func (i *fileInfo) Mode() fs.FileMode {
	m := fs.FileMode(i.st.StMode & 0o777)
	switch i.st.StMode & syscall.S_IFMT {
	case syscall.S_IFREG:
	case syscall.S_IFDIR:
		m |= fs.ModeDir
	case syscall.S_IFLNK:
		m |= fs.ModeSymlink
	case syscall.S_IFIFO:
		m |= fs.ModeNamedPipe
	case syscall.S_IFSOCK:
		m |= fs.ModeSocket
	case syscall.S_IFBLK:
		m |= fs.ModeDevice
	case syscall.S_IFCHR:
		m |= fs.ModeDevice | fs.ModeCharDevice
	default:
		m |= fs.ModeIrregular
	}
	for bit, mode := range map[int64]fs.FileMode{syscall.S_ISUID: fs.ModeSetuid, syscall.S_ISGID: fs.ModeSetgid, syscall.S_ISVTX: fs.ModeSticky} {
		if i.st.StMode&bit != 0 {
			m |= mode
		}
	}
	return m
}

// openDirectory is a directory that was opened; it is listed when it is read.
type openDirectory struct {
	fs     *guestFS
	name   string
	info   fs.FileInfo
	listed bool
	left   []fs.DirEntry
	closed bool
}

func (d *openDirectory) Stat() (fs.FileInfo, error) { return d.info, nil }

func (d *openDirectory) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: d.name, Err: syscall.EISDIR}
}

func (d *openDirectory) Close() error {
	if d.closed {
		return &fs.PathError{Op: "close", Path: d.name, Err: fs.ErrClosed}
	}
	d.closed = true
	return nil
}

// ReadDir returns the next n entries, or with n of 0 and less all that are left.
func (d *openDirectory) ReadDir(n int) ([]fs.DirEntry, error) {
	if d.closed {
		return nil, &fs.PathError{Op: "readdir", Path: d.name, Err: fs.ErrClosed}
	}
	if !d.listed {
		entries, err := d.fs.ReadDir(d.name)
		if err != nil {
			return nil, err
		}
		d.listed, d.left = true, entries
	}
	if n > 0 && len(d.left) == 0 {
		return nil, io.EOF
	}
	if n <= 0 || n > len(d.left) {
		n = len(d.left)
	}
	entries := d.left[:n:n]
	d.left = d.left[n:]
	return entries, nil
}
