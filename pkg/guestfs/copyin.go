package guestfs

import (
	"archive/tar"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// CopyIn calls copy_in: it copies a file or tree of the host into a directory
// of the guest, with modes, owners by number and times. Symbolic links are
// copied as such; sockets are left out.
func (g *Handle) CopyIn(ctx context.Context, localPath string, remoteDir Path) error {
	const op = "copy_in"
	if _, err := os.Stat(localPath); err != nil {
		return &Error{Op: op, Path: localPath, Msg: err.Error(), cause: err}
	}
	isDir, err := g.IsDir(ctx, remoteDir, nil)
	if err != nil {
		return err
	}
	if !isDir {
		return invalid(op, "target %s is not a directory", remoteDir)
	}
	archive, pipe := io.Pipe()
	packed := make(chan error, 1)
	go func() {
		err := packTree(pipe, localPath)
		pipe.CloseWithError(err)
		packed <- err
	}()
	err = g.TarIn(ctx, archive, remoteDir, nil)
	archive.CloseWithError(io.ErrClosedPipe) // wakes the other side up when it still writes
	if packErr := <-packed; packErr != nil && !errors.Is(packErr, io.ErrClosedPipe) {
		return &Error{Op: op, Path: localPath, Msg: packErr.Error(), cause: packErr}
	}
	return err
}

// packTree writes a tree as an archive in which it has the last part of its
// path as its name.
func packTree(w io.Writer, tree string) error {
	top, err := filepath.Abs(tree)
	if err != nil {
		return err
	}
	p := treePacker{w: tar.NewWriter(w), linked: map[fileID]string{}}
	parent := filepath.Dir(top)
	err = filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(parent, path)
		if err != nil {
			return err
		}
		return p.add(path, name)
	})
	if err != nil {
		return err
	}
	return p.w.Close()
}

// fileID is what a file is whatever its name.
type fileID struct{ dev, ino uint64 }

type treePacker struct {
	w      *tar.Writer
	linked map[fileID]string // name in the archive of files that have several
}

func (p *treePacker) add(path, name string) error {
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	if info.Mode()&fs.ModeSocket != 0 {
		return nil
	}
	link := ""
	if info.Mode()&fs.ModeSymlink != 0 {
		if link, err = os.Readlink(path); err != nil {
			return err
		}
	}
	h, err := tar.FileInfoHeader(info, link)
	if err != nil {
		return err
	}
	h.Name, h.Uname, h.Gname, h.Format = name, "", "", tar.FormatGNU
	if info.IsDir() {
		h.Name += "/"
	}
	if st, ok := info.Sys().(*syscall.Stat_t); ok && st.Nlink > 1 && !info.IsDir() {
		id := fileID{uint64(st.Dev), st.Ino}
		if first, ok := p.linked[id]; ok {
			h.Typeflag, h.Linkname, h.Size = tar.TypeLink, first, 0
		} else {
			p.linked[id] = name
		}
	}
	if h.Typeflag != tar.TypeReg {
		return p.w.WriteHeader(h)
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := p.w.WriteHeader(h); err != nil {
		return err
	}
	_, err = io.CopyN(p.w, f, h.Size) // one that grows meanwhile is cut off there
	return err
}
