package guestfs

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"
)

// CopyOut calls copy_out: it copies a file or tree of the guest into a
// directory of the host. The guest cannot make it write anywhere else, and no
// device nodes are made, which is reported as a warning. Root keeps owners (by
// number) and modes; others get their own files, without set-user-ID.
func (g *Handle) CopyOut(ctx context.Context, remotePath Path, localDir string) error {
	const op = "copy_out"
	if info, err := os.Stat(localDir); err != nil || !info.IsDir() {
		return invalid(op, "target %s is not a directory", localDir)
	}
	isFile, err := g.IsFile(ctx, remotePath, nil)
	if err != nil {
		return err
	}
	base := path.Base(path.Clean(string(remotePath)))
	if isFile {
		return g.copyOutFile(ctx, remotePath, filepath.Join(localDir, base))
	}
	isDir, err := g.IsDir(ctx, remotePath, nil)
	if err != nil {
		return err
	}
	if !isDir {
		return invalid(op, "%s is not a file or directory", remotePath)
	}
	dest := filepath.Join(localDir, base) // of / it is localDir itself
	if err := os.Mkdir(dest, 0o777); err != nil && !errors.Is(err, fs.ErrExist) {
		return &Error{Op: op, Path: dest, Msg: err.Error(), cause: err}
	}
	root, err := os.OpenRoot(dest)
	if err != nil {
		return &Error{Op: op, Path: dest, Msg: err.Error(), cause: err}
	}
	defer root.Close()
	archive, pipe := io.Pipe()
	unpacked := make(chan error, 1)
	go func() {
		u := treeUnpacker{root: root, warn: func(text string) { g.emit(Event{Kind: EventWarning, Op: op, Text: text}) }}
		err := u.unpack(archive)
		archive.CloseWithError(errors.Join(err, io.ErrClosedPipe))
		unpacked <- err
	}()
	err = g.TarOut(ctx, string(remotePath), pipe, nil)
	pipe.CloseWithError(err)
	if unpackErr := <-unpacked; unpackErr != nil && (err == nil || errors.Is(err, unpackErr)) {
		return &Error{Op: op, Path: dest, Msg: unpackErr.Error(), cause: unpackErr}
	}
	return err
}

func (g *Handle) copyOutFile(ctx context.Context, remote Path, local string) error {
	f, err := os.Create(local)
	if err != nil {
		return &Error{Op: "copy_out", Path: local, Msg: err.Error(), cause: err}
	}
	err = g.Download(ctx, string(remote), f)
	if e := f.Close(); err == nil && e != nil {
		err = &Error{Op: "copy_out", Path: local, Msg: e.Error(), cause: e}
	}
	return err
}

// treeUnpacker unpacks an archive from the guest below a directory of the host.
// The archive is hostile: os.Root keeps every name, and every link that is
// followed, inside.
type treeUnpacker struct {
	root *os.Root
	warn func(string)
	dirs []*tar.Header // whose attributes are set last, since their content changes them
}

func (u *treeUnpacker) unpack(r io.Reader) error {
	archive := tar.NewReader(r)
	for {
		h, err := archive.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return fmt.Errorf("read archive: %w", err)
		}
		h.Name = path.Clean(h.Name)
		if err := u.member(h, archive); err != nil {
			return err
		}
	}
	for _, h := range slices.Backward(u.dirs) {
		if err := u.attributes(h); err != nil {
			return err
		}
	}
	_, err := io.Copy(io.Discard, r) // the zeroes behind the archive
	return err
}

func (u *treeUnpacker) member(h *tar.Header, content io.Reader) error {
	if h.Typeflag == tar.TypeDir {
		u.dirs = append(u.dirs, h)
		return u.directory(h.Name)
	}
	if info, err := u.root.Lstat(h.Name); err == nil && !info.IsDir() {
		if err := u.root.Remove(h.Name); err != nil {
			return err
		}
	}
	switch h.Typeflag {
	case tar.TypeReg:
		if err := u.file(h.Name, content); err != nil {
			return err
		}
	case tar.TypeSymlink:
		if err := u.root.Symlink(h.Linkname, h.Name); err != nil {
			return err
		}
	case tar.TypeLink:
		return u.root.Link(path.Clean(h.Linkname), h.Name)
	case tar.TypeFifo:
		if err := u.fifo(h.Name); err != nil {
			return err
		}
	default:
		u.warn(fmt.Sprintf("%s: device nodes are not copied to the host", h.Name))
		return nil
	}
	return u.attributes(h)
}

func (u *treeUnpacker) directory(name string) error {
	if name == "." {
		return nil
	}
	info, err := u.root.Lstat(name)
	if err == nil && info.IsDir() {
		return nil
	}
	if err == nil {
		if err := u.root.Remove(name); err != nil {
			return err
		}
	}
	return u.root.Mkdir(name, 0o700)
}

func (u *treeUnpacker) file(name string, content io.Reader) error {
	f, err := u.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, content)
	return errors.Join(err, f.Close())
}

func (u *treeUnpacker) fifo(name string) error {
	dir, err := u.root.Open(path.Dir(name))
	if err != nil {
		return err
	}
	defer dir.Close()
	if err := unix.Mkfifoat(int(dir.Fd()), path.Base(name), 0o600); err != nil {
		return &os.PathError{Op: "mkfifo", Path: name, Err: err}
	}
	return nil
}

// attributes sets owner, mode and time. The owner comes first: a change of it
// takes the set-user-ID bit away.
func (u *treeUnpacker) attributes(h *tar.Header) error {
	root := os.Geteuid() == 0
	if root {
		if err := u.root.Lchown(h.Name, h.Uid, h.Gid); err != nil {
			return err
		}
	}
	if h.Typeflag == tar.TypeSymlink {
		return u.times(h)
	}
	mode := h.FileInfo().Mode() & (fs.ModePerm | fs.ModeSetuid | fs.ModeSetgid | fs.ModeSticky)
	if !root {
		mode &= fs.ModePerm &^ 0o022
	}
	if err := u.root.Chmod(h.Name, mode); err != nil {
		return err
	}
	return u.times(h)
}

// times sets the time of a file, or of a symbolic link itself.
func (u *treeUnpacker) times(h *tar.Header) error {
	dir, err := u.root.Open(path.Dir(h.Name))
	if err != nil {
		return err
	}
	defer dir.Close()
	at := unix.NsecToTimespec(h.ModTime.UnixNano())
	if err := unix.UtimesNanoAt(int(dir.Fd()), path.Base(h.Name), []unix.Timespec{at, at}, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return &os.PathError{Op: "utimensat", Path: h.Name, Err: err}
	}
	return nil
}
